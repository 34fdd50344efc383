/* The IKE engine, with crypto that lets everything pass: ICVs and AUTH of zeros are good, so that
 * every state and handler is reached. The first byte says whether we begin; then come datagrams:
 * two bytes of length, one of port and seconds that pass, the bytes. */
#include <stdlib.h>
#include <string.h>

#include "adit/ike.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SAS = 3, CHILDREN = 3, HANDSHAKES = 2, OUTPUTS_MAX = 64, NATT = 0x80 };

/* --- Crypto that is none. */

static enum adit_status
hash_start(void *ctx)
{
	(void)ctx;
	return ADIT_OK;
}

static enum adit_status
hash_update(void *ctx, const uint8_t *p, size_t n)
{
	volatile uint8_t sum = 0;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + p[i]);
	return ADIT_OK;
}

static enum adit_status
hash_finish(void *ctx, uint8_t *out)
{
	(void)ctx;
	memset(out, 0, 20);
	return ADIT_OK;
}

static const struct adit_hash no_hash = {"none", 20, 64, 8, hash_start, hash_update, hash_finish};

static enum adit_status
mac_key(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	(void)mac;
	(void)kc;
	(void)key;
	return ADIT_OK;
}

static enum adit_status
mac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts, size_t n, uint8_t *out)
{
	(void)kc;
	for (size_t i = 0; i < n; i++)
		(void)hash_update(NULL, parts[i].p, parts[i].n);
	memset(out, 0, mac->out_len);
	return ADIT_OK;
}

static void
mac_wipe(const struct adit_mac *mac, void *kc)
{
	(void)mac;
	(void)kc;
}

static const struct adit_mac no_mac = {"none", &no_hash, 32, 8, mac_key, mac_sum, mac_wipe, NULL};
static const struct adit_prf no_prf = {"none", ADIT_PRF_HMAC_SHA2_256, 32, &no_mac};

static enum adit_status
aead_key(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	(void)aead;
	(void)kc;
	(void)key;
	return ADIT_OK;
}

static enum adit_status
aead_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	(void)n;
	memset(iv, 0, aead->iv_len);
	return ADIT_OK;
}

static void
aead_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	(void)kc;
	for (size_t i = 0; i < n; i++) {
		(void)hash_update(NULL, ops[i].data, ops[i].len);
		memset(ops[i].icv, 0, aead->icv_len);
		ops[i].status = ADIT_OK;
	}
}

/* Zeros are a good ICV, so that the way of a forged message is walked too. */
static void
aead_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	static const uint8_t zero[ADIT_ICV_MAX];

	(void)kc;
	for (size_t i = 0; i < n; i++) {
		(void)hash_update(NULL, ops[i].data, ops[i].len);
		ops[i].status =
			memcmp(ops[i].icv, zero, aead->icv_len) == 0 ? ADIT_OK : ADIT_ERR_ICV;
	}
}

static void
aead_wipe(const struct adit_aead *aead, void *kc)
{
	(void)aead;
	(void)kc;
}

static const struct adit_aead no_aead = {
	.name = "none",
	.encr = ADIT_ENCR_CHACHA20_POLY1305,
	.ctx_size = 8,
	.encr_key_len = 36,
	.salt_len = 4,
	.iv_len = 8,
	.icv_len = 16,
	.block = 1,
	.setkey = aead_key,
	.make_iv = aead_iv,
	.seal = aead_seal,
	.open = aead_open,
	.wipe = aead_wipe,
};

static enum adit_status
ke_generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	memset(priv, 1, 32);
	return rng->fill(rng->ctx, pub, 32);
}

static enum adit_status
ke_shared(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	(void)rng;
	(void)priv;
	if (peer.n != 32)
		return ADIT_ERR_KE;
	memset(secret, 2, 32);
	return ADIT_OK;
}

static const struct adit_ke no_ke = {"none", ADIT_KE_CURVE25519, 32,       32,
				     32,     ke_generate,        ke_shared};

static const struct adit_aead *const aeads[] = {&no_aead, NULL};
static const struct adit_prf *const prfs[] = {&no_prf, NULL};
static const struct adit_ke *const kes[] = {&no_ke, NULL};
static const struct adit_crypto no_crypto = {"none", aeads, NULL, prfs, kes, &no_hash};

/* SPIs and all: each byte is 0x42 the first time, then one more for each call. */
static enum adit_status
count_up(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;

	memset(out, (*next)++, n);
	return ADIT_OK;
}

