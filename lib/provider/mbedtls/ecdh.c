/* Key exchange on elliptic curves by mbedTLS: ECP 256, 384, 521 (RFC 5903) and Curve25519
 * (RFC 8031). */
#include <string.h>

#include <mbedtls/ecp.h>

#include "provider/mbedtls/compat.h"

#define COORDINATE_MAX 66 /* P-521 */
#define UNCOMPRESSED 0x04
#define X25519_LEN 32

/* Everything that one operation needs, so that there is one place to free it. */
struct work {
	mbedtls_ecp_group group;
	mbedtls_mpi d;
	mbedtls_ecp_point q;
};

/* What fails for want of memory or of randomness is no fault of whoever else is to blame. */
static enum adit_status
status_of(int ret, enum adit_status otherwise)
{
	switch (ret) {
	case 0:
		return ADIT_OK;
	case MBEDTLS_ERR_MPI_ALLOC_FAILED:
	case MBEDTLS_ERR_ECP_ALLOC_FAILED:
		return ADIT_ERR_CRYPTO;
	case ADIT_MBEDTLS_NO_RANDOM:
		return ADIT_ERR_RANDOM;
	default:
		return otherwise;
	}
}

static enum adit_status
work_begin(struct work *w, mbedtls_ecp_group_id id)
{
	mbedtls_ecp_group_init(&w->group);
	mbedtls_mpi_init(&w->d);
	mbedtls_ecp_point_init(&w->q);
	return adit_mbedtls_status(mbedtls_ecp_group_load(&w->group, id));
}

static void
work_end(struct work *w)
{
	mbedtls_ecp_point_free(&w->q);
	mbedtls_mpi_free(&w->d);
	mbedtls_ecp_group_free(&w->group);
}

/* The two forms of a point and a scalar: Curve25519 has little-endian strings and one coordinate
 * (RFC 7748 5), the others x | y without the leading 0x04 (RFC 5903 7). */
static bool
is_curve25519(const struct work *w)
{
	return w->group.id == MBEDTLS_ECP_DP_CURVE25519;
}

static int
write_scalar(const struct work *w, uint8_t *priv, size_t len)
{
	return is_curve25519(w) ? mbedtls_mpi_write_binary_le(&w->d, priv, len)
				: mbedtls_mpi_write_binary(&w->d, priv, len);
}

static int
read_scalar(struct work *w, const uint8_t *priv, size_t len)
{
	return is_curve25519(w) ? mbedtls_mpi_read_binary_le(&w->d, priv, len)
				: mbedtls_mpi_read_binary(&w->d, priv, len);
}

/* out: len bytes of x, and for ECP len bytes of y. */
static int
write_point(const struct work *w, uint8_t *out, size_t len)
{
	uint8_t whole[1 + 2 * COORDINATE_MAX];
	size_t n, skip = is_curve25519(w) ? 0 : 1;
	int ret = mbedtls_ecp_point_write_binary(&w->group, &w->q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n,
						 whole, sizeof whole);

	if (ret == 0)
		memcpy(out, whole + skip, len);
	adit_wipe(whole, sizeof whole);
	return ret;
}

static enum adit_status
read_point(struct work *w, struct adit_span peer)
{
	uint8_t whole[1 + 2 * COORDINATE_MAX];
	int ret;

	if (is_curve25519(w)) {
		ret = mbedtls_ecp_point_read_binary(&w->group, &w->q, peer.p, peer.n);
	} else {
		whole[0] = UNCOMPRESSED;
		memcpy(whole + 1, peer.p, peer.n);
		ret = mbedtls_ecp_point_read_binary(&w->group, &w->q, whole, peer.n + 1);
	}
	if (ret == 0)
		ret = mbedtls_ecp_check_pubkey(&w->group, &w->q);
	return status_of(ret, ADIT_ERR_KE);
}

