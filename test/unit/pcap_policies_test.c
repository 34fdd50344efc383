/* adit-pcap by the policies of an xfrm file: each packet goes through the SA that its policy names,
 * in clear, or not at all; and what comes is held against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../examples/adit-pcap/policies.h"
#include "../../examples/xfrm/keep.h"

enum { CAP = 2048 };

#define GCM(first) " aead rfc4106(gcm(aes)) 0x" first "0102030405060708090a0b0c0d0e0f10111213 128\n"
#define AH_KEY " auth hmac(sha1) 0x000102030405060708090a0b0c0d0e0f10111213\n"
#define A_TO_B "state add src 192.0.2.1 dst 192.0.2.2 proto "
#define B_TO_A "state add src 192.0.2.2 dst 192.0.2.1 proto "
/* The networks 10.FROM and 10.TO. */
#define POLICY(dir, from, to) "policy add src 10." from ".0.0/16 dst 10." to ".0.0/16 dir " dir
#define TMPL " tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel reqid "

#define TWO                                                          \
	A_TO_B "esp spi 0x1001 reqid 1 mode tunnel" GCM("00") A_TO_B \
		"esp spi 0x1002 reqid 2 mode tunnel" GCM("01")
/* Both ends in one file: what is put on is taken off by it too. */
#define TWO_BOTH                                                           \
	TWO POLICY("out", "1", "2") TMPL "1\n" POLICY("in", "1", "2") TMPL \
		"1\n" POLICY("out", "1", "3") TMPL "2\n" POLICY("in", "1", "3") TMPL "2\n"

#define LATE POLICY("out", "1", "2") " priority 9"
#define EARLY POLICY("out", "1", "2") " priority 3"
#define CLEAR(dir) POLICY(dir, "1", "4") "\n"
#define BLOCK(dir) POLICY(dir, "1", "5") " action block\n"

static struct xfrm *x;
static struct work w;
static char said[512];
static uint8_t mem[CAP], scratch[CAP], plain[28];
static struct adit_pkt pkt;

static int
end(void **state)
{
	(void)state;
	work_wipe(&w);
	memset(&w, 0, sizeof w);
	xfrm_free(x);
	x = NULL;
	keep_nothing();
	return 0;
}

static bool
read_policies(const char *text, enum adit_direction dir)
{
	FILE *err = fmemopen(said, sizeof said, "w");

	memset(said, 0, sizeof said);
	end(NULL);
	w.udp_port = 4500;
	x = xfrm_read_memory("text", text, strlen(text), err);
	if (x && policies_are_in(x, dir))
		w.policies = policies_make(x, dir, err);
	fclose(err);
	return w.policies != NULL;
}

static void
start(const char *text, enum adit_direction dir)
{
	if (!read_policies(text, dir))
		fail_msg("%s", said);
}

/* A UDP packet from 10.FROM.0.1 to 10.TO.0.1. */
static void
put_plain(uint8_t from, uint8_t to)
{
	static const uint8_t udp[28] = {0x45, 0, 0,  28, 0, 0, 0,  0, 64, ADIT_PROTO_UDP,
					0,    0, 10, 0,  0, 1, 10, 0, 0,  1};
	unsigned sum;

	memset(mem, 0, sizeof mem);
	memcpy(plain, udp, sizeof plain);
	plain[13] = from;
	plain[17] = to;
	/* The header's checksum, as transport mode makes it anew: a sum of ones' complements. */
	sum = 0x4500u + 28 + 0x4000 + ADIT_PROTO_UDP + 2 * 0x0a00u + from + to + 2;
	sum = 0xffff - ((sum & 0xffff) + (sum >> 16));
	plain[10] = (uint8_t)(sum >> 8);
	plain[11] = (uint8_t)sum;
	pkt = (struct adit_pkt){mem, CAP, WORK_HEADROOM, sizeof plain};
	memcpy(adit_pkt_data(&pkt), plain, sizeof plain);
}

static void
assert_plain(void)
{
	assert_int_equal(pkt.len, sizeof plain);
	assert_memory_equal(adit_pkt_data(&pkt), plain, sizeof plain);
}

static void
assert_out(uint8_t from, uint8_t to, enum work_result result)
{
	enum adit_status st;

	put_plain(from, to);
	assert_int_equal(work_encap(&w, &pkt, &st), result);
}

