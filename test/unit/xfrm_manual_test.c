/* Which state of a file serves which policy, in which direction, and what becomes of it in a node;
 * the numbers that must not be used twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/manual.h"
#include "../../examples/aditd/values.h"
#include "adit/mbedtls.h"

#define KEY16 "0x000102030405060708090a0b0c0d0e0f"
#define OTHER16 "0xf00102030405060708090a0b0c0d0e0f"
#define GCM " aead 'rfc4106(gcm(aes))' " KEY16 "10111213 128"
#define OTHER_GCM " aead 'rfc4106(gcm(aes))' " OTHER16 "10111213 128"
#define CBC " enc 'cbc(aes)' " KEY16 " auth hmac(sha1) " KEY16 "10111213"
#define AH_KEY " auth hmac(sha1) " KEY16 "10111213\n"

/* 10.0.0.1 is ours. */
#define OUT "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001 reqid 1 mode tunnel"
#define IN "ip xfrm state add src 10.0.0.2 dst 10.0.0.1 proto esp spi 0x2001 reqid 1 mode tunnel"
#define TMPL_OUT " tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel"
#define TMPL_IN " tmpl src 10.0.0.2 dst 10.0.0.1 proto esp reqid 1 mode tunnel"
#define POLICY_OUT "ip xfrm policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out" TMPL_OUT "\n"
#define POLICY_IN "ip xfrm policy add src 10.2.0.0/16 dst 10.1.0.0/16 dir in" TMPL_IN "\n"
#define PAIR OUT " replay-oseq 0" GCM "\n" IN OTHER_GCM "\n" POLICY_OUT POLICY_IN

#define COUNT 16

static char said[1024];
static char file[] = "/tmp/adit-numbers-XXXXXX";
static char lock_file[sizeof file + sizeof ".lock"];

static struct {
	struct adit_node node;
	struct adit_ike_sa ike;
	struct adit_ike_child child;
	struct adit_ike_handshake handshake;
	struct adit_sad_word words[COUNT];
	struct adit_sa sas[COUNT];
	struct adit_sad_entry entries[COUNT];
	union adit_keyctx keyctx[COUNT];
	uint32_t replay[COUNT * ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX)];
	uint32_t hash[COUNT], heads[COUNT];
	struct adit_policy policies[COUNT];
} node;

static struct xfrm *x;
static struct manual *planned;

static bool
is_own(const struct adit_ip *ip)
{
	return ip->version == 4 ? ip->b[0] == 10 && ip->b[1] == 0 && ip->b[3] == 1
				: ip->b[0] == 0xfd && ip->b[15] == 1;
}

static struct manual_place place = {{is_own, false, 4500, 0}, NULL};

static int
begin(void **state)
{
	(void)state;
	place.numbers_file = NULL;
	place.plan.legacy = false;
	place.plan.natt_port = 4500;
	return 0;
}

/* As a crash does it: nothing is told any more. */
static void
stop(void)
{
	if (planned)
		numbers_close(&planned->numbers);
	planned = NULL;
	xfrm_free(x);
	x = NULL;
}

static int
end(void **state)
{
	(void)state;
	stop();
	if (node.node.cfg.ike_port || node.node.sad.mem.count)
		adit_node_wipe(&node.node);
	memset(&node, 0, sizeof node);
	keep_nothing();
	unlink(file);
	unlink(lock_file);
	return 0;
}

static struct manual *
plan(const char *text)
{
	FILE *err = fmemopen(said, sizeof said, "w");

	memset(said, 0, sizeof said);
	stop();
	x = xfrm_read_memory("text", text, strlen(text), err);
	planned = x ? manual_plan(x, &place, err) : NULL;
	fclose(err);
	return planned;
}

static struct manual *
good(const char *text)
{
	struct manual *m = plan(text);

	if (!m)
		fail_msg("%s", said);
	return m;
}

static void
assert_refused(const char *text, const char *words)
{
	if (plan(text))
		fail_msg("\"%s\" was taken", text);
	if (!strstr(said, words))
		fail_msg("\"%s\" does not say \"%s\"", said, words);
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return ADIT_OK;
}

