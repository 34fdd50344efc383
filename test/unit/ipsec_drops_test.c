/* What outbound and inbound processing refuse or let pass after an SA had its say: bounds of time
 * in bundles, and the counters of SAs (RFC 4301 4.4.2.1, 5.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/cuts.h"
#include "support/lane.h"
#include "support/site.h"

enum { HARD_MS = 1000, PORT = 2000, BURST = 5, SPI_OUTER = 0x2000 };

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static struct site a, b;

static int
begin(void **state)
{
	(void)state;
	site_open(&a, &ip_a);
	site_open(&b, &ip_b);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	site_close(&a);
	site_close(&b);
	return 0;
}

static struct adit_sa *
sa_of(struct site *s, uint32_t spi, struct adit_sa_id *id)
{
	struct adit_sa *sa;

	for (size_t cursor = 0; (sa = adit_sad_next(&s->sad, &cursor, id)) != NULL;)
		if (sa->spi == spi)
			return sa;
	fail();
	return NULL;
}

/* --- Bundles. */

/* Puts the SA of policy 0 at s into an AH SA of its direction. */
static void
wrap(struct site *s, enum adit_direction dir, struct adit_lifetime hard)
{
	const struct adit_aead *aead = &adit_mbedtls_null_sha256;
	struct adit_sa_id inner, outer;
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.protocol = ADIT_PROTO_AH;
	p.mode = ADIT_TRANSPORT;
	p.spi = SPI_OUTER;
	p.local = s == &a ? ip_a : ip_b;
	p.remote = s == &a ? ip_b : ip_a;
	p.aead = aead;
	p.key = lane_params(4, ADIT_TUNNEL, aead).key;
	p.hard = hard;
	assert_int_equal(adit_sad_add(&s->sad, &p, ADIT_POLICY_NONE, &outer), ADIT_OK);
	(void)sa_of(s, 0x1000, &inner);
	assert_int_equal(adit_sad_bundle(&s->sad, inner, outer), ADIT_OK);
}

static void
test_no_sa_of_a_bundle_sends_beyond_its_time(void **state)
{
	const struct adit_lifetime hard = {.time = HARD_MS}, none = {0, 0, 0};
	struct adit_sa_id id;

	(void)state;
	site_join(&a, &b, 0, NULL);
	wrap(&a, ADIT_OUT, hard);
	wrap(&b, ADIT_IN, none);
	a.ipsec.now = HARD_MS - 1;
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	a.ipsec.now = HARD_MS;
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_EXHAUSTED);
	assert_int_equal(adit_sa_audit(sa_of(&a, SPI_OUTER, &id)).exhausted, 1);
}

static void
test_the_end_of_an_sas_time_is_counted_at_every_door(void **state)
{
	const struct adit_sa_params p = {.hard = {.time = HARD_MS}};
	const struct adit_lifetime none = {0, 0, 0};
	struct adit_sa_id id;

	(void)state;
	site_join(&a, &b, 0, &p);
	wrap(&a, ADIT_OUT, none);
	wrap(&b, ADIT_IN, none);
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	/* Inside of the AH SA it is ESP's time that is over. */
	b.ipsec.now = HARD_MS;
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_EXHAUSTED);
	assert_int_equal(adit_sa_audit(sa_of(&b, 0x1000, &id)).exhausted, 1);
	a.ipsec.now = HARD_MS;
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_DISCARD);
	assert_int_equal(adit_sa_audit(sa_of(&a, 0x1000, &id)).exhausted, 1);
	assert_int_equal(sa_of(&a, 0x1000, &id)->n.drops, 1);
}

/* As it is by an SA that stands in no bundle. */
static void
test_what_is_too_big_for_a_bundle_is_counted(void **state)
{
	const struct adit_lifetime none = {0, 0, 0};
	struct adit_sa_id id;

	(void)state;
	site_join(&a, &b, 0, NULL);
	wrap(&a, ADIT_OUT, none);
	adit_sa_set_mtu(sa_of(&a, SPI_OUTER, &id), 120);
	site_udp(&a, 1, 2);
	site_data(&a)[6] = 0x40; /* DF: nobody may cut it */
	lane_ipv4_checksum(site_data(&a));
	assert_int_equal(site_out(&a), ADIT_VERDICT_TOO_BIG);
	assert_int_equal(a.v.status, ADIT_ERR_MTU);
	assert_int_equal(a.ipsec.out[ADIT_ERR_MTU], 1);
	assert_int_equal(sa_of(&a, 0x1000, &id)->n.drops, 1);
	assert_int_equal(sa_of(&a, 0x1000, &id)->seq, 0);
}

