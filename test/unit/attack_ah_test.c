/* The attack corpus' rows about AH, AH-01 to AH-07 (RFC 4302, appendix A). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"

enum { UDP = 17, AH = 51, HOP = 0, ROUTING = 43, DESTINATION = 60, UPPER = 40 };
enum { V4_TOS = 1, V4_FRAGMENT = 6, V4_TTL = 8, V4_NEXT = 9, V4_SUM = 10, V4_TO = 16 };
enum { V6_NEXT = 6, V6_HOPS = 7, V6_FROM = 8, V6_TO = 24 };
enum { AH_LEN = 1, AH_RESERVED = 2, AH_FIXED = 12 };

static struct lane lane;

static struct adit_sa_params
params(uint8_t version, enum adit_mode mode)
{
	struct adit_sa_params p = lane_params(version, mode, &adit_mbedtls_null_sha256);

	p.protocol = ADIT_PROTO_AH;
	return p;
}

/* Makes the UDP packet of the lane one with `n` bytes of options or extension headers. */
static void
put(uint8_t version, const uint8_t *more, size_t n, uint8_t first)
{
	size_t head = version == 4 ? LANE_V4 : LANE_V6;
	uint8_t packet[LANE_BUF];

	lane_udp(&lane, version, head + UPPER);
	memcpy(packet, lane_data(&lane), head);
	if (n)
		memcpy(packet + head, more, n);
	memcpy(packet + head + n, lane_data(&lane) + head, UPPER);
	if (version == 4)
		packet[0] = (uint8_t)(0x45 + n / 4);
	else if (n)
		packet[V6_NEXT] = first;
	lane_set_length(packet, head + n + UPPER);
	lane_bytes(&lane, packet, head + n + UPPER);
}

static void
seal(void)
{
	assert_int_equal(lane_send(&lane), ADIT_OK);
	lane_keep(&lane);
}

/* Changes the byte at `at` by x; what does the receiver say? */
static enum adit_status
changed(size_t at, uint8_t x)
{
	lane_again(&lane);
	lane_data(&lane)[at] ^= x;
	return adit_ah_decap_at(&lane.in, &lane.pkt, &lane.rx);
}

/* Each bit of the bytes [from, to) matters. */
static void
assert_covered(size_t from, size_t to)
{
	for (size_t at = from; at < to; at++)
		for (unsigned bit = 0; bit < 8; bit++)
			assert_int_not_equal(changed(at, (uint8_t)(1u << bit)), ADIT_OK);
}

static void
assert_free(size_t from, size_t to)
{
	for (size_t at = from; at < to; at++)
		for (unsigned bit = 0; bit < 8; bit++)
			assert_int_equal(changed(at, (uint8_t)(1u << bit)), ADIT_OK);
}

/* --- AH-01. */

static void
test_ah_01_changed_addresses_and_payload_are_detected(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (unsigned tunnel = 0; tunnel < 2; tunnel++) {
			struct adit_sa_params p =
				params(version, tunnel ? ADIT_TUNNEL : ADIT_TRANSPORT);
			size_t head = version == 4 ? LANE_V4 : LANE_V6;

			lane_open(&lane, &p);
			put(version, NULL, 0, 0);
			seal();
			assert_covered(version == 4 ? 12 : V6_FROM, head);
			assert_covered(head, lane.kept_pkt.len);
			lane_again(&lane);
			assert_int_equal(lane_receive(&lane), ADIT_OK);
			lane_close(&lane);
		}
}

