/* What is secret, what is not any more, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <mbedtls/ccm.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <valgrind/memcheck.h>

#include "ct/watch.h"

void
watch_secret(void *p, size_t n)
{
	VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

void
watch_public(void *p, size_t n)
{
	VALGRIND_MAKE_MEM_DEFINED(p, n);
}

void
watch_test(void **state)
{
	const struct watch *w = *state;
	unsigned before, reports;

	if (!RUNNING_ON_VALGRIND)
		skip();
	before = VALGRIND_COUNT_ERRORS;
	w->run(w->with);
	reports = VALGRIND_COUNT_ERRORS - before;
	if (getenv("ADIT_CT_PROVIDER")) {
		if (reports && !w->leaks)
			printf("  %-44s %7u reports inside the provider\n", w->name, reports);
		return;
	}
	printf("  %-44s %s\n", w->name,
	       w->leaks == (reports != 0) ? w->leaks ? "reported, as it must be" : "constant"
					  : "FAILED");
	if (w->leaks)
		assert_int_not_equal(reports, 0);
	else
		assert_int_equal(reports, 0);
}

/* Verdicts are public: a packet is dropped or not, a message answered or not, and everybody sees
 * which. The linker puts these in the place of the functions that come to one. */
#define WRAPPED(type, name, arguments, names)           \
	type __real_##name arguments;                   \
	type __wrap_##name arguments;                   \
	type __wrap_##name arguments                    \
	{                                               \
		type verdict = __real_##name names;     \
		watch_public(&verdict, sizeof verdict); \
		return verdict;                         \
	}

WRAPPED(bool, adit_equal_ct, (const uint8_t *a, const uint8_t *b, size_t n), (a, b, n))
WRAPPED(int, mbedtls_gcm_auth_decrypt,
	(mbedtls_gcm_context * ctx, size_t n, const uint8_t *iv, size_t iv_n, const uint8_t *aad,
	 size_t aad_n, const uint8_t *tag, size_t tag_n, const uint8_t *in, uint8_t *out),
	(ctx, n, iv, iv_n, aad, aad_n, tag, tag_n, in, out))
WRAPPED(int, mbedtls_ccm_auth_decrypt,
	(mbedtls_ccm_context * ctx, size_t n, const uint8_t *iv, size_t iv_n, const uint8_t *aad,
	 size_t aad_n, const uint8_t *in, uint8_t *out, const uint8_t *tag, size_t tag_n),
	(ctx, n, iv, iv_n, aad, aad_n, in, out, tag, tag_n))
WRAPPED(int, mbedtls_chachapoly_auth_decrypt,
	(mbedtls_chachapoly_context * ctx, size_t n, const uint8_t *nonce, const uint8_t *aad,
	 size_t aad_n, const uint8_t *tag, const uint8_t *in, uint8_t *out),
	(ctx, n, nonce, aad, aad_n, tag, in, out))

static const struct adit_aead *aead_below;

/* Ciphertext and ICV go over the wire. */
static void
seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	aead_below->seal(aead, kc, ops, n);
	for (size_t i = 0; i < n; i++) {
		watch_public(ops[i].data, ops[i].len);
		watch_public(ops[i].icv, aead->icv_len);
	}
}

/* An IV that was made of the key goes over the wire. */
static enum adit_status
make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	enum adit_status st = aead_below->make_iv(aead, kc, n, iv);

	watch_public(iv, aead->iv_len);
	return st;
}

/* What is authentic may be looked at: padding, next header and payloads are what a holder of the
 * key wrote, so nobody else gets to choose them and measure what comes of it. What is forged stays
 * secret: no padding oracle can be there if nothing of it is ever looked at. */
static void
open_packets(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	aead_below->open(aead, kc, ops, n);
	for (size_t i = 0; i < n; i++)
		if (ops[i].status == ADIT_OK)
			watch_public(ops[i].data, ops[i].len);
}

struct adit_aead
watch_aead(const struct adit_aead *of)
{
	struct adit_aead aead = *of;

	aead_below = of;
	aead.seal = seal;
	aead.open = open_packets;
	aead.make_iv = make_iv;
	return aead;
}

static const struct adit_ke *ke_below;

static enum adit_status
generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	enum adit_status st = ke_below->generate(rng, priv, pub);

	watch_secret(priv, ke_below->private_len);
	return st;
}

static enum adit_status
shared(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	uint8_t copy[ADIT_KE_PRIVATE_MAX];
	enum adit_status st;

	for (size_t i = 0; i < ke_below->private_len; i++)
		copy[i] = priv[i];
	/* For the computation below alone, which has cases of its own. */
	watch_public(copy, sizeof copy);
	st = ke_below->shared(rng, copy, peer, secret);
	watch_secret(secret, ke_below->secret_len);
	return st;
}

struct adit_ke
watch_ke(const struct adit_ke *of)
{
	struct adit_ke ke = *of;

	ke_below = of;
	ke.generate = generate;
	ke.shared = shared;
	return ke;
}
