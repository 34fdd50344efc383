/* Stands for lib/wire/fragment.c in proofs of what calls it: any view that adit_fragment_get() can
 * give, and any key. */
#include "proof.h"
#include "wire/fragment.h"
#include "wire/ip.h"

enum adit_status
adit_fragment_get(const uint8_t *p, size_t n, struct adit_fragment_view *v)
{
	struct adit_fragment_view any;

	SHOW(__CPROVER_r_ok(p, n));
	*v = any;
	if (nondet_bool())
		return nondet_bool() ? ADIT_ERR_SHORT : ADIT_ERR_MALFORMED;
	GIVEN(v->version == 4 || v->version == 6);
	GIVEN(v->head >= adit_ip_base_len(v->version) && v->head <= v->data);
	GIVEN(v->data <= n && v->len <= n - v->data && v->next_at < v->head && v->ecn <= 3);
	GIVEN(v->version == 6 || (v->data == v->head && v->head == (size_t)(p[0] & 15) * 4));
	if (!v->fragment)
		return ADIT_OK;
	GIVEN(v->len > 0 && (!v->more || v->len % ADIT_FRAGMENT_UNIT == 0));
	GIVEN(v->offset <= UINT16_MAX && v->offset % ADIT_FRAGMENT_UNIT == 0);
	GIVEN(v->more || v->offset);
	GIVEN(v->head + v->offset + v->len <= UINT16_MAX);
	return ADIT_OK;
}

struct adit_fragment_key
adit_fragment_key(const uint8_t *p, const struct adit_fragment_view *v)
{
	struct adit_fragment_key any;

	SHOW(__CPROVER_r_ok(p, adit_ip_base_len(v->version)));
	any.version = v->version;
	return any;
}

bool
adit_fragment_key_equal(const struct adit_fragment_key *a, const struct adit_fragment_key *b)
{
	return a->id == b->id && a->version == b->version;
}

size_t
adit_transport_least(uint8_t protocol)
{
	(void)protocol;
	return nondet_u8();
}