/* The plan's policies and SAs in a node. */
static bool
install(struct manual *m)
{
	struct adit_node_config cfg;
	struct adit_node_mem mem;
	FILE *err = fmemopen(said, sizeof said, "w");
	bool ok;

	memset(&mem, 0, sizeof mem);
	memset(&cfg, 0, sizeof cfg);
	mem.ike.sas = &node.ike;
	mem.ike.children = &node.child;
	mem.ike.handshakes = &node.handshake;
	mem.ike.sa_count = mem.ike.child_count = mem.ike.handshake_count = 1;
	mem.sad.words = node.words;
	mem.sad.sas = node.sas;
	mem.sad.entries = node.entries;
	mem.sad.count = mem.sad.hash_count = COUNT;
	mem.sad.keyctx = node.keyctx[0].mem;
	mem.sad.keyctx_size = sizeof node.keyctx[0];
	mem.sad.replay_bits = node.replay;
	mem.sad.replay_words = ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX);
	mem.sad.hash = node.hash;
	mem.policies = node.policies;
	mem.heads = node.heads;
	mem.policy_count = COUNT;
	cfg.ike.crypto = &adit_mbedtls_compat;
	cfg.ike.rng.fill = fill;
	cfg.first = m->plan->policies;
	cfg.first_count = m->plan->policy_count;
	assert_int_equal(adit_node_init(&node.node, &cfg, &mem), ADIT_OK);
	ok = manual_install(m, &node.node, 1000, err);
	fclose(err);
	return ok;
}

/* --- Which serves which. */

static void
test_addresses_tell_the_direction(void **state)
{
	struct manual *m = good(PAIR);

	(void)state;
	assert_int_equal(m->plan->sas[0].dir, ADIT_OUT);
	assert_int_equal(m->plan->sas[1].dir, ADIT_IN);
	assert_int_equal(m->plan->policy_count, 2);
	assert_int_equal(m->plan->policies[0].dir, ADIT_OUT);
	assert_int_equal(m->plan->policies[0].action, ADIT_PROTECT);
	assert_int_equal(m->plan->policies[0].selectors.local[0].first[1], 1);
	assert_int_equal(m->plan->policies[1].dir, ADIT_IN);
	assert_int_equal(m->plan->policies[1].selectors.local[0].first[1], 1);
	assert_int_equal(m->plan->sas[0].policy, 0);
}

static void
test_a_direction_that_addresses_do_not_tell_is_asked_for(void **state)
{
	(void)state;
	assert_refused("state add src 10.5.5.5 dst 10.6.6.6 proto esp spi 256" GCM,
		       "text:1: neither address is ours: say dir out or dir in");
	assert_refused("state add src 10.0.0.1 dst 10.0.1.1 proto esp spi 256" GCM,
		       "both addresses are ours");
	good("state add src 10.5.5.5 dst 10.6.6.6 proto esp spi 256 dir in sel src 10.5.5.5 dst "
	     "10.6.6.6" GCM);
}

static void
test_an_inbound_sa_lets_out_what_its_policy_names(void **state)
{
	struct manual *m = good(PAIR);

	(void)state;
	assert_true(m->plan->sas[1].has_selectors);
	assert_int_equal(m->plan->sas[1].selectors.remote[0].first[1], 2);
	assert_int_equal(m->plan->sas[1].selectors.remote[0].last[3], 255);
}

static void
test_a_forward_policy_like_the_inbound_one_adds_nothing(void **state)
{
	struct manual *m = good(PAIR "policy add src 10.2.0.0/16 dst 10.1.0.0/16 dir fwd" TMPL_IN);

	(void)state;
	assert_int_equal(m->plan->policy_count, 2);
	assert_int_equal(m->plan->policies[1].selectors.local_n, 1);
}

static void
test_policies_of_both_ip_versions_are_one(void **state)
{
	struct manual *m = good(PAIR "policy add src fd01::/64 dst fd02::/64 dir out" TMPL_OUT);

	(void)state;
	assert_int_equal(m->plan->policy_count, 2);
	assert_int_equal(m->plan->policies[0].selectors.local_n, 2);
	assert_int_equal(m->plan->policies[0].selectors.remote[1].version, 6);
}

static void
test_policies_that_differ_on_one_side_are_one(void **state)
{
	struct manual *m = good(PAIR "policy add src 10.1.0.0/16 dst 10.9.0.0/16 dir out" TMPL_OUT);

	(void)state;
	assert_int_equal(m->plan->policy_count, 2);
	assert_int_equal(m->plan->policies[0].selectors.local_n, 1);
	assert_int_equal(m->plan->policies[0].selectors.remote_n, 2);
}