static void
test_ah_01_extension_headers_before_and_behind_are_covered(void **state)
{
	/* Hop-by-hop and destination options before AH, destination options behind: type, length,
	 * data of options that don't change on the way. */
	static const uint8_t chain[] = {DESTINATION, 0, 0x1e, 2, 7, 8, 1, 0,  /* hop-by-hop */
					ROUTING,     0, 0x1e, 2, 5, 6, 1, 0,  /* destination */
					DESTINATION, 2, 0,    0, 0, 0, 0, 0,  /* routing */
					0xfd,        1, 0,    0, 0, 0, 0, 0,  /* ... its list */
					0,           0, 0,    0, 0, 0, 0, 9,  /* ... */
					UDP,         0, 0x1e, 2, 3, 4, 1, 0}; /* destination */
	struct adit_sa_params p = params(6, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	put(6, chain, sizeof chain, HOP);
	seal();
	/* AH stands behind the routing header. */
	assert_int_equal(lane_data(&lane)[LANE_V6 + 16], AH);
	assert_covered(LANE_V6, lane.kept_pkt.len);
	lane_again(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	lane_close(&lane);
}

/* What routers do on the way: RFC 8200 4.4. */
static void
forward(uint8_t *p, size_t route_at)
{
	uint8_t *route = p + route_at;
	size_t n = (size_t)route[1] / 2;
	uint8_t *next = route + 8 + 16 * (n - route[3]), was[16];

	memcpy(was, p + V6_TO, 16);
	memcpy(p + V6_TO, next, 16);
	memcpy(next, was, 16);
	route[3]--;
	p[V6_HOPS]--;
}

static void
test_ah_01_a_routing_header_may_be_gone_through_and_not_changed(void **state)
{
	uint8_t route[8 + 48] = {UDP, 6, 0, 3};
	struct adit_sa_params p = params(6, ADIT_TRANSPORT);

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		route[8 + 16 * i] = 0xfd;
		route[8 + 16 * i + 1] = (uint8_t)(i == 2 ? 2 : 0x10 + i); /* the last is host 1 */
	}
	lane_open(&lane, &p);
	put(6, route, sizeof route, ROUTING);
	lane_data(&lane)[V6_TO + 1] = 0x20; /* the first router */
	seal();
	for (unsigned hop = 0; hop < 3; hop++)
		forward(lane_data(&lane), LANE_V6);
	assert_memory_equal(lane_data(&lane) + V6_TO, lane_v6[1].b, 16);
	lane_keep(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	/* The final address, and those gone through. */
	assert_covered(V6_TO, LANE_V6);
	assert_covered(LANE_V6 + 8, LANE_V6 + sizeof route);
	lane_close(&lane);
}

/* --- AH-02. */

static void
test_ah_02_what_routers_change_may_change(void **state)
{
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	put(4, NULL, 0, 0);
	seal();
	assert_free(V4_TOS, V4_TOS + 1);
	assert_int_equal(changed(V4_FRAGMENT, 0x40), ADIT_OK); /* don't fragment */
	assert_free(V4_TTL, V4_TTL + 1);
	assert_free(V4_SUM, V4_SUM + 2);
	lane_close(&lane);
	p = params(6, ADIT_TRANSPORT);
	lane_open(&lane, &p);
	put(6, NULL, 0, 0);
	seal();
	for (unsigned bit = 0; bit < 4; bit++)
		assert_int_equal(changed(0, (uint8_t)(1u << bit)), ADIT_OK); /* traffic class */
	assert_free(1, 4); /* the rest of it, flow label */
	assert_free(V6_HOPS, V6_HOPS + 1);
	lane_close(&lane);
}

static void
test_ah_02_mutable_options_may_change_in_their_data_alone(void **state)
{
	/* 0x20 in the type: may change on the way. */
	static const uint8_t hop[] = {UDP, 1, 0x3e, 4, 1, 2, 3, 4, 0x1e, 4, 5, 6, 7, 8, 0, 0};
	/* Record route with two places, timestamp. */
	static const uint8_t v4[] = {7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 68, 8, 5, 0, 0, 0, 0, 0};
	struct adit_sa_params p = params(6, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	put(6, hop, sizeof hop, HOP);
	seal();
	assert_free(LANE_V6 + 4, LANE_V6 + 8);
	assert_covered(LANE_V6 + 8, LANE_V6 + 14);
	assert_int_not_equal(changed(LANE_V6 + 2, 0x01), ADIT_OK); /* the type itself */
	lane_close(&lane);
	p = params(4, ADIT_TRANSPORT);
	lane_open(&lane, &p);
	put(4, v4, sizeof v4, 0);
	seal();
	assert_free(LANE_V4 + 2, LANE_V4 + 11);
	assert_free(LANE_V4 + 14, LANE_V4 + 20);
	lane_close(&lane);
}

/* --- AH-03. */

static void
test_ah_03_options_of_impossible_lengths_are_refused(void **state)
{
	static const uint8_t types[] = {7, 68, 131, 137, 130, 148, 200};
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	for (size_t i = 0; i < sizeof types; i++)
		for (unsigned len = 0; len < 256; len++) {
			uint8_t options[40] = {0};
			enum adit_status st;

			options[0] = types[i];
			options[1] = (uint8_t)len;
			options[2] = 4;
			put(4, options, sizeof options, 0);
			lane_keep(&lane);
			st = lane_send(&lane);
			if (len < 2 || len > sizeof options)
				assert_int_equal(st, ADIT_ERR_MALFORMED);
			if (st != ADIT_OK) {
				assert_true(lane_is_kept(&lane));
				continue;
			}
			assert_int_equal(lane_receive(&lane), ADIT_OK);
			assert_true(lane_is_kept(&lane));
		}
	lane_close(&lane);
}

static void
test_ah_03_options_broken_on_the_way_are_refused_in_bounds(void **state)
{
	static const uint8_t options[] = {7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0};
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	put(4, options, sizeof options, 0);
	seal();
	for (unsigned len = 0; len < 256; len++) {
		/* Of an option that may change all counts as zeroes, so this one's may be believed.
		 */
		enum adit_status st = changed(LANE_V4 + 1, (uint8_t)(len ^ options[1]));

		if (len < 2 || len > sizeof options)
			assert_int_equal(st, ADIT_ERR_MALFORMED);
		if (len != options[9])
			assert_int_not_equal(changed(LANE_V4 + 9, (uint8_t)(len ^ options[9])),
					     ADIT_OK);
	}
	assert_int_equal(lane.in.window.top, 0);
	lane_close(&lane);
}

static void
test_ah_03_unknown_options_count_as_zeroes_and_known_constant_ones_as_they_are(void **state)
{
	static const uint8_t constant[] = {130, 133, 134, 148, 149};
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	for (unsigned type = 2; type < 256; type++) {
		uint8_t options[8] = {0, 8, 4, 1, 2, 3, 4, 5};
		bool is_route = type == 131 || type == 137;
		bool is_constant = memchr(constant, (int)type, sizeof constant) != NULL;

		if (is_route)
			continue;
		options[0] = (uint8_t)type;
		put(4, options, sizeof options, 0);
		seal();
		for (size_t at = LANE_V4 + 3; at < LANE_V4 + 8; at++)
			assert_int_equal(changed(at, 0x11), is_constant ? ADIT_ERR_ICV : ADIT_OK);
	}
	lane_close(&lane);
}

/* RFC 791 3.1: each router puts its own address where the next destination was. */
static void
follow_source_route(uint8_t *p, uint8_t router)
{
	uint8_t *option = p + LANE_V4, *entry = option + option[2] - 1;

	memcpy(p + V4_TO, entry, 4);
	memset(entry, router, 4);
	option[2] = (uint8_t)(option[2] + 4);
	p[V4_TTL]--;
	lane_ipv4_checksum(p);
}

static void
test_ah_03_a_source_route_is_foretold(void **state)
{
	(void)state;
	for (unsigned type = 131; type <= 137; type += 6) {
		uint8_t options[12] = {0, 11, 4, 10, 0, 0, 1};
		struct adit_sa_params p = params(4, ADIT_TRANSPORT);

		options[0] = (uint8_t)type;
		memcpy(options + 7, lane_v4[1].b, 4); /* then the end of options */
		lane_open(&lane, &p);
		put(4, options, sizeof options, 0);
		lane_data(&lane)[V4_TO] = 11; /* the first router */
		seal();
		follow_source_route(lane_data(&lane), 77);
		follow_source_route(lane_data(&lane), 78);
		assert_memory_equal(lane_data(&lane) + V4_TO, lane_v4[1].b, 4);
		lane_keep(&lane);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_covered(V4_TO, V4_TO + 4);
		lane_close(&lane);
	}
}

/* --- AH-04, AH-05. */

static void
test_ah_04_a_length_that_is_not_the_icvs_is_dropped(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct adit_sa_params p = params(version, ADIT_TRANSPORT);
		size_t head = version == 4 ? LANE_V4 : LANE_V6;
		uint8_t right = version == 4 ? 5 : 6; /* 28 bytes; IPv6: 32 */

		lane_open(&lane, &p);
		put(version, NULL, 0, 0);
		seal();
		assert_int_equal(lane_data(&lane)[head + AH_LEN], right);
		for (unsigned len = 0; len < 256; len++)
			if (len != right)
				assert_int_not_equal(changed(head + AH_LEN, (uint8_t)(len ^ right)),
						     ADIT_OK);
		assert_int_equal(lane.in.window.top, 0);
		lane_close(&lane);
	}
}

static void
test_ah_05_a_cut_or_longer_icv_is_dropped(void **state)
{
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);
	const size_t icv = LANE_V4 + AH_FIXED, behind = icv + 16;

	(void)state;
	lane_open(&lane, &p);
	put(4, NULL, 0, 0);
	seal();
	for (size_t words = 1; words <= 4; words++) {
		uint8_t *d;

		lane_again(&lane); /* shorter, and the length says so */
		d = lane_data(&lane);
		memmove(d + behind - 4 * words, d + behind, UPPER);
		d[LANE_V4 + AH_LEN] = (uint8_t)(5 - words);
		lane.pkt.len -= 4 * words;
		lane_set_length(d, lane.pkt.len);
		assert_int_not_equal(lane_receive(&lane), ADIT_OK);
		lane_again(&lane); /* longer */
		d = lane_data(&lane);
		memmove(d + behind + 4 * words, d + behind, UPPER);
		memset(d + behind, 0, 4 * words);
		d[LANE_V4 + AH_LEN] = (uint8_t)(5 + words);
		lane.pkt.len += 4 * words;
		lane_set_length(d, lane.pkt.len);
		assert_int_not_equal(lane_receive(&lane), ADIT_OK);
	}
	for (size_t n = 0; n < lane.kept_pkt.len; n++) {
		lane_again(&lane);
		lane.pkt.len = n;
		assert_int_not_equal(lane_receive(&lane), ADIT_OK);
		lane_again(&lane);
		lane.pkt.len = n;
		if (n >= LANE_V4)
			lane_set_length(lane_data(&lane), n);
		assert_int_not_equal(lane_receive(&lane), ADIT_OK);
	}
	assert_int_equal(lane.in.window.top, 0);
	lane_close(&lane);
}

static void
test_ah_05_reserved_bytes_are_covered_and_not_judged(void **state)
{
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);
	uint8_t muted[LANE_BUF], icv[ADIT_HASH_MAX];
	const struct adit_mac *mac = &adit_mbedtls_hmac_sha256;
	union adit_mac_ctx kc;
	struct adit_span whole;

	(void)state;
	lane_open(&lane, &p);
	put(4, NULL, 0, 0);
	seal();
	assert_covered(LANE_V4 + AH_RESERVED, LANE_V4 + AH_RESERVED + 2);
	/* A sender of a later version that uses them. */
	lane_again(&lane);
	lane_put16(lane_data(&lane) + LANE_V4 + AH_RESERVED, 0xbeef);
	memcpy(muted, lane_data(&lane), lane.pkt.len);
	muted[V4_TOS] = muted[V4_TTL] = 0;
	lane_put16(muted + V4_FRAGMENT, 0);
	lane_put16(muted + V4_SUM, 0);
	memset(muted + LANE_V4 + AH_FIXED, 0, 16);
	whole = (struct adit_span){muted, lane.pkt.len};
	assert_int_equal(mac->setkey(mac, &kc, p.key), ADIT_OK);
	assert_int_equal(mac->sum(mac, &kc, &whole, 1, icv), ADIT_OK);
	memcpy(lane_data(&lane) + LANE_V4 + AH_FIXED, icv, 16);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	lane_close(&lane);
}

