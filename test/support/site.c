/* One node with both databases, for tests of policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/site.h"

enum { FIRST_SPI = 0x1000, PACKET = 100, UDP = 17 };

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	static uint32_t x = 1;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		out[i] = (uint8_t)(x >> 24);
	}
	return ADIT_OK;
}

void
site_open(struct site *s, const struct adit_ip *ip)
{
	static const struct adit_rng rng = {NULL, fill};
	struct adit_sad_mem mem;
	struct adit_fragtrack_mem track;

	memset(s, 0, sizeof *s);
	s->ip = *ip;
	memset(&mem, 0, sizeof mem);
	mem.words = s->words;
	mem.sas = s->sas;
	mem.entries = s->entries;
	mem.count = mem.hash_count = SITE_SAS;
	mem.keyctx = s->keys[0].mem;
	mem.keyctx_size = sizeof s->keys[0];
	mem.replay_bits = s->windows;
	mem.replay_words = SITE_WORDS;
	mem.hash = s->hash;
	assert_int_equal(adit_sad_init(&s->sad, &mem, &rng), ADIT_OK);
	for (unsigned i = 0; i < 2; i++) {
		memset(&track, 0, sizeof track);
		track.entries = s->fragments[i];
		track.count = SITE_FRAGMENTS;
		assert_int_equal(adit_fragtrack_init(&s->tracks[i], &track), ADIT_OK);
	}
	adit_ipsec_init(&s->ipsec, &s->sad, &s->spd);
	s->ipsec.fragtrack_out = &s->tracks[0];
	s->ipsec.fragtrack_in = &s->tracks[1];
}

void
site_close(struct site *s)
{
	struct adit_sa_id id;

	for (size_t cursor = 0; adit_sad_next(&s->sad, &cursor, &id) != NULL;) {
		adit_spd_unlink(&s->spd, &s->sad, id);
		assert_int_equal(adit_sad_remove(&s->sad, id), ADIT_OK);
	}
}

/* Policies are added before the first SA hangs under one. */
static void
renew_spd(struct site *s)
{
	struct adit_spd_mem mem = {s->policies, s->policy_count, s->heads, s->cache, SITE_CACHE};

	assert_int_equal(adit_spd_init(&s->spd, &mem), ADIT_OK);
}

struct adit_policy *
site_policy(struct site *s, enum adit_action action, uint8_t local, uint8_t remote)
{
	const struct adit_ip l = {4, {10, 0, local, 0}}, r = {4, {10, 0, remote, 0}};
	struct adit_policy *p = &s->policies[s->policy_count++];

	assert_true(s->policy_count <= SITE_POLICIES);
	p->action = action;
	p->selectors.local_n = p->selectors.remote_n = 1;
	p->selectors.local[0] = adit_ts_prefix(&l, 24);
	p->selectors.remote[0] = adit_ts_prefix(&r, 24);
	renew_spd(s);
	return p;
}

enum adit_status
site_add(struct site *s, struct adit_sa_params p, const struct adit_sad_note *note,
	 struct adit_sa_id *id)
{
	enum adit_status st;

	if (!p.aead)
		p.aead = &adit_mbedtls_aes128_gcm16;
	if (!p.key.n)
		p.key = lane_params(4, ADIT_TUNNEL, p.aead).key;
	if (!p.replay_window)
		p.replay_window = 64;
	st = adit_sad_add_noted(&s->sad, &p, note, id);
	if (st == ADIT_OK && p.dir == ADIT_OUT)
		st = adit_spd_link(&s->spd, &s->sad, *id);
	return st;
}

void
site_join(struct site *s, struct site *peer, uint32_t policy, const struct adit_sa_params *p)
{
	struct adit_sad_note note = {policy, ADIT_BY_SPI, 0, 0};
	struct adit_sa_params params;
	struct adit_sa_id id;

	memset(&params, 0, sizeof params);
	if (p)
		params = *p;
	if (!params.spi)
		params.spi = FIRST_SPI + policy;
	params.dir = ADIT_OUT;
	params.local = s->ip;
	params.remote = peer->ip;
	params.selectors = &s->policies[policy].selectors;
	assert_int_equal(site_add(s, params, &note, &id), ADIT_OK);
	params.dir = ADIT_IN;
	params.local = peer->ip;
	params.remote = s->ip;
	params.selectors = &peer->policies[policy].selectors;
	assert_int_equal(site_add(peer, params, &note, &id), ADIT_OK);
}

void
site_bytes(struct site *s, const uint8_t *p, size_t n)
{
	memmove(s->buf + SITE_ROOM, p, n);
	s->pkt = (struct adit_pkt){s->buf, sizeof s->buf, SITE_ROOM, n};
}

uint8_t *
site_data(struct site *s)
{
	return adit_pkt_data(&s->pkt);
}

void
site_udp(struct site *s, uint8_t from, uint8_t to)
{
	uint8_t p[PACKET];

	memset(p, 0xee, sizeof p);
	memset(p, 0, LANE_V4);
	p[0] = 0x45;
	p[8] = 64;
	p[9] = UDP;
	p[12] = p[16] = 10;
	p[14] = from;
	p[18] = to;
	p[15] = p[19] = 1;
	lane_set_length(p, sizeof p);
	lane_put16(p + LANE_V4, 1000);
	lane_put16(p + LANE_V4 + 2, 2000);
	lane_put16(p + LANE_V4 + 4, PACKET - LANE_V4);
	lane_put16(p + LANE_V4 + 6, 0);
	site_bytes(s, p, sizeof p);
}

enum adit_verdict_kind
site_out(struct site *s)
{
	adit_ipsec_out(&s->ipsec, &s->pkt, &s->v, 1);
	return s->v.kind;
}

enum adit_verdict_kind
site_in(struct site *s)
{
	adit_ipsec_in(&s->ipsec, &s->pkt, &s->v, 1);
	return s->v.kind;
}

enum adit_verdict_kind
site_carry(struct site *a, struct site *b)
{
	site_bytes(b, site_data(a), a->pkt.len);
	return site_in(b);
}
