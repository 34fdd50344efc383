/* An offer seen as proposals of transforms by type (RFC 7296 3.3). */
#include "ike/offer.h"

#define SN_EXTENDED 1

/* --- Made from the crypto's lists: algorithms that go together in any combination share a
 * proposal. Combined modes do; so do MACs that are built with the same ciphers. */

/* Each cipher that the list has with x's MAC it has with y's MAC too. */
static bool
covers(const struct adit_crypto *crypto, const struct adit_aead *x, const struct adit_aead *y)
{
	for (const struct adit_aead *const *a = crypto->aead; *a != NULL; a++)
		if ((*a)->integ == x->integ &&
		    adit_crypto_aead(crypto, (*a)->encr, (*a)->key_bits, y->integ) == NULL)
			return false;
	return true;
}

static bool
go_together(const struct adit_crypto *crypto, const struct adit_aead *x, const struct adit_aead *y)
{
	if (x->integ == y->integ)
		return true;
	if (x->integ == ADIT_AUTH_NONE || y->integ == ADIT_AUTH_NONE)
		return false;
	return covers(crypto, x, y) && covers(crypto, y, x);
}

/* The first AEAD of the p-th proposal; NULL: there are fewer. */
static const struct adit_aead *
leader(const struct adit_crypto *crypto, unsigned p)
{
	const struct adit_aead *const *list = crypto->aead;

	for (size_t i = 0; list[i] != NULL; i++) {
		size_t j = 0;

		while (j < i && !go_together(crypto, list[j], list[i]))
			j++;
		if (j == i && p-- == 0)
			return list[i];
	}
	return NULL;
}

static struct adit_transform
part(const struct adit_aead *aead, uint8_t type)
{
	struct adit_transform encr = {ADIT_TRANSFORM_ENCR, aead->encr, aead->key_bits};
	struct adit_transform integ = {ADIT_TRANSFORM_INTEG, aead->integ, 0};

	return type == ADIT_TRANSFORM_ENCR ? encr : integ;
}

static bool
same(const struct adit_transform *a, const struct adit_transform *b)
{
	return a->type == b->type && a->id == b->id && a->key_bits == b->key_bits;
}

/* Ciphers, or MACs, of the AEADs that go together with `first`: each once. */
static bool
nth_part(const struct adit_crypto *crypto, const struct adit_aead *first, uint8_t type, unsigned n,
	 struct adit_transform *t)
{
	const struct adit_aead *const *list = crypto->aead;

	for (size_t i = 0; list[i] != NULL; i++) {
		bool seen = false;

		if (!go_together(crypto, first, list[i]))
			continue;
		*t = part(list[i], type);
		for (size_t j = 0; j < i && !seen; j++) {
			struct adit_transform before = part(list[j], type);

			seen = go_together(crypto, first, list[j]) && same(&before, t);
		}
		if (!seen && n-- == 0)
			return true;
	}
	return false;
}

static bool
nth_prf(const struct adit_crypto *crypto, unsigned n, struct adit_transform *t)
{
	const struct adit_prf *const *prf = crypto->prf;

	while (*prf != NULL && n > 0) {
		prf++;
		n--;
	}
	if (*prf == NULL)
		return false;
	*t = (struct adit_transform){ADIT_TRANSFORM_PRF, (*prf)->id, 0};
	return true;
}

static bool
nth_ke(const struct adit_crypto *crypto, unsigned n, struct adit_transform *t)
{
	const struct adit_ke *const *ke = crypto->ke;

	while (*ke != NULL && n > 0) {
		ke++;
		n--;
	}
	if (*ke == NULL)
		return false;
	*t = (struct adit_transform){ADIT_TRANSFORM_KE, (*ke)->id, 0};
	return true;
}

static bool
nth_sn(unsigned n, struct adit_transform *t)
{
	*t = (struct adit_transform){ADIT_TRANSFORM_SN, (uint16_t)n, 0};
	return n <= SN_EXTENDED;
}

static bool
nth_of_crypto(const struct adit_crypto *crypto, unsigned p, uint8_t type, unsigned n,
	      struct adit_transform *t)
{
	const struct adit_aead *first = leader(crypto, p);

	if (first == NULL)
		return false;
	switch (type) {
	case ADIT_TRANSFORM_ENCR:
		return nth_part(crypto, first, type, n, t);
	case ADIT_TRANSFORM_INTEG:
		return first->integ != ADIT_AUTH_NONE && nth_part(crypto, first, type, n, t);
	case ADIT_TRANSFORM_PRF:
		return nth_prf(crypto, n, t);
	case ADIT_TRANSFORM_KE:
		return nth_ke(crypto, n, t);
	default:
		return nth_sn(n, t);
	}
}

/* --- Configured. */

static bool
nth_configured(const struct adit_proposal *proposal, uint8_t type, unsigned n,
	       struct adit_transform *t)
{
	for (unsigned i = 0; i < proposal->count; i++) {
		*t = proposal->transforms[i];
		/* AUTH_NONE is said by leaving the type out, which every peer takes (3.3.3). */
		if (t->type != type || (type == ADIT_TRANSFORM_INTEG && t->id == ADIT_AUTH_NONE))
			continue;
		if (n-- == 0)
			return true;
	}
	return false;
}

