/* Fragments in outbound and inbound processing: later ones go by the ports of the first (RFC 4301
 * 7), packets are cut before or behind ESP, and outer fragments are put together before it. Attack
 * corpus: ESP-16, TS-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/ipsec.h"
#include "adit/mbedtls.h"
#include "base/endian.h"
#include "support/joins.h"

enum {
	SAS = 4,
	WORDS = ADIT_REPLAY_WORDS(64),
	POLICIES = 4,
	IPV6 = 3,
	ROOM = 200,
	BUF = 4096,
	TRACK = 16
};
enum { PIECE_COUNT = 32, SPI_ONE = 0x1001, SPI_TWO = 0x1002 };
/* The remote ports of the policies: two are protected by an SA each, one is in clear. */
enum { PORT_ONE = 1000, PORT_TWO = 2000, PORT_CLEAR = 3000, PORT_NONE = 4000 };

struct node {
	struct adit_sad sad;
	struct adit_sad_word words[SAS];
	struct adit_sa sas[SAS];
	struct adit_sad_entry entries[SAS];
	union adit_keyctx keys[SAS];
	uint32_t window[SAS * WORDS];
	struct adit_policy policies[POLICIES];
	uint32_t heads[POLICIES];
	struct adit_spd_cache_entry cache[4];
	struct adit_spd spd;
	struct adit_ipsec ipsec;
	struct adit_fragtrack track;
	struct adit_fragtrack_entry entries_of_track[TRACK];
};

static struct node a, b;
static uint8_t buf[BUF], whole[BUF];
static struct adit_pkt pkt;
static struct adit_verdict v;

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0x42, n);
	return ADIT_OK;
}

static const struct adit_rng rng = {NULL, fill};

/* 10.0.0.1 behind a talks to one UDP port of 10.0.0.2 behind b. */
static struct adit_selectors
to_port(bool from_a, uint16_t port)
{
	const struct adit_ip one = {4, {10, 0, 0, 1}}, two = {4, {10, 0, 0, 2}};
	struct adit_selectors s;
	struct adit_ts *far;

	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = adit_ts_prefix(from_a ? &one : &two, 32);
	s.remote[0] = adit_ts_prefix(from_a ? &two : &one, 32);
	s.local[0].protocol = s.remote[0].protocol = ADIT_PROTO_UDP;
	far = from_a ? &s.remote[0] : &s.local[0];
	far->port_first = far->port_last = port;
	return s;
}

static void
make_node(struct node *n)
{
	static const uint16_t ports[IPV6] = {PORT_ONE, PORT_TWO, PORT_CLEAR};
	const struct adit_ip any = {6, {0}};
	struct adit_sad_mem mem = {n->words,          n->sas,    n->entries, SAS,  n->keys[0].mem,
				   sizeof n->keys[0], n->window, WORDS,      NULL, 0};
	struct adit_spd_mem smem = {.policies = n->policies, .count = POLICIES};
	struct adit_fragtrack_mem tmem = {.entries = n->entries_of_track, .count = TRACK};

	memset(n, 0, sizeof *n);
	for (size_t i = 0; i < IPV6; i++) {
		n->policies[i].action = ports[i] == PORT_CLEAR ? ADIT_BYPASS : ADIT_PROTECT;
		n->policies[i].selectors = to_port(n == &a, ports[i]);
	}
	/* All of IPv6 is protected. */
	n->policies[IPV6] = n->policies[0];
	n->policies[IPV6].selectors.local[0] = adit_ts_prefix(&any, 0);
	n->policies[IPV6].selectors.remote[0] = adit_ts_prefix(&any, 0);
	smem.heads = n->heads;
	smem.cache = n->cache;
	smem.cache_count = 4;
	assert_int_equal(adit_sad_init(&n->sad, &mem, &rng), ADIT_OK);
	assert_int_equal(adit_spd_init(&n->spd, &smem), ADIT_OK);
	adit_ipsec_init(&n->ipsec, &n->sad, &n->spd);
	assert_int_equal(adit_fragtrack_init(&n->track, &tmem), ADIT_OK);
	n->ipsec.fragtrack_out = &n->track;
	n->ipsec.fragtrack_in = &n->track;
}