/* --- AH-06, AH-07. */

static void
test_ah_06_ah_in_udp_is_refused_when_it_is_configured(void **state)
{
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);

	(void)state;
	p.udp_encap = true;
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	p.mode = ADIT_TUNNEL;
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
}

static void
run_esn(const struct adit_aead *aead)
{
	struct adit_sa_params p = params(6, ADIT_TRANSPORT);

	p.aead = aead;
	p.key.n = adit_aead_key_len(aead);
	p.esn = true;
	p.seq = ((uint64_t)7 << 32) - 3;
	lane_open(&lane, &p);
	for (unsigned i = 0; i < 8; i++) {
		put(6, NULL, 0, 0);
		seal();
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_true(lane.rx.seq == p.seq + 1 + i);
	}
	/* The same packet 2^32 numbers later is not authentic. */
	adit_sa_wipe(&lane.in);
	p.dir = ADIT_IN;
	p.local = lane_v6[1];
	p.remote = lane_v6[0];
	p.seq = ((uint64_t)8 << 32) - 3;
	assert_int_equal(adit_sa_init(&lane.in, &p,
				      (struct adit_buf){lane.kc[1].mem, sizeof lane.kc[1]},
				      lane.bits, sizeof lane.bits / sizeof lane.bits[0]),
			 ADIT_OK);
	lane_again(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_ICV);
	lane_close(&lane);
}

