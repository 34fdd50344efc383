/* A file of `ip xfrm` commands: what each word sets, and that none is skipped in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../examples/xfrm/xfrm.h"
#include "adit/mbedtls.h"

#define KEY16 "0x000102030405060708090a0b0c0d0e0f"
#define KEY20 KEY16 "10111213"
#define KEY32 KEY16 "101112131415161718191a1b1c1d1e1f"
#define GCM " aead 'rfc4106(gcm(aes))' " KEY20 " 128"
#define ID "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001"
#define POLICY "ip xfrm policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out"

static char said[1024];

static struct xfrm *
read_text(const char *text)
{
	FILE *err = fmemopen(said, sizeof said, "w");
	struct xfrm *x;

	assert_non_null(err);
	memset(said, 0, sizeof said);
	x = xfrm_read_memory("text", text, strlen(text), err);
	fclose(err);
	return x;
}

static struct xfrm *
good(const char *text)
{
	struct xfrm *x = read_text(text);

	if (!x)
		fail_msg("\"%s\": %s", text, said);
	return x;
}

static void
assert_refused(const char *text, const char *words)
{
	struct xfrm *x = read_text(text);

	if (x)
		fail_msg("\"%s\" was taken", text);
	if (!strstr(said, words))
		fail_msg("\"%s\" does not say \"%s\"", said, words);
}

static void
test_a_state_has_what_its_words_say(void **state)
{
	struct xfrm *x = good(ID " reqid 7 mode tunnel replay-window 128" GCM "\n");
	const struct xfrm_state *s = &x->states[0];

	(void)state;
	assert_int_equal(x->state_count, 1);
	assert_int_equal(x->policy_count, 0);
	assert_int_equal(s->line, 1);
	assert_int_equal(s->src.b[3], 1);
	assert_int_equal(s->dst.b[3], 2);
	assert_int_equal(s->protocol, ADIT_PROTO_ESP);
	assert_int_equal(s->spi, 0x1001);
	assert_int_equal(s->reqid, 7);
	assert_int_equal(s->mode, ADIT_TUNNEL);
	assert_int_equal(s->replay_window, 128);
	assert_ptr_equal(s->aead, &adit_mbedtls_aes128_gcm16);
	assert_int_equal(s->key_n, 20);
	assert_int_equal(s->key[19], 0x13);
	assert_false(s->has_oseq);
	assert_false(s->is_legacy);
	xfrm_free(x);
}

static void
test_the_mode_is_transport_where_none_is_said(void **state)
{
	struct xfrm *x = good(ID GCM);

	(void)state;
	assert_int_equal(x->states[0].mode, ADIT_TRANSPORT);
	xfrm_free(x);
}

static void
test_a_cipher_and_a_mac_are_one_key(void **state)
{
	struct xfrm *x =
		good(ID " enc 'cbc(aes)' " KEY16 " auth-trunc 'hmac(sha256)' " KEY32 " 128");

	(void)state;
	assert_ptr_equal(x->states[0].aead, &adit_mbedtls_aes128_cbc_sha256);
	assert_int_equal(x->states[0].key_n, 48);
	assert_int_equal(x->states[0].key[15], 15);
	assert_int_equal(x->states[0].key[16], 0);
	assert_int_equal(x->states[0].key[47], 31);
	xfrm_free(x);
}

static void
assert_aead(const char *words, const struct adit_aead *aead)
{
	char text[600];
	struct xfrm *x;

	snprintf(text, sizeof text, ID " %s", words);
	x = good(text);
	assert_string_equal(x->states[0].aead->name, aead->name);
	xfrm_free(x);
}

static void
test_names_of_the_kernel_are_objects(void **state)
{
	(void)state;
	assert_aead("aead rfc4106(gcm(aes)) " KEY20 " 64", &adit_mbedtls_aes128_gcm8);
	assert_aead("aead rfc4106(gcm(aes)) " KEY20 " 96", &adit_mbedtls_aes128_gcm12);
	assert_aead("aead rfc4106(gcm(aes)) " KEY32 "00010203 128", &adit_mbedtls_aes256_gcm16);
	assert_aead("aead rfc4309(ccm(aes)) " KEY16 "101112 128", &adit_mbedtls_aes128_ccm16);
	assert_aead("aead rfc4309(ccm(aes)) " KEY16 "101112 64", &adit_mbedtls_aes128_ccm8);
	assert_aead("aead rfc7539esp(chacha20,poly1305) " KEY32 "00010203 128",
		    &adit_mbedtls_chacha20_poly1305);
	assert_aead("aead rfc4543(gcm(aes)) " KEY20 " 128", &adit_mbedtls_aes128_gmac);
	assert_aead("enc rfc3686(ctr(aes)) " KEY20 " auth hmac(sha1) " KEY20,
		    &adit_mbedtls_aes128_ctr_sha1);
	assert_aead("enc ecb(cipher_null) '' auth-trunc hmac(sha256) " KEY32 " 128",
		    &adit_mbedtls_null_sha256);
	assert_aead("enc cipher_null \"\" auth sha1 " KEY20, &adit_mbedtls_null_sha1);
	assert_aead("enc cbc(aes) " KEY16 " auth-trunc xcbc(aes) " KEY16 " 96",
		    &adit_mbedtls_aes128_cbc_xcbc);
	assert_aead("enc aes " KEY16 " auth cmac(aes) " KEY16, &adit_mbedtls_aes128_cbc_cmac);
	assert_aead("enc cbc(camellia) " KEY16 " auth hmac(sha1) " KEY20,
		    &adit_mbedtls_camellia128_cbc_sha1);
}

static void
test_old_algorithms_are_told_apart(void **state)
{
	struct xfrm *x =
		good(ID " enc cbc(des3_ede) " KEY16 "1011121314151617 auth hmac(sha1) " KEY20
			"\nstate add src ::1 dst ::2 proto ah spi 300 auth md5 " KEY16);

	(void)state;
	assert_true(x->states[0].is_legacy);
	assert_true(x->states[1].is_legacy);
	xfrm_free(x);
}

static void
test_ah_has_integrity_alone(void **state)
{
	struct xfrm *x = good("state add src fd00::1 dst fd00::2 proto ah spi 256 auth-trunc "
			      "hmac(sha256) " KEY32 " 128");

	(void)state;
	assert_int_equal(x->states[0].protocol, ADIT_PROTO_AH);
	assert_int_equal(x->states[0].src.version, 6);
	assert_ptr_equal(x->states[0].aead, &adit_mbedtls_null_sha256);
	xfrm_free(x);
	assert_refused("state add src ::1 dst ::2 proto ah spi 256" GCM, "AH has no encryption");
}

static void
test_ah_over_ipv4_is_padded_to_8_bytes_unless_align4(void **state)
{
	const char *end = " proto ah spi 256 auth hmac(sha1) " KEY20;
	char text[400];
	struct xfrm *x;

	(void)state;
	snprintf(text, sizeof text, "state add src 10.0.0.1 dst 10.0.0.2%s", end);
	x = good(text);
	assert_int_equal(x->states[0].flags, ADIT_SA_ALIGN8);
	xfrm_free(x);
	snprintf(text, sizeof text, "state add src 10.0.0.1 dst 10.0.0.2%s flag align4", end);
	x = good(text);
	assert_int_equal(x->states[0].flags, 0);
	xfrm_free(x);
	snprintf(text, sizeof text, "state add src fd00::1 dst fd00::2%s", end);
	x = good(text);
	assert_int_equal(x->states[0].flags, 0);
	xfrm_free(x);
}

static void
test_flags_are_a_list(void **state)
{
	struct xfrm *x = good(ID " mode tunnel flag esn af-unspec noecn nopmtudisc decap-dscp "
				 "extra-flag dont-encap-dscp" GCM);

	(void)state;
	assert_true(x->states[0].esn);
	assert_int_equal(x->states[0].flags,
			 ADIT_SA_NO_ECN | ADIT_SA_CLEAR_DF | ADIT_SA_DECAP_DSCP | ADIT_SA_SET_DSCP);
	xfrm_free(x);
}

static void
test_extended_numbers_have_two_halves(void **state)
{
	struct xfrm *x = good(ID " flag esn replay-oseq 5 replay-oseq-hi 1 replay-seq 7 "
				 "replay-seq-hi 2" GCM);

	(void)state;
	assert_true(x->states[0].has_oseq);
	assert_true(x->states[0].oseq == 0x100000005u);
	assert_true(x->states[0].seq == 0x200000007u);
	xfrm_free(x);
	assert_refused(ID " replay-oseq-hi 1" GCM, "need flag esn");
}

static void
test_limits_are_bounds_of_life(void **state)
{
	struct xfrm *x = good(ID " limit byte-soft 1000 limit byte-hard 2000 limit packet-soft 10 "
				 "limit packet-hard 20 limit time-soft 30 limit time-hard 40" GCM);
	const struct xfrm_state *s = &x->states[0];

	(void)state;
	assert_int_equal(s->soft.bytes, 1000);
	assert_int_equal(s->hard.bytes, 2000);
	assert_int_equal(s->soft.packets, 10);
	assert_int_equal(s->hard.packets, 20);
	assert_int_equal(s->soft.time, 30000);
	assert_int_equal(s->hard.time, 40000);
	xfrm_free(x);
	assert_refused(ID " limit time-use-soft 1" GCM, "time-use-soft is not known");
}

static void
test_udp_encapsulation_has_ports_and_an_original_address(void **state)
{
	struct xfrm *x = good(ID " encap espinudp 4500 4501 192.168.0.1" GCM);

	(void)state;
	assert_true(x->states[0].encap);
	assert_int_equal(x->states[0].sport, 4500);
	assert_int_equal(x->states[0].dport, 4501);
	assert_int_equal(x->states[0].original.b[0], 192);
	xfrm_free(x);
	x = good(ID " encap espinudp 4500 4500 0.0.0.0" GCM);
	assert_int_equal(x->states[0].original.version, 0);
	xfrm_free(x);
	assert_refused(ID " encap espintcp 1 1 0.0.0.0" GCM, "espinudp");
	assert_refused(ID " encap espinudp 0 1 0.0.0.0" GCM, "can't be 0");
}

static void
test_a_policy_has_selectors_and_templates(void **state)
{
	struct xfrm *x = good(POLICY " priority 5 tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 7 "
				     "mode tunnel level required tmpl proto ah mode transport");
	const struct xfrm_policy *p = &x->policies[0];

	(void)state;
	assert_int_equal(p->dir, XFRM_OUT);
	assert_int_equal(p->priority, 5);
	assert_int_equal(p->template_n, 2);
	assert_int_equal(p->templates[0].mode, ADIT_TUNNEL);
	assert_int_equal(p->templates[0].reqid, 7);
	assert_int_equal(p->templates[1].protocol, ADIT_PROTO_AH);
	assert_int_equal(p->templates[1].src.version, 0);
	assert_int_equal(p->sel.src.first[1], 1);
	assert_int_equal(p->sel.src.last[3], 255);
	assert_int_equal(p->sel.dst.protocol, 0);
	xfrm_free(x);
}

static void
test_a_selector_may_stand_behind_the_direction(void **state)
{
	struct xfrm *x = good("policy add dir in dst 10.0.0.0/8 proto tcp dport 80 action block");

	(void)state;
	assert_true(x->policies[0].block);
	assert_int_equal(x->policies[0].dir, XFRM_IN);
	assert_int_equal(x->policies[0].sel.dst.port_first, 80);
	assert_int_equal(x->policies[0].sel.dst.port_last, 80);
	assert_int_equal(x->policies[0].sel.src.port_last, 65535);
	assert_int_equal(x->policies[0].sel.src.last[0], 255);
	xfrm_free(x);
	assert_refused("policy add src 10.0.0.1 dir in dst 10.0.0.2", "a second selector");
}

static void
test_without_addresses_a_policy_is_for_one_ip_version(void **state)
{
	struct xfrm *x = good("ip xfrm policy add dir in\nip -6 xfrm policy add dir in");

	(void)state;
	assert_int_equal(x->policies[0].sel.src.version, 4);
	assert_int_equal(x->policies[1].sel.src.version, 6);
	xfrm_free(x);
}

static void
test_type_and_code_are_ports_of_icmp(void **state)
{
	struct xfrm *x = good("policy add dir in src 10.0.0.0/8 proto icmp type 8 code 3\n"
			      "policy add dir in src 10.0.0.0/8 proto icmp type 8");

	(void)state;
	assert_int_equal(x->policies[0].sel.src.port_first, 0x803);
	assert_int_equal(x->policies[0].sel.dst.port_last, 0x803);
	assert_int_equal(x->policies[1].sel.src.port_first, 0x800);
	assert_int_equal(x->policies[1].sel.dst.port_last, 0x8ff);
	xfrm_free(x);
	assert_refused("policy add dir in proto icmp code 1", "code needs type");
	assert_refused("policy add dir in proto tcp type 1", "need proto icmp");
	assert_refused("policy add dir in proto icmp sport 1", "need proto tcp");
}

static void
test_lower_priorities_come_first_and_equal_ones_in_order(void **state)
{
	struct xfrm *x = good("policy add dir in priority 2\npolicy add dir in priority 1\n"
			      "policy add dir in priority 2\npolicy add dir in\n");

	(void)state;
	assert_int_equal(x->policies[0].line, 4);
	assert_int_equal(x->policies[1].line, 2);
	assert_int_equal(x->policies[2].line, 1);
	assert_int_equal(x->policies[3].line, 3);
	xfrm_free(x);
}

static void
test_lines_go_on_behind_a_backslash(void **state)
{
	struct xfrm *x =
		good("# keys\n\n  # \\\nip xfrm state add src 10.0.0.1 \\\n  dst 10.0.0.2 "
		     "proto esp \\\r\n spi 0x10\\\n01" GCM " # there\nip xfrm policy add dir in");

	(void)state;
	assert_int_equal(x->state_count, 1);
	assert_int_equal(x->states[0].line, 4);
	assert_int_equal(x->states[0].spi, 0x1001);
	assert_int_equal(x->policies[0].line, 8);
	xfrm_free(x);
}

static void
test_a_script_may_begin_with_flush(void **state)
{
	struct xfrm *x =
		good("ip xfrm state flush\nip xfrm policy flush\nip xfrm policy add dir in");

	(void)state;
	assert_int_equal(x->policy_count, 1);
	xfrm_free(x);
	assert_refused("policy add dir in\npolicy flush", "text:2: flush stands before");
	assert_refused("policy flush all", "flush stands alone, without all");
}

static void
test_an_empty_file_has_nothing(void **state)
{
	struct xfrm *x = good("");

	(void)state;
	assert_int_equal(x->state_count + x->policy_count, 0);
	xfrm_free(x);
	x = good("\n\n# nothing\n\\\n");
	assert_int_equal(x->state_count + x->policy_count, 0);
	xfrm_free(x);
}

static void
test_what_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	assert_refused("\n" ID " \\\n mark 7" GCM,
		       "text:3: mark is not known here; known are: src");
	assert_refused(POLICY " \\\n\\\n index 7", "text:3: index is not known here");
	assert_refused("ip xfrm monitor", "text:1: [ip] [xfrm] state or policy was expected");
	assert_refused("state del spi 1",
		       "add (or, before all of it, flush) was expected, not del");
}

static void
test_unknown_words_are_refused_with_those_that_are_known(void **state)
{
	(void)state;
	assert_refused(ID " mode ro", "known modes are: tunnel transport beet");
	assert_refused(ID " flag wildrecv" GCM,
		       "wildrecv is not known here; known are: esn align4");
	assert_refused(ID " aead gcm " KEY20 " 128", "known are: rfc4106(gcm(aes))");
	assert_refused(ID " enc cbc(serpent) " KEY16, "known are: cbc(aes) rfc3686(ctr(aes))");
	assert_refused(ID " auth-trunc hmac(sm3) " KEY32 " 128", "known are: hmac(sha256)");
	assert_refused("policy add dir up", "out, in or fwd");
	assert_refused("policy add dir in action drop", "allow or block");
	assert_refused("policy add dir in tmpl proto comp", "proto of tmpl is esp or ah");
}

static void
test_integrity_is_never_missing(void **state)
{
	(void)state;
	assert_refused(ID " enc cbc(aes) " KEY16, "without integrity is refused");
	assert_refused(ID, "without integrity is refused");
	assert_refused(ID " auth hmac(sha1) " KEY20, "enc ecb(cipher_null)");
}

static void
test_an_icv_of_no_rfc_is_refused(void **state)
{
	(void)state;
	assert_refused(ID " enc cbc(aes) " KEY16 " auth hmac(sha256) " KEY32,
		       "say auth-trunc 'hmac(sha256)' KEY 128");
	assert_refused(ID " enc cbc(aes) " KEY16 " auth-trunc hmac(sha1) " KEY20 " 80",
		       "no ICV of 80 bits");
	assert_refused(ID " aead rfc4106(gcm(aes)) " KEY20 " 0", "no ICV of 0 bits");
}

static void
test_keys_have_their_length_and_are_hex(void **state)
{
	(void)state;
	assert_refused(ID " aead rfc4106(gcm(aes)) " KEY16 " 128", "has none of its lengths");
	assert_refused(ID " enc cbc(aes) " KEY16 " auth hmac(sha1) " KEY16, "has not its length");
	assert_refused(ID " aead rfc4106(gcm(aes)) secret 128", "hexadecimal");
	assert_refused(ID " aead rfc4106(gcm(aes)) " KEY20 "1 128", "hexadecimal");
	assert_null(strstr(said, "000102"));
}

static void
test_what_would_weaken_is_refused(void **state)
{
	(void)state;
	assert_refused(ID " replay-window 0" GCM, "never off");
	assert_refused(POLICY " tmpl proto esp level use", "level use would send in clear");
}

static void
test_what_a_state_needs_is_asked_for(void **state)
{
	(void)state;
	assert_refused("state add dst 10.0.0.2 proto esp spi 256" GCM, "needs src and dst");
	assert_refused("state add src ::1 dst 10.0.0.2 proto esp spi 256" GCM, "of one IP version");
	assert_refused("state add src ::1 dst ::2 spi 256" GCM, "needs proto");
	assert_refused("state add src ::1 dst ::2 proto esp" GCM, "needs its spi");
	assert_refused("state add src ::1 dst ::2 proto esp spi 255" GCM, "below 256 is reserved");
	assert_refused("state add src ::1 dst ::2 proto esp spi 0x0x1001" GCM,
		       "spi is a number from 0 to 4294967295, not 0x0x1001");
	assert_refused(ID " mode beet" GCM, "needs sel");
	assert_refused(ID " tfcpad 100" GCM, "tunnel mode");
	assert_refused("policy add src 10.0.0.0/8", "needs dir");
	assert_refused("policy add dir in src 10.0.0.0/33", "32 bits at most");
	assert_refused("policy add dir in src 10.0.0.0/8 dst ::/0", "of one IP version");
	assert_refused("policy add dir in action block tmpl proto esp", "needs no tmpl");
}

static void
test_one_state_stands_once(void **state)
{
	(void)state;
	assert_refused(ID GCM "\n" ID GCM,
		       "text:2: dst, proto and spi of this state are in line 1");
	assert_refused(ID GCM " auth hmac(sha1) " KEY20, "a second algorithm");
}

static void
test_a_word_stands_once(void **state)
{
	static const char *const words[] = {
		"src 10.0.0.3",
		"dst 10.0.0.3",
		"proto ah",
		"spi 0x1002",
		"reqid 7 reqid 8",
		"mode tunnel mode transport",
		"dir in dir out",
		"replay-window 64 replay-window 64",
		"replay-seq 5 replay-seq 6",
		"replay-oseq 5 replay-oseq 6",
		"limit byte-hard 0 limit byte-hard 9",
		"tfcpad 10 tfcpad 20",
		"encap espinudp 1 2 ::1 encap espinudp 1 3 ::1",
		"sel src 10.0.0.0/8 sel src 11.0.0.0/8",
		"sel src 10.0.0.0/8 src 11.0.0.0/8",
		GCM GCM,
	};
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		snprintf(text, sizeof text, "\n" ID " %s%s", words[i],
			 strstr(words[i], "aead") ? "" : GCM);
		assert_refused(text, "text:2: ");
		assert_refused(text, "is said twice");
	}
	assert_refused(POLICY " dir in", "text:1: dir is said twice");
	assert_refused(POLICY " tmpl proto esp reqid 1 reqid 2", "text:1: reqid is said twice");
	/* What adds to the first. */
	xfrm_free(good(ID " limit byte-soft 1 limit byte-hard 2 flag esn noecn flag esn" GCM));
	xfrm_free(good(POLICY " tmpl proto esp reqid 1 tmpl proto esp reqid 1"));
}