/* 10.1 to 10.2 and 10.8 to 10.9 must not let 10.1 to 10.9 pass. */
static void
test_a_state_of_two_policies_that_can_not_be_one_is_refused(void **state)
{
	(void)state;
	assert_refused(PAIR "policy add src 10.8.0.0/16 dst 10.9.0.0/16 dir out" TMPL_OUT,
		       "text:5: the state of line 1 serves another policy already");
	/* One in between, of the same priority, might mean the same packets. */
	assert_refused(PAIR "policy add src 10.1.0.0/17 dst 10.9.0.0/16 dir out\n"
			    "policy add src 10.1.0.0/16 dst 10.9.0.0/16 dir out" TMPL_OUT,
		       "text:6: the state of line 1 serves another policy already");
}

static void
test_policies_without_template_let_pass_or_block(void **state)
{
	struct manual *m = good("policy add dir out src 10.3.0.0/16\n"
				"policy add dir in src 10.3.0.0/16 action block");

	(void)state;
	assert_int_equal(m->plan->policies[0].action, ADIT_BYPASS);
	assert_int_equal(m->plan->policies[1].action, ADIT_DISCARD);
}

static void
test_what_serves_nothing_is_told(void **state)
{
	(void)state;
	assert_refused(OUT " replay-oseq 0" GCM, "text:1: no policy with dir out uses this state");
	assert_refused(IN GCM, "no policy with dir in, or dir fwd, uses this state");
	assert_refused(POLICY_OUT,
		       "text:1: no state is what tmpl number 1 of this policy asks for");
	assert_refused(OUT " replay-oseq 0" GCM "\n"
			   "policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir in" TMPL_OUT,
		       "text:2: this policy is dir in, and the state of line 1 that tmpl number 1 "
		       "asks for is dir out here, by the addresses of this machine");
	assert_refused(OUT " dir in" GCM "\n" POLICY_OUT,
		       "text:2: this policy is dir out, and the state of line 1 that tmpl number 1 "
		       "asks for is dir in here, by its word");
}

static void
test_sel_narrows_an_inbound_sa(void **state)
{
	struct manual *m = good(OUT " replay-oseq 0" GCM "\n" IN
				    " sel src 10.2.3.0/24 dst 10.1.0.0/16 proto udp" OTHER_GCM
				    "\n" POLICY_OUT POLICY_IN);

	(void)state;
	assert_int_equal(m->plan->sas[1].selectors.remote[0].first[2], 3);
	assert_int_equal(m->plan->sas[1].selectors.remote[0].protocol, ADIT_PROTO_UDP);
	assert_refused(OUT " replay-oseq 0 sel src 10.1.0.0/17 dst 10.2.0.0/16" GCM "\n" POLICY_OUT,
		       "doesn't hold what its policy lets through");
}

static void
test_templates_nest(void **state)
{
	struct manual *m = good(
		OUT " replay-oseq 0" GCM
		    "\nstate add src 10.0.0.1 dst 10.0.0.2 proto ah spi 0x1002" AH_KEY IN OTHER_GCM
		    "\nstate add src 10.0.0.2 dst 10.0.0.1 proto ah spi 0x2002" AH_KEY
		    "policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out" TMPL_OUT " tmpl proto ah\n"
		    "policy add src 10.2.0.0/16 dst 10.1.0.0/16 dir in" TMPL_IN " tmpl proto ah\n");

	(void)state;
	assert_ptr_equal(m->plan->sas[0].outer, &m->plan->sas[1]);
	assert_ptr_equal(m->plan->sas[2].outer, &m->plan->sas[3]);
	assert_true(m->plan->sas[0].is_inner);
	assert_false(m->plan->sas[1].is_inner);
	/* Nothing but the inner SA's packets comes out of the outer one. */
	assert_int_equal(m->plan->sas[3].selectors.remote[0].protocol, ADIT_PROTO_ESP);
	assert_int_equal(m->plan->sas[3].selectors.remote[0].first[3], 2);
	assert_int_equal(m->plan->sas[3].selectors.remote[0].last[3], 2);
	assert_true(install(m));
}

static void
test_a_key_of_a_counting_cipher_serves_one_state(void **state)
{
	(void)state;
	assert_refused(OUT " replay-oseq 0" GCM "\n" IN GCM "\n" POLICY_OUT POLICY_IN,
		       "text:2: the key of line 1");
	good(OUT CBC "\n" IN CBC "\n" POLICY_OUT POLICY_IN);
}