static void
add(struct node *n, uint32_t policy, uint32_t spi, uint16_t mtu, uint8_t flags)
{
	static const uint8_t key[20] = {1};
	struct adit_sa_params p;
	struct adit_sa_id id;

	memset(&p, 0, sizeof p);
	p.dir = n == &a ? ADIT_OUT : ADIT_IN;
	p.spi = spi;
	p.local = n == &a ? ip_a : ip_b;
	p.remote = n == &a ? ip_b : ip_a;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, sizeof key};
	p.replay_window = 64;
	p.mtu = mtu;
	p.flags = flags;
	p.selectors = &n->policies[policy].selectors;
	assert_int_equal(adit_sad_add(&n->sad, &p, policy, &id), ADIT_OK);
	if (p.dir == ADIT_OUT)
		assert_int_equal(adit_spd_link(&n->spd, &n->sad, id), ADIT_OK);
}

static void
make_pair(uint16_t mtu, uint8_t flags)
{
	make_node(&a);
	make_node(&b);
	add(&a, 0, SPI_ONE, mtu, flags);
	add(&a, 1, SPI_TWO, mtu, flags);
	add(&b, 0, SPI_ONE, mtu, flags);
	add(&b, 1, SPI_TWO, mtu, flags);
}

static int
begin(void **state)
{
	(void)state;
	make_pair(0, 0);
	return 0;
}

static int
end(void **state)
{
	struct node *nodes[] = {&a, &b};
	struct adit_sa_id id;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (size_t cursor = 0; adit_sad_next(&nodes[i]->sad, &cursor, &id) != NULL;) {
			adit_spd_unlink(&nodes[i]->spd, &nodes[i]->sad, id);
			assert_int_equal(adit_sad_remove(&nodes[i]->sad, id), ADIT_OK);
		}
	return 0;
}

/* The first, a later, or the last fragment of packet `id`; the first one is to a port. */
static void
put(uint32_t id, size_t offset, bool more, uint16_t port)
{
	const struct cuts_fragment f = {
		.source = 1, .destination = 2, .id = id, .offset = offset, .more = more, .len = 64};

	pkt = (struct adit_pkt){buf, sizeof buf, ROOM, 0};
	pkt.len = cuts_fragment(adit_pkt_data(&pkt), &f);
	if (!offset)
		adit_store16(adit_pkt_data(&pkt) + 22, port);
}

static void
put_first(uint32_t id, uint16_t port)
{
	put(id, 0, true, port);
}

static void
put_later(uint32_t id)
{
	put(id, 64, true, 0);
}

static void
out(void)
{
	adit_ipsec_out(&a.ipsec, &pkt, &v, 1);
}

static void
in(void)
{
	adit_ipsec_in(&b.ipsec, &pkt, &v, 1);
}

static uint32_t
spi(void)
{
	return adit_load32(adit_pkt_data(&pkt) + 20);
}

static void
assert_sent(uint32_t through)
{
	assert_int_equal(v.kind, ADIT_VERDICT_SEND);
	assert_int_equal(spi(), through);
}

static void
assert_discarded(enum adit_status why)
{
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, why);
}

static void
assert_bypassed(void)
{
	assert_int_equal(v.kind, ADIT_VERDICT_BYPASS);
	assert_int_equal(v.status, ADIT_OK);
}

static void
assert_too_big(void)
{
	assert_int_equal(v.kind, ADIT_VERDICT_TOO_BIG);
	assert_int_equal(v.status, ADIT_ERR_MTU);
}

