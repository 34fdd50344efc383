/* AH received: any bytes, for any SA, whatever its transform says of them, are taken apart without
 * a step outside; what is delivered lies within what came. Nothing is done before the number is new
 * and the packet authentic: it is unwrapped only then, and its number taken exactly then.
 * Sources: lib/data/ah_decap.c lib/data/ah_work.c lib/data/outer.c lib/sa/life.c lib/sa/audit.c
 * Sources: test/proof/replay_contract.c test/proof/unwrap_contract.c test/proof/ip_contract.c
 * Sources: test/proof/ah_mute_contract.c
 * Bound: 120 bytes, any place within
 * Options: --unwind 2 -DPROOF_BYTES_UNREAD -DPROOF_COMPARE_ANY --sat-solver cadical
 * Broken: lib/data/ah_decap.c s/room < j->len ?/room < ADIT_AH_ICV ?/
 * Broken: lib/data/ah_decap.c s/if (room < ADIT_AH_ICV)/if (room < ADIT_AH_SPI)/
 * Broken: lib/data/ah_decap.c s/return w.op.status;/return ADIT_OK;/
 */
#include "adit/ah.h"
#include "replay_contract.h"
#include "sa.h"
#include "unwrap_contract.h"

#define BYTES 120

int
main(void)
{
	struct adit_pkt came = {any_bytes(BYTES), BYTES, nondet_size(), nondet_size()}, pkt = came;
	struct adit_esp_rx rx;
	struct adit_sa sa;
	enum adit_status st;

	any_sa(&sa);
	/* AH's transforms encipher nothing. */
	GIVEN(sa.protocol != ADIT_PROTO_AH || sa.aead->block == 1);
	st = adit_ah_decap(&sa, &pkt, &rx);
	SHOW(!unwrapped || is_delivered_within(&pkt, &came));
	SHOW(asked.commits == opened && unwrapped == opened);
	if (!opened)
		SHOW(pkt.off == came.off && pkt.len == came.len && st != ADIT_OK);
	if (st != ADIT_OK)
		return 0;
	SHOW(rx.seq == asked.expanded);
	if (sa.esn)
		REACHED("a packet delivered");
	return 0;
}
