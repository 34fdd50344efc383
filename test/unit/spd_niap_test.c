/* What the NIAP functional package for VPN clients and gateways asks of the SPD (FCS_IPSEC_EXT.1.1
 * to 1.4, 1.7), and SP 800-77: rules that protect, bypass and discard, their order, and that
 * nothing passes which no rule names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/site.h"

enum { TCP = 6, UDP = 17 };

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static struct site a, b;

/* a: 10.0.1.0/24 to 10.0.2.0/24 is protected, to 10.0.3.0/24 bypassed, to 10.0.4.0/24 discarded. b
 * mirrors it. */
static int
begin(void **state)
{
	(void)state;
	site_open(&a, &ip_a);
	site_open(&b, &ip_b);
	site_policy(&a, ADIT_PROTECT, 1, 2)->name = "protect";
	site_policy(&a, ADIT_BYPASS, 1, 3)->name = "bypass";
	site_policy(&a, ADIT_DISCARD, 1, 4)->name = "discard";
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	(void)site_policy(&b, ADIT_BYPASS, 3, 1);
	(void)site_policy(&b, ADIT_DISCARD, 4, 1);
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

static enum adit_verdict_kind
out(uint8_t from, uint8_t to)
{
	site_udp(&a, from, to);
	return site_out(&a);
}

/* In clear. */
static enum adit_verdict_kind
in(uint8_t from, uint8_t to)
{
	site_udp(&a, from, to);
	return site_in(&a);
}

static void
assert_discarded_by(const struct site *s, uint32_t policy)
{
	assert_int_equal(s->v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(s->v.status, ADIT_ERR_POLICY);
	assert_int_equal(s->v.policy, policy);
}

/* --- FCS_IPSEC_EXT.1.1, test 1. */

static void
test_ext_1_1_t1_a_protect_rule_protects_what_matches_alone(void **state)
{
	(void)state;
	site_join(&a, &b, 0, NULL);
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_int_equal(site_data(&a)[9], ADIT_PROTO_ESP);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	(void)out(5, 2);
	assert_discarded_by(&a, ADIT_POLICY_NONE);
	(void)out(1, 5);
	assert_discarded_by(&a, ADIT_POLICY_NONE);
	/* What should be protected doesn't come in clear. */
	(void)in(2, 1);
	assert_discarded_by(&a, 0);
}

static void
test_ext_1_1_t1_a_bypass_rule_lets_pass_what_matches_alone(void **state)
{
	uint8_t before[100];

	(void)state;
	site_udp(&a, 1, 3);
	memcpy(before, site_data(&a), sizeof before);
	assert_int_equal(site_out(&a), ADIT_VERDICT_BYPASS);
	assert_int_equal(a.pkt.len, sizeof before);
	assert_memory_equal(site_data(&a), before, sizeof before);
	assert_int_equal(in(3, 1), ADIT_VERDICT_BYPASS);
	(void)out(5, 3);
	assert_discarded_by(&a, ADIT_POLICY_NONE);
	(void)in(3, 5);
	assert_discarded_by(&a, ADIT_POLICY_NONE);
}

static void
test_ext_1_1_t1_a_discard_rule_discards_what_matches(void **state)
{
	(void)state;
	(void)out(1, 4);
	assert_discarded_by(&a, 2);
	(void)in(4, 1);
	assert_discarded_by(&a, 2);
	assert_int_equal(a.ipsec.out[ADIT_ERR_POLICY], 1);
	assert_int_equal(a.ipsec.in[ADIT_ERR_POLICY], 1);
}

/* --- FCS_IPSEC_EXT.1.1, test 2: the first rule that matches decides. */

/* Rules for one pair of networks in each order; what decides is the first of them. */
static void
test_ext_1_1_t2_of_conflicting_rules_the_first_decides(void **state)
{
	static const enum adit_action orders[][3] = {{ADIT_PROTECT, ADIT_BYPASS, ADIT_DISCARD},
						     {ADIT_PROTECT, ADIT_DISCARD, ADIT_BYPASS},
						     {ADIT_BYPASS, ADIT_PROTECT, ADIT_DISCARD},
						     {ADIT_BYPASS, ADIT_DISCARD, ADIT_PROTECT},
						     {ADIT_DISCARD, ADIT_PROTECT, ADIT_BYPASS},
						     {ADIT_DISCARD, ADIT_BYPASS, ADIT_PROTECT}};
	static uint32_t index[2048];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof orders / sizeof orders[0]; i++) {
		const enum adit_action *order = orders[i / 2];

		site_open(&a, &ip_a);
		for (unsigned k = 0; k < 3; k++)
			(void)site_policy(&a, order[k], 1, 2);
		if (i & 1) /* the index decides as the list does */
			assert_int_equal(adit_spd_index(&a.spd, index, sizeof index / 4), ADIT_OK);
		assert_int_equal(out(1, 2), order[0] == ADIT_PROTECT  ? ADIT_VERDICT_NEED_SA
					    : order[0] == ADIT_BYPASS ? ADIT_VERDICT_BYPASS
								      : ADIT_VERDICT_DISCARD);
		assert_int_equal(a.v.policy, 0);
		assert_int_equal(in(2, 1), order[0] == ADIT_BYPASS ? ADIT_VERDICT_BYPASS
								   : ADIT_VERDICT_DISCARD);
		assert_int_equal(a.v.policy, 0);
	}
}

/* A narrow rule before a wide one, and behind it. */
static void
test_ext_1_1_t2_of_overlapping_ranges_the_first_decides(void **state)
{
	struct adit_policy *narrow;

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		site_open(&a, &ip_a);
		if (!first)
			(void)site_policy(&a, ADIT_BYPASS, 1, 2);
		narrow = site_policy(&a, ADIT_DISCARD, 1, 2);
		narrow->selectors.local[0].protocol = narrow->selectors.remote[0].protocol = UDP;
		narrow->selectors.remote[0].port_first = 1990;
		narrow->selectors.remote[0].port_last = 2000;
		if (first)
			(void)site_policy(&a, ADIT_BYPASS, 1, 2);
		for (unsigned port = 1980; port < 2010; port++) {
			bool hit = first && port >= 1990 && port <= 2000;

			site_udp(&a, 1, 2);
			lane_put16(site_data(&a) + LANE_V4 + 2, port);
			assert_int_equal(site_out(&a),
					 hit ? ADIT_VERDICT_DISCARD : ADIT_VERDICT_BYPASS);
			assert_int_equal(a.v.policy, first && !hit);
			site_udp(&a, 2, 1);
			lane_put16(site_data(&a) + LANE_V4, port);
			assert_int_equal(site_in(&a),
					 hit ? ADIT_VERDICT_DISCARD : ADIT_VERDICT_BYPASS);
		}
	}
}

