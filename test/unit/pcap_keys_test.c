/* adit-pcap with keys in `ip xfrm`'s words: what one SA of the file puts on, the file takes off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/adit-pcap/keys.h"

enum { CAP = 2048 };

static const char commands[] =
	"ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001 mode tunnel "
	"replay-oseq 4 aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128\n"
	"ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1002 mode transport "
	"enc cbc(aes) 0x000102030405060708090a0b0c0d0e0f "
	"auth-trunc hmac(sha256) "
	"0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f 128\n"
	"ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto ah spi 0x1003 mode transport "
	"auth-trunc hmac(sha256) "
	"0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f 128\n"
	"ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1004 mode beet "
	"replay-oseq 0 aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128 "
	"sel src 10.0.0.1/32 dst 10.0.0.2/32\n"
	"ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1005 mode tunnel "
	"replay-oseq 0 aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128 "
	"encap espinudp 4500 5500 0.0.0.0\n"
	"ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1006 mode tunnel tfcpad 500 "
	"enc ecb(cipher_null) '' auth hmac(sha1) 0x000102030405060708090a0b0c0d0e0f10111213\n";

/* 10.0.0.1 to 10.0.0.2, protocol 253 (for experiments, RFC 3692), four bytes of it. */
static const uint8_t plain[] = {0x45, 0, 0, 24, 0,  0, 0, 0, 64, 253, 0x65, 0xe7,
				10,   0, 0, 1,  10, 0, 0, 2, 1,  2,   3,    4};

static char file[] = "/tmp/pcap_keys_XXXXXX";
static uint8_t mem[CAP], scratch[CAP];
static struct adit_pkt pkt;

static int
write_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	if (fd < 0 || write(fd, commands, sizeof commands - 1) != (ssize_t)sizeof commands - 1)
		return -1;
	return close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static void
read_keys(struct work *w, uint32_t spi)
{
	struct xfrm *x = xfrm_read(file, stderr);

	memset(w, 0, sizeof *w);
	w->udp_port = 5500;
	assert_non_null(x);
	assert_true(keys_take_xfrm(w, x, spi));
	xfrm_free(x);
}

static void
free_keys(struct work *w)
{
	work_wipe(w);
	free(w->sas);
}

static void
put_plain(void)
{
	memset(mem, 0, sizeof mem);
	pkt = (struct adit_pkt){mem, CAP, WORK_HEADROOM, sizeof plain};
	memcpy(adit_pkt_data(&pkt), plain, sizeof plain);
}

static void
put_on(uint32_t spi)
{
	struct work w;
	enum adit_status st;

	read_keys(&w, spi);
	assert_int_equal(w.sa_count, 1);
	assert_null(work_encap_start(&w));
	assert_int_equal(work_encap(&w, &pkt, &st), WORK_DONE);
	free_keys(&w);
}

static void
assert_comes_off(void)
{
	struct work w;
	enum adit_status st;

	read_keys(&w, 0);
	assert_int_equal(w.sa_count, 6);
	assert_int_equal(work_decap(&w, &pkt, scratch, &st), WORK_DONE);
	assert_int_equal(pkt.len, sizeof plain);
	assert_memory_equal(adit_pkt_data(&pkt), plain, sizeof plain);
	free_keys(&w);
}

static void
test_every_kind_of_sa_comes_off_again(void **state)
{
	(void)state;
	for (uint32_t spi = 0x1001; spi <= 0x1006; spi++) {
		put_plain();
		put_on(spi);
		assert_comes_off();
	}
}

static void
test_a_bundle_comes_off_as_a_whole(void **state)
{
	(void)state;
	put_plain();
	put_on(0x1002);
	put_on(0x1003);
	assert_int_equal(adit_pkt_data(&pkt)[9], ADIT_PROTO_AH);
	assert_comes_off();
}

static void
test_numbers_go_on_where_the_file_says(void **state)
{
	(void)state;
	put_plain();
	put_on(0x1001);
	assert_int_equal(adit_pkt_data(&pkt)[20 + 7], 5);
}

static void
test_packets_are_padded_as_the_state_says(void **state)
{
	(void)state;
	put_plain();
	put_on(0x1006);
	/* Outer header, ESP header, what tfcpad says, padding and trailer, 12 bytes of ICV. */
	assert_int_equal(pkt.len, 20 + 8 + 500 + 4 + 12);
}

static void
test_transport_mode_has_no_room_to_pad(void **state)
{
	struct work w;
	enum adit_status st;

	(void)state;
	put_plain();
	read_keys(&w, 0x1006);
	w.mode = ADIT_TRANSPORT;
	assert_null(work_encap_start(&w));
	assert_int_equal(work_encap(&w, &pkt, &st), WORK_COPY);
	free_keys(&w);
}

static void
test_a_changed_packet_fails(void **state)
{
	struct work w;
	enum adit_status st;

	(void)state;
	put_plain();
	put_on(0x1003);
	adit_pkt_data(&pkt)[pkt.len - 1] ^= 1;
	read_keys(&w, 0);
	assert_int_equal(work_decap(&w, &pkt, scratch, &st), WORK_FAILED);
	assert_int_equal(st, ADIT_ERR_ICV);
	free_keys(&w);
}

static void
test_what_no_sa_of_the_file_is_for_is_told(void **state)
{
	struct work w;
	enum adit_status st;

	(void)state;
	put_plain();
	put_on(0x1001);
	read_keys(&w, 0x1002);
	assert_int_equal(work_decap(&w, &pkt, scratch, &st), WORK_FAILED);
	assert_int_equal(st, ADIT_ERR_NO_SA);
	free_keys(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_sa_comes_off_again),
		cmocka_unit_test(test_a_bundle_comes_off_as_a_whole),
		cmocka_unit_test(test_numbers_go_on_where_the_file_says),
		cmocka_unit_test(test_packets_are_padded_as_the_state_says),
		cmocka_unit_test(test_transport_mode_has_no_room_to_pad),
		cmocka_unit_test(test_a_changed_packet_fails),
		cmocka_unit_test(test_what_no_sa_of_the_file_is_for_is_told),
	};

	return cmocka_run_group_tests_name("pcap_keys", tests, write_file, remove_file);
}