/* --- The engine. */

static const struct adit_ip ip_local = {4, {10, 9, 0, 2}}, ip_remote = {4, {10, 9, 0, 1}};

struct world {
	struct adit_ike ike;
	struct adit_ike_sa sas[SAS];
	struct adit_ike_child children[CHILDREN];
	struct adit_ike_handshake handshakes[HANDSHAKES];
	struct adit_ike_config cfg;
	struct adit_peer_config peer;
	struct adit_child_config child;
	uint8_t random;
	adit_ms now;
};

static const uint8_t any_v4[16] = {0}, all_v4[16] = {255, 255, 255, 255};
static struct adit_ts everything;

static void
begin(struct world *w, bool initiator)
{
	static const struct adit_endpoint local = {{4, {10, 9, 0, 2}}, ADIT_IKE_PORT};
	struct adit_ike_mem mem;
	struct adit_ike_id id;

	memset(w, 0, sizeof *w);
	everything.version = 4;
	everything.port_last = UINT16_MAX;
	memcpy(everything.first, any_v4, sizeof any_v4);
	memcpy(everything.last, all_v4, sizeof all_v4);
	w->random = 0x42;
	w->child.name = "child";
	w->child.local_ts = w->child.remote_ts = &everything;
	w->child.local_ts_count = w->child.remote_ts_count = 1;
	w->peer.name = "peer";
	w->peer.remote = ip_remote;
	w->peer.local_id = (struct adit_id){ADIT_ID_FQDN, {(const uint8_t *)"b.kat.test", 10}};
	w->peer.remote_id = (struct adit_id){ADIT_ID_FQDN, {(const uint8_t *)"a.kat.test", 10}};
	w->peer.psk = (struct adit_span){(const uint8_t *)"psk", 3};
	w->peer.children = &w->child;
	w->peer.child_count = 1;
	w->peer.dpd_delay_ms = 10000;
	w->cfg.crypto = &no_crypto;
	w->cfg.rng = (struct adit_rng){&w->random, count_up};
	w->cfg.peers = &w->peer;
	w->cfg.peer_count = 1;
	mem = (struct adit_ike_mem){w->sas, SAS, w->children, CHILDREN, w->handshakes, HANDSHAKES};
	if (adit_ike_init(&w->ike, &w->cfg, &mem) != ADIT_OK)
		abort();
	if (initiator && adit_ike_start(&w->ike, 0, 0, 0, &local, &id) != ADIT_OK)
		abort();
}

/* All that is due comes to an end, and within its buffer. */
static void
drain(struct world *w)
{
	static uint8_t dgram[ADIT_IKE_MESSAGE_MAX + 4];
	struct adit_ike_event ev;
	struct adit_path path;
	size_t n;

	for (unsigned i = 0; adit_ike_event(&w->ike, &ev); i++)
		if (i == OUTPUTS_MAX)
			abort();
	for (unsigned i = 0;; i++) {
		if (i == OUTPUTS_MAX)
			abort();
		if (adit_ike_output(&w->ike, w->now, &path, (struct adit_buf){dgram, sizeof dgram},
				    &n) != ADIT_OK ||
		    n == 0)
			return;
		if (n > sizeof dgram)
			abort();
	}
}

static void
deliver(struct world *w, uint8_t how, const uint8_t *p, size_t n)
{
	uint16_t port = how & NATT ? ADIT_IKE_NATT_PORT : ADIT_IKE_PORT;
	struct adit_path path = {{ip_local, port}, {ip_remote, port}};
	uint8_t *copy = malloc(n ? n : 1);

	if (copy == NULL)
		abort();
	if (n)
		memcpy(copy, p, n);
	w->now += (adit_ms)(how & ~NATT) * 1000;
	adit_ike_tick(&w->ike, w->now);
	drain(w);
	(void)adit_ike_input(&w->ike, w->now, &path, copy, n);
	drain(w);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct world w;
	size_t at = 1;

	if (n == 0)
		return 0;
	begin(&w, data[0] & 1);
	drain(&w);
	while (n - at >= 3) {
		size_t len = (size_t)data[at] << 8 | data[at + 1];
		uint8_t how = data[at + 2];

		at += 3;
		if (len > n - at)
			len = n - at;
		deliver(&w, how, data + at, len);
		at += len;
	}
	adit_ike_wipe(&w.ike);
	return 0;
}
