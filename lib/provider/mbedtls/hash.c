/* SHA-1 and SHA-2 of mbedTLS, on its raw contexts: they hold no pointers, so a state may be copied
 * as bytes, and nothing allocates. */
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

#include "provider/mbedtls/compat.h"

ADIT_CHECK(sha1_fits, sizeof(mbedtls_sha1_context) <= ADIT_HASH_CTX_SIZE);
ADIT_CHECK(sha256_fits, sizeof(mbedtls_sha256_context) <= ADIT_HASH_CTX_SIZE);
ADIT_CHECK(sha512_fits, sizeof(mbedtls_sha512_context) <= ADIT_HASH_CTX_SIZE);

static enum adit_status
sha1_start(void *ctx)
{
	mbedtls_sha1_init(ctx);
	return adit_mbedtls_status(adit_sha1_starts(ctx));
}

static enum adit_status
sha1_update(void *ctx, const uint8_t *p, size_t n)
{
	return adit_mbedtls_status(adit_sha1_update(ctx, p, n));
}

static enum adit_status
sha1_finish(void *ctx, uint8_t *out)
{
	return adit_mbedtls_status(adit_sha1_finish(ctx, out));
}

static enum adit_status
sha256_start(void *ctx)
{
	mbedtls_sha256_init(ctx);
	return adit_mbedtls_status(adit_sha256_starts(ctx, 0));
}

static enum adit_status
sha256_update(void *ctx, const uint8_t *p, size_t n)
{
	return adit_mbedtls_status(adit_sha256_update(ctx, p, n));
}

static enum adit_status
sha256_finish(void *ctx, uint8_t *out)
{
	return adit_mbedtls_status(adit_sha256_finish(ctx, out));
}

static enum adit_status
sha384_start(void *ctx)
{
	mbedtls_sha512_init(ctx);
	return adit_mbedtls_status(adit_sha512_starts(ctx, 1));
}

static enum adit_status
sha512_start(void *ctx)
{
	mbedtls_sha512_init(ctx);
	return adit_mbedtls_status(adit_sha512_starts(ctx, 0));
}

static enum adit_status
sha512_update(void *ctx, const uint8_t *p, size_t n)
{
	return adit_mbedtls_status(adit_sha512_update(ctx, p, n));
}

/* mbedTLS 2.28 writes 64 bytes for SHA-384 too in some builds, so both go through a whole block. */
static enum adit_status
sha384_finish(void *ctx, uint8_t *out)
{
	uint8_t whole[64];
	enum adit_status st = adit_mbedtls_status(adit_sha512_finish(ctx, whole));

	for (size_t i = 0; i < 48; i++)
		out[i] = whole[i];
	adit_wipe(whole, sizeof whole);
	return st;
}

static enum adit_status
sha512_finish(void *ctx, uint8_t *out)
{
	return adit_mbedtls_status(adit_sha512_finish(ctx, out));
}

const struct adit_hash adit_mbedtls_sha1 = {
	"SHA1", 20, 64, sizeof(mbedtls_sha1_context), sha1_start, sha1_update, sha1_finish};
const struct adit_hash adit_mbedtls_sha256 = {
	"SHA2-256",    32,           64, sizeof(mbedtls_sha256_context), sha256_start,
	sha256_update, sha256_finish};
const struct adit_hash adit_mbedtls_sha384 = {
	"SHA2-384",    48,           128, sizeof(mbedtls_sha512_context), sha384_start,
	sha512_update, sha384_finish};
const struct adit_hash adit_mbedtls_sha512 = {
	"SHA2-512",    64,           128, sizeof(mbedtls_sha512_context), sha512_start,
	sha512_update, sha512_finish};