static void
test_old_algorithms_need_to_be_asked_for(void **state)
{
	const char *text = "state add src 10.0.0.2 dst 10.0.0.1 proto ah spi 256 sel src 10.0.0.2 "
			   "auth md5 " KEY16;

	(void)state;
	assert_refused(text, "--legacy");
	place.plan.legacy = true;
	good(text);
}

static void
test_udp_comes_to_the_port_that_is_heard(void **state)
{
	const char *text = IN " encap espinudp 4500 4501 0.0.0.0" GCM "\n" POLICY_IN;

	(void)state;
	assert_refused(text, "our port of encap is 4501, and --natt-port is 4500");
	place.plan.natt_port = 4501;
	good(text);
}

static void
test_beet_names_two_addresses(void **state)
{
	(void)state;
	assert_refused("state add src 10.0.0.2 dst 10.0.0.1 proto esp spi 256 mode beet sel src "
		       "10.2.0.0/16 dst 10.1.0.1" GCM,
		       "mode beet needs one address in each");
	assert_true(install(good("state add src 10.0.0.2 dst 10.0.0.1 proto esp spi 256 mode beet "
				 "sel src 10.2.0.1 dst 10.1.0.1" GCM)));
}

/* --- In the node. */

static void
test_a_packet_of_a_policy_goes_through_its_state(void **state)
{
	static uint8_t room[512];
	struct adit_pkt pkt = {room, sizeof room, 200, 28};
	struct adit_verdict v;
	uint8_t *p = room + 200;
	struct manual *m = good(PAIR);

	(void)state;
	assert_true(install(m));
	memset(p, 0, 28);
	p[0] = 0x45;
	p[3] = 28;
	p[8] = 64;
	p[9] = ADIT_PROTO_UDP;
	memcpy(p + 12, "\x0a\x01\x00\x01\x0a\x02\x00\x01", 8);
	adit_node_out(&node.node, 1000, NULL, &pkt, &v, 1);
	assert_int_equal(v.kind, ADIT_VERDICT_SEND);
	assert_int_equal(adit_pkt_data(&pkt)[9], ADIT_PROTO_ESP);
	assert_memory_equal(adit_pkt_data(&pkt) + 20, "\x00\x00\x10\x01\x00\x00\x00\x01", 8);
}

static void
test_an_inbound_state_has_the_spi_that_the_file_says(void **state)
{
	struct manual *m = good(PAIR);
	const struct adit_sa *sa;

	(void)state;
	assert_true(install(m));
	sa = adit_sad_find(&node.node.sad, 0x2001, NULL);
	assert_non_null(sa);
	assert_int_equal(sa->dir, ADIT_IN);
}

/* --- Numbers. */

static void
test_a_counting_cipher_without_a_known_number_is_refused(void **state)
{
	(void)state;
	assert_refused(OUT GCM "\n" POLICY_OUT, "say replay-oseq");
	assert_refused(OUT GCM "\n" POLICY_OUT, "--numbers FILE");
	good(OUT CBC "\n" POLICY_OUT);
}

static void
test_an_inbound_state_needs_no_number(void **state)
{
	(void)state;
	good(IN GCM "\n" POLICY_IN);
}

static uint64_t
kept_number(void)
{
	struct numbers n;

	assert_true(numbers_read(&n, file, stderr));
	assert_int_equal(n.count, 1);
	return n.list[0].last;
}

static void
test_the_file_is_ahead_before_the_first_packet(void **state)
{
	struct manual *m;

	(void)state;
	place.numbers_file = file;
	m = good(OUT " replay-oseq 9" GCM "\n" POLICY_OUT);
	assert_true(install(m));
	assert_int_equal(adit_sad_get(&node.node.sad, m->plan->sas[0].id)->seq, 9);
	assert_true(kept_number() == 9 + NUMBERS_AHEAD);
}

static void
test_a_restart_goes_on_behind_all_that_may_have_been_used(void **state)
{
	struct manual *m;

	(void)state;
	place.numbers_file = file;
	assert_true(install(good(OUT " replay-oseq 9" GCM "\n" POLICY_OUT)));
	adit_node_wipe(&node.node);
	m = good(OUT GCM "\n" POLICY_OUT);
	assert_true(install(m));
	assert_true(adit_sad_get(&node.node.sad, m->plan->sas[0].id)->seq == 9 + NUMBERS_AHEAD);
	assert_true(kept_number() == 9 + 2 * NUMBERS_AHEAD);
}

