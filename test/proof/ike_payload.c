/* The simple payloads of IKE: any body is read without a step outside, and every view lies within.
 * Sources: lib/wire/ike_payload.c
 * Bound: 28 bytes
 * Options: --unwind 26
 * Broken: lib/wire/ike_payload.c s/spi_len != want ||/spi_len > want ||/
 */
#include "proof.h"
#include "wire/ike_payload.h"

static void
read_notify(struct adit_span body)
{
	struct adit_ike_notify n;

	if (adit_ike_get_notify(body, &n) != ADIT_OK)
		return;
	SHOW(is_within(n.spi, body) && is_within(n.data, body));
	SHOW(4 + n.spi.n + n.data.n == body.n);
}

static void
read_delete(struct adit_span body)
{
	struct adit_ike_delete d;

	if (adit_ike_get_delete(body, &d) != ADIT_OK)
		return;
	SHOW(is_within(d.spis, body));
	SHOW(d.spis.n == (d.protocol == ADIT_IKE_PROTO_IKE ? 0 : 4 * (size_t)d.count));
	SHOW(body.n < 2 || body.p[1] == (d.protocol == ADIT_IKE_PROTO_IKE ? 0 : 4));
	if (d.count == 2)
		REACHED("a delete of two SAs");
}

static void
read_id(struct adit_span body)
{
	struct adit_id id;

	if (adit_ike_get_id(body, &id) != ADIT_OK)
		return;
	SHOW(is_within(id.data, body));
	SHOW(id.type != ADIT_ID_IPV4_ADDR || id.data.n == 4);
	SHOW(id.type != ADIT_ID_IPV6_ADDR || id.data.n == 16);
}

int
main(void)
{
	struct adit_span body = any_span(28), nonce;
	struct adit_ike_ke ke;
	struct adit_ike_auth auth;

	if (adit_ike_get_ke(body, &ke) == ADIT_OK)
		SHOW(is_within(ke.data, body));
	if (adit_ike_get_auth(body, &auth) == ADIT_OK)
		SHOW(is_within(auth.data, body));
	if (adit_ike_get_nonce(body, &nonce) == ADIT_OK)
		SHOW(is_within(nonce, body) && nonce.n >= ADIT_NONCE_MIN);
	read_notify(body);
	read_delete(body);
	read_id(body);
	return 0;
}
