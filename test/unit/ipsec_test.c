/* Outbound and inbound processing: every packet gets a verdict, and what should be protected never
 * passes in clear, in either direction (RFC 4301 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/ipsec.h"
#include "adit/mbedtls.h"
#include "base/endian.h"
#include "wire/ip.h"

enum { SLOTS = 4, WORDS = ADIT_REPLAY_WORDS(64), POLICIES = 2, BUF = 1024, ROOM = 128 };

/* One node: 10.0.1.0/24 behind it is protected towards 10.0.2.0/24, 10.0.3.0/24 is in clear. */
struct node {
	struct adit_sad sad;
	struct adit_sad_word words[SLOTS];
	struct adit_sa sas[SLOTS];
	struct adit_sad_entry entries[SLOTS];
	union adit_keyctx keys[SLOTS];
	uint32_t window[SLOTS * WORDS];
	struct adit_policy policies[POLICIES];
	uint32_t heads[POLICIES];
	struct adit_spd_cache_entry cache[4];
	struct adit_spd spd;
	struct adit_ipsec ipsec;
};

static struct node a, b;
static uint8_t buf[BUF];
static struct adit_pkt pkt;
static struct adit_verdict v;

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0x42, n);
	return ADIT_OK;
}

static const struct adit_rng rng = {NULL, fill};
static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};

static struct adit_ts
net(uint8_t third)
{
	struct adit_ip ip = {4, {10, 0, third, 0}};

	return adit_ts_prefix(&ip, 24);
}

static struct adit_selectors
between(uint8_t local, uint8_t remote)
{
	struct adit_selectors s;

	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = net(local);
	s.remote[0] = net(remote);
	return s;
}

static void
make_node(struct node *n, uint8_t local, uint8_t remote)
{
	struct adit_sad_mem mem = {n->words,          n->sas,    n->entries, SLOTS, n->keys[0].mem,
				   sizeof n->keys[0], n->window, WORDS,      NULL,  0};
	struct adit_spd_mem smem = {n->policies, POLICIES, n->heads, n->cache, 4};

	memset(n, 0, sizeof *n);
	n->policies[0].action = ADIT_PROTECT;
	n->policies[0].selectors = between(local, remote);
	n->policies[1].action = ADIT_BYPASS;
	n->policies[1].selectors = between(local, 3);
	assert_int_equal(adit_sad_init(&n->sad, &mem, &rng), ADIT_OK);
	assert_int_equal(adit_spd_init(&n->spd, &smem), ADIT_OK);
	adit_ipsec_init(&n->ipsec, &n->sad, &n->spd);
}

static struct adit_sa_params
params(struct node *n, enum adit_direction dir, uint32_t spi)
{
	static const uint8_t key[20] = {1};
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.spi = spi;
	p.local = n == &a ? ip_a : ip_b;
	p.remote = n == &a ? ip_b : ip_a;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, sizeof key};
	p.replay_window = 64;
	p.selectors = &n->policies[0].selectors;
	return p;
}

static struct adit_sa_id
add_of(struct node *n, const struct adit_sa_params *p)
{
	struct adit_sa_id id;

	assert_int_equal(adit_sad_add(&n->sad, p, 0, &id), ADIT_OK);
	if (p->dir == ADIT_OUT)
		assert_int_equal(adit_spd_link(&n->spd, &n->sad, id), ADIT_OK);
	return id;
}

static struct adit_sa_id
add(struct node *n, enum adit_direction dir, uint32_t spi, bool udp)
{
	struct adit_sa_params p = params(n, dir, spi);

	p.udp_encap = udp;
	return add_of(n, &p);
}

static int
begin(void **state)
{
	(void)state;
	make_node(&a, 1, 2);
	make_node(&b, 2, 1);
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

/* An IPv4 packet 10.0.from.1 to 10.0.to.1, 60 bytes, protocol UDP. */
static void
put_packet(uint8_t from, uint8_t to)
{
	uint8_t *p = buf + ROOM;

	memset(buf, 0, sizeof buf);
	p[0] = 0x45;
	p[3] = 60;
	p[8] = 64;
	p[9] = ADIT_PROTO_UDP;
	p[12] = p[16] = 10;
	p[14] = from;
	p[18] = to;
	p[15] = p[19] = 1;
	p[21] = 53;
	p[23] = 53;
	adit_ipv4_set_checksum(p);
	pkt = (struct adit_pkt){buf, sizeof buf, ROOM, 60};
}

static void
out(struct node *n)
{
	adit_ipsec_out(&n->ipsec, &pkt, &v, 1);
}

static void
in(struct node *n)
{
	adit_ipsec_in(&n->ipsec, &pkt, &v, 1);
}

static void
assert_discarded(enum adit_status why)
{
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, why);
}

