/* The payload chain: bodies lie inside of the input, and the walk sees what the index saw. The
 * first byte is the type of the first payload. */
#include <stdlib.h>

#include "adit/trace.h"
#include "wire/ike_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_inside(struct adit_span outer, struct adit_span s)
{
	if (s.n != 0 && (s.p < outer.p || s.p + s.n > outer.p + outer.n))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct adit_ike_chain chain;
	struct adit_ike_notify notify;
	struct adit_span all, rest, body;
	uint32_t seen = 0;
	uint8_t type, next;

	if (n == 0)
		return 0;
	all = rest = (struct adit_span){data + 1, n - 1};
	type = next = data[0];
	if (adit_ike_get_chain(all, type, &chain) != ADIT_OK)
		return 0;
	for (; adit_payload_next(&next, &rest, &body); type = next) {
		check_inside(all, body);
		if (type >= ADIT_PAYLOAD_FIRST && type <= ADIT_PAYLOAD_LAST)
			seen |= ADIT_PAYLOAD_BIT(type);
	}
	if (seen != chain.present || rest.n != 0)
		abort();
	for (type = ADIT_PAYLOAD_FIRST; type <= ADIT_PAYLOAD_LAST; type++)
		check_inside(all, adit_ike_body(&chain, (enum adit_payload_type)type));
	(void)adit_ike_find_error(&chain, &notify);
	if (adit_ike_find_notify(&chain, ADIT_N_COOKIE, &notify)) {
		check_inside(all, notify.spi);
		check_inside(all, notify.data);
	}
	return 0;
}
