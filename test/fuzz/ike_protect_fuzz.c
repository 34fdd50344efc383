/* SK payloads of strangers: nothing opens, and nothing is read or written beyond the message. The
 * first byte picks the transform, the rest is a whole message. */
#include <stdlib.h>
#include <string.h>

#include "adit/mbedtls.h"
#include "ike/protect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
open_it(const struct adit_aead *aead, uint8_t *msg, const struct adit_ike_chain *chain)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX] = {1, 2, 3};
	struct adit_protect p;
	struct adit_span inner;
	uint8_t first;

	if (adit_protect_key(&p, aead, (struct adit_span){key, adit_aead_key_len(aead)}) != ADIT_OK)
		abort();
	if (adit_protect_open(&p, msg, chain, &first, &inner) == ADIT_OK)
		abort();
	adit_protect_wipe(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct adit_aead *const aeads[] = {&adit_mbedtls_aes128_gcm16,
							&adit_mbedtls_chacha20_poly1305,
							&adit_mbedtls_aes256_cbc_sha512};
	struct adit_ike_chain chain;
	struct adit_ike_header h;
	uint8_t *msg;

	if (n < 1 + ADIT_IKE_HEADER_LEN)
		return 0;
	msg = malloc(n - 1);
	if (msg == NULL)
		abort();
	memcpy(msg, data + 1, n - 1);
	if (adit_ike_get_header((struct adit_span){msg, n - 1}, &h) == ADIT_OK &&
	    adit_ike_get_chain(
		    (struct adit_span){msg + ADIT_IKE_HEADER_LEN, n - 1 - ADIT_IKE_HEADER_LEN},
		    h.first_payload, &chain) == ADIT_OK)
		open_it(aeads[data[0] % 3], msg, &chain);
	free(msg);
	return 0;
}
