/* The least firmware that speaks ESP: one SA for each direction, keyed by hand, AES-128-GCM. It is
 * linked for its size and never run. */
#include "adit/esp.h"
#include "adit/mbedtls.h"

void device(struct adit_pkt *out, struct adit_pkt *in);

static struct adit_sa sa_out, sa_in;
static union adit_keyctx key_out, key_in;
static uint32_t window[ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT)];

static enum adit_status
make(struct adit_sa *sa, union adit_keyctx *key, enum adit_direction dir)
{
	static const uint8_t secret[20];
	const struct adit_sa_params params = {
		.dir = dir,
		.spi = ADIT_SPI_MIN,
		.local = {4, {0}},
		.remote = {4, {0}},
		.aead = &adit_mbedtls_aes128_gcm16,
		.key = {secret, sizeof secret},
	};
	struct adit_buf kc = {key->mem, sizeof key->mem};

	return adit_sa_init(sa, &params, kc, window, sizeof window / sizeof window[0]);
}

void
device(struct adit_pkt *out, struct adit_pkt *in)
{
	struct adit_esp_rx rx;

	if (make(&sa_out, &key_out, ADIT_OUT) != ADIT_OK ||
	    make(&sa_in, &key_in, ADIT_IN) != ADIT_OK)
		return;
	if (adit_esp_encap(&sa_out, out) != ADIT_OK)
		out->len = 0;
	if (adit_esp_decap(&sa_in, in, &rx) != ADIT_OK)
		in->len = 0;
}