static void
test_protected_packets_are_sent_and_delivered(void **state)
{
	uint8_t before[60];

	(void)state;
	for (unsigned udp = 0; udp < 2; udp++) {
		begin(NULL);
		(void)add(&a, ADIT_OUT, 0x1001, udp);
		(void)add(&b, ADIT_IN, 0x1001, udp);
		put_packet(1, 2);
		memcpy(before, adit_pkt_data(&pkt), sizeof before);
		out(&a);
		assert_int_equal(v.kind, ADIT_VERDICT_SEND);
		assert_int_equal(v.policy, 0);
		assert_int_equal(a.ipsec.out[ADIT_OK], 1);
		assert_int_equal(adit_pkt_data(&pkt)[9], udp ? ADIT_PROTO_UDP : ADIT_PROTO_ESP);
		in(&b);
		assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
		assert_int_equal(b.ipsec.in[ADIT_OK], 1);
		assert_int_equal(pkt.len, sizeof before);
		assert_memory_equal(adit_pkt_data(&pkt), before, sizeof before);
		end(NULL);
	}
}

static void
test_without_an_sa_a_protected_packet_waits_and_is_unchanged(void **state)
{
	uint8_t before[BUF];

	(void)state;
	put_packet(1, 2);
	memcpy(before, buf, sizeof before);
	out(&a);
	assert_int_equal(v.kind, ADIT_VERDICT_NEED_SA);
	assert_int_equal(v.policy, 0);
	assert_int_equal(v.flow.remote.b[2], 2);
	assert_memory_equal(buf, before, sizeof before);
}

static void
test_bypass_is_for_its_policy_alone(void **state)
{
	(void)state;
	put_packet(1, 3);
	out(&a);
	assert_int_equal(v.kind, ADIT_VERDICT_BYPASS);
	put_packet(3, 1);
	in(&a);
	assert_int_equal(v.kind, ADIT_VERDICT_BYPASS);
	put_packet(1, 4);
	out(&a);
	assert_discarded(ADIT_ERR_POLICY);
	put_packet(4, 1);
	in(&a);
	assert_discarded(ADIT_ERR_POLICY);
}

static void
test_what_should_be_protected_does_not_come_in_clear(void **state)
{
	(void)state;
	(void)add(&a, ADIT_IN, 0x1001, false);
	put_packet(2, 1);
	in(&a);
	assert_discarded(ADIT_ERR_POLICY);
	assert_int_equal(a.ipsec.in[ADIT_ERR_POLICY], 1);
}

static void
test_esp_13_packets_of_no_sa_are_counted_and_dropped(void **state)
{
	(void)state;
	(void)add(&a, ADIT_OUT, 0x1001, false);
	put_packet(1, 2);
	out(&a);
	in(&b);
	assert_discarded(ADIT_ERR_NO_SA);
	/* Our own packet reflected: an outbound SA opens nothing. */
	in(&a);
	assert_discarded(ADIT_ERR_NO_SA);
}

static void
test_authentic_packets_outside_the_selectors_are_dropped(void **state)
{
	(void)state;
	(void)add(&a, ADIT_OUT, 0x1001, false);
	(void)add(&b, ADIT_IN, 0x1001, false);
	/* a believes that 10.0.4.0/24 belongs in there, b does not. */
	a.policies[0].selectors.local[0] = net(4);
	a.entries[0].selectors.local[0] = net(4);
	a.entries[1].selectors.local[0] = net(4);
	put_packet(4, 2);
	out(&a);
	assert_int_equal(v.kind, ADIT_VERDICT_SEND);
	in(&b);
	assert_discarded(ADIT_ERR_SELECTOR);
}

/* RFC 7296 2.23: either form is taken at any time, whichever this end has chosen for itself: an
 * attacker who changes the port of one message makes one end alone see a NAT. */
static void
test_esp_is_taken_in_udp_and_without(void **state)
{
	(void)state;
	for (int udp = 0; udp < 2; udp++) {
		(void)add(&a, ADIT_OUT, 0x1001, udp != 0);
		(void)add(&b, ADIT_IN, 0x1001, udp == 0);
		put_packet(1, 2);
		out(&a);
		in(&b);
		assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
		assert_int_equal(pkt.len, 60);
		(void)end(NULL);
		(void)begin(NULL);
	}
}

/* What goes through to another address or port is no ESP of ours, whatever its first bytes are. */
static void
test_udp_to_others_is_not_taken_for_esp(void **state)
{
	(void)state;
	for (int udp = 0; udp < 2; udp++) {
		(void)end(NULL);
		(void)begin(NULL);
		(void)add(&a, ADIT_OUT, 0x1001, true);
		(void)add(&b, ADIT_IN, 0x1001, udp);
		put_packet(1, 2);
		out(&a);
		if (udp)
			adit_pkt_data(&pkt)[ADIT_IPV4_LEN + 3] ^= 1;
		else
			adit_pkt_data(&pkt)[ADIT_IPV4_DESTINATION + 3] = 77;
		in(&b);
		assert_discarded(ADIT_ERR_POLICY);
	}
}

static void
test_things_that_are_no_packets_are_dropped(void **state)
{
	(void)state;
	for (size_t n = 0; n < 60; n++) {
		put_packet(1, 2);
		pkt.len = n;
		out(&a);
		assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
		in(&a);
		assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	}
}

