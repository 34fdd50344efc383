/* The IKE header: any message is read without a step outside.
 * Sources: lib/wire/ike_header.c
 * Bound: 40 bytes
 * Options: --unwind 41
 * Broken: lib/wire/ike_header.c s/h->length == msg.n ?/h->length <= msg.n ?/
 */
#include "proof.h"
#include "wire/ike_header.h"

int
main(void)
{
	struct adit_span msg = any_span(40);
	struct adit_ike_header h;
	enum adit_status st = adit_ike_get_header(msg, &h);

	SHOW((st == ADIT_ERR_SHORT) == (msg.n < ADIT_IKE_HEADER_LEN));
	SHOW(st != ADIT_OK || h.length == msg.n);
	if (st == ADIT_OK)
		REACHED("a good header");
	return 0;
}
