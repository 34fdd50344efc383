/* GMAC over parts that do not lie together. mbedTLS 3 takes additional data piece by piece; 2.28
 * takes it in one piece alone, but hashes what it deciphers, in any number of pieces, in just the
 * way of additional data. There the parts are "deciphered" into scratch, and before the end the two
 * counts of bytes change places. */
#include <string.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/gmac.h"
#include "provider/mbedtls/nonce.h"

#define TAG_LEN 16

#if MBEDTLS_VERSION_MAJOR < 3

#define PIECE 64 /* a multiple of the block: all but the last must be */

/* What waits to make a full piece. */
struct pieces {
	mbedtls_gcm_context *gcm;
	uint8_t in[PIECE], scratch[PIECE];
	size_t n;
};

static int
flush(struct pieces *s)
{
	size_t n = s->n;

	s->n = 0;
	return n ? mbedtls_gcm_update(s->gcm, n, s->in, s->scratch) : 0;
}

static int
add(struct pieces *s, const uint8_t *p, size_t n)
{
	int ret = 0;

	while (n > 0 && ret == 0) {
		size_t take = PIECE - s->n < n ? PIECE - s->n : n;

		memcpy(s->in + s->n, p, take);
		s->n += take;
		p += take;
		n -= take;
		if (s->n == PIECE)
			ret = flush(s);
	}
	return ret;
}

enum adit_status
adit_mbedtls_gmac(mbedtls_gcm_context *gcm, const uint8_t *nonce, const struct adit_span *parts,
		  size_t n_parts, uint8_t *tag)
{
	struct pieces s = {.gcm = gcm};
	int ret = mbedtls_gcm_starts(gcm, MBEDTLS_GCM_DECRYPT, nonce, ADIT_NONCE_LEN, NULL, 0);

	for (size_t i = 0; i < n_parts && ret == 0; i++)
		ret = add(&s, parts[i].p, parts[i].n);
	if (ret == 0)
		ret = flush(&s);
	gcm->add_len = gcm->len;
	gcm->len = 0;
	if (ret == 0)
		ret = mbedtls_gcm_finish(gcm, tag, TAG_LEN);
	adit_wipe(&s, sizeof s);
	return adit_mbedtls_status(ret);
}

#else

enum adit_status
adit_mbedtls_gmac(mbedtls_gcm_context *gcm, const uint8_t *nonce, const struct adit_span *parts,
		  size_t n_parts, uint8_t *tag)
{
	size_t none = 0;
	int ret = mbedtls_gcm_starts(gcm, MBEDTLS_GCM_ENCRYPT, nonce, ADIT_NONCE_LEN);

	for (size_t i = 0; i < n_parts && ret == 0; i++)
		if (parts[i].n)
			ret = mbedtls_gcm_update_ad(gcm, parts[i].p, parts[i].n);
	if (ret == 0)
		ret = mbedtls_gcm_finish(gcm, NULL, 0, &none, tag, TAG_LEN);
	return adit_mbedtls_status(ret);
}

#endif
