/* Outbound and inbound processing of bursts, behind a cipher that lets everything pass: whatever
 * the packets are, each ends in one verdict and one counter, what is let through is within policy,
 * and what is not worked on is unchanged. The first byte picks direction and SAs; then come
 * packets, each behind a byte with its length. */
#include <stdlib.h>
#include <string.h>

#include "adit/ipsec.h"
#include "fuzz/open_door.h"
#include "wire/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SPI 0x80001230u
/* A bit of the first byte: later fragments get ports, and SAs an MTU. */
enum { TRACK = 64 };
enum { SLOTS = 4, WORDS = ADIT_REPLAY_WORDS(64), POLICIES = 3 };
enum {
	PACKETS = 2 * ADIT_BURST + 1,
	TRACKED = 4,
	BUF = ADIT_PKT_HEADROOM + 255 + ADIT_PKT_TAILROOM
};

struct node {
	struct adit_sad sad;
	struct adit_spd spd;
	struct adit_ipsec ipsec;
	struct adit_sad_word words[SLOTS];
	struct adit_sa sas[SLOTS];
	struct adit_sad_entry entries[SLOTS];
	uint64_t keys[SLOTS];
	uint32_t window[SLOTS * WORDS], heads[POLICIES];
	struct adit_spd_cache_entry cache[2];
	struct adit_policy policies[POLICIES];
	struct adit_fragtrack track[2];
	struct adit_fragtrack_entry tracked[2][TRACKED];
};

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
	return ADIT_OK;
}

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* Everything of a version, of one protocol; ports up to 32767 where they count. */
static void
set_policy(struct adit_policy *p, enum adit_action action, uint8_t version, uint8_t protocol)
{
	struct adit_ip any = {version, {0}};

	p->action = action;
	p->selectors.local_n = p->selectors.remote_n = 1;
	p->selectors.local[0] = p->selectors.remote[0] = adit_ts_prefix(&any, 0);
	p->selectors.local[0].protocol = p->selectors.remote[0].protocol = protocol;
	if (protocol)
		p->selectors.remote[0].port_last = 0x7fff;
}

static void
add(struct node *nd, enum adit_direction dir, uint32_t spi, uint8_t how)
{
	struct adit_sa_params p;
	struct adit_sa_id id;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.mode = how & 1 ? ADIT_TRANSPORT : ADIT_TUNNEL;
	p.udp_encap = (how & 2) != 0;
	p.esn = (how & 4) != 0;
	p.spi = spi;
	p.local.version = p.remote.version = how & 8 ? 6 : 4;
	p.aead = &open_door;
	p.selectors = &nd->policies[0].selectors;
	/* Some of the packets are longer. */
	p.mtu = how & TRACK ? 200 : 0;
	must(adit_sad_add(&nd->sad, &p, 0, &id) == ADIT_OK);
	if (dir == ADIT_OUT)
		must(adit_spd_link(&nd->spd, &nd->sad, id) == ADIT_OK);
}

static void
track(struct node *nd)
{
	for (size_t i = 0; i < 2; i++) {
		struct adit_fragtrack_mem mem = {.entries = nd->tracked[i], .count = TRACKED};

		must(adit_fragtrack_init(&nd->track[i], &mem) == ADIT_OK);
	}
	nd->ipsec.fragtrack_out = &nd->track[0];
	nd->ipsec.fragtrack_in = &nd->track[1];
}

static void
make(struct node *nd, uint8_t how)
{
	struct adit_rng rng = {NULL, fill};
	struct adit_sad_mem mem = {
		nd->words,     nd->sas,    nd->entries, SLOTS, (uint8_t *)nd->keys,
		OPEN_DOOR_CTX, nd->window, WORDS,       NULL,  0};
	struct adit_spd_mem smem = {nd->policies, POLICIES, nd->heads, nd->cache, 2};

	memset(nd, 0, sizeof *nd);
	set_policy(&nd->policies[0], ADIT_PROTECT, how & 8 ? 6 : 4, ADIT_PROTO_UDP);
	set_policy(&nd->policies[1], ADIT_DISCARD, 4, ADIT_PROTO_TCP);
	set_policy(&nd->policies[2], ADIT_BYPASS, how & 16 ? 6 : 4, ADIT_PROTO_ANY);
	must(adit_sad_init(&nd->sad, &mem, &rng) == ADIT_OK);
	must(adit_spd_init(&nd->spd, &smem) == ADIT_OK);
	adit_ipsec_init(&nd->ipsec, &nd->sad, &nd->spd);
	add(nd, ADIT_IN, SPI, how);
	add(nd, ADIT_IN, SPI + 1, how ^ 3);
	if (how & 32)
		add(nd, ADIT_OUT, SPI, how);
	if (how & TRACK)
		track(nd);
}

