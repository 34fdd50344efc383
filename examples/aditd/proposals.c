/* Proposals of swanctl.conf: keywords joined by '-'. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "values.h"

#define TRANSFORMS_MAX 24
#define PROPOSALS_MAX 16

static const struct keyword {
	const char *word;
	struct adit_transform t;
} keywords[] = {
	{"aes", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128}},
	{"aes128", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128}},
	{"aes192", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 192}},
	{"aes256", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 256}},
	{"aes128gcm16", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}},
	{"aes192gcm16", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 192}},
	{"aes256gcm16", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 256}},
	{"aes128gcm", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}},
	{"aes192gcm", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 192}},
	{"aes256gcm", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 256}},
	{"aes128gcm128", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}},
	{"aes192gcm128", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 192}},
	{"aes256gcm128", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 256}},
	{"chacha20poly1305", {ADIT_TRANSFORM_ENCR, ADIT_ENCR_CHACHA20_POLY1305, 0}},
	{"sha1", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA1_96, 0}},
	{"sha", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA1_96, 0}},
	{"sha256", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0}},
	{"sha2_256", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0}},
	{"sha384", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_384_192, 0}},
	{"sha2_384", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_384_192, 0}},
	{"sha512", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_512_256, 0}},
	{"sha2_512", {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_512_256, 0}},
	{"prfsha1", {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA1, 0}},
	{"prfsha256", {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0}},
	{"prfsha384", {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_384, 0}},
	{"prfsha512", {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_512, 0}},
	{"modp2048", {ADIT_TRANSFORM_KE, ADIT_KE_MODP_2048, 0}},
	{"modp3072", {ADIT_TRANSFORM_KE, ADIT_KE_MODP_3072, 0}},
	{"modp4096", {ADIT_TRANSFORM_KE, ADIT_KE_MODP_4096, 0}},
	{"ecp256", {ADIT_TRANSFORM_KE, ADIT_KE_ECP_256, 0}},
	{"ecp384", {ADIT_TRANSFORM_KE, ADIT_KE_ECP_384, 0}},
	{"ecp521", {ADIT_TRANSFORM_KE, ADIT_KE_ECP_521, 0}},
	{"curve25519", {ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}},
	{"x25519", {ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}},
	{"noesn", {ADIT_TRANSFORM_SN, 0, 0}},
	{"esn", {ADIT_TRANSFORM_SN, 1, 0}},
};

struct list {
	struct adit_transform t[TRANSFORMS_MAX];
	uint8_t n;
};

static bool
has(const struct list *l, uint8_t type)
{
	for (uint8_t i = 0; i < l->n; i++)
		if (l->t[i].type == type)
			return true;
	return false;
}

static const char *
add(struct list *l, struct adit_transform t)
{
	if (l->n == TRANSFORMS_MAX)
		return "too many algorithms in one proposal";
	l->t[l->n++] = t;
	return NULL;
}

static const char *
add_keyword(struct list *l, const char *word)
{
	static const char unknown[] = "an algorithm that is unknown or not supported: ";
	size_t n = sizeof unknown + strlen(word);
	char *why;

	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (strcasecmp(word, keywords[i].word) == 0)
			return add(l, keywords[i].t);
	why = keep(n);
	snprintf(why, n, "%s%s", unknown, word);
	return why;
}

/* Without a PRF, those of the integrity algorithms (as strongSwan has it). */
static const char *
derive_prfs(struct list *l)
{
	static const struct {
		uint16_t integ, prf;
	} pairs[] = {{ADIT_AUTH_HMAC_SHA1_96, ADIT_PRF_HMAC_SHA1},
		     {ADIT_AUTH_HMAC_SHA2_256_128, ADIT_PRF_HMAC_SHA2_256},
		     {ADIT_AUTH_HMAC_SHA2_384_192, ADIT_PRF_HMAC_SHA2_384},
		     {ADIT_AUTH_HMAC_SHA2_512_256, ADIT_PRF_HMAC_SHA2_512}};
	uint8_t n = l->n;
	const char *why = NULL;

	for (uint8_t i = 0; !why && i < n; i++)
		for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
			if (l->t[i].type == ADIT_TRANSFORM_INTEG && l->t[i].id == pairs[k].integ)
				why = add(l, (struct adit_transform){ADIT_TRANSFORM_PRF,
								     pairs[k].prf, 0});
	return why;
}

/* With AEAD ciphers, integrity keywords of an IKE proposal mean the PRF alone. */
static void
drop_integ(struct list *l)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < l->n; i++)
		if (l->t[i].type != ADIT_TRANSFORM_INTEG)
			l->t[n++] = l->t[i];
	l->n = n;
}

static const char *
check_ciphers(const struct list *l, bool *aead)
{
	bool cbc = false;

	*aead = false;
	for (uint8_t i = 0; i < l->n; i++) {
		if (l->t[i].type != ADIT_TRANSFORM_ENCR)
			continue;
		if (l->t[i].id == ADIT_ENCR_AES_CBC)
			cbc = true;
		else
			*aead = true;
	}
	if (!cbc && !*aead)
		return "no encryption algorithm";
	if (cbc && *aead)
		return "AEAD ciphers and others can't be mixed in one proposal";
	if (cbc && !has(l, ADIT_TRANSFORM_INTEG))
		return "no integrity algorithm for a cipher that needs one";
	return NULL;
}

static const char *
complete(struct list *l, bool ike)
{
	bool aead;
	const char *why = check_ciphers(l, &aead);

	if (why)
		return why;
	if (ike && !has(l, ADIT_TRANSFORM_PRF))
		why = derive_prfs(l);
	if (aead)
		drop_integ(l);
	if (!why && !ike && has(l, ADIT_TRANSFORM_PRF))
		return "a pseudo-random function belongs into proposals, not into esp_proposals";
	if (why || !ike)
		return why;
	if (has(l, ADIT_TRANSFORM_SN))
		return "esn and noesn belong into esp_proposals";
	if (!has(l, ADIT_TRANSFORM_PRF))
		return "no pseudo-random function (prfsha256, ...)";
	return has(l, ADIT_TRANSFORM_KE) ? NULL : "no key exchange method (curve25519, ...)";
}

static const char *
one_proposal(char *text, bool ike, struct adit_proposal *out)
{
	struct list *l = keep(sizeof *l);
	const char *why = NULL;
	char *word;

	while (!why && (word = strsep(&text, "-")) != NULL)
		why = add_keyword(l, word);
	if (!why)
		why = complete(l, ike);
	out->transforms = l->t;
	out->count = l->n;
	return why;
}

const char *
value_proposals(const char *text, bool ike, const struct adit_proposal **out, uint8_t *count)
{
	struct adit_proposal *p = keep(PROPOSALS_MAX * sizeof *p);
	char *list = keep_text(text), *item;
	const char *why = NULL;

	*out = p;
	*count = 0;
	if (strcmp(text, "default") == 0)
		return NULL;
	while (!why && (item = value_next(&list)) != NULL) {
		if (strcmp(item, "default") == 0)
			return "default stands alone";
		if (*count == PROPOSALS_MAX)
			return "too many proposals";
		why = one_proposal(item, ike, &p[(*count)++]);
	}
	return why;
}
