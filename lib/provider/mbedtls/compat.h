/* All that differs between mbedTLS 2.28 and 3.6. */
#ifndef ADIT_PROVIDER_MBEDTLS_COMPAT_H
#define ADIT_PROVIDER_MBEDTLS_COMPAT_H

#include <mbedtls/version.h>

#include "adit/mbedtls.h"
#include "base/check.h"

#if MBEDTLS_VERSION_MAJOR < 3
#define adit_md5_starts mbedtls_md5_starts_ret
#define adit_md5_update mbedtls_md5_update_ret
#define adit_md5_finish mbedtls_md5_finish_ret
#define adit_sha1_starts mbedtls_sha1_starts_ret
#define adit_sha1_update mbedtls_sha1_update_ret
#define adit_sha1_finish mbedtls_sha1_finish_ret
#define adit_sha256_starts mbedtls_sha256_starts_ret
#define adit_sha256_update mbedtls_sha256_update_ret
#define adit_sha256_finish mbedtls_sha256_finish_ret
#define adit_sha512_starts mbedtls_sha512_starts_ret
#define adit_sha512_update mbedtls_sha512_update_ret
#define adit_sha512_finish mbedtls_sha512_finish_ret
#else
#define adit_md5_starts mbedtls_md5_starts
#define adit_md5_update mbedtls_md5_update
#define adit_md5_finish mbedtls_md5_finish
#define adit_sha1_starts mbedtls_sha1_starts
#define adit_sha1_update mbedtls_sha1_update
#define adit_sha1_finish mbedtls_sha1_finish
#define adit_sha256_starts mbedtls_sha256_starts
#define adit_sha256_update mbedtls_sha256_update
#define adit_sha256_finish mbedtls_sha256_finish
#define adit_sha512_starts mbedtls_sha512_starts
#define adit_sha512_update mbedtls_sha512_update
#define adit_sha512_finish mbedtls_sha512_finish
#endif

/* A field of mbedTLS that is public in 2.28 and "private" by name in 3.6. */
#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

/* mbedTLS says 0 where all is well. */
static inline enum adit_status
adit_mbedtls_status(int ret)
{
	return ret == 0 ? ADIT_OK : ADIT_ERR_CRYPTO;
}

/* An adit_rng as mbedTLS calls one; ctx is the const struct adit_rng *. 0, or that it failed. */
#define ADIT_MBEDTLS_NO_RANDOM (-1)
int adit_mbedtls_random(void *ctx, unsigned char *out, size_t n);

#endif
