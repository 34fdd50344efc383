/* Which algorithms both sides take (RFC 7296 2.7, 3.3). An offer is asked for its n-th transform of
 * a type in a proposal, whether it is configured or made from the lists of the crypto; writing,
 * choosing and checking are all done on that one view. */
#include <string.h>

#include "base/cursor.h"
#include "ike/negotiate.h"
#include "ike/offer.h"

#define KE_NONE 0
#define NO_PREFERENCE 0xffff /* no transform has this number */

/* In the order in which they are written. */
static const uint8_t types[] = {ADIT_TRANSFORM_ENCR, ADIT_TRANSFORM_INTEG, ADIT_TRANSFORM_PRF,
				ADIT_TRANSFORM_KE, ADIT_TRANSFORM_SN};

void
adit_negotiate_put_offer(struct adit_ike_writer *m, const struct adit_offer *offer,
			 struct adit_span spi)
{
	unsigned count = adit_offer_proposals(offer);
	struct adit_ike_sa_writer s;
	struct adit_transform t;

	adit_ike_put_sa(&s, m);
	for (unsigned p = 0; p < count; p++) {
		adit_ike_put_proposal(&s, 0, offer->protocol, spi);
		for (unsigned i = 0; i < sizeof types; i++)
			for (unsigned n = 0; adit_offer_nth(offer, p, types[i], n, &t); n++)
				adit_ike_put_transform(&s, &t);
	}
	adit_ike_put_sa_end(&s);
}

void
adit_negotiate_put_chosen(struct adit_ike_writer *m, const struct adit_ike_suite *suite,
			  uint8_t protocol, struct adit_span spi)
{
	const struct adit_aead *aead = suite->aead;
	struct adit_ike_sa_writer s;

	adit_ike_put_sa(&s, m);
	adit_ike_put_proposal(&s, suite->number, protocol, spi);
	adit_ike_put_transform(
		&s, &(struct adit_transform){ADIT_TRANSFORM_ENCR, aead->encr, aead->key_bits});
	if (aead->integ != ADIT_AUTH_NONE)
		adit_ike_put_transform(
			&s, &(struct adit_transform){ADIT_TRANSFORM_INTEG, aead->integ, 0});
	if (suite->prf != NULL)
		adit_ike_put_transform(
			&s, &(struct adit_transform){ADIT_TRANSFORM_PRF, suite->prf->id, 0});
	if (suite->ke != NULL)
		adit_ike_put_transform(
			&s, &(struct adit_transform){ADIT_TRANSFORM_KE, suite->ke->id, 0});
	if (protocol == ADIT_IKE_PROTO_ESP)
		adit_ike_put_transform(&s,
				       &(struct adit_transform){ADIT_TRANSFORM_SN, suite->esn, 0});
	adit_ike_put_sa_end(&s);
}

/* How many transforms of that type the peer's proposal has, usable ones or not. */
static unsigned
count_type(const struct adit_ike_proposal *theirs, uint8_t type)
{
	struct adit_span rest = theirs->transforms;
	struct adit_ike_transform t;
	unsigned n = 0;

	while (adit_ike_transform_next(&rest, &t))
		n += t.t.type == type;
	return n;
}

static bool
has(const struct adit_ike_proposal *theirs, const struct adit_transform *want)
{
	struct adit_span rest = theirs->transforms;
	struct adit_ike_transform t;

	while (adit_ike_transform_next(&rest, &t))
		if (t.usable && t.t.type == want->type && t.t.id == want->id &&
		    t.t.key_bits == want->key_bits)
			return true;
	return false;
}

/* Absent, or there with "none" among its values. */
static bool
may_lack(const struct adit_ike_proposal *theirs, uint8_t type)
{
	const struct adit_transform none = {type, 0, 0};

	return count_type(theirs, type) == 0 || has(theirs, &none);
}

/* A type that we don't know, or that has no place in this protocol, makes a proposal unacceptable
 * (3.3.6). */
static bool
has_foreign_type(const struct adit_ike_proposal *theirs)
{
	struct adit_span rest = theirs->transforms;
	struct adit_ike_transform t;
	uint8_t stranger =
		theirs->protocol == ADIT_IKE_PROTO_IKE ? ADIT_TRANSFORM_SN : ADIT_TRANSFORM_PRF;

	while (adit_ike_transform_next(&rest, &t))
		if (t.t.type < ADIT_TRANSFORM_ENCR || t.t.type > ADIT_TRANSFORM_SN ||
		    t.t.type == stranger)
			return true;
	return false;
}

/* ESP SPIs up to 255 are reserved and would never be a packet's (RFC 4303 2.1). */
static bool
spi_is_usable(const struct adit_ike_proposal *theirs)
{
	return theirs->protocol != ADIT_IKE_PROTO_ESP ||
	       (theirs->spi.n == 4 && adit_load32(theirs->spi.p) >= ADIT_SPI_MIN);
}

/* One of our proposals beside one of the peer's. */
struct pair {
	const struct adit_offer *offer;
	unsigned ours;
	const struct adit_ike_proposal *theirs;
};

/* The cipher alone, if it is a combined mode, or with the first MAC that both have. */
static const struct adit_aead *
pick_mac(const struct pair *pair, const struct adit_transform *encr)
{
	const struct adit_crypto *crypto = pair->offer->crypto;
	const struct adit_aead *aead;
	struct adit_transform integ;

	aead = adit_crypto_aead(crypto, encr->id, encr->key_bits, ADIT_AUTH_NONE);
	if (aead != NULL)
		return may_lack(pair->theirs, ADIT_TRANSFORM_INTEG) ? aead : NULL;
	for (unsigned n = 0;
	     adit_offer_nth(pair->offer, pair->ours, ADIT_TRANSFORM_INTEG, n, &integ); n++) {
		aead = adit_crypto_aead(crypto, encr->id, encr->key_bits, integ.id);
		if (aead != NULL && has(pair->theirs, &integ))
			return aead;
	}
	return NULL;
}

