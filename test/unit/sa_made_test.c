/* What an SA is after adit_sa_init: each field what its parameter says, whatever stood in the
 * memory before, and an outer header that is right in each byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/icmp.h"
#include "adit/mbedtls.h"
#include "support/lane.h"

enum { JUNK = 0xa5, WINDOW = 64, WORDS = ADIT_REPLAY_WORDS(WINDOW), DSCP = 46, PORT = 1024 };

static struct lane lane;
static struct adit_selectors selectors;

/* The storage of one SA, full of what somebody left there. */
struct made {
	struct adit_sa sa;
	struct adit_sa_more more;
	union adit_keyctx kc;
	uint32_t bits[WORDS];
};

static void
make(struct made *m, struct adit_sa_params *p)
{
	memset(m, JUNK, sizeof *m);
	p->more = &m->more;
	assert_int_equal(
		adit_sa_init(&m->sa, p, (struct adit_buf){m->kc.mem, sizeof m->kc}, m->bits, WORDS),
		ADIT_OK);
}

static struct adit_sa_params
plain(enum adit_direction dir)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);

	p.dir = dir;
	p.replay_window = WINDOW;
	return p;
}

static void
test_a_new_sa_has_counted_nothing_whatever_its_memory_held(void **state)
{
	(void)state;
	for (unsigned d = ADIT_OUT; d <= ADIT_IN; d++) {
		struct adit_sa_params p = plain((enum adit_direction)d);
		struct adit_sa_audit audit;
		struct made m;

		make(&m, &p);
		assert_int_equal(m.sa.n.packets, 0);
		assert_int_equal(m.sa.n.bytes, 0);
		assert_int_equal(m.sa.n.drops, 0);
		assert_int_equal(m.sa.seq, 0);
		assert_int_equal(m.sa.window.top, 0);
		assert_int_equal(m.sa.window.packets, d == ADIT_IN ? WINDOW : 0);
		audit = adit_sa_audit(&m.sa);
		assert_int_equal(audit.replayed, 0);
		assert_int_equal(audit.forged, 0);
		assert_int_equal(audit.malformed, 0);
		assert_int_equal(audit.outside, 0);
		assert_int_equal(audit.exhausted, 0);
		assert_int_equal(m.more.mtu_until, 0);
		assert_int_equal(m.more.link_mtu, 0);
		assert_int_equal(m.more.since, 0);
		assert_int_equal(m.more.inside[ADIT_LOCAL].version, 0);
		assert_int_equal(m.more.inside[ADIT_REMOTE].version, 0);
		assert_int_equal(adit_sa_age(&m.sa, UINT64_MAX), ADIT_AGE_GOOD);
		for (uint64_t seq = 1; d == ADIT_IN && seq < 2 * WINDOW; seq++)
			assert_int_equal(adit_replay_check(&m.sa.window, seq), ADIT_OK);
		adit_sa_wipe(&m.sa);
	}
}

static struct adit_sa_params
all_set(enum adit_direction dir)
{
	struct adit_sa_params p = plain(dir);

	p.mode = ADIT_BEET;
	p.udp_encap = true;
	p.local_port = PORT;
	p.remote_port = PORT + 1;
	p.esn = true;
	p.seq = (uint64_t)7 << 32;
	p.flags = ADIT_SA_SET_DSCP | ADIT_SA_CUT_AFTER;
	p.dscp = DSCP;
	p.hop_limit = 9;
	p.mtu = 1400;
	p.selectors = &selectors;
	p.soft = (struct adit_lifetime){1, 2, 3};
	p.hard = (struct adit_lifetime){(uint64_t)1 << 40, 5, 6};
	p.now = 12345;
	p.inner_local = (struct adit_ip){4, {10, 0, 0, 1}};
	p.inner_remote = (struct adit_ip){4, {10, 0, 0, 2}};
	return p;
}

static void
expect_more(const struct adit_sa_more *more, const struct adit_sa_params *p)
{
	assert_int_equal(more->soft.packets, p->soft.packets);
	assert_int_equal(more->soft.bytes, p->soft.bytes);
	assert_int_equal(more->soft.time, p->soft.time);
	assert_int_equal(more->hard.packets, p->hard.packets);
	assert_int_equal(more->hard.bytes, p->hard.bytes);
	assert_int_equal(more->hard.time, p->hard.time);
	assert_int_equal(more->since, p->now);
	assert_int_equal(more->link_mtu, p->mtu);
	assert_int_equal(more->mtu_until, 0);
	assert_true(adit_ip_equal(&more->inside[ADIT_LOCAL], &p->inner_local));
	assert_true(adit_ip_equal(&more->inside[ADIT_REMOTE], &p->inner_remote));
}