static void
test_the_line_is_obeyed_where_it_is_ahead_of_the_file(void **state)
{
	struct manual *m;

	(void)state;
	place.numbers_file = file;
	assert_true(install(good(OUT " replay-oseq 9" GCM "\n" POLICY_OUT)));
	adit_node_wipe(&node.node);
	m = good(OUT " replay-oseq 500000" GCM "\n" POLICY_OUT);
	assert_true(install(m));
	assert_int_equal(adit_sad_get(&node.node.sad, m->plan->sas[0].id)->seq, 500000);
}

static void
test_the_file_stays_ahead_of_what_is_sent(void **state)
{
	struct manual *m;
	struct adit_sa *sa;

	(void)state;
	place.numbers_file = file;
	m = good(OUT " replay-oseq 0" GCM "\n" POLICY_OUT);
	assert_true(install(m));
	sa = adit_sad_get(&node.node.sad, m->plan->sas[0].id);
	sa->seq = NUMBERS_AHEAD - NUMBERS_LEFT;
	assert_true(manual_tick(m, &node.node, 1000, stderr));
	assert_true(kept_number() == NUMBERS_AHEAD);
	sa->seq++;
	assert_true(manual_tick(m, &node.node, 1000, stderr));
	assert_true(kept_number() == sa->seq + NUMBERS_AHEAD);
}

static void
test_numbers_that_can_not_be_kept_stop_the_daemon(void **state)
{
	struct manual *m;
	FILE *err;

	(void)state;
	place.numbers_file = "/nowhere/at/all";
	assert_refused(OUT " replay-oseq 0" GCM "\n" POLICY_OUT, "/nowhere/at/all.lock: No such");
	place.numbers_file = file;
	m = good(OUT " replay-oseq 0" GCM "\n" POLICY_OUT);
	assert_true(install(m));
	m->numbers.file = "/nowhere/at/all";
	adit_sad_get(&node.node.sad, m->plan->sas[0].id)->seq = NUMBERS_AHEAD;
	err = fmemopen(said, sizeof said, "w");
	assert_false(manual_tick(m, &node.node, 1000, err));
	fclose(err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses_tell_the_direction, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_direction_that_addresses_do_not_tell_is_asked_for, begin, end),
		cmocka_unit_test_setup_teardown(test_an_inbound_sa_lets_out_what_its_policy_names,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_forward_policy_like_the_inbound_one_adds_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_policies_of_both_ip_versions_are_one, begin,
						end),
		cmocka_unit_test_setup_teardown(test_policies_that_differ_on_one_side_are_one,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_state_of_two_policies_that_can_not_be_one_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_policies_without_template_let_pass_or_block,
						begin, end),
		cmocka_unit_test_setup_teardown(test_what_serves_nothing_is_told, begin, end),
		cmocka_unit_test_setup_teardown(test_sel_narrows_an_inbound_sa, begin, end),
		cmocka_unit_test_setup_teardown(test_templates_nest, begin, end),
		cmocka_unit_test_setup_teardown(test_a_key_of_a_counting_cipher_serves_one_state,
						begin, end),
		cmocka_unit_test_setup_teardown(test_old_algorithms_need_to_be_asked_for, begin,
						end),
		cmocka_unit_test_setup_teardown(test_udp_comes_to_the_port_that_is_heard, begin,
						end),
		cmocka_unit_test_setup_teardown(test_beet_names_two_addresses, begin, end),
		cmocka_unit_test_setup_teardown(test_a_packet_of_a_policy_goes_through_its_state,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_an_inbound_state_has_the_spi_that_the_file_says, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_counting_cipher_without_a_known_number_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_an_inbound_state_needs_no_number, begin, end),
		cmocka_unit_test_setup_teardown(test_the_file_is_ahead_before_the_first_packet,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_restart_goes_on_behind_all_that_may_have_been_used, begin, end),
		cmocka_unit_test_setup_teardown(
			test_the_line_is_obeyed_where_it_is_ahead_of_the_file, begin, end),
		cmocka_unit_test_setup_teardown(test_the_file_stays_ahead_of_what_is_sent, begin,
						end),
		cmocka_unit_test_setup_teardown(test_numbers_that_can_not_be_kept_stop_the_daemon,
						begin, end),
	};
	int fd = mkstemp(file);

	if (fd < 0)
		return 1;
	close(fd);
	unlink(file);
	snprintf(lock_file, sizeof lock_file, "%s.lock", file);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
