/* adit-pcap as it is called: what its options say, and which files it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The whole program, by another name. */
#define main pcap_main
#include "../../examples/adit-pcap/main.c"
#undef main

#include <unistd.h>

#include "support/folder.h"

#define ESP_SA                                                                       \
	"\"IPv4\",\"10.0.0.1\",\"10.0.0.2\",\"0x1001\",\"AES-GCM with 16 octet ICV " \
	"[RFC4106]\",\"0x000102030405060708090a0b0c0d0e0f10111213\",\"NULL\",\"\"\n"
#define STATE                                                                                 \
	"state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001 mode tunnel replay-oseq 0 " \
	"aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128\n"

enum { FILE_HEADER = 24, PACKET_HEADER = 16, IP_HEADER = 20, SEQ = 4 };

static const char *const names[] = {"sa", "xfrm", "link", "in", "out", "said"};

static int
begin(void **state)
{
	/* A pcap of one packet: IPv4 without content, protocol 253. */
	static const uint8_t capture[] = {
		0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0,  0,   0, 0, 0,  0, 0, 0, 0xff, 0xff, 0, 0,
		101,  0,    0,    0,    0, 0, 0, 0, 0,  0,   0, 0, 20, 0, 0, 0, 20,   0,    0, 0,
		0x45, 0,    0,    20,   0, 0, 0, 0, 64, 253, 0, 0, 10, 1, 0, 1, 10,   2,    0, 1};

	(void)state;
	if (!folder_make())
		return -1;
	folder_put("in", capture, sizeof capture);
	folder_put("sa", ESP_SA, sizeof ESP_SA - 1);
	folder_put("xfrm", STATE, sizeof STATE - 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	return folder_remove(names, sizeof names / sizeof names[0]);
}

/* The exit status of `adit-pcap encap KEYS OPTION in OUT`; what it tells goes into a file. */
static int
call(const char *keys, const char *option, const char *out)
{
	char text[6][160] = {"adit-pcap", "encap"}, *argv[7] = {NULL};
	int was = dup(STDERR_FILENO), status;

	snprintf(text[2], sizeof text[2], "--%s=%s", keys, folder_path(keys));
	snprintf(text[3], sizeof text[3], "%s", option);
	snprintf(text[4], sizeof text[4], "%s", folder_path("in"));
	snprintf(text[5], sizeof text[5], "%s", folder_path(out));
	for (int i = 0; i < 6; i++)
		argv[i] = text[i];
	fflush(stderr);
	assert_non_null(freopen(folder_path("said"), "w", stderr));
	optind = 0;
	status = pcap_main(6, argv);
	fflush(stderr);
	assert_int_equal(dup2(was, STDERR_FILENO), STDERR_FILENO);
	close(was);
	return status;
}

/* --- Options. */

static void
assert_seq(const char *option, uint32_t seq)
{
	uint8_t out[256];
	const uint8_t *p = out + FILE_HEADER + PACKET_HEADER + IP_HEADER + SEQ;

	assert_int_equal(call("sa", option, "out"), 0);
	assert_true(folder_get("out", out, sizeof out) > (size_t)(p - out) + 4);
	assert_int_equal((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3],
			 seq);
}

static void
test_numbers_are_decimal_or_say_that_they_are_not(void **state)
{
	(void)state;
	assert_seq("--seq=77", 77);
	assert_seq("--seq=010", 10);
	assert_seq("--seq=09", 9);
	assert_seq("--seq=0x10", 16);
	assert_seq("--spi=0x1001", 1);
	assert_seq("--spi=04097", 1);
}

static void
test_what_is_no_number_is_refused(void **state)
{
	static const char *const options[] = {
		"--seq=0x0x10", "--seq=-1", "--seq=1x",  "--seq=0",
		"--seq= 1",     "--seq=",   "--spi=255", "--spi=0x0x1001"};

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		assert_int_equal(call("sa", options[i], "out"), 2);
	assert_int_equal(access(folder_path("out"), F_OK), -1);
}

/* --- Files. */

static void
assert_not_written(const char *keys, const char *out)
{
	uint8_t before[512], after[512];
	size_t n = folder_get(out, before, sizeof before);

	assert_int_equal(call(keys, "--seq=1", out), 2);
	assert_int_equal(folder_get(out, after, sizeof after), n);
	assert_memory_equal(before, after, n);
}

static void
test_no_output_is_written_over_what_was_read(void **state)
{
	(void)state;
	assert_not_written("sa", "in");
	assert_not_written("sa", "sa");
	assert_not_written("xfrm", "xfrm");
	assert_int_equal(symlink("xfrm", folder_path("link")), 0);
	assert_not_written("xfrm", "link");
	unlink(folder_path("link"));
	assert_int_equal(link(folder_path("sa"), folder_path("link")), 0);
	assert_not_written("sa", "link");
	/* Other files are. */
	assert_int_equal(call("sa", "--seq=1", "xfrm"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_numbers_are_decimal_or_say_that_they_are_not),
		TEST(test_what_is_no_number_is_refused),
		TEST(test_no_output_is_written_over_what_was_read),
	};

	return cmocka_run_group_tests_name("pcap_program", tests, NULL, NULL);
}