static void
test_later_fragments_leave_through_the_sa_of_the_first(void **state)
{
	(void)state;
	put_first(1, PORT_ONE);
	out();
	assert_sent(SPI_ONE);
	put_first(2, PORT_TWO);
	out();
	assert_sent(SPI_TWO);
	put_later(1);
	out();
	assert_sent(SPI_ONE);
	put_later(2);
	out();
	assert_sent(SPI_TWO);
	put_first(3, PORT_CLEAR);
	out();
	assert_bypassed();
	put_later(3);
	out();
	assert_bypassed();
}

static void
test_later_fragments_whose_first_was_not_seen_do_not_pass_by_ports(void **state)
{
	(void)state;
	put_later(1);
	out();
	assert_discarded(ADIT_ERR_POLICY);
	put_later(1);
	in();
	assert_discarded(ADIT_ERR_POLICY);
	/* Nor those whose first was discarded. */
	put_first(1, PORT_NONE);
	out();
	assert_discarded(ADIT_ERR_POLICY);
	put_later(1);
	out();
	assert_discarded(ADIT_ERR_POLICY);
}

static void
test_without_a_tracker_later_fragments_have_no_ports(void **state)
{
	(void)state;
	a.ipsec.fragtrack_out = NULL;
	put_first(1, PORT_ONE);
	out();
	assert_sent(SPI_ONE);
	put_later(1);
	out();
	assert_discarded(ADIT_ERR_POLICY);
}

/* A later fragment comes out of a, whose first one is lost on the way. */
static void
send_later_through(uint32_t id, uint16_t port)
{
	put_first(id, port);
	out();
	put_later(id);
	out();
	assert_int_equal(v.kind, ADIT_VERDICT_SEND);
}

static void
test_later_fragments_arrive_through_the_sa_of_the_first_alone(void **state)
{
	(void)state;
	put_first(1, PORT_ONE);
	out();
	in();
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	put_later(1);
	out();
	in();
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(pkt.len, 84);
	/* One of a packet whose first did not arrive. */
	send_later_through(2, PORT_ONE);
	in();
	assert_discarded(ADIT_ERR_SELECTOR);
	/* The first came through the one SA, a later one through the other. */
	put_first(3, PORT_ONE);
	out();
	in();
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	a.ipsec.now += ADIT_FRAGTRACK_TIMEOUT_MS;
	send_later_through(3, PORT_TWO);
	assert_int_equal(spi(), SPI_TWO);
	in();
	assert_discarded(ADIT_ERR_SELECTOR);
}

/* Two firsts with one number by different SAs: what comes later would join either. */
static void
test_a_first_fragment_does_not_take_the_place_of_another_sa_s(void **state)
{
	(void)state;
	put_first(1, PORT_ONE);
	out();
	in();
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	a.ipsec.now += ADIT_FRAGTRACK_TIMEOUT_MS;
	put_first(1, PORT_TWO);
	out();
	assert_sent(SPI_TWO);
	in();
	assert_discarded(ADIT_ERR_FRAGMENT);
	assert_int_equal(b.track.n.refused, 1);
}

/* Protected and clear text must not become one packet in the host behind. */
static void
test_a_later_fragment_in_clear_does_not_join_a_protected_first(void **state)
{
	(void)state;
	put_first(1, PORT_ONE);
	out();
	in();
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	put_later(1);
	in();
	assert_discarded(ADIT_ERR_POLICY);
	/* Even if it brings a first one that may come in clear. */
	put_first(1, PORT_CLEAR);
	in();
	assert_discarded(ADIT_ERR_FRAGMENT);
	put_later(1);
	in();
	assert_discarded(ADIT_ERR_POLICY);
	/* Another packet may. */
	put_first(2, PORT_CLEAR);
	in();
	assert_bypassed();
	put_later(2);
	in();
	assert_bypassed();
}

