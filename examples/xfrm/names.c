/* The kernel's names of algorithms (net/xfrm/xfrm_algo.c there), as transform objects. */
#include <stdio.h>
#include <string.h>

#include "adit/mbedtls.h"
#include "names.h"

static const struct alg ciphers[] = {
	{"cbc(aes)", ADIT_ENCR_AES_CBC, 0},
	{"aes", ADIT_ENCR_AES_CBC, 0},
	{"rfc3686(ctr(aes))", ADIT_ENCR_AES_CTR, 0},
	{"cbc(camellia)", ADIT_ENCR_CAMELLIA_CBC, 0},
	{"camellia", ADIT_ENCR_CAMELLIA_CBC, 0},
	{"cbc(des3_ede)", ADIT_ENCR_3DES, 0},
	{"des3_ede", ADIT_ENCR_3DES, 0},
	{"cbc(des)", ADIT_ENCR_DES, 0},
	{"des", ADIT_ENCR_DES, 0},
	{"ecb(cipher_null)", ADIT_ENCR_NULL, 0},
	{"cipher_null", ADIT_ENCR_NULL, 0},
	{NULL, 0, 0},
};

/* The first of a name is what the kernel takes where no length is said: HMAC-SHA-256 is then cut
 * to 96 bits, as a draft had it that never became an RFC. */
static const struct alg auths[] = {
	{"hmac(sha256)", ADIT_AUTH_NONE, 96},
	{"sha256", ADIT_AUTH_NONE, 96},
	{"hmac(sha256)", ADIT_AUTH_HMAC_SHA2_256_128, 128},
	{"sha256", ADIT_AUTH_HMAC_SHA2_256_128, 128},
	{"hmac(sha384)", ADIT_AUTH_HMAC_SHA2_384_192, 192},
	{"hmac(sha512)", ADIT_AUTH_HMAC_SHA2_512_256, 256},
	{"hmac(sha1)", ADIT_AUTH_HMAC_SHA1_96, 96},
	{"sha1", ADIT_AUTH_HMAC_SHA1_96, 96},
	{"hmac(md5)", ADIT_AUTH_HMAC_MD5_96, 96},
	{"md5", ADIT_AUTH_HMAC_MD5_96, 96},
	{"xcbc(aes)", ADIT_AUTH_AES_XCBC_96, 96},
	{"cmac(aes)", ADIT_AUTH_AES_CMAC_96, 96},
	{NULL, 0, 0},
};

static const struct alg aeads[] = {
	{"rfc4106(gcm(aes))", ADIT_ENCR_AES_GCM_16, 128},
	{"rfc4106(gcm(aes))", ADIT_ENCR_AES_GCM_12, 96},
	{"rfc4106(gcm(aes))", ADIT_ENCR_AES_GCM_8, 64},
	{"rfc4309(ccm(aes))", ADIT_ENCR_AES_CCM_16, 128},
	{"rfc4309(ccm(aes))", ADIT_ENCR_AES_CCM_12, 96},
	{"rfc4309(ccm(aes))", ADIT_ENCR_AES_CCM_8, 64},
	{"rfc7539esp(chacha20,poly1305)", ADIT_ENCR_CHACHA20_POLY1305, 128},
	{"rfc4543(gcm(aes))", ADIT_ENCR_NULL_AUTH_AES_GMAC, 128},
	{NULL, 0, 0},
};

static const struct alg *
find(const struct alg *a, const char *name, unsigned bits)
{
	for (; a->name; a++)
		if (strcmp(a->name, name) == 0 && (bits == 0 || a->bits == bits))
			return a;
	return NULL;
}

const struct alg *
names_cipher(const char *name)
{
	return find(ciphers, name, 0);
}

const struct alg *
names_auth(const char *name, unsigned bits)
{
	return find(auths, name, bits);
}

const struct alg *
names_aead(const char *name, unsigned bits)
{
	return find(aeads, name, bits);
}

static bool
has_object(const struct adit_aead *const *list, const struct adit_aead *a)
{
	while (*list && *list != a)
		list++;
	return *list != NULL;
}

bool
names_is_legacy(const struct adit_aead *a)
{
	return !has_object(adit_mbedtls_compat.aead, a) &&
	       !has_object(adit_mbedtls_compat.sa_only, a);
}

/* The next object of all there are. */
static const struct adit_aead *
next_object(size_t *at)
{
	size_t n = 0;

	while (adit_mbedtls_legacy.aead[n])
		n++;
	return *at < n ? adit_mbedtls_legacy.aead[(*at)++]
		       : adit_mbedtls_legacy.sa_only[(*at)++ - n];
}

const struct adit_aead *
names_object(uint16_t encr, uint16_t integ, size_t encr_n, size_t integ_n, const char **why)
{
	const struct adit_aead *a;
	size_t at = 0;

	*why = "this algorithm, or these two together, are not built into adit";
	while ((a = next_object(&at)) != NULL) {
		if (a->encr != encr || a->integ != integ)
			continue;
		if (a->integ_key_len != integ_n)
			*why = "the key of the integrity algorithm has not its length";
		else if (a->encr_key_len != encr_n)
			*why = "the key of the cipher (with its salt) has none of its lengths";
		else
			return a;
	}
	return NULL;
}

void
names_list(int kind, char *out, size_t cap)
{
	const struct alg *a = kind == NAMES_CIPHER ? ciphers : kind == NAMES_AUTH ? auths : aeads;
	size_t n = 0;

	*out = '\0';
	for (; a->name; a++) {
		/* The short names are the same once more. */
		if (!strchr(a->name, '(') || strstr(out, a->name) || n >= cap)
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? " " : "", a->name);
	}
}
