/* Key exchange in MODP groups (RFC 3526) by mbedTLS's big numbers. */
#include <mbedtls/bignum.h>
#include <mbedtls/dhm.h>

#include "provider/mbedtls/compat.h"

/* Exponents of twice the strength of the group and more (RFC 3526 8 gives 110 to 150 bits of
 * strength, NIST SP 800-57 112 to 150). */
#define EXPONENT_LEN 48
#define GENERATOR 2

ADIT_CHECK(exponent_fits, EXPONENT_LEN <= ADIT_KE_PRIVATE_MAX);
ADIT_CHECK(public_fits, ADIT_KE_PUBLIC_MAX >= 512);

static const uint8_t prime_2048[] = MBEDTLS_DHM_RFC3526_MODP_2048_P_BIN;
static const uint8_t prime_3072[] = MBEDTLS_DHM_RFC3526_MODP_3072_P_BIN;
static const uint8_t prime_4096[] = MBEDTLS_DHM_RFC3526_MODP_4096_P_BIN;

struct work {
	mbedtls_mpi p, base, x, result;
};

static void
work_begin(struct work *w)
{
	mbedtls_mpi_init(&w->p);
	mbedtls_mpi_init(&w->base);
	mbedtls_mpi_init(&w->x);
	mbedtls_mpi_init(&w->result);
}

static void
work_end(struct work *w)
{
	mbedtls_mpi_free(&w->p);
	mbedtls_mpi_free(&w->base);
	mbedtls_mpi_free(&w->x);
	mbedtls_mpi_free(&w->result);
}

/* out = base ^ priv mod p, as long as p (RFC 7296 3.4: padded with zeros in front). No base and
 * exponent that are used here give 0 or 1: mbedTLS 2.28 says 0, and that all is well, where its
 * last allocation failed. */
static enum adit_status
power(struct work *w, const uint8_t *priv, uint8_t *out, size_t len)
{
	if (mbedtls_mpi_read_binary(&w->x, priv, EXPONENT_LEN) != 0 ||
	    mbedtls_mpi_exp_mod(&w->result, &w->base, &w->x, &w->p, NULL) != 0 ||
	    mbedtls_mpi_cmp_int(&w->result, 1) <= 0 ||
	    mbedtls_mpi_write_binary(&w->result, out, len) != 0)
		return ADIT_ERR_CRYPTO;
	return ADIT_OK;
}

static enum adit_status
generate(const uint8_t *prime, size_t len, const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	struct work w;
	enum adit_status st = rng->fill(rng->ctx, priv, EXPONENT_LEN);

	if (st != ADIT_OK)
		return ADIT_ERR_RANDOM;
	/* The highest bit is set: the exponent is never small. */
	priv[0] |= 0x80;
	work_begin(&w);
	if (mbedtls_mpi_read_binary(&w.p, prime, len) != 0 ||
	    mbedtls_mpi_lset(&w.base, GENERATOR) != 0)
		st = ADIT_ERR_CRYPTO;
	if (st == ADIT_OK)
		st = power(&w, priv, pub, len);
	work_end(&w);
	return st;
}

/* 2 .. p - 2: the others give the secret away (RFC 6989 2.1). */
static enum adit_status
check_peer(struct work *w)
{
	mbedtls_mpi *p_minus_1 = &w->x;

	if (mbedtls_mpi_sub_int(p_minus_1, &w->p, 1) != 0)
		return ADIT_ERR_CRYPTO;
	if (mbedtls_mpi_cmp_int(&w->base, 1) <= 0 || mbedtls_mpi_cmp_mpi(&w->base, p_minus_1) >= 0)
		return ADIT_ERR_KE;
	return ADIT_OK;
}

static enum adit_status
shared(const uint8_t *prime, size_t len, const uint8_t *priv, struct adit_span peer,
       uint8_t *secret)
{
	struct work w;
	enum adit_status st = ADIT_OK;

	if (peer.n != len)
		return ADIT_ERR_KE;
	work_begin(&w);
	if (mbedtls_mpi_read_binary(&w.p, prime, len) != 0 ||
	    mbedtls_mpi_read_binary(&w.base, peer.p, peer.n) != 0)
		st = ADIT_ERR_CRYPTO;
	if (st == ADIT_OK)
		st = check_peer(&w);
	if (st == ADIT_OK)
		st = power(&w, priv, secret, len);
	work_end(&w);
	return st;
}

#define MODP(bits)                                                                               \
	static enum adit_status modp##bits##_generate(const struct adit_rng *rng, uint8_t *priv, \
						      uint8_t *pub)                              \
	{                                                                                        \
		return generate(prime_##bits, sizeof prime_##bits, rng, priv, pub);              \
	}                                                                                        \
	static enum adit_status modp##bits##_shared(const struct adit_rng *rng,                  \
						    const uint8_t *priv, struct adit_span peer,  \
						    uint8_t *secret)                             \
	{                                                                                        \
		(void)rng;                                                                       \
		return shared(prime_##bits, sizeof prime_##bits, priv, peer, secret);            \
	}                                                                                        \
	const struct adit_ke adit_mbedtls_modp##bits = {                                         \
		"MODP_" #bits, ADIT_KE_MODP_##bits,   bits / 8,           bits / 8,              \
		EXPONENT_LEN,  modp##bits##_generate, modp##bits##_shared}

MODP(2048);
MODP(3072);
MODP(4096);
