/* ESP received: any bytes, for any SA, whatever its cipher makes of them, are taken apart without a
 * step outside; what is delivered lies within what came. Nothing is done before the number is new
 * and the packet authentic: it is unwrapped only then, and its number taken exactly then.
 * Sources: lib/data/esp_decap.c lib/data/outer.c lib/sa/life.c lib/sa/audit.c
 * Sources: test/proof/replay_contract.c test/proof/unwrap_contract.c test/proof/ip_contract.c
 * Bound: 60 bytes, any place within
 * Options: --unwind 2 --unwindset strip_trailer.0:60 -DADIT_BURST=1
 * Options: -DPROOF_BYTES_UNREAD -DPROOF_COMPARE_ANY
 * Broken: lib/data/layout.h s/< around + ADIT_ESP_TRAILER_LEN/< ADIT_ESP_TRAILER_LEN/
 * Broken: lib/data/esp_decap.c s/pad + ADIT_ESP_TRAILER_LEN >/pad >/
 * Broken: lib/data/esp_decap.c s/st = ops\[k\].status;/st = ADIT_OK;/
 * Broken: lib/data/esp_decap.c s/j->seq <= own->window.top/j->seq < own->window.top/
 */
#include "adit/esp.h"
#include "replay_contract.h"
#include "sa.h"
#include "unwrap_contract.h"

#define BYTES 60

int
main(void)
{
	struct adit_pkt came = {any_bytes(BYTES), BYTES, nondet_size(), nondet_size()}, pkt = came;
	struct adit_esp_rx rx;
	struct adit_sa sa;
	enum adit_status st;

	any_sa(&sa);
	st = adit_esp_decap(&sa, &pkt, &rx);
	SHOW(is_delivered_within(&pkt, &came));
	SHOW(asked.commits == opened);
	SHOW(unwrapped <= opened && (st != ADIT_OK || unwrapped));
	if (!opened)
		SHOW(pkt.off == came.off && pkt.len == came.len);
	if (st != ADIT_OK)
		return 0;
	SHOW(rx.seq == asked.expanded);
	REACHED("a packet delivered");
	return 0;
}