static const struct adit_aead *
pick_aead(const struct pair *pair)
{
	const struct adit_aead *aead;
	struct adit_transform encr;

	for (unsigned n = 0; adit_offer_nth(pair->offer, pair->ours, ADIT_TRANSFORM_ENCR, n, &encr);
	     n++) {
		if (!has(pair->theirs, &encr))
			continue;
		aead = pick_mac(pair, &encr);
		if (aead != NULL)
			return aead;
	}
	return NULL;
}

/* The first transform of that type in our order that the peer has too; prefer: its number if that
 * is among them. */
static bool
pick(const struct pair *pair, uint8_t type, uint16_t prefer, uint16_t *id)
{
	struct adit_transform t;
	bool found = false;

	for (unsigned n = 0; adit_offer_nth(pair->offer, pair->ours, type, n, &t); n++) {
		if (!has(pair->theirs, &t) || (found && t.id != prefer))
			continue;
		*id = t.id;
		found = true;
	}
	return found;
}

static bool
pick_ike(const struct pair *pair, uint16_t ke_sent, struct adit_ike_suite *suite)
{
	uint16_t prf, ke;

	if (!pick(pair, ADIT_TRANSFORM_PRF, NO_PREFERENCE, &prf) ||
	    !pick(pair, ADIT_TRANSFORM_KE, ke_sent, &ke))
		return false;
	suite->prf = adit_crypto_prf(pair->offer->crypto, prf);
	suite->ke = adit_crypto_ke(pair->offer->crypto, ke);
	return suite->prf != NULL && suite->ke != NULL;
}

static bool
pick_esp(const struct pair *pair, struct adit_ike_suite *suite)
{
	uint16_t sn;

	if (!may_lack(pair->theirs, ADIT_TRANSFORM_KE) ||
	    !pick(pair, ADIT_TRANSFORM_SN, NO_PREFERENCE, &sn))
		return false;
	suite->esn = sn == 1;
	return true;
}

static bool
match(const struct pair *pair, uint16_t ke_sent, struct adit_ike_suite *suite)
{
	if (pair->theirs->protocol != pair->offer->protocol || has_foreign_type(pair->theirs) ||
	    !spi_is_usable(pair->theirs))
		return false;
	suite->number = pair->theirs->number;
	suite->aead = pick_aead(pair);
	if (suite->aead == NULL)
		return false;
	return pair->offer->protocol == ADIT_IKE_PROTO_IKE ? pick_ike(pair, ke_sent, suite)
							   : pick_esp(pair, suite);
}

static enum adit_status
ke_status(const struct adit_ike_suite *suite, uint16_t ke_sent)
{
	uint16_t wanted = suite->ke != NULL ? suite->ke->id : KE_NONE;

	return wanted == ke_sent ? ADIT_OK : ADIT_ERR_KE;
}

enum adit_status
adit_negotiate_choose(const struct adit_offer *offer, struct adit_span body, uint16_t ke_sent,
		      struct adit_ike_suite *suite, struct adit_span *spi)
{
	unsigned count = adit_offer_proposals(offer);
	enum adit_status st = adit_ike_check_sa(body);

	memset(suite, 0, sizeof *suite);
	if (st != ADIT_OK)
		return st;
	for (unsigned ours = 0; ours < count; ours++) {
		struct adit_ike_proposal theirs;
		struct pair pair = {offer, ours, &theirs};
		struct adit_span rest = body;

		while (adit_ike_proposal_next(&rest, &theirs)) {
			if (!match(&pair, ke_sent, suite))
				continue;
			*spi = theirs.spi;
			return ke_status(suite, ke_sent);
		}
	}
	memset(suite, 0, sizeof *suite);
	return ADIT_ERR_NO_PROPOSAL;
}

static bool
has_one_of_each(const struct adit_ike_proposal *theirs)
{
	for (unsigned i = 0; i < sizeof types; i++)
		if (count_type(theirs, types[i]) > 1)
			return false;
	return true;
}

/* With one transform of each type there, what matches is what was chosen: all of it was offered
 * together. */
enum adit_status
adit_negotiate_verify(const struct adit_offer *offer, struct adit_span body, uint16_t ke_sent,
		      struct adit_ike_suite *suite, struct adit_span *spi)
{
	struct adit_ike_proposal theirs;
	struct pair pair = {offer, 0, &theirs};
	enum adit_status st = adit_ike_check_sa(body);
	struct adit_span rest = body;

	memset(suite, 0, sizeof *suite);
	if (st != ADIT_OK)
		return st;
	if (!adit_ike_proposal_next(&rest, &theirs) || rest.n != 0 || !has_one_of_each(&theirs) ||
	    theirs.number == 0 || theirs.number > adit_offer_proposals(offer))
		return ADIT_ERR_NO_PROPOSAL;
	pair.ours = theirs.number - 1u;
	if (!match(&pair, ke_sent, suite)) {
		memset(suite, 0, sizeof *suite);
		return ADIT_ERR_NO_PROPOSAL;
	}
	*spi = theirs.spi;
	return ke_status(suite, ke_sent);
}
