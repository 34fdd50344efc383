/* SAs as values: what they are made from, which direction they serve, their numbers and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/esp.h"
#include "adit/mbedtls.h"
#include "base/endian.h"

enum { WINDOW = 64, WORDS = ADIT_REPLAY_WORDS(WINDOW), BUF = 512, ROOM = 128, LEN = 60 };

static const struct adit_ip v4_a = {4, {192, 0, 2, 1}}, v4_b = {4, {192, 0, 2, 2}};
static const struct adit_ip v6_a = {6, {0xfd, 1}}, v6_b = {6, {0xfd, 2}};
static union adit_keyctx kc;
static uint32_t bits[WORDS];

static struct adit_sa_params
params(enum adit_direction dir)
{
	static const uint8_t key[20] = {1, 2, 3};
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.spi = 0x1234;
	p.local = dir == ADIT_OUT ? v4_a : v4_b;
	p.remote = dir == ADIT_OUT ? v4_b : v4_a;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, sizeof key};
	p.replay_window = WINDOW;
	return p;
}

static enum adit_status
make(struct adit_sa *sa, const struct adit_sa_params *p)
{
	return adit_sa_init(sa, p, (struct adit_buf){kc.mem, sizeof kc}, bits, WORDS);
}

/* --- Making. */

static void
assert_refused(const struct adit_sa_params *p, enum adit_status why)
{
	static const struct adit_sa zero;
	struct adit_sa sa;

	memset(&sa, 0xff, sizeof sa);
	assert_int_equal(make(&sa, p), why);
	assert_memory_equal(&sa, &zero, sizeof sa);
}

static void
test_fields_out_of_range_are_refused_and_leave_zero(void **state)
{
	struct adit_sa_params p;

	(void)state;
	p = params(0);
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_OUT);
	p.mode = 3;
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_OUT);
	p.spi = ADIT_SPI_MIN - 1;
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_OUT);
	p.remote = v6_b;
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_OUT);
	p.aead = NULL;
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_OUT);
	p.key.n--;
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_OUT);
	p.seq = (uint64_t)UINT32_MAX + 1;
	assert_refused(&p, ADIT_ERR_ARG);
	p = params(ADIT_IN);
	p.replay_window = ADIT_REPLAY_MAX + 1;
	assert_refused(&p, ADIT_ERR_ARG);
}

/* Padding is computed by masks: a cipher whose block is no power of two is none of ours. */
static void
test_a_block_that_is_no_power_of_two_is_refused(void **state)
{
	struct adit_aead aead = adit_mbedtls_aes128_gcm16;
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_sa sa;

	(void)state;
	p.aead = &aead;
	for (unsigned block = 0; block < 40; block++) {
		aead.block = (uint8_t)block;
		if (block && (block & (block - 1)) == 0) {
			assert_int_equal(make(&sa, &p), ADIT_OK);
			adit_sa_wipe(&sa);
		} else {
			assert_refused(&p, ADIT_ERR_ARG);
		}
	}
}

static void
test_too_little_storage_is_err_room(void **state)
{
	struct adit_sa_params p = params(ADIT_IN);
	struct adit_sa sa;

	(void)state;
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, p.aead->ctx_size - 1u},
				      bits, WORDS),
			 ADIT_ERR_ROOM);
	assert_int_equal(
		adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, bits, WORDS - 1),
		ADIT_ERR_ROOM);
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, NULL, 0),
			 ADIT_ERR_ROOM);
}

static void
test_a_path_is_read_as_it_was_set(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_path six = {{v6_a, 1000}, {v6_b, 2000}}, got, mixed = {{v4_a, 0}, {v6_b, 0}};
	struct adit_sa sa;

	(void)state;
	p.udp_encap = true;
	assert_int_equal(make(&sa, &p), ADIT_OK);
	got = adit_sa_path(&sa);
	assert_true(adit_ip_equal(&got.local.ip, &v4_a) && adit_ip_equal(&got.remote.ip, &v4_b));
	assert_int_equal(got.local.port, 4500);
	assert_int_equal(adit_sa_set_path(&sa, &six), ADIT_OK);
	assert_int_equal(adit_sa_set_path(&sa, &mixed), ADIT_ERR_ARG);
	got = adit_sa_path(&sa);
	assert_true(adit_endpoint_equal(&got.local, &six.local));
	assert_true(adit_endpoint_equal(&got.remote, &six.remote));
	adit_sa_wipe(&sa);
}

/* --- Directions. */

static struct adit_pkt
packet(uint8_t *buf)
{
	struct adit_pkt pkt = {buf, BUF, ROOM, LEN};
	uint8_t *p = buf + ROOM;

	memset(buf, 0, BUF);
	p[0] = 0x45;
	adit_store16(p + 2, LEN);
	p[8] = 64;
	p[9] = ADIT_PROTO_UDP;
	memcpy(p + 12, v4_a.b, 4);
	memcpy(p + 16, v4_b.b, 4);
	return pkt;
}

