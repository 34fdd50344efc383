/* Wireshark's names of ESP's algorithms (packet-ipsec.c there), as transform objects. */
#include <string.h>
#include <strings.h>

#include "algorithms.h"
#include "adit/mbedtls.h"

/* What Wireshark knows and adit has no object for. */
#define NOT_BUILT UINT16_MAX

struct name {
	const char *text;
	uint16_t id;
};

static const struct name encrs[] = {
	{"AES-GCM with 16 octet ICV [RFC4106]", ADIT_ENCR_AES_GCM_16},
	{"AES-GCM [RFC4106]", ADIT_ENCR_AES_GCM_16},
	{"AES-CBC [RFC3602]", ADIT_ENCR_AES_CBC},
	{"ChaCha20 with Poly1305 [RFC7634]", ADIT_ENCR_CHACHA20_POLY1305},
	{"AES-GCM with 8 octet ICV [RFC4106]", NOT_BUILT},
	{"AES-GCM with 12 octet ICV [RFC4106]", NOT_BUILT},
	{"AES-CTR [RFC3686]", NOT_BUILT},
	{"NULL", NOT_BUILT},
	{"TripleDES-CBC [RFC2451]", NOT_BUILT},
	{"DES-CBC [RFC2405]", NOT_BUILT},
	{"CAST5-CBC [RFC2144]", NOT_BUILT},
	{"BLOWFISH-CBC [RFC2451]", NOT_BUILT},
	{"TWOFISH-CBC", NOT_BUILT},
	{NULL, 0},
};

static const struct name integs[] = {
	{"NULL", ADIT_AUTH_NONE},
	{"ANY 128 bit authentication [no checking]", ADIT_AUTH_NONE},
	{"HMAC-SHA-1-96 [RFC2404]", ADIT_AUTH_HMAC_SHA1_96},
	{"HMAC-SHA-256-128 [RFC4868]", ADIT_AUTH_HMAC_SHA2_256_128},
	{"HMAC-SHA-384-192 [RFC4868]", ADIT_AUTH_HMAC_SHA2_384_192},
	{"HMAC-SHA-512-256 [RFC4868]", ADIT_AUTH_HMAC_SHA2_512_256},
	{"HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]", NOT_BUILT},
	{"HMAC-MD5-96 [RFC2403]", NOT_BUILT},
	{"MAC-RIPEMD-160-96 [RFC2857]", NOT_BUILT},
	{"ANY 64 bit authentication [no checking]", NOT_BUILT},
	{"ANY 96 bit authentication [no checking]", NOT_BUILT},
	{"ANY 192 bit authentication [no checking]", NOT_BUILT},
	{"ANY 256 bit authentication [no checking]", NOT_BUILT},
	{NULL, 0},
};

static const struct name *
find(const struct name *names, const char *text)
{
	for (; names->text; names++)
		if (strcasecmp(names->text, text) == 0)
			return names;
	return NULL;
}

const char *
algorithms_find(const struct adit_aead **out, const char *encr, const char *integ, size_t key_n)
{
	const struct name *e = find(encrs, encr), *i = find(integs, integ);
	const struct adit_aead *const *a = adit_mbedtls_compat.aead;

	if (!e)
		return "the encryption algorithm is not one of Wireshark's names";
	if (!i)
		return "the authentication algorithm is not one of Wireshark's names";
	if (e->id == NOT_BUILT)
		return "this encryption algorithm is not built into adit";
	if (i->id == NOT_BUILT)
		return "this authentication algorithm is not built into adit";
	if (e->id == ADIT_ENCR_AES_CBC && i->id == ADIT_AUTH_NONE)
		return "AES-CBC needs its authentication algorithm: adit checks every packet";
	for (; *a; a++)
		if ((*a)->encr == e->id && (*a)->integ == i->id && (*a)->encr_key_len == key_n)
			break;
	if (!*a)
		return "no such algorithm with a cipher key (and salt) of this length";
	*out = *a;
	return NULL;
}
