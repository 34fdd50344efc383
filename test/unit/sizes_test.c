/* The longest packet that an SA takes at a path's MTU, against every length tried: all transforms,
 * modes and families, ESP, ESP in UDP and AH. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"

enum { LONGEST = 1700, MTU_FROM = 60, MTU_TO = 1650, ROOM = 512, NEXT_UDP = 17 };

static struct lane lane;
static unsigned cases;

/* Lengths don't depend on what is written, so nothing is enciphered here. */
static void
seal_nothing(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	(void)aead;
	(void)kc;
	for (size_t i = 0; i < n; i++)
		ops[i].status = ADIT_OK;
}

static enum adit_status
make_no_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	(void)n;
	memset(iv, 0, aead->iv_len);
	return ADIT_OK;
}

static size_t
least(uint8_t version)
{
	return version == 4 ? LANE_V4 : LANE_V6;
}

/* A packet of n bytes whose header is right; the rest is of no interest. */
static void
put(uint8_t version, size_t n)
{
	static uint8_t head[2][LANE_V6];
	static bool is_made[2];
	uint8_t *h = head[version == 6];

	if (!is_made[version == 6]) {
		lane_udp(&lane, version, least(version) + 8);
		memcpy(h, lane_data(&lane), least(version));
		is_made[version == 6] = true;
	}
	lane.pkt = (struct adit_pkt){lane.buf, sizeof lane.buf, ROOM, n};
	memcpy(lane_data(&lane), h, least(version));
	lane_set_length(lane_data(&lane), n);
}

static void
measure(uint8_t inner, uint16_t *outer)
{
	for (size_t n = least(inner); n <= LONGEST; n++) {
		put(inner, n);
		assert_int_equal(lane_send_at(&lane, 1), ADIT_OK);
		assert_in_range(lane.pkt.len, n, LONGEST + 300);
		outer[n] = (uint16_t)lane.pkt.len;
	}
}

static size_t
payload_max(size_t mtu)
{
	return lane.out.protocol == ADIT_PROTO_AH ? adit_ah_payload_max(&lane.out, mtu)
						  : adit_esp_payload_max(&lane.out, mtu);
}

/* What is said is the last length that fits: all shorter ones do, and no longer one. */
static void
compare(uint8_t inner, const uint16_t *outer)
{
	size_t fits = 0, n = least(inner);

	for (size_t mtu = MTU_FROM; mtu <= MTU_TO; mtu++) {
		size_t said = payload_max(mtu);

		for (; n <= LONGEST && outer[n] <= mtu; n++)
			fits = n;
		if (fits)
			assert_int_equal(said, fits);
		else
			assert_true(said < least(inner));
		cases++;
	}
	for (n = least(inner); n < LONGEST; n++)
		assert_true(outer[n] <= outer[n + 1]);
}

static void
try(const struct adit_sa_params *p, uint8_t inner)
{
	static uint16_t outer[LONGEST + 1];

	lane_open(&lane, p);
	measure(inner, outer);
	compare(inner, outer);
	lane_close(&lane);
}

static void
try_modes(const struct adit_aead *real, uint8_t protocol)
{
	struct adit_aead aead = *real;

	aead.seal = seal_nothing;
	if (aead.iv_len && aead.make_iv)
		aead.make_iv = make_no_iv;
	for (uint8_t outer = 4; outer <= 6; outer += 2) {
		struct adit_sa_params p = lane_params(outer, ADIT_TUNNEL, &aead);

		p.protocol = protocol;
		for (unsigned udp = 0; udp <= (protocol == ADIT_PROTO_ESP); udp++) {
			p.udp_encap = udp;
			p.mode = ADIT_TUNNEL;
			try(&p, 4);
			try(&p, 6);
			p.mode = ADIT_TRANSPORT;
			try(&p, outer);
		}
	}
}