static void
test_a_fragment_that_overlaps_the_transport_header_is_discarded(void **state)
{
	const struct cuts_fragment tiny = {.source = 1,
					   .destination = 2,
					   .id = 1,
					   .protocol = ADIT_PROTO_TCP,
					   .offset = 8,
					   .len = 64,
					   .more = true};

	(void)state;
	pkt = (struct adit_pkt){buf, sizeof buf, ROOM, 0};
	pkt.len = cuts_fragment(adit_pkt_data(&pkt), &tiny);
	out();
	assert_discarded(ADIT_ERR_OVERLAP);
	in();
	assert_discarded(ADIT_ERR_OVERLAP);
}

struct pieces {
	size_t n, len[PIECE_COUNT];
	uint8_t p[PIECE_COUNT][BUF];
};

static void
cut(struct pieces *c, struct adit_span packet, size_t mtu)
{
	struct adit_fragment_params params = {.mtu = mtu, .id = 77};
	struct adit_fragmenter f;

	assert_int_equal(adit_fragment_begin(&f, packet, &params), ADIT_OK);
	for (c->n = 0; adit_fragment_left(&f); c->n++) {
		struct adit_pkt to = {c->p[c->n], BUF, ROOM, 0};

		assert_true(c->n < PIECE_COUNT);
		assert_int_equal(adit_fragment_next(&f, &to), ADIT_OK);
		c->len[c->n] = to.len;
	}
}

static struct adit_span
whole_packet(size_t total, uint16_t port)
{
	struct adit_span s = {whole, total};

	cuts_packet(whole, CUTS_V4, total, 5);
	adit_store16(whole + 22, port);
	return s;
}

static void
put_whole(size_t total, uint16_t port)
{
	struct adit_span s = whole_packet(total, port);

	pkt = (struct adit_pkt){buf, sizeof buf, ROOM, total};
	memcpy(adit_pkt_data(&pkt), s.p, total);
}

static void
assert_delivered_whole(size_t total)
{
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(pkt.len, total);
	assert_memory_equal(adit_pkt_data(&pkt), whole, total);
}

/* ESP first, then fragments: the outer packet is cut, and put together before ESP is undone. */
static void
test_outer_packets_are_cut_behind_esp_and_joined_before_it(void **state)
{
	static struct pieces c;
	struct joins w;

	(void)state;
	end(NULL);
	make_pair(1000, ADIT_SA_CUT_AFTER);
	for (size_t total = 100; total < 3600; total += 7) {
		assert_int_equal(joins_open(&w), ADIT_OK);
		put_whole(total, PORT_ONE);
		out();
		assert_sent(SPI_ONE);
		cut(&c, (struct adit_span){adit_pkt_data(&pkt), pkt.len}, 1000);
		for (size_t i = 0; i < c.n; i++) {
			enum adit_status st;

			assert_true(c.len[i] <= 1000);
			pkt = (struct adit_pkt){c.p[i], BUF, ROOM, c.len[i]};
			st = adit_reasm_add(&w.r, 0, &pkt);
			assert_int_equal(st, i + 1 < c.n ? ADIT_ERR_PENDING : ADIT_OK);
		}
		in();
		assert_delivered_whole(total);
	}
}

static void
test_an_outer_fragment_alone_is_not_opened(void **state)
{
	static struct pieces c;

	(void)state;
	put_whole(2000, PORT_ONE);
	out();
	cut(&c, (struct adit_span){adit_pkt_data(&pkt), pkt.len}, 1000);
	for (size_t i = 0; i < c.n; i++) {
		pkt = (struct adit_pkt){c.p[i], BUF, ROOM, c.len[i]};
		in();
		assert_discarded(ADIT_ERR_FRAGMENT);
	}
}

/* Fragments first, then ESP around each: what the verdict says fits, and goes through as a whole.
 */
