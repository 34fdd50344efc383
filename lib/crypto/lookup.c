/* Look-up of transforms by IANA number and by name. */
#include <string.h>

#include "adit/crypto.h"

const struct adit_aead *
adit_crypto_aead(const struct adit_crypto *c, uint16_t encr, uint16_t key_bits, uint16_t integ)
{
	for (const struct adit_aead *const *a = c->aead; *a; a++)
		if ((*a)->encr == encr && (*a)->key_bits == key_bits && (*a)->integ == integ)
			return *a;
	return NULL;
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

const struct adit_aead *
adit_crypto_aead_by_name(const struct adit_crypto *c, const char *name)
{
	for (const struct adit_aead *const *a = c->aead; *a; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}