static void
test_too_little_room_is_a_verdict_too(void **state)
{
	(void)state;
	(void)add(&a, ADIT_OUT, 0x1001, false);
	put_packet(1, 2);
	pkt.buf += ROOM;
	pkt.cap -= ROOM;
	pkt.off = 0;
	out(&a);
	assert_discarded(ADIT_ERR_ROOM);
}

static void
test_each_packet_of_a_mixed_burst_gets_its_own_verdict(void **state)
{
	enum { N = 3 * ADIT_BURST };
	static uint8_t mem[N][BUF];
	struct adit_verdict verdicts[N];
	struct adit_pkt pkts[N];
	static const enum adit_verdict_kind want[] = {ADIT_VERDICT_SEND, ADIT_VERDICT_BYPASS,
						      ADIT_VERDICT_DISCARD};

	(void)state;
	(void)add(&a, ADIT_OUT, 0x1001, false);
	for (size_t i = 0; i < N; i++) {
		put_packet(1, (uint8_t)(2 + i % 3));
		memcpy(mem[i], buf, sizeof buf);
		pkts[i] = pkt;
		pkts[i].buf = mem[i];
	}
	adit_ipsec_out(&a.ipsec, pkts, verdicts, N);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(verdicts[i].kind, want[i % 3]);
	assert_int_equal(a.ipsec.out[ADIT_OK], 2 * ADIT_BURST);
}

static void
test_outer_headers_are_pushed_and_pulled(void **state)
{
	struct adit_path path = {{ip_b, 4500}, {ip_a, 4500}}, pulled;
	uint8_t protocol = 0;

	(void)state;
	(void)add(&a, ADIT_OUT, 0x1001, true);
	(void)add(&b, ADIT_IN, 0x1001, true);
	put_packet(1, 2);
	out(&a);
	assert_int_equal(adit_pkt_pull_outer(&pkt, &pulled, &protocol), ADIT_OK);
	assert_int_equal(protocol, ADIT_PROTO_UDP);
	assert_true(adit_endpoint_equal(&pulled.local, &path.remote));
	assert_true(adit_endpoint_equal(&pulled.remote, &path.local));
	assert_int_equal(adit_load32(adit_pkt_data(&pkt)), 0x1001);
	assert_int_equal(adit_pkt_push_outer(&pkt, &path, ADIT_PROTO_UDP), ADIT_OK);
	in(&b);
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	pkt.off = 20;
	assert_int_equal(adit_pkt_push_outer(&pkt, &path, ADIT_PROTO_UDP), ADIT_ERR_ROOM);
}

static void
test_verdicts_have_names(void **state)
{
	(void)state;
	assert_string_equal(adit_verdict_name(ADIT_VERDICT_DISCARD), "DISCARD");
	assert_string_equal(adit_verdict_name(ADIT_VERDICT_TOO_BIG), "TOO_BIG");
	assert_string_equal(adit_verdict_name(ADIT_VERDICT_AGGFRAG), "AGGFRAG");
	assert_string_equal(adit_verdict_name((enum adit_verdict_kind)8), "?");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

/* All 64 bits of them, when the lower half begins anew. */
static void
test_verdicts_tell_extended_numbers(void **state)
{
	struct adit_sa_params out_of_a, into_b;
	uint32_t spi;

	(void)state;
	assert_int_equal(adit_sad_spi(&b.sad, &spi), ADIT_OK);
	out_of_a = params(&a, ADIT_OUT, spi);
	into_b = params(&b, ADIT_IN, spi);
	out_of_a.esn = into_b.esn = true;
	out_of_a.seq = into_b.seq = 0x7fffffffcu;
	add_of(&a, &out_of_a);
	add_of(&b, &into_b);
	for (uint64_t i = 1; i <= 8; i++) {
		put_packet(1, 2);
		out(&a);
		assert_int_equal(v.kind, ADIT_VERDICT_SEND);
		in(&b);
		assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
		assert_true(v.seq == 0x7fffffffcu + i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_protected_packets_are_sent_and_delivered),
		TEST(test_without_an_sa_a_protected_packet_waits_and_is_unchanged),
		TEST(test_bypass_is_for_its_policy_alone),
		TEST(test_what_should_be_protected_does_not_come_in_clear),
		TEST(test_esp_13_packets_of_no_sa_are_counted_and_dropped),
		TEST(test_authentic_packets_outside_the_selectors_are_dropped),
		TEST(test_esp_is_taken_in_udp_and_without),
		TEST(test_udp_to_others_is_not_taken_for_esp),
		TEST(test_things_that_are_no_packets_are_dropped),
		TEST(test_too_little_room_is_a_verdict_too),
		TEST(test_each_packet_of_a_mixed_burst_gets_its_own_verdict),
		TEST(test_outer_headers_are_pushed_and_pulled),
		TEST(test_verdicts_have_names),
		TEST(test_verdicts_tell_extended_numbers),
	};

	return cmocka_run_group_tests_name("ipsec", tests, NULL, NULL);
}
