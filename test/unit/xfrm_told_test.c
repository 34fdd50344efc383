/* What people and Wireshark are told of SAs by hand: their keys in a file, their last numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/keylog.h"
#include "../../examples/aditd/manual.h"
#include "../../examples/aditd/values.h"
#include "adit/mbedtls.h"

#define KEY "0x000102030405060708090a0b0c0d0e0f"
#define OTHER_KEY "0xf00102030405060708090a0b0c0d0e0f"
#define GCM " aead 'rfc4106(gcm(aes))' " KEY "10111213 128\n"
#define OTHER_GCM " aead 'rfc4106(gcm(aes))' " OTHER_KEY "10111213 128\n"
#define AH_KEY " auth hmac(sha1) " KEY "10111213\n"
/* ESP in AH, 10.0.0.1 to 10.0.0.2 and, ESP alone, back. */
#define BOTH "state add src 10.0.0.1 dst 10.0.0.2 proto "
#define BACK "state add src 10.0.0.2 dst 10.0.0.1 proto "
#define POLICIES                                                                             \
	"policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 10.0.0.1 dst 10.0.0.2 " \
	"proto esp mode tunnel tmpl src 10.0.0.1 dst 10.0.0.2 proto ah\n"                    \
	"policy add src 10.2.0.0/16 dst 10.1.0.0/16 dir in tmpl src 10.0.0.2 dst 10.0.0.1 "  \
	"proto esp mode tunnel\n"

enum { COUNT = 4 };

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

static char folder[64], told[4096];
static struct xfrm *x;
static struct manual *m;

static bool
is_own(const struct adit_ip *ip)
{
	return ip->b[0] == 10 && ip->b[3] == 1;
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return ADIT_OK;
}

static void
make_node(void)
{
	struct adit_node_config cfg;
	struct adit_node_mem mem;

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
	cfg.first = m->plan->policies;
	cfg.first_count = m->plan->policy_count;
	cfg.ike.crypto = &adit_mbedtls_compat;
	cfg.ike.rng.fill = fill;
	assert_int_equal(adit_node_init(&node.node, &cfg, &mem), ADIT_OK);
}

/* The SAs of `text` in the node. */
static void
install(const char *text)
{
	static const struct manual_place place = {{is_own, false, 4500, 0}, NULL};

	x = xfrm_read_memory("text", text, strlen(text), stderr);
	assert_non_null(x);
	m = manual_plan(x, &place, stderr);
	assert_non_null(m);
	make_node();
	assert_true(manual_install(m, &node.node, 0, stderr));
}

static void
remove_all(void)
{
	adit_node_wipe(&node.node);
	memset(&node, 0, sizeof node);
	xfrm_free(x);
	keep_nothing();
}

static void
read_file(const char *name)
{
	char path[128];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(told, 1, sizeof told - 1, f);
	told[n] = 0;
	fclose(f);
	unlink(path);
}

/* What manual_end() says on the standard output. */
static void
read_end(void)
{
	char path[128];
	int was = dup(STDOUT_FILENO);

	snprintf(path, sizeof path, "%s/said", folder);
	fflush(stdout);
	assert_non_null(freopen(path, "w", stdout));
	assert_true(manual_end(m, &node.node));
	fflush(stdout);
	assert_int_equal(dup2(was, STDOUT_FILENO), STDOUT_FILENO);
	close(was);
	read_file("said");
}

static void
test_keys_of_esp_by_hand_are_in_wireshark_s_file(void **state)
{
	const char *first;

	(void)state;
	assert_true(keylog_open(folder));
	install(BOTH "esp spi 0x1001 mode tunnel replay-oseq 0" GCM BOTH "ah spi 0x1002" AH_KEY BACK
		     "esp spi 0x2001 mode tunnel" OTHER_GCM POLICIES);
	read_file("ikev2_decryption_table");
	assert_string_equal(told, "");
	read_file("esp_sa");
	first = "\"IPv4\",\"10.0.0.1\",\"10.0.0.2\",\"0x00001001\",\"AES-GCM with 16 octet ICV "
		"[RFC4106]\",\"" KEY "10111213\",\"NULL\",\"\"\n";
	assert_non_null(strstr(told, first));
	assert_non_null(
		strstr(told, "\"IPv4\",\"10.0.0.2\",\"10.0.0.1\",\"0x00002001\",\"AES-GCM"));
	assert_non_null(strstr(told, OTHER_KEY));
	/* AH has no line: there is no such table. */
	assert_null(strstr(told, "1002"));
	remove_all();
}

static void
test_the_last_number_is_told_in_words_of_the_file(void **state)
{
	(void)state;
	install(BOTH "esp spi 0x1001 mode tunnel replay-oseq 77" GCM BOTH
		     "ah spi 0x1002" AH_KEY POLICIES BACK "esp spi 0x2001 mode tunnel" OTHER_GCM);
	read_end();
	assert_non_null(strstr(told, "text:1: 77 was the last number: the next start needs "
				     "replay-oseq 77\n"));
	/* Of AH, whose numbers may begin anew, nothing is told. */
	assert_null(strstr(told, "text:2"));
	remove_all();
}

static void
test_the_last_extended_number_is_told_with_its_high_half(void **state)
{
	(void)state;
	install(BOTH "esp spi 0x1001 mode tunnel flag esn replay-window 64 replay-oseq 5 "
		     "replay-oseq-hi 3" GCM BOTH "ah spi 0x1002" AH_KEY POLICIES BACK
		     "esp spi 0x2001 mode tunnel" OTHER_GCM);
	read_end();
	assert_non_null(strstr(told, "text:1: 12884901893 was the last number: the next start "
				     "needs replay-oseq 5 replay-oseq-hi 3\n"));
	remove_all();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_of_esp_by_hand_are_in_wireshark_s_file),
		cmocka_unit_test(test_the_last_number_is_told_in_words_of_the_file),
		cmocka_unit_test(test_the_last_extended_number_is_told_with_its_high_half),
	};
	int failed;

	strcpy(folder, "/tmp/adit-told-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