static void
test_a_shell_would_see_something_else(void **state)
{
	(void)state;
	assert_refused(ID " reqid $N" GCM, "means something to a shell");
	assert_refused("policy add dir in; policy flush", "means something to a shell");
	assert_refused(ID " aead 'rfc4106(gcm(aes)) " KEY20 " 128\n", "not closed");
}

static void
test_every_cut_of_a_line_is_refused_or_whole(void **state)
{
	static const char text[] =
		ID " reqid 7 mode tunnel flag esn replay-oseq 1 limit byte-soft 9 "
		   "encap espinudp 1 2 ::1 sel src 10.0.0.1 dst 10.0.0.2" GCM;
	size_t whole = 0;

	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		FILE *err = fmemopen(said, sizeof said, "w");
		struct xfrm *x = xfrm_read_memory("text", text, n, err);

		fclose(err);
		if (x && x->state_count)
			whole++;
		xfrm_free(x);
	}
	/* But for the last word cut: "128" alone is an ICV. */
	assert_int_equal(whole, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_state_has_what_its_words_say),
		cmocka_unit_test(test_the_mode_is_transport_where_none_is_said),
		cmocka_unit_test(test_a_cipher_and_a_mac_are_one_key),
		cmocka_unit_test(test_names_of_the_kernel_are_objects),
		cmocka_unit_test(test_old_algorithms_are_told_apart),
		cmocka_unit_test(test_ah_has_integrity_alone),
		cmocka_unit_test(test_ah_over_ipv4_is_padded_to_8_bytes_unless_align4),
		cmocka_unit_test(test_flags_are_a_list),
		cmocka_unit_test(test_extended_numbers_have_two_halves),
		cmocka_unit_test(test_limits_are_bounds_of_life),
		cmocka_unit_test(test_udp_encapsulation_has_ports_and_an_original_address),
		cmocka_unit_test(test_a_policy_has_selectors_and_templates),
		cmocka_unit_test(test_a_selector_may_stand_behind_the_direction),
		cmocka_unit_test(test_without_addresses_a_policy_is_for_one_ip_version),
		cmocka_unit_test(test_type_and_code_are_ports_of_icmp),
		cmocka_unit_test(test_lower_priorities_come_first_and_equal_ones_in_order),
		cmocka_unit_test(test_lines_go_on_behind_a_backslash),
		cmocka_unit_test(test_a_script_may_begin_with_flush),
		cmocka_unit_test(test_an_empty_file_has_nothing),
		cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(test_unknown_words_are_refused_with_those_that_are_known),
		cmocka_unit_test(test_integrity_is_never_missing),
		cmocka_unit_test(test_an_icv_of_no_rfc_is_refused),
		cmocka_unit_test(test_keys_have_their_length_and_are_hex),
		cmocka_unit_test(test_what_would_weaken_is_refused),
		cmocka_unit_test(test_what_a_state_needs_is_asked_for),
		cmocka_unit_test(test_one_state_stands_once),
		cmocka_unit_test(test_a_word_stands_once),
		cmocka_unit_test(test_a_shell_would_see_something_else),
		cmocka_unit_test(test_every_cut_of_a_line_is_refused_or_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