static void
test_ah_07_the_high_half_of_a_number_is_authenticated(void **state)
{
	(void)state;
	lane_for_each_aead(ADIT_PROTO_AH, run_esn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ah_01_changed_addresses_and_payload_are_detected),
		cmocka_unit_test(test_ah_01_extension_headers_before_and_behind_are_covered),
		cmocka_unit_test(test_ah_01_a_routing_header_may_be_gone_through_and_not_changed),
		cmocka_unit_test(test_ah_02_what_routers_change_may_change),
		cmocka_unit_test(test_ah_02_mutable_options_may_change_in_their_data_alone),
		cmocka_unit_test(test_ah_03_options_of_impossible_lengths_are_refused),
		cmocka_unit_test(test_ah_03_options_broken_on_the_way_are_refused_in_bounds),
		cmocka_unit_test(
			test_ah_03_unknown_options_count_as_zeroes_and_known_constant_ones_as_they_are),
		cmocka_unit_test(test_ah_03_a_source_route_is_foretold),
		cmocka_unit_test(test_ah_04_a_length_that_is_not_the_icvs_is_dropped),
		cmocka_unit_test(test_ah_05_a_cut_or_longer_icv_is_dropped),
		cmocka_unit_test(test_ah_05_reserved_bytes_are_covered_and_not_judged),
		cmocka_unit_test(test_ah_06_ah_in_udp_is_refused_when_it_is_configured),
		cmocka_unit_test(test_ah_07_the_high_half_of_a_number_is_authenticated),
	};

	return cmocka_run_group_tests_name("attacks on AH", tests, NULL, NULL);
}