/* Its numbers would run beside the peer's, with the peer's key. */
static void
test_an_inbound_sa_does_not_encipher(void **state)
{
	struct adit_sa_params p = params(ADIT_IN);
	uint8_t buf[BUF], before[BUF];
	struct adit_pkt pkt = packet(buf);
	struct adit_sa sa;

	(void)state;
	memcpy(before, buf, BUF);
	assert_int_equal(make(&sa, &p), ADIT_OK);
	assert_int_equal(adit_esp_encap(&sa, &pkt), ADIT_ERR_MISMATCH);
	assert_int_equal(adit_esp_encap_at(&sa, 1, &pkt), ADIT_ERR_MISMATCH);
	assert_memory_equal(buf, before, BUF);
	assert_int_equal(pkt.len, LEN);
	assert_int_equal(sa.seq, 0);
	adit_sa_wipe(&sa);
}

static void
test_an_outbound_sa_does_not_decipher(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_path back = {{v4_b, 0}, {v4_a, 0}};
	uint8_t buf[BUF], before[BUF];
	struct adit_pkt pkt = packet(buf);
	struct adit_esp_rx rx;
	struct adit_sa sa;

	(void)state;
	assert_int_equal(make(&sa, &p), ADIT_OK);
	assert_int_equal(adit_esp_encap(&sa, &pkt), ADIT_OK);
	assert_int_equal(adit_sa_set_path(&sa, &back), ADIT_OK);
	memcpy(before, buf, BUF);
	assert_int_equal(adit_esp_decap(&sa, &pkt, &rx), ADIT_ERR_MISMATCH);
	assert_int_equal(adit_esp_decap_at(&sa, &pkt, &rx), ADIT_ERR_MISMATCH);
	assert_memory_equal(buf, before, BUF);
	adit_sa_wipe(&sa);
}

/* --- Numbers. */

static void
test_numbers_used_before_an_inbound_sa_began_are_not_new(void **state)
{
	(void)state;
	/* At every place in a word of the window, and over its ends. */
	for (uint64_t last = 1; last < 3 * WINDOW; last++) {
		struct adit_sa_params p = params(ADIT_IN);
		struct adit_sa sa;

		p.seq = last;
		assert_int_equal(make(&sa, &p), ADIT_OK);
		for (uint64_t seq = 1; seq <= last; seq++)
			assert_int_not_equal(adit_replay_check(&sa.window, seq), ADIT_OK);
		adit_replay_commit(&sa.window, last + WINDOW / 2);
		for (uint64_t seq = 1; seq <= last; seq++)
			assert_int_not_equal(adit_replay_check(&sa.window, seq), ADIT_OK);
		for (uint64_t seq = last + 1; seq < last + WINDOW / 2; seq++)
			assert_int_equal(adit_replay_check(&sa.window, seq), ADIT_OK);
		adit_sa_wipe(&sa);
	}
}

static void
test_hard_limits_end_an_outbound_sa(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_sa_more more;
	uint64_t first;
	struct adit_sa sa;

	(void)state;
	p.hard.packets = 5;
	assert_int_equal(make(&sa, &p), ADIT_ERR_ARG);
	p.more = &more;
	assert_int_equal(make(&sa, &p), ADIT_OK);
	assert_int_equal(adit_sa_take_seq(&sa, 6, &first), ADIT_ERR_EXHAUSTED);
	assert_int_equal(adit_sa_take_seq(&sa, 5, &first), ADIT_OK);
	assert_int_equal(first, 1);
	assert_int_equal(adit_sa_take_seq(&sa, 1, &first), ADIT_ERR_EXHAUSTED);
	adit_sa_wipe(&sa);
	p.hard.packets = 0;
	p.hard.bytes = LEN + 1;
	assert_int_equal(make(&sa, &p), ADIT_OK);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t buf[BUF];
		struct adit_pkt pkt = packet(buf);

		assert_int_equal(adit_esp_encap(&sa, &pkt), i < 2 ? ADIT_OK : ADIT_ERR_EXHAUSTED);
	}
	adit_sa_wipe(&sa);
}

/* --- Sizes. */

static void
test_no_mtu_makes_room_for_a_packet_that_ip_can_not_carry(void **state)
{
	static uint8_t buf[ROOM + UINT16_MAX + BUF];
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_pkt pkt = {buf, sizeof buf, ROOM, 0};
	struct adit_sa sa;
	size_t max;

	(void)state;
	assert_int_equal(make(&sa, &p), ADIT_OK);
	max = adit_esp_payload_max(&sa, SIZE_MAX);
	assert_int_equal(max, adit_esp_payload_max(&sa, UINT16_MAX));
	buf[ROOM] = 0x45;
	pkt.len = max;
	adit_store16(buf + ROOM + 2, (uint16_t)max);
	assert_int_equal(adit_esp_encap(&sa, &pkt), ADIT_OK);
	adit_sa_wipe(&sa);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_out_of_range_are_refused_and_leave_zero),
		cmocka_unit_test(test_a_block_that_is_no_power_of_two_is_refused),
		cmocka_unit_test(test_too_little_storage_is_err_room),
		cmocka_unit_test(test_a_path_is_read_as_it_was_set),
		cmocka_unit_test(test_an_inbound_sa_does_not_encipher),
		cmocka_unit_test(test_an_outbound_sa_does_not_decipher),
		cmocka_unit_test(test_numbers_used_before_an_inbound_sa_began_are_not_new),
		cmocka_unit_test(test_hard_limits_end_an_outbound_sa),
		cmocka_unit_test(test_no_mtu_makes_room_for_a_packet_that_ip_can_not_carry),
	};

	return cmocka_run_group_tests_name("sa", tests, NULL, NULL);
}