/* Rules of one direction say nothing of the other. */
static void
test_ext_1_1_t2_inbound_and_outbound_rules_are_apart(void **state)
{
	(void)state;
	site_open(&a, &ip_a);
	site_policy(&a, ADIT_DISCARD, 1, 2)->dir = ADIT_OUT;
	site_policy(&a, ADIT_BYPASS, 1, 2)->dir = ADIT_IN;
	(void)out(1, 2);
	assert_discarded_by(&a, 0);
	assert_int_equal(in(2, 1), ADIT_VERDICT_BYPASS);
	assert_int_equal(a.v.policy, 1);
}

/* A packet that asks for an SA, and one that finds it: the same rule decides. */
static void
test_ext_1_1_t2_packets_that_need_an_sa_and_packets_on_it_meet_one_rule(void **state)
{
	(void)state;
	a.policies[0].tag = 42;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(out(1, 2), ADIT_VERDICT_NEED_SA);
		assert_int_equal(a.v.policy, 0);
	}
	site_join(&a, &b, 0, NULL);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
		assert_int_equal(a.v.policy, 0);
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
		assert_int_equal(out(1, 3), ADIT_VERDICT_BYPASS);
		(void)out(1, 4);
		assert_discarded_by(&a, 2);
	}
}

/* --- FCS_IPSEC_EXT.1.2: modes. */

