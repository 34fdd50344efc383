/* MD5 of mbedTLS on its raw context, and HMAC-MD5-96 (RFC 2403): for old peers alone. */
#include <mbedtls/md5.h>

#include "provider/mbedtls/compat.h"

ADIT_CHECK(md5_fits, sizeof(mbedtls_md5_context) <= ADIT_HASH_CTX_SIZE);

static enum adit_status
md5_start(void *ctx)
{
	mbedtls_md5_init(ctx);
	return adit_mbedtls_status(adit_md5_starts(ctx));
}

static enum adit_status
md5_update(void *ctx, const uint8_t *p, size_t n)
{
	return adit_mbedtls_status(adit_md5_update(ctx, p, n));
}

static enum adit_status
md5_finish(void *ctx, uint8_t *out)
{
	return adit_mbedtls_status(adit_md5_finish(ctx, out));
}

const struct adit_hash adit_mbedtls_md5 = {
	"MD5", 16, 64, sizeof(mbedtls_md5_context), md5_start, md5_update, md5_finish};

const struct adit_mac adit_mbedtls_hmac_md5 = {
	.name = "HMAC-MD5",
	.hash = &adit_mbedtls_md5,
	.out_len = 16,
	.ctx_size = 2 * ADIT_HASH_CTX_SIZE,
	.setkey = adit_hmac_setkey,
	.sum = adit_hmac_sum,
	.wipe = adit_hmac_wipe,
};

const struct adit_integ adit_mbedtls_auth_hmac_md5_96 = {"AUTH_HMAC_MD5_96", ADIT_AUTH_HMAC_MD5_96,
							 16, 12, &adit_mbedtls_hmac_md5};