static bool
has_sn(const struct adit_proposal *proposal)
{
	struct adit_transform t;

	return nth_configured(proposal, ADIT_TRANSFORM_SN, 0, &t);
}

/* --- Either. */

unsigned
adit_offer_proposals(const struct adit_offer *offer)
{
	unsigned p = 0;

	if (offer->count != 0)
		return offer->count;
	while (leader(offer->crypto, p) != NULL)
		p++;
	return p;
}

/* IKE SAs have no sequence numbers to negotiate; ESP in IKE_AUTH has no PRF and no KE. */
static bool
has_place(uint8_t protocol, uint8_t type)
{
	if (protocol == ADIT_IKE_PROTO_IKE)
		return type != ADIT_TRANSFORM_SN;
	return type != ADIT_TRANSFORM_PRF && type != ADIT_TRANSFORM_KE;
}

bool
adit_offer_nth(const struct adit_offer *offer, unsigned p, uint8_t type, unsigned n,
	       struct adit_transform *t)
{
	if (!has_place(offer->protocol, type))
		return false;
	if (offer->count == 0)
		return nth_of_crypto(offer->crypto, p, type, n, t);
	if (p >= offer->count)
		return false;
	if (type == ADIT_TRANSFORM_SN && n == 0 && !has_sn(&offer->proposals[p])) {
		*t = (struct adit_transform){ADIT_TRANSFORM_SN, 0, 0};
		return true;
	}
	return nth_configured(&offer->proposals[p], type, n, t);
}

const struct adit_ke *
adit_offer_first_ke(const struct adit_offer *offer)
{
	struct adit_transform t;

	if (!adit_offer_nth(offer, 0, ADIT_TRANSFORM_KE, 0, &t))
		return NULL;
	return adit_crypto_ke(offer->crypto, t.id);
}

const struct adit_ke *
adit_offer_ke(const struct adit_offer *offer, uint16_t id)
{
	unsigned count = adit_offer_proposals(offer);
	struct adit_transform t;

	for (unsigned p = 0; p < count; p++)
		for (unsigned n = 0; adit_offer_nth(offer, p, ADIT_TRANSFORM_KE, n, &t); n++)
			if (t.id == id)
				return adit_crypto_ke(offer->crypto, id);
	return NULL;
}

/* --- Can it work? */

static bool
is_built(const struct adit_offer *offer, const struct adit_transform *t)
{
	switch (t->type) {
	case ADIT_TRANSFORM_ENCR:
	case ADIT_TRANSFORM_INTEG:
		return true; /* by their combinations */
	case ADIT_TRANSFORM_PRF:
		return t->key_bits == 0 && offer->protocol == ADIT_IKE_PROTO_IKE &&
		       adit_crypto_prf(offer->crypto, t->id) != NULL;
	case ADIT_TRANSFORM_KE:
		return t->key_bits == 0 && adit_crypto_ke(offer->crypto, t->id) != NULL;
	case ADIT_TRANSFORM_SN:
		return t->key_bits == 0 && offer->protocol == ADIT_IKE_PROTO_ESP &&
		       t->id <= SN_EXTENDED;
	default:
		return false;
	}
}

/* A peer may take any cipher with any MAC of a proposal: all of these must be built. Combined modes
 * stand in proposals without a MAC (RFC 7296 3.3). */
static bool
combine(const struct adit_offer *offer, unsigned p)
{
	struct adit_transform encr, integ;
	unsigned e, i;

	for (e = 0; adit_offer_nth(offer, p, ADIT_TRANSFORM_ENCR, e, &encr); e++) {
		for (i = 0; adit_offer_nth(offer, p, ADIT_TRANSFORM_INTEG, i, &integ); i++)
			if (integ.key_bits != 0 ||
			    adit_crypto_aead(offer->crypto, encr.id, encr.key_bits, integ.id) ==
				    NULL)
				return false;
		if (i == 0 &&
		    adit_crypto_aead(offer->crypto, encr.id, encr.key_bits, ADIT_AUTH_NONE) == NULL)
			return false;
	}
	return e > 0;
}

static bool
is_complete(const struct adit_offer *offer, unsigned p)
{
	struct adit_transform t;

	return offer->protocol == ADIT_IKE_PROTO_ESP ||
	       (adit_offer_nth(offer, p, ADIT_TRANSFORM_PRF, 0, &t) &&
		adit_offer_nth(offer, p, ADIT_TRANSFORM_KE, 0, &t));
}

enum adit_status
adit_offer_check(const struct adit_offer *offer)
{
	unsigned count = adit_offer_proposals(offer);

	if (count == 0)
		return ADIT_ERR_CONFIG;
	for (unsigned p = 0; p < offer->count; p++)
		for (unsigned i = 0; i < offer->proposals[p].count; i++)
			if (!is_built(offer, &offer->proposals[p].transforms[i]))
				return ADIT_ERR_CONFIG;
	for (unsigned p = 0; p < count; p++)
		if (!combine(offer, p) || !is_complete(offer, p))
			return ADIT_ERR_CONFIG;
	return ADIT_OK;
}
