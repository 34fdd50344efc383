/* Datagrams of the NAT-T port: any bytes are told apart without a step outside.
 * Sources: lib/wire/natt.c
 * Bound: 16 bytes
 * Options: --unwind 17
 * Broken: lib/wire/natt.c s/d.n < sizeof marker/d.n < 3/
 */
#include "adit/stream.h"
#include "proof.h"

int
main(void)
{
	struct adit_span d = any_span(16);
	enum adit_natt_kind kind = adit_natt_kind(d);

	SHOW(kind != ADIT_NATT_KEEPALIVE || d.n == 1);
	SHOW((kind != ADIT_NATT_IKE && kind != ADIT_NATT_ESP) || d.n >= ADIT_NATT_MARKER_LEN);
	if (kind == ADIT_NATT_IKE)
		REACHED("IKE");
	return 0;
}
