/* The caller's random source as mbedTLS calls one. */
#include "provider/mbedtls/compat.h"

int
adit_mbedtls_random(void *ctx, unsigned char *out, size_t n)
{
	const struct adit_rng *rng = ctx;

	return rng->fill(rng->ctx, out, n) == ADIT_OK ? 0 : ADIT_MBEDTLS_NO_RANDOM;
}
