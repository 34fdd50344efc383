/* The kernel's names of algorithms, as transform objects. */
#ifndef XFRM_NAMES_H
#define XFRM_NAMES_H

#include "adit/crypto.h"

/* A name and what it is. */
struct alg {
	const char *name;
	uint16_t id;   /* IANA, of ENCR or of AUTH */
	uint16_t bits; /* of the ICV; 0 of a cipher without */
};

/* NULL: not one of the kernel's names that adit knows. */
const struct alg *names_cipher(const char *name);
/* bits: as given, or 0: the kernel's choice. */
const struct alg *names_auth(const char *name, unsigned bits);
const struct alg *names_aead(const char *name, unsigned bits);

/* The object of encryption and integrity with keys of these bytes, or NULL: what was to be is then
 * in words in *why (static). */
const struct adit_aead *names_object(uint16_t encr, uint16_t integ, size_t encr_n, size_t integ_n,
				     const char **why);

/* 3DES, DES, HMAC-MD5: for peers that have nothing else. */
bool names_is_legacy(const struct adit_aead *aead);

/* All names of one kind, with blanks between. */
enum { NAMES_CIPHER, NAMES_AUTH, NAMES_AEAD };
void names_list(int kind, char *out, size_t cap);

#endif