/* --- Bursts. */

static void
test_the_hard_bound_of_an_sa_is_one_within_a_burst(void **state)
{
	struct adit_sa_params p = {.hard = {.packets = 3}};
	static uint8_t bufs[BURST][1024];
	struct adit_verdict v[BURST];
	struct adit_pkt pkts[BURST];
	struct adit_sa_id id;
	struct adit_sa *in;

	(void)state;
	site_join(&a, &b, 0, &p);
	in = sa_of(&b, 0x1000, &id);
	/* The peer knows of no bound. */
	sa_of(&a, 0x1000, &id)->bounded = false;
	for (size_t i = 0; i < BURST; i++) {
		site_udp(&a, 1, 2);
		assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
		memcpy(bufs[i], site_data(&a), a.pkt.len);
		pkts[i] = (struct adit_pkt){bufs[i], sizeof bufs[i], 0, a.pkt.len};
	}
	adit_ipsec_in(&b.ipsec, pkts, v, BURST);
	for (size_t i = 0; i < BURST; i++)
		assert_int_equal(v[i].status, i < 3 ? ADIT_OK : ADIT_ERR_EXHAUSTED);
	assert_int_equal(in->n.packets, 3);
	assert_int_equal(in->window.top, 3);
	assert_int_equal(adit_sa_audit(in).exhausted, BURST - 3);
}

/* --- Fragments. */

static void
to_port(struct site *s, bool local)
{
	struct adit_selectors *sel = &s->policies[0].selectors;
	struct adit_ts *ts = local ? &sel->local[0] : &sel->remote[0];

	sel->local[0].protocol = sel->remote[0].protocol = ADIT_PROTO_UDP;
	ts->port_first = ts->port_last = PORT;
}

/* A fragment from 10.0.1.1 to 10.0.2.1. */
static void
put(uint32_t id, size_t offset)
{
	const struct cuts_fragment f = {.id = id, .offset = offset, .more = true, .len = 64};
	uint8_t p[256];
	size_t n = cuts_fragment(p, &f);

	p[12] = p[16] = 10;
	p[13] = p[17] = 0;
	p[14] = 1;
	p[18] = 2;
	p[15] = p[19] = 1;
	lane_ipv4_checksum(p);
	if (!offset)
		lane_put16(p + LANE_V4 + 2, PORT);
	site_bytes(&a, p, n);
}

static void
send(uint32_t id, size_t offset)
{
	put(id, offset);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
}

static void
test_a_later_fragment_that_is_delivered_counts_as_delivered(void **state)
{
	const struct adit_sa *sa;
	struct adit_sa_id id;
	uint64_t bytes;

	(void)state;
	to_port(&a, false);
	to_port(&b, true);
	site_join(&a, &b, 0, NULL);
	sa = sa_of(&b, 0x1000, &id);
	send(1, 0);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	bytes = sa->n.bytes;
	send(1, 64);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	assert_int_equal(sa->n.packets, 2);
	assert_int_equal(sa->n.bytes, bytes + b.pkt.len);
	assert_int_equal(sa->n.drops, 0);
	assert_int_equal(adit_sa_audit(sa).outside, 0);
}

static void
test_a_fragment_that_is_dropped_behind_its_sa_counts_as_dropped(void **state)
{
	const struct adit_sa *sa;
	struct adit_sa_id id;

	(void)state;
	to_port(&a, false);
	to_port(&b, true);
	site_join(&a, &b, 0, NULL);
	sa = sa_of(&b, 0x1000, &id);
	/* The first one was lost. */
	send(1, 0);
	send(1, 64);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_SELECTOR);
	assert_int_equal(sa->n.packets, 0);
	assert_int_equal(sa->n.bytes, 0);
	assert_int_equal(sa->n.drops, 1);
	assert_int_equal(adit_sa_audit(sa).outside, 1);
}