static void
try_esp(const struct adit_aead *aead)
{
	try_modes(aead, ADIT_PROTO_ESP);
}

static void
try_ah(const struct adit_aead *aead)
{
	try_modes(aead, ADIT_PROTO_AH);
}

static void
test_what_esp_takes_is_exact(void **state)
{
	(void)state;
	cases = 0;
	lane_for_each_aead(ADIT_PROTO_ESP, try_esp);
	print_message("%u MTUs\n", cases);
	assert_true(cases > 100000);
}

static void
test_what_ah_takes_is_exact(void **state)
{
	(void)state;
	cases = 0;
	lane_for_each_aead(ADIT_PROTO_AH, try_ah);
	print_message("%u MTUs\n", cases);
	assert_true(cases > 10000);
}

static void
test_what_ah_padded_to_8_bytes_takes_is_exact(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_null_sha256);

	(void)state;
	p.protocol = ADIT_PROTO_AH;
	p.flags = ADIT_SA_ALIGN8;
	try(&p, 4);
	try(&p, 6);
	p.mode = ADIT_TRANSPORT;
	try(&p, 4);
}

static void
test_what_beet_takes_is_exact(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct adit_sa_params p =
			lane_params(version, ADIT_BEET, &adit_mbedtls_aes128_cbc_sha256);

		p.inner_local = p.local;
		p.inner_remote = p.remote;
		try(&p, version);
	}
}

/* With padding of traffic flow confidentiality nothing grows beyond what the path takes. */
static void
test_padding_never_makes_a_packet_too_long(void **state)
{
	(void)state;
	for (uint16_t mtu = 576; mtu <= 1500; mtu = (uint16_t)(mtu + 7)) {
		struct adit_sa_params p =
			lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_cbc_sha256);
		size_t max;

		p.mtu = mtu;
		p.tfc = 1400;
		lane_open(&lane, &p);
		max = adit_esp_payload_max(&lane.out, mtu);
		for (size_t n = LANE_V4; n <= max; n++) {
			put(4, n);
			assert_int_equal(lane_send(&lane), ADIT_OK);
			assert_true(lane.pkt.len <= mtu);
		}
		put(4, max + 1);
		assert_int_equal(lane_send(&lane), ADIT_ERR_MTU);
		lane_close(&lane);
	}
}

/* Fragments can't be protected without a tunnel, so IPv4 does as its DF says, and IPv6 as the SA
 * (RFC 4303 3.3.4). */
static void
test_without_a_tunnel_what_may_be_cut_is_cut_behind(void **state)
{
	const enum adit_mode modes[] = {ADIT_TRANSPORT, ADIT_BEET};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		uint8_t version = i & 1 ? 6 : 4;
		bool df = i & 2, cut_after = i & 4;
		struct adit_sa_params p =
			lane_params(version, modes[i >> 3], &adit_mbedtls_aes128_gcm16);
		bool made = version == 4 ? !df : cut_after;

		p.mtu = 1400;
		p.flags = (uint8_t)(cut_after ? ADIT_SA_CUT_AFTER : 0);
		p.inner_local = p.local;
		p.inner_remote = p.remote;
		lane_open(&lane, &p);
		put(version, 1500);
		if (version == 4 && df)
			lane_data(&lane)[6] = 0x40;
		lane_set_length(lane_data(&lane), 1500);
		assert_int_equal(lane_send(&lane), made ? ADIT_OK : ADIT_ERR_MTU);
		lane_close(&lane);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_esp_takes_is_exact),
		cmocka_unit_test(test_what_ah_takes_is_exact),
		cmocka_unit_test(test_what_ah_padded_to_8_bytes_takes_is_exact),
		cmocka_unit_test(test_what_beet_takes_is_exact),
		cmocka_unit_test(test_padding_never_makes_a_packet_too_long),
		cmocka_unit_test(test_without_a_tunnel_what_may_be_cut_is_cut_behind),
	};

	return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}