static void
test_each_parameter_is_in_its_field(void **state)
{
	(void)state;
	for (unsigned d = ADIT_OUT; d <= ADIT_IN; d++) {
		struct adit_sa_params p = all_set((enum adit_direction)d);
		struct adit_path path;
		struct made m;

		make(&m, &p);
		assert_ptr_equal(m.sa.aead, p.aead);
		assert_ptr_equal(m.sa.kc, m.kc.mem);
		assert_ptr_equal(m.sa.selectors, &selectors);
		assert_ptr_equal(m.sa.more, &m.more);
		assert_int_equal(m.sa.spi, LANE_SPI);
		assert_int_equal(m.sa.dir, d);
		assert_int_equal(m.sa.mode, ADIT_BEET);
		assert_int_equal(m.sa.protocol, ADIT_PROTO_ESP);
		assert_int_equal(m.sa.outer_len, LANE_V4 + 8);
		assert_true(m.sa.esn && m.sa.udp_encap && m.sa.bounded);
		assert_int_equal(m.sa.flags, p.flags);
		assert_int_equal(m.sa.mtu, 1400);
		assert_int_equal(m.sa.tfc, 0);
		assert_int_equal(m.sa.seq, p.seq);
		assert_int_equal(m.sa.window.top, d == ADIT_IN ? p.seq : 0);
		expect_more(&m.more, &p);
		path = adit_sa_path(&m.sa);
		assert_true(adit_ip_equal(&path.local.ip, &p.local));
		assert_true(adit_ip_equal(&path.remote.ip, &p.remote));
		assert_int_equal(path.local.port, PORT);
		assert_int_equal(path.remote.port, PORT + 1);
		adit_sa_wipe(&m.sa);
	}
}

/* Zero is the default that the header names. */
static void
test_what_is_not_set_has_its_default(void **state)
{
	struct adit_sa_params p = plain(ADIT_IN);
	struct adit_path path;
	struct made m;

	(void)state;
	p.mode = 0;
	p.udp_encap = true;
	p.replay_window = 0;
	assert_true(ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT) <= WORDS);
	make(&m, &p);
	assert_int_equal(m.sa.mode, ADIT_TUNNEL);
	assert_int_equal(m.sa.protocol, ADIT_PROTO_ESP);
	assert_int_equal(m.sa.window.packets, ADIT_REPLAY_DEFAULT);
	assert_int_equal(m.sa.mtu, UINT16_MAX);
	assert_false(m.sa.bounded);
	path = adit_sa_path(&m.sa);
	assert_int_equal(path.local.port, 4500);
	assert_int_equal(path.remote.port, 4500);
	adit_sa_wipe(&m.sa);
}

/* A learnt MTU ends with its time; one that is set has none. */
static void
test_setting_the_mtu_forgets_what_was_learnt(void **state)
{
	struct adit_sa_params p = plain(ADIT_OUT);
	struct made m;

	(void)state;
	p.mtu = 1500;
	make(&m, &p);
	assert_true(adit_sa_learn_mtu(&m.sa, 1300, 1));
	assert_int_equal(m.sa.mtu, 1300);
	assert_int_not_equal(m.more.mtu_until, 0);
	assert_int_equal(m.more.link_mtu, 1500);
	adit_sa_set_mtu(&m.sa, 1400);
	assert_int_equal(m.sa.mtu, 1400);
	assert_int_equal(m.more.mtu_until, 0);
	assert_int_equal(m.more.link_mtu, 1400);
	adit_sa_set_mtu(&m.sa, 0);
	assert_int_equal(m.sa.mtu, UINT16_MAX);
	assert_int_equal(m.more.link_mtu, 0);
	adit_sa_wipe(&m.sa);
}

/* --- Outer headers, byte by byte. */

static void
test_the_outer_ipv4_header_of_a_packet(void **state)
{
	static const uint8_t want[LANE_V4] = {0x45, 0, 0,   0, 0, 1, 0,   0, 64, ADIT_PROTO_ESP,
					      0,    0, 192, 0, 2, 1, 192, 0, 2,  2};
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t header[LANE_V4];

	(void)state;
	for (unsigned hops = 0; hops <= 200; hops += 100) {
		p.hop_limit = (uint8_t)hops;
		lane_open(&lane, &p);
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		memcpy(header, want, sizeof header);
		header[8] = hops ? (uint8_t)hops : 64;
		lane_set_length(header, lane.pkt.len);
		assert_memory_equal(lane_data(&lane), header, sizeof header);
		assert_int_equal(lane_checksum(0, lane_data(&lane), LANE_V4), 0);
		lane_close(&lane);
	}
}