static void
test_ext_1_2_tunnel_and_transport_mode_are_used_where_policy_says(void **state)
{
	struct adit_sa_params p;

	(void)state;
	site_join(&a, &b, 0, NULL);
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_memory_equal(site_data(&a) + 12, ip_a.b, 4); /* the tunnel's own addresses */
	assert_memory_equal(site_data(&a) + 16, ip_b.b, 4);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	end(NULL);
	site_open(&a, &(const struct adit_ip){4, {10, 0, 1, 1}});
	site_open(&b, &(const struct adit_ip){4, {10, 0, 2, 1}});
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	memset(&p, 0, sizeof p);
	p.mode = ADIT_TRANSPORT;
	site_join(&a, &b, 0, &p);
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_memory_equal(site_data(&a) + 12, a.ip.b, 4); /* the packet's */
	assert_int_equal(site_data(&a)[9], ADIT_PROTO_ESP);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	(void)out(1, 5);
	assert_discarded_by(&a, ADIT_POLICY_NONE);
}

/* A peer that uses the other mode than the SA's is not understood. */
static void
test_ext_1_2_the_other_mode_on_an_sa_is_refused(void **state)
{
	struct adit_sa_params p;

	(void)state;
	memset(&p, 0, sizeof p);
	p.mode = ADIT_TRANSPORT;
	site_join(&a, &b, 0, NULL);
	b.sas[0].mode = ADIT_TRANSPORT;
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_SELECTOR);
	end(NULL);
	site_open(&a, &(const struct adit_ip){4, {10, 0, 1, 1}});
	site_open(&b, &(const struct adit_ip){4, {10, 0, 2, 1}});
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	site_join(&a, &b, 0, &p);
	b.sas[0].mode = ADIT_TUNNEL;
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_UNSUPPORTED);
}

/* --- FCS_IPSEC_EXT.1.3: the final rule. */

static void
test_ext_1_3_a_packet_changed_in_one_field_meets_the_final_discard(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {{12, 11}, {13, 1},  {14, 9}, {16, 11}, {17, 1},
		       {18, 9},  {9, TCP}, {21, 9}, {23, 9}};
	struct adit_selectors *s = &a.policies[1].selectors;

	(void)state;
	s->local[0].protocol = s->remote[0].protocol = UDP;
	s->local[0].port_first = s->local[0].port_last = 1000;
	s->remote[0].port_first = s->remote[0].port_last = 2000;
	adit_spd_changed(&a.spd);
	assert_int_equal(out(1, 3), ADIT_VERDICT_BYPASS);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		site_udp(&a, 1, 3);
		site_data(&a)[changes[i].at] = changes[i].value;
		lane_ipv4_checksum(site_data(&a));
		(void)site_out(&a);
		assert_discarded_by(&a, ADIT_POLICY_NONE);
	}
	assert_int_equal(out(1, 3), ADIT_VERDICT_BYPASS);
}

static void
test_ext_1_3_without_any_rule_everything_is_discarded(void **state)
{
	const struct adit_spd_mem none = {a.policies, 0, a.heads, NULL, 0};

	(void)state;
	assert_int_equal(adit_spd_init(&a.spd, &none), ADIT_OK);
	for (uint8_t to = 0; to < 8; to++) {
		(void)out(1, to);
		assert_discarded_by(&a, ADIT_POLICY_NONE);
		(void)in(to, 1);
		assert_discarded_by(&a, ADIT_POLICY_NONE);
	}
}

/* --- FCS_IPSEC_EXT.1.7, test 1: limits. */