static void
assert_in(enum work_result result, enum adit_status status)
{
	enum adit_status st;

	assert_int_equal(work_decap(&w, &pkt, scratch, &st), result);
	assert_string_equal(adit_status_name(st), adit_status_name(status));
}

/* The low byte of the SPI, and the number, of ESP behind a bare IPv4 header. */
static void
assert_esp(uint8_t spi, uint8_t seq)
{
	const uint8_t *p = adit_pkt_data(&pkt);

	assert_int_equal(p[9], ADIT_PROTO_ESP);
	assert_int_equal(p[23], spi);
	assert_int_equal(p[27], seq);
}

static void
test_each_packet_goes_through_the_sa_of_its_policy(void **state)
{
	(void)state;
	start(TWO_BOTH, ADIT_OUT);
	assert_out(1, 2, WORK_DONE);
	assert_esp(1, 1);
	assert_out(1, 3, WORK_DONE);
	assert_esp(2, 1);
	assert_out(1, 2, WORK_DONE);
	assert_esp(1, 2);
}

static void
test_the_first_policy_by_priority_decides(void **state)
{
	(void)state;
	start(TWO LATE TMPL "1\n" EARLY TMPL "2\n", ADIT_OUT);
	assert_out(1, 2, WORK_DONE);
	assert_esp(2, 1);
}

static void
test_policies_without_template_copy_or_drop(void **state)
{
	static const char text[] = TWO_BOTH CLEAR("out") CLEAR("in") BLOCK("out") BLOCK("in");

	(void)state;
	start(text, ADIT_OUT);
	assert_out(1, 4, WORK_COPY);
	assert_plain();
	assert_out(1, 5, WORK_DROPPED);
	/* What no policy is about. */
	assert_out(1, 6, WORK_DROPPED);
	start(text, ADIT_IN);
	put_plain(1, 4);
	assert_in(WORK_COPY, ADIT_OK);
	assert_plain();
	put_plain(1, 5);
	assert_in(WORK_DROPPED, ADIT_ERR_POLICY);
	put_plain(1, 6);
	assert_in(WORK_DROPPED, ADIT_ERR_POLICY);
}

/* The packet at hand, by the policies of another file. */
static void
restart(const char *text, enum adit_direction dir)
{
	static uint8_t kept[CAP];

	memcpy(kept, mem, sizeof kept);
	start(text, dir);
	memcpy(mem, kept, sizeof kept);
}

static void
test_what_one_file_puts_on_it_takes_off(void **state)
{
	(void)state;
	start(TWO_BOTH, ADIT_OUT);
	assert_out(1, 3, WORK_DONE);
	restart(TWO_BOTH, ADIT_IN);
	assert_in(WORK_DONE, ADIT_OK);
	assert_plain();
}

static void
test_a_packet_through_an_sa_that_its_policy_does_not_name_is_dropped(void **state)
{
	(void)state;
	start(TWO_BOTH, ADIT_OUT);
	assert_out(1, 3, WORK_DONE);
	restart(TWO POLICY("in", "1", "2") TMPL "2\n" POLICY("in", "1", "3") TMPL "1\n", ADIT_IN);
	assert_in(WORK_DROPPED, ADIT_ERR_SELECTOR);
}

static void
test_clear_text_that_should_have_been_protected_is_dropped(void **state)
{
	(void)state;
	start(TWO_BOTH, ADIT_IN);
	put_plain(1, 2);
	assert_in(WORK_DROPPED, ADIT_ERR_POLICY);
}

static void
test_an_sa_of_no_policy_opens_nothing(void **state)
{
	(void)state;
	start(TWO_BOTH, ADIT_OUT);
	assert_out(1, 3, WORK_DONE);
	/* One that is in the file, but that no policy names. */
	restart(TWO POLICY("in", "1", "2") TMPL "1\n", ADIT_IN);
	assert_in(WORK_DROPPED, ADIT_ERR_SELECTOR);
	start(TWO_BOTH, ADIT_OUT);
	assert_out(1, 3, WORK_DONE);
	restart(A_TO_B "esp spi 0x1001 reqid 1 mode tunnel" GCM("00") POLICY("in", "1", "2") TMPL
		"1\n",
		ADIT_IN);
	assert_in(WORK_FAILED, ADIT_ERR_NO_SA);
}