/* A peer sends a later fragment that reaches into the ports of the first. */
static void
test_an_overlap_through_an_sa_says_so_and_is_counted(void **state)
{
	const struct adit_sa *sa;
	struct adit_sa_id id;

	(void)state;
	site_join(&a, &b, 0, NULL);
	a.ipsec.fragtrack_out = NULL;
	sa = sa_of(&b, 0x1000, &id);
	send(1, 0);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	put(1, 8);
	site_data(&a)[9] = ADIT_PROTO_TCP;
	lane_ipv4_checksum(site_data(&a));
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_OVERLAP);
	assert_int_equal(sa->n.packets, 1);
	assert_int_equal(sa->n.drops, 1);
	assert_int_equal(adit_sa_audit(sa).outside, 0);
}

/* In one burst as one after the other: a later fragment in clear doesn't join a protected first one
 * that came before it. */
static void
test_fragments_in_clear_take_their_turn_in_a_burst(void **state)
{
	const struct adit_sa_params p = {.replay_window = 64};
	struct adit_verdict v[2];
	struct adit_pkt pkts[2];

	(void)state;
	to_port(&a, false);
	to_port(&b, true);
	(void)site_policy(&b, ADIT_BYPASS, 2, 1);
	site_join(&a, &b, 0, &p);
	send(1, 0);
	site_bytes(&b, site_data(&a), a.pkt.len);
	pkts[0] = b.pkt;
	put(1, 64);
	pkts[1] = a.pkt;
	adit_ipsec_in(&b.ipsec, pkts, v, 2);
	assert_int_equal(v[0].kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(v[1].kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v[1].status, ADIT_ERR_POLICY);
	assert_int_equal(b.ipsec.in[ADIT_ERR_POLICY], 1);
}

/* --- IP-TFS. */

static void
test_a_stranger_out_of_an_iptfs_sa_is_counted_at_its_sa(void **state)
{
	const struct adit_sa_params p = {.mode = ADIT_IPTFS};
	const struct adit_sa *sa;
	struct adit_sa_id id;

	(void)state;
	site_join(&a, &b, 0, &p);
	sa = sa_of(&b, 0x1000, &id);
	site_udp(&b, 1, 2);
	adit_ipsec_inner(&b.ipsec, id, &b.pkt, &b.v);
	assert_int_equal(b.v.kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(b.v.sa.slot, id.slot);
	assert_int_equal(b.v.sa.generation, id.generation);
	assert_int_equal(sa->n.drops, 0);
	site_udp(&b, 3, 2);
	adit_ipsec_inner(&b.ipsec, id, &b.pkt, &b.v);
	assert_int_equal(b.v.status, ADIT_ERR_SELECTOR);
	assert_int_equal(b.v.sa.slot, id.slot);
	assert_int_equal(b.v.sa.generation, id.generation);
	assert_int_equal(sa->n.drops, 1);
	assert_int_equal(adit_sa_audit(sa).outside, 1);
}

static void
test_what_is_no_packet_has_no_policy(void **state)
{
	static const uint8_t nothing[20];

	(void)state;
	memset(&a.v, 0xa5, sizeof a.v);
	site_bytes(&a, nothing, sizeof nothing);
	assert_int_equal(site_out(&a), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.policy, ADIT_POLICY_NONE);
	assert_int_equal(a.v.sa.generation, 0);
	memset(&a.v, 0xa5, sizeof a.v);
	assert_int_equal(site_in(&a), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.policy, ADIT_POLICY_NONE);
	assert_int_equal(a.v.sa.generation, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_sa_of_a_bundle_sends_beyond_its_time),
		TEST(test_the_end_of_an_sas_time_is_counted_at_every_door),
		TEST(test_a_later_fragment_that_is_delivered_counts_as_delivered),
		TEST(test_a_fragment_that_is_dropped_behind_its_sa_counts_as_dropped),
		TEST(test_fragments_in_clear_take_their_turn_in_a_burst),
		TEST(test_what_is_too_big_for_a_bundle_is_counted),
		TEST(test_the_hard_bound_of_an_sa_is_one_within_a_burst),
		TEST(test_an_overlap_through_an_sa_says_so_and_is_counted),
		TEST(test_a_stranger_out_of_an_iptfs_sa_is_counted_at_its_sa),
		TEST(test_what_is_no_packet_has_no_policy),
	};

	return cmocka_run_group_tests_name("ipsec_drops", tests, NULL, NULL);
}
