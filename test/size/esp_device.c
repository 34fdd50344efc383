/* The least firmware that speaks ESP: an SA database of two, keyed by hand, AES-128-GCM, tunnel or
 * transport mode. It is linked for its size and never run; built with ADIT_EXTRAS 0. */
#include "adit/esp.h"
#include "adit/mbedtls.h"
#include "adit/sad.h"

enum { SLOTS = 2, KEYCTX_SIZE = 400 };

void device(const struct adit_rng *rng, struct adit_sa_params params[SLOTS], struct adit_pkt *out,
	    struct adit_pkt *in, uint32_t spi);

static struct adit_sad_word words[SLOTS];
static struct adit_sa sas[SLOTS];
static struct adit_sad_entry entries[SLOTS];
static uint64_t keyctx[SLOTS * KEYCTX_SIZE / sizeof(uint64_t)];
static uint32_t windows[SLOTS * ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT)];
static struct adit_sad sad;

void
device(const struct adit_rng *rng, struct adit_sa_params params[SLOTS], struct adit_pkt *out,
       struct adit_pkt *in, uint32_t spi)
{
	const struct adit_sad_mem mem = {
		.words = words,
		.sas = sas,
		.entries = entries,
		.count = SLOTS,
		.keyctx = (uint8_t *)keyctx,
		.keyctx_size = KEYCTX_SIZE,
		.replay_bits = windows,
		.replay_words = ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT),
	};
	struct adit_sa_id id[SLOTS];
	struct adit_esp_rx rx;
	struct adit_sa *sa;

	if (adit_sad_init(&sad, &mem, rng) != ADIT_OK)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		params[i].aead = &adit_mbedtls_aes128_gcm16;
		if (adit_sad_add(&sad, &params[i], 0, &id[i]) != ADIT_OK)
			return;
	}
	sa = adit_sad_get(&sad, id[0]);
	if (sa && adit_esp_encap(sa, out) != ADIT_OK)
		out->len = 0;
	sa = adit_sad_find(&sad, spi, NULL);
	if (sa && adit_esp_decap(sa, in, &rx) != ADIT_OK)
		in->len = 0;
}
