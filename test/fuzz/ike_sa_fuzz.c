/* SA payloads: a checked one is walked to its end; choosing from it and verifying it never takes
 * what is not built. */
#include <stdlib.h>

#include "adit/mbedtls.h"
#include "ike/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
walk(struct adit_span rest)
{
	struct adit_ike_proposal p;
	struct adit_ike_transform t;

	while (adit_ike_proposal_next(&rest, &p)) {
		unsigned count = 0;

		while (adit_ike_transform_next(&p.transforms, &t))
			count++;
		if (count != p.transform_count || p.transforms.n != 0)
			abort();
	}
	if (rest.n != 0)
		abort();
}

static void
negotiate(uint8_t protocol, uint16_t ke, struct adit_span body)
{
	const struct adit_offer offer = {&adit_mbedtls_compat, NULL, 0, protocol};
	struct adit_ike_suite suite;
	struct adit_span spi;
	enum adit_status st = adit_negotiate_choose(&offer, body, ke, &suite, &spi);

	if ((st == ADIT_OK || st == ADIT_ERR_KE) &&
	    (suite.aead == NULL || (protocol == ADIT_IKE_PROTO_IKE) != (suite.prf != NULL)))
		abort();
	st = adit_negotiate_verify(&offer, body, ke, &suite, &spi);
	if (st == ADIT_OK && (suite.aead == NULL || suite.number == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct adit_span body = {data, n};

	negotiate(ADIT_IKE_PROTO_IKE, ADIT_KE_CURVE25519, body);
	negotiate(ADIT_IKE_PROTO_ESP, 0, body);
	if (adit_ike_check_sa(body) == ADIT_OK)
		walk(body);
	return 0;
}