static void
test_the_outer_ipv6_header_of_a_packet_in_udp(void **state)
{
	static const uint8_t ports[4] = {0x11, 0x94, 4, 0};
	struct adit_sa_params p = lane_params(6, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t header[LANE_V6] = {0x60};

	(void)state;
	p.udp_encap = true;
	p.remote_port = PORT;
	lane_open(&lane, &p);
	lane_udp(&lane, 6, 100);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	header[6] = ADIT_PROTO_UDP;
	header[7] = 64;
	memcpy(header + 8, lane_v6[0].b, 16);
	memcpy(header + 24, lane_v6[1].b, 16);
	lane_set_length(header, lane.pkt.len);
	assert_memory_equal(lane_data(&lane), header, sizeof header);
	assert_memory_equal(lane_data(&lane) + LANE_V6, ports, sizeof ports);
	lane_close(&lane);
}

/* The inner one is copied, ECN and all, unless the SA has its own (RFC 4301 5.1.2.1). */
static void
test_the_dscp_is_the_inner_one_or_the_one_that_is_set(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2)
		for (unsigned set = 0; set < 2; set++) {
			struct adit_sa_params p = lane_params((uint8_t)version, ADIT_TUNNEL,
							      &adit_mbedtls_aes128_gcm16);
			const uint8_t inner = 10 << 2 | 2, want = set ? DSCP << 2 | 2 : inner;
			const uint8_t *out;

			p.flags = set ? ADIT_SA_SET_DSCP : 0;
			p.dscp = DSCP;
			lane_open(&lane, &p);
			lane_udp(&lane, 4, 60);
			lane_data(&lane)[1] = inner;
			lane_ipv4_checksum(lane_data(&lane));
			assert_int_equal(lane_send(&lane), ADIT_OK);
			out = lane_data(&lane);
			if (version == 4)
				assert_int_equal(out[1], want);
			else
				assert_int_equal((out[0] & 15) << 4 | out[1] >> 4, want);
			if (version == 4)
				assert_int_equal(lane_checksum(0, out, LANE_V4), 0);
			lane_close(&lane);
		}
}

/* A peer that moves: the rest of the header stays, and its checksum is right again. */
static void
test_a_new_path_keeps_the_rest_of_the_header(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	const struct adit_path moved = {{{4, {198, 51, 100, 1}}, 1}, {{4, {198, 51, 100, 2}}, 2}};
	const struct adit_path six = {{lane_v6[0], 3}, {lane_v6[1], 4}};
	const uint8_t *out;

	(void)state;
	p.flags = ADIT_SA_SET_DSCP;
	p.dscp = DSCP;
	p.hop_limit = 9;
	lane_open(&lane, &p);
	assert_int_equal(adit_sa_set_path(&lane.out, &moved), ADIT_OK);
	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	out = lane_data(&lane);
	assert_int_equal(out[1], DSCP << 2);
	assert_int_equal(out[8], 9);
	assert_memory_equal(out + 12, moved.local.ip.b, 4);
	assert_memory_equal(out + 16, moved.remote.ip.b, 4);
	assert_int_equal(lane_checksum(0, out, LANE_V4), 0);
	assert_int_equal(adit_sa_set_path(&lane.out, &six), ADIT_OK);
	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	out = lane_data(&lane);
	assert_int_equal((out[0] & 15) << 4 | out[1] >> 4, DSCP << 2);
	assert_int_equal(out[7], 9);
	assert_memory_equal(out + 8, lane_v6[0].b, 16);
	lane_close(&lane);
}

static enum adit_status
no_key(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	(void)aead;
	(void)kc;
	(void)key;
	return ADIT_ERR_CRYPTO;
}

/* Also when the window is there already. */
static void
test_an_sa_whose_key_is_refused_is_all_zero(void **state)
{
	static const struct adit_sa zero;
	struct adit_aead faulty = adit_mbedtls_aes128_gcm16;

	(void)state;
	faulty.setkey = no_key;
	for (unsigned d = ADIT_OUT; d <= ADIT_IN; d++) {
		struct adit_sa_params p = plain((enum adit_direction)d);
		struct made m;

		p.aead = &faulty;
		memset(&m, JUNK, sizeof m);
		assert_int_equal(adit_sa_init(&m.sa, &p, (struct adit_buf){m.kc.mem, sizeof m.kc},
					      m.bits, WORDS),
				 ADIT_ERR_CRYPTO);
		assert_memory_equal(&m.sa, &zero, sizeof zero);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_new_sa_has_counted_nothing_whatever_its_memory_held),
		cmocka_unit_test(test_each_parameter_is_in_its_field),
		cmocka_unit_test(test_what_is_not_set_has_its_default),
		cmocka_unit_test(test_setting_the_mtu_forgets_what_was_learnt),
		cmocka_unit_test(test_the_outer_ipv4_header_of_a_packet),
		cmocka_unit_test(test_the_outer_ipv6_header_of_a_packet_in_udp),
		cmocka_unit_test(test_the_dscp_is_the_inner_one_or_the_one_that_is_set),
		cmocka_unit_test(test_a_new_path_keeps_the_rest_of_the_header),
		cmocka_unit_test(test_an_sa_whose_key_is_refused_is_all_zero),
	};

	return cmocka_run_group_tests_name("sa_made", tests, NULL, NULL);
}