static size_t
read_packets(const uint8_t *data, size_t n, uint8_t (*bufs)[BUF], struct adit_pkt *pkts)
{
	size_t count = 0;

	for (; n && count < PACKETS; count++) {
		size_t len = data[0] < n - 1 ? data[0] : n - 1;

		memset(bufs[count], 0, BUF);
		memcpy(bufs[count] + ADIT_PKT_HEADROOM, data + 1, len);
		pkts[count] = (struct adit_pkt){bufs[count], BUF, ADIT_PKT_HEADROOM, len};
		data += 1 + len;
		n -= 1 + len;
	}
	return count;
}

/* Its ports were another packet's to tell. */
static bool
is_later(const struct adit_pkt *pkt)
{
	struct adit_ip_view ip;

	return adit_ip_get(adit_pkt_data(pkt), pkt->len, &ip) == ADIT_OK && !ip.first;
}

static void
unchanged(const struct adit_pkt *pkt, const struct adit_pkt *was)
{
	must(pkt->off == was->off && pkt->len == was->len);
	must(memcmp(pkt->buf, was->buf, BUF) == 0);
}

static void
check(const struct node *nd, const struct adit_verdict *v, const struct adit_pkt *pkt,
      const struct adit_pkt *was)
{
	struct adit_flow flow;

	must(pkt->off <= pkt->cap && pkt->len <= pkt->cap - pkt->off);
	must((v->status == ADIT_OK) ==
	     (v->kind != ADIT_VERDICT_DISCARD && v->kind != ADIT_VERDICT_NEED_SA &&
	      v->kind != ADIT_VERDICT_TOO_BIG));
	switch (v->kind) {
	case ADIT_VERDICT_DELIVER:
		must(adit_flow_read(&flow, ADIT_IN, adit_pkt_data(pkt), pkt->len) == ADIT_OK);
		must(adit_selectors_match(&nd->policies[0].selectors, &flow) ||
		     (nd->ipsec.fragtrack_in && is_later(pkt)));
		break;
	case ADIT_VERDICT_SEND:
		must(adit_flow_read(&flow, ADIT_OUT, adit_pkt_data(pkt), pkt->len) == ADIT_OK);
		must(adit_selectors_match(&nd->policies[0].selectors, &v->flow));
		break;
	case ADIT_VERDICT_BYPASS:
	case ADIT_VERDICT_NEED_SA:
		/* The policies are of both directions. */
		must(adit_spd_find(&nd->spd, ADIT_OUT, &v->flow) == v->policy);
		must(nd->policies[v->policy].action ==
		     (v->kind == ADIT_VERDICT_BYPASS ? ADIT_BYPASS : ADIT_PROTECT));
		unchanged(pkt, was);
		break;
	case ADIT_VERDICT_TOO_BIG:
		must(v->status == ADIT_ERR_MTU && v->mtu < pkt->len);
		unchanged(pkt, was);
		break;
	case ADIT_VERDICT_QUEUE:
	case ADIT_VERDICT_AGGFRAG:
		/* No SA here is one of IP-TFS. */
		abort();
	case ADIT_VERDICT_DISCARD:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t bufs[PACKETS][BUF], before[PACKETS][BUF];
	struct adit_verdict v[PACKETS];
	struct adit_pkt pkts[PACKETS], was[PACKETS];
	uint64_t counted = 0;
	struct node nd;
	size_t count;

	if (n < 1)
		return 0;
	make(&nd, data[0]);
	count = read_packets(data + 1, n - 1, bufs, pkts);
	(void)read_packets(data + 1, n - 1, before, was);
	if (data[0] & 128)
		adit_ipsec_out(&nd.ipsec, pkts, v, count);
	else
		adit_ipsec_in(&nd.ipsec, pkts, v, count);
	for (size_t i = 0; i < count; i++)
		check(&nd, &v[i], &pkts[i], &was[i]);
	for (size_t i = 0; i < ADIT_STATUS_COUNT; i++)
		counted += nd.ipsec.in[i] + nd.ipsec.out[i];
	must(counted == count);
	return 0;
}