static void
test_inner_packets_are_cut_before_esp_as_the_verdict_says(void **state)
{
	static struct pieces c;
	struct joins w;

	(void)state;
	end(NULL);
	make_pair(600, 0);
	for (size_t total = 600; total < 3600; total += 13) {
		assert_int_equal(joins_open(&w), ADIT_OK);
		put_whole(total, PORT_ONE);
		out();
		assert_too_big();
		assert_true(v.may_cut);
		assert_memory_equal(adit_pkt_data(&pkt), whole, total);
		cut(&c, (struct adit_span){whole, total}, v.mtu);
		for (size_t i = 0; i < c.n; i++) {
			enum adit_status st;

			pkt = (struct adit_pkt){c.p[i], BUF, ROOM, c.len[i]};
			out();
			assert_sent(SPI_ONE);
			assert_true(pkt.len <= 600);
			in();
			assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
			st = adit_reasm_add(&w.r, 0, &pkt);
			assert_int_equal(st, i + 1 < c.n ? ADIT_ERR_PENDING : ADIT_OK);
		}
		assert_delivered_whole(total);
		/* Each packet has the same number here: the last one's is to be forgotten. */
		a.ipsec.now += ADIT_FRAGTRACK_LINGER_MS;
		b.ipsec.now += ADIT_FRAGTRACK_LINGER_MS;
	}
}

static void
test_a_packet_with_df_is_not_to_be_cut(void **state)
{
	struct adit_fragment_params params = {.mtu = 500};
	struct adit_fragmenter f;

	(void)state;
	end(NULL);
	make_pair(600, 0);
	put_whole(700, PORT_ONE);
	adit_pkt_data(&pkt)[6] = 0x40;
	out();
	assert_too_big();
	assert_false(v.may_cut);
	assert_int_equal(
		adit_fragment_begin(&f, (struct adit_span){adit_pkt_data(&pkt), pkt.len}, &params),
		ADIT_ERR_MTU);
}

/* No IPv6 sender goes below 1280 bytes, so those packets are cut outside (RFC 2473 7.1). */
static void
test_ipv6_packets_of_the_least_mtu_are_never_too_big(void **state)
{
	(void)state;
	add(&a, IPV6, SPI_ONE, 1290, 0);
	for (size_t total = 1200; total < 1400; total++) {
		cuts_packet(whole, CUTS_V6, total, 1);
		pkt = (struct adit_pkt){buf, sizeof buf, ROOM, total};
		memcpy(adit_pkt_data(&pkt), whole, total);
		out();
		if (total <= 1280) {
			assert_sent(SPI_ONE);
			assert_true(total < 1250 || pkt.len > 1290);
			continue;
		}
		assert_too_big();
		assert_false(v.may_cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_later_fragments_leave_through_the_sa_of_the_first, begin, end),
		cmocka_unit_test_setup_teardown(
			test_later_fragments_whose_first_was_not_seen_do_not_pass_by_ports, begin,
			end),
		cmocka_unit_test_setup_teardown(
			test_without_a_tracker_later_fragments_have_no_ports, begin, end),
		cmocka_unit_test_setup_teardown(
			test_later_fragments_arrive_through_the_sa_of_the_first_alone, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_first_fragment_does_not_take_the_place_of_another_sa_s, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_later_fragment_in_clear_does_not_join_a_protected_first, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_fragment_that_overlaps_the_transport_header_is_discarded, begin,
			end),
		cmocka_unit_test_setup_teardown(
			test_outer_packets_are_cut_behind_esp_and_joined_before_it, begin, end),
		cmocka_unit_test_setup_teardown(test_an_outer_fragment_alone_is_not_opened, begin,
						end),
		cmocka_unit_test_setup_teardown(
			test_inner_packets_are_cut_before_esp_as_the_verdict_says, begin, end),
		cmocka_unit_test_setup_teardown(
			test_ipv6_packets_of_the_least_mtu_are_never_too_big, begin, end),
		cmocka_unit_test_setup_teardown(test_a_packet_with_df_is_not_to_be_cut, begin, end),
	};

	return cmocka_run_group_tests_name("ipsec_fragment", tests, NULL, NULL);
}
