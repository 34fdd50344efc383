/* The least firmware that is a whole node: IKEv2 with a pre-shared key, one AEAD, one PRF, one key
 * exchange method. It is linked for its size and never run. */
#include "adit/mbedtls.h"
#include "adit/node.h"

void device(const struct adit_path *path, struct adit_pkt *datagram, struct adit_pkt *packet,
	    struct adit_buf buf);

ADIT_NODE_STORAGE(storage, 1, 1);

static struct adit_node node;

static const struct adit_aead *const aeads[] = {&adit_mbedtls_aes128_gcm16, NULL};
static const struct adit_prf *const prfs[] = {&adit_mbedtls_prf_hmac_sha256, NULL};
static const struct adit_ke *const kes[] = {&adit_mbedtls_curve25519, NULL};
static const struct adit_crypto crypto = {
	.name = "least", .aead = aeads, .prf = prfs, .ke = kes, .sha1 = &adit_mbedtls_sha1};

static enum adit_status
fill(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return ADIT_ERR_RANDOM;
}

static const uint8_t secret[] = "0123456789abcdef";
static const struct adit_child_config child = {.name = "net"};
static const struct adit_peer_config peer = {
	.name = "gateway",
	.remote = {4, {0}},
	.psk = {secret, sizeof secret - 1},
	.children = &child,
	.child_count = 1,
};
static const struct adit_node_config config = {
	.ike = {.crypto = &crypto, .rng = {NULL, fill}, .peers = &peer, .peer_count = 1},
};

void
device(const struct adit_path *path, struct adit_pkt *datagram, struct adit_pkt *packet,
       struct adit_buf buf)
{
	struct adit_verdict verdict;
	struct adit_ike_event event;
	struct adit_sa_id in, out;
	struct adit_path to;
	struct adit_ike_id id;
	adit_ms now = 0;
	size_t n;

	if (adit_node_init(&node, &config, &storage) != ADIT_OK ||
	    adit_node_start(&node, now, 0, 0, &path->local, &id) != ADIT_OK)
		return;
	do {
		adit_node_datagram(&node, now, path, datagram, &verdict);
		adit_node_out(&node, now, &path->local, packet, &verdict, 1);
		adit_node_tick(&node, now);
		while (adit_node_event(&node, now, &event, &in, &out))
			continue;
		if (adit_node_output(&node, now, &to, buf, &n) != ADIT_OK)
			n = 0;
	} while (n != 0 || adit_node_deadline(&node) != ADIT_NEVER);
}