static void
test_ext_1_7_t1_at_its_limit_an_sa_carries_nothing_and_a_new_one_takes_over(void **state)
{
	struct adit_sa_params p;
	struct adit_sa_id id;
	enum adit_age age;
	size_t cursor = 0;

	(void)state;
	memset(&p, 0, sizeof p);
	p.soft.packets = 3;
	p.hard.packets = 5;
	site_join(&a, &b, 0, &p);
	for (unsigned i = 1; i <= 5; i++) {
		assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
		cursor = 0;
		assert_int_equal(adit_ipsec_aged(&a.ipsec, &cursor, SITE_SAS, &id, &age) != NULL,
				 i >= 3);
		if (i >= 3)
			assert_int_equal(age, i >= 5 ? ADIT_AGE_HARD : ADIT_AGE_SOFT);
	}
	(void)out(1, 2);
	assert_int_equal(a.v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_EXHAUSTED);
	/* Its successor carries on. */
	p.spi = 0x7000;
	site_join(&a, &b, 0, &p);
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
}

/* --- SP 800-77: default deny. */

static void
test_sp_800_77_without_an_sa_nothing_leaks(void **state)
{
	struct adit_sa_id id;
	size_t cursor = 0;
	uint8_t before[100];

	(void)state;
	site_join(&a, &b, 0, NULL);
	assert_int_equal(out(1, 2), ADIT_VERDICT_SEND);
	assert_non_null(adit_sad_next(&a.sad, &cursor, &id));
	adit_spd_unlink(&a.spd, &a.sad, id);
	assert_int_equal(adit_sad_remove(&a.sad, id), ADIT_OK);
	/* The cache knew the SA; now the packet is held back, and unchanged. */
	site_udp(&a, 1, 2);
	memcpy(before, site_data(&a), sizeof before);
	assert_int_equal(site_out(&a), ADIT_VERDICT_NEED_SA);
	assert_memory_equal(site_data(&a), before, sizeof before);
	(void)in(2, 1);
	assert_discarded_by(&a, 0);
}

/* --- Audit. */

/* What a log needs of each decision: the rule, what was seen of the packet, why. */
static void
test_audit_each_decision_names_its_rule_source_and_reason(void **state)
{
	(void)state;
	for (uint8_t to = 2; to <= 5; to++) {
		(void)out(1, to);
		assert_int_equal(a.v.policy, to == 5 ? ADIT_POLICY_NONE : to - 2u);
		assert_int_equal(a.v.flow.local.b[2], 1);
		assert_int_equal(a.v.flow.remote.b[2], to);
		assert_int_equal(a.v.flow.protocol, UDP);
		assert_int_equal(a.v.flow.local_port, 1000);
		assert_int_equal(a.v.flow.remote_port, 2000);
	}
	assert_string_equal(adit_status_name(a.v.status), "ERR_POLICY");
	assert_int_equal(a.ipsec.out[ADIT_ERR_POLICY], 2);
	(void)in(4, 1);
	assert_discarded_by(&a, 2);
	assert_int_equal(a.v.flow.remote.b[2], 4);
	assert_string_equal(a.policies[a.v.policy].name, "discard");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ext_1_1_t1_a_protect_rule_protects_what_matches_alone),
		TEST(test_ext_1_1_t1_a_bypass_rule_lets_pass_what_matches_alone),
		TEST(test_ext_1_1_t1_a_discard_rule_discards_what_matches),
		TEST(test_ext_1_1_t2_of_conflicting_rules_the_first_decides),
		TEST(test_ext_1_1_t2_of_overlapping_ranges_the_first_decides),
		TEST(test_ext_1_1_t2_inbound_and_outbound_rules_are_apart),
		TEST(test_ext_1_1_t2_packets_that_need_an_sa_and_packets_on_it_meet_one_rule),
		TEST(test_ext_1_2_tunnel_and_transport_mode_are_used_where_policy_says),
		TEST(test_ext_1_2_the_other_mode_on_an_sa_is_refused),
		TEST(test_ext_1_3_a_packet_changed_in_one_field_meets_the_final_discard),
		TEST(test_ext_1_3_without_any_rule_everything_is_discarded),
		TEST(test_ext_1_7_t1_at_its_limit_an_sa_carries_nothing_and_a_new_one_takes_over),
		TEST(test_sp_800_77_without_an_sa_nothing_leaks),
		TEST(test_audit_each_decision_names_its_rule_source_and_reason),
	};

	return cmocka_run_group_tests_name("NIAP on the SPD", tests, NULL, NULL);
}