static void
test_a_packet_captured_twice_is_a_replay(void **state)
{
	struct adit_pkt first;
	static uint8_t copy[CAP];

	(void)state;
	start(TWO_BOTH, ADIT_OUT);
	assert_out(1, 2, WORK_DONE);
	restart(TWO_BOTH, ADIT_IN);
	memcpy(copy, mem, sizeof copy);
	first = pkt;
	assert_in(WORK_DONE, ADIT_OK);
	memcpy(mem, copy, sizeof mem);
	pkt = first;
	assert_in(WORK_FAILED, ADIT_ERR_REPLAY);
}

/* Numbers that came elsewhere, and ends of lives, are nothing to a capture. */
static void
test_a_capture_may_be_older_than_the_file(void **state)
{
	static const char in[] = A_TO_B
		"esp spi 0x1001 reqid 1 mode tunnel replay-seq 500 limit packet-hard 1" GCM("00")
			POLICY("in", "1", "2") TMPL "1\n";

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(TWO_BOTH, ADIT_OUT);
		assert_out(1, 2, WORK_DONE);
		restart(in, ADIT_IN);
		assert_in(WORK_DONE, ADIT_OK);
		assert_plain();
	}
}

#define BUNDLE                                                                                 \
	"state add src 10.1.0.1 dst 10.2.0.1 proto esp spi 0x1001 reqid 1" GCM(                \
		"00") "state add src 10.1.0.1 dst 10.2.0.1 proto ah spi 0x1002 reqid 1" AH_KEY \
		      "state add src 10.2.0.1 dst 10.1.0.1 proto esp spi 0x2001 reqid 1" GCM(  \
			      "01") "state add src 10.2.0.1 dst 10.1.0.1 proto ah spi 0x2002 " \
				    "reqid 1" AH_KEY
#define NESTED " tmpl proto esp reqid 1 tmpl proto ah reqid 1\n"

/* Templates without addresses: the policies' ends are those of the SAs. */
static void
test_a_bundle_goes_on_and_comes_off_as_a_whole(void **state)
{
	static const char a[] = BUNDLE POLICY("out", "1", "2") NESTED POLICY("in", "2", "1") NESTED;
	static const char b[] = BUNDLE POLICY("out", "2", "1") NESTED POLICY("in", "1", "2") NESTED;

	(void)state;
	start(a, ADIT_OUT);
	assert_true(work_has_ah(&w));
	assert_out(1, 2, WORK_DONE);
	assert_int_equal(adit_pkt_data(&pkt)[9], ADIT_PROTO_AH);
	assert_int_equal(adit_pkt_data(&pkt)[27], 2);
	restart(b, ADIT_IN);
	assert_true(work_has_ah(&w));
	assert_in(WORK_DONE, ADIT_OK);
	assert_plain();
	/* ESP without the AH around it is not what the policy asks for. */
	start("state add src 10.1.0.1 dst 10.2.0.1 proto esp spi 0x1001 reqid 1" GCM("00")
		      POLICY("out", "1", "2") " tmpl proto esp reqid 1\n",
	      ADIT_OUT);
	assert_out(1, 2, WORK_DONE);
	restart(b, ADIT_IN);
	assert_in(WORK_DROPPED, ADIT_ERR_POLICY);
}

#define LAYER(n) "state add src 10.1.0.1 dst 10.2.0.1 proto esp spi 0x100" n " reqid " n GCM("0" n)
#define LAYERS LAYER("1") LAYER("2") LAYER("3") LAYER("4") LAYER("5")
#define IN(n) " tmpl proto esp reqid " n
#define UDP_OUT "policy add src 10.1.0.1 dst 10.2.0.1 proto udp dir out"
#define ALL_OUT "policy add src 10.1.0.1 dst 10.2.0.1 dir out"

static void
test_policies_may_share_an_outer_sa(void **state)
{
	(void)state;
	start(LAYERS UDP_OUT IN("1") IN("2") "\n" ALL_OUT IN("3") IN("2") "\n", ADIT_OUT);
	assert_out(1, 2, WORK_DONE);
	assert_esp(2, 1);
}

static void
assert_not_one(const char *policies, const char *words)
{
	char text[4096];

	snprintf(text, sizeof text, "%s%s", LAYERS, policies);
	if (read_policies(text, ADIT_OUT))
		fail_msg("\"%s\" was taken", policies);
	if (!strstr(said, words))
		fail_msg("\"%s\" does not say \"%s\"", said, words);
}