static enum adit_status
generate(mbedtls_ecp_group_id id, const struct adit_ke *ke, const struct adit_rng *rng,
	 uint8_t *priv, uint8_t *pub)
{
	struct work w;
	enum adit_status st = work_begin(&w, id);
	void *random = (void *)(uintptr_t)rng;

	if (st == ADIT_OK)
		st = status_of(
			mbedtls_ecp_gen_keypair(&w.group, &w.d, &w.q, adit_mbedtls_random, random),
			ADIT_ERR_RANDOM);
	if (st == ADIT_OK && (write_scalar(&w, priv, ke->private_len) != 0 ||
			      write_point(&w, pub, ke->public_len) != 0))
		st = ADIT_ERR_CRYPTO;
	work_end(&w);
	return st;
}

static enum adit_status
shared(mbedtls_ecp_group_id id, const struct adit_ke *ke, const struct adit_rng *rng,
       const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	struct work w;
	enum adit_status st;
	void *random = (void *)(uintptr_t)rng;

	if (peer.n != ke->public_len)
		return ADIT_ERR_KE;
	st = work_begin(&w, id);
	if (st == ADIT_OK)
		st = read_point(&w, peer);
	if (st == ADIT_OK && read_scalar(&w, priv, ke->private_len) != 0)
		st = ADIT_ERR_CRYPTO;
	/* Result at infinity: the peer's point was of low order. */
	if (st == ADIT_OK)
		st = status_of(
			mbedtls_ecp_mul(&w.group, &w.q, &w.d, &w.q, adit_mbedtls_random, random),
			ADIT_ERR_KE);
	if (st == ADIT_OK && write_point(&w, secret, ke->secret_len) != 0)
		st = ADIT_ERR_CRYPTO;
	work_end(&w);
	return st;
}

#define CURVE(object, title, number, group_id, len, pub_len)                                     \
	static enum adit_status object##_generate(const struct adit_rng *rng, uint8_t *priv,     \
						  uint8_t *pub)                                  \
	{                                                                                        \
		return generate(group_id, &adit_mbedtls_##object, rng, priv, pub);               \
	}                                                                                        \
	static enum adit_status object##_shared(const struct adit_rng *rng, const uint8_t *priv, \
						struct adit_span peer, uint8_t *secret)          \
	{                                                                                        \
		return shared(group_id, &adit_mbedtls_##object, rng, priv, peer, secret);        \
	}                                                                                        \
	const struct adit_ke adit_mbedtls_##object = {                                           \
		title, number, pub_len, len, len, object##_generate, object##_shared}

CURVE(ecp256, "ECP_256", ADIT_KE_ECP_256, MBEDTLS_ECP_DP_SECP256R1, 32, 64);
CURVE(ecp384, "ECP_384", ADIT_KE_ECP_384, MBEDTLS_ECP_DP_SECP384R1, 48, 96);
CURVE(ecp521, "ECP_521", ADIT_KE_ECP_521, MBEDTLS_ECP_DP_SECP521R1, 66, 132);

/* All-zero output means a low-order point: refused (RFC 8031 5). */
static bool
is_zero(const uint8_t *p, size_t n)
{
	static const uint8_t zero[X25519_LEN];

	return adit_equal_ct(p, zero, n);
}

static enum adit_status
curve25519_generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	return generate(MBEDTLS_ECP_DP_CURVE25519, &adit_mbedtls_curve25519, rng, priv, pub);
}

static enum adit_status
curve25519_shared(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer,
		  uint8_t *secret)
{
	enum adit_status st = shared(MBEDTLS_ECP_DP_CURVE25519, &adit_mbedtls_curve25519, rng, priv,
				     peer, secret);

	if (st == ADIT_OK && is_zero(secret, X25519_LEN))
		return ADIT_ERR_KE;
	return st;
}

const struct adit_ke adit_mbedtls_curve25519 = {
	"CURVE25519", ADIT_KE_CURVE25519,  X25519_LEN,       X25519_LEN,
	X25519_LEN,   curve25519_generate, curve25519_shared};
