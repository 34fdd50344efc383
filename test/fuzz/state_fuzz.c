/* Exported SAs of anybody's making: the fuzzer's bytes as they are, and sealed with the right key,
 * so that the fields behind the ICV are reached. What is accepted makes an SA or is refused by it.
 */
#include <string.h>

#include "adit/mbedtls.h"
#include "adit/state.h"

enum { HEADER = 16, IV = 8, ICV = 16, WORDS = ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX) };

static void
try(const uint8_t *p, size_t n, const struct adit_state_seal *seal)
{
	static const struct adit_state_jump jump = {1000, 0};
	static uint32_t bits[WORDS];
	static union adit_keyctx kc;
	struct adit_sa_state s;
	struct adit_sa_more more;
	struct adit_sa sa;

	if (adit_state_import((struct adit_span){p, n}, seal, &adit_mbedtls_legacy, &jump, 5, &s) !=
	    ADIT_OK)
		return;
	s.params.more = &more;
	if (adit_sa_init(&sa, &s.params, (struct adit_buf){kc.mem, sizeof kc}, bits, WORDS) ==
	    ADIT_OK) {
		adit_state_resume(&sa, &s);
		adit_sa_wipe(&sa);
	}
	adit_state_wipe(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[20] = {7};
	static union adit_keyctx kc;
	const struct adit_aead *aead = &adit_mbedtls_aes128_gcm16;
	const struct adit_state_seal seal = {aead, kc.mem};
	uint8_t buf[HEADER + IV + 2048 + ICV] = {'a', 'd', 'i', 't', 0, 1};
	struct adit_aead_op op;

	if (size > 2048 ||
	    aead->setkey(aead, kc.mem, (struct adit_span){key, sizeof key}) != ADIT_OK)
		return 0;
	try(data, size, &seal);
	memset(&op, 0, sizeof op);
	memcpy(buf + HEADER + IV, data, size);
	op.aad = (struct adit_span){buf, HEADER};
	op.iv = buf + HEADER;
	op.data = buf + HEADER + IV;
	op.len = size;
	op.icv = buf + HEADER + IV + size;
	aead->seal(aead, kc.mem, &op, 1);
	try(buf, HEADER + IV + size + ICV, &seal);
	aead->wipe(aead, kc.mem);
	return 0;
}