/* A packet of the first policy would get the SAs that the second has around the shared one. */
static void
test_no_policy_goes_on_with_the_sas_of_another(void **state)
{
	(void)state;
	assert_not_one(UDP_OUT IN("1") IN("2") "\n" ALL_OUT IN("3") IN("2") IN("4") IN("5") "\n",
		       "text:6: the state of line 2 serves another policy already");
	assert_not_one(ALL_OUT IN("3") IN("2") IN("4") "\n" UDP_OUT IN("1") IN("2") "\n",
		       "text:7: the state of line 2 serves another policy already");
}

static void
test_no_sa_is_around_itself(void **state)
{
	(void)state;
	assert_not_one(UDP_OUT IN("1") IN("2") IN("3") "\n" ALL_OUT IN("4") IN("3") IN("2") "\n",
		       "text:6: the state of line 3 serves another policy already");
	assert_not_one(UDP_OUT IN("1") IN("2") IN("3") IN("2") "\n",
		       "text:6: the state of line 2 serves another policy already");
}

static void
test_a_state_says_the_direction_that_policies_do_not_tell(void **state)
{
	(void)state;
	assert_false(read_policies(A_TO_B "esp spi 256 reqid 1" GCM(
					   "00") "policy add dir out tmpl proto esp reqid 1\n",
				   ADIT_OUT));
	assert_non_null(strstr(said, "text:1: both addresses are ours: say dir out or dir in"));
	assert_true(read_policies(A_TO_B "esp spi 256 dir out reqid 1" GCM(
					  "00") "policy add dir out tmpl proto esp reqid 1\n",
				  ADIT_OUT));
	/* That of the other direction is none of ours. */
	assert_false(read_policies(A_TO_B "esp spi 256 dir in reqid 1" GCM(
					   "00") "policy add dir out tmpl proto esp reqid 1\n",
				   ADIT_OUT));
	assert_non_null(strstr(said, "text:2: no state is what tmpl number 1 of this policy asks"));
	assert_false(read_policies(B_TO_A "esp spi 256 reqid 1 mode tunnel" GCM("00")
					   POLICY("out", "1", "2") TMPL "1\n",
				   ADIT_OUT));
	assert_non_null(strstr(said, "text:2: no state is what tmpl number 1 of this policy asks"));
}

static void
test_policies_of_the_other_direction_decide_nothing(void **state)
{
	static const char out[] = TWO POLICY("out", "1", "2") TMPL "1\n";
	static const char fwd[] = TWO POLICY("fwd", "1", "2") TMPL "1\n";

	(void)state;
	assert_false(read_policies(out, ADIT_IN));
	assert_string_equal(said, "");
	assert_false(read_policies(fwd, ADIT_OUT));
	assert_string_equal(said, "");
	/* That of a router is about what comes. */
	assert_true(read_policies(fwd, ADIT_IN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_each_packet_goes_through_the_sa_of_its_policy, end),
		cmocka_unit_test_teardown(test_the_first_policy_by_priority_decides, end),
		cmocka_unit_test_teardown(test_policies_without_template_copy_or_drop, end),
		cmocka_unit_test_teardown(test_what_one_file_puts_on_it_takes_off, end),
		cmocka_unit_test_teardown(
			test_a_packet_through_an_sa_that_its_policy_does_not_name_is_dropped, end),
		cmocka_unit_test_teardown(
			test_clear_text_that_should_have_been_protected_is_dropped, end),
		cmocka_unit_test_teardown(test_an_sa_of_no_policy_opens_nothing, end),
		cmocka_unit_test_teardown(test_a_packet_captured_twice_is_a_replay, end),
		cmocka_unit_test_teardown(test_a_capture_may_be_older_than_the_file, end),
		cmocka_unit_test_teardown(test_a_bundle_goes_on_and_comes_off_as_a_whole, end),
		cmocka_unit_test_teardown(test_policies_may_share_an_outer_sa, end),
		cmocka_unit_test_teardown(test_no_policy_goes_on_with_the_sas_of_another, end),
		cmocka_unit_test_teardown(test_no_sa_is_around_itself, end),
		cmocka_unit_test_teardown(test_a_state_says_the_direction_that_policies_do_not_tell,
					  end),
		cmocka_unit_test_teardown(test_policies_of_the_other_direction_decide_nothing, end),
	};

	return cmocka_run_group_tests_name("pcap_policies", tests, NULL, NULL);
}
