/* Look-up of transforms by IANA number and by name. */
#include <string.h>

#include "adit/crypto.h"

static const struct adit_aead *
by_number(const struct adit_aead *const *a, uint16_t encr, uint16_t key_bits, uint16_t integ)
{
	for (; a && *a; a++)
		if ((*a)->encr == encr && (*a)->key_bits == key_bits && (*a)->integ == integ)
			return *a;
	return NULL;
}

const struct adit_aead *
adit_crypto_aead(const struct adit_crypto *c, uint16_t encr, uint16_t key_bits, uint16_t integ)
{
	return by_number(c->aead, encr, key_bits, integ);
}

const struct adit_aead *
adit_crypto_sa_aead(const struct adit_crypto *c, uint16_t encr, uint16_t key_bits, uint16_t integ)
{
	const struct adit_aead *a = by_number(c->aead, encr, key_bits, integ);

	return a ? a : by_number(c->sa_only, encr, key_bits, integ);
}

const struct adit_prf *
adit_crypto_prf(const struct adit_crypto *c, uint16_t id)
{
	for (const struct adit_prf *const *p = c->prf; *p; p++)
		if ((*p)->id == id)
			return *p;
	return NULL;
}

const struct adit_ke *
adit_crypto_ke(const struct adit_crypto *c, uint16_t id)
{
	for (const struct adit_ke *const *k = c->ke; *k; k++)
		if ((*k)->id == id)
			return *k;
	return NULL;
}

static const struct adit_aead *
by_name(const struct adit_aead *const *a, const char *name)
{
	for (; a && *a; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

const struct adit_aead *
adit_crypto_aead_by_name(const struct adit_crypto *c, const char *name)
{
	const struct adit_aead *a = by_name(c->aead, name);

	return a ? a : by_name(c->sa_only, name);
}
