/* Inbound bursts with bad packets between good ones: ESP-07, and the audit's counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "data/esp_burst.h"
#include "support/lane.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { BURST_MAX = 16 };

static struct lane lane;

static const struct adit_aead *const kinds[] = {
	&adit_mbedtls_aes128_gcm16, &adit_mbedtls_aes128_cbc_sha256, &adit_mbedtls_null_sha256,
	&adit_mbedtls_chacha20_poly1305_iiv};

/* A packet of a burst, and what is to become of it: by that it is damaged. */
struct member {
	uint64_t seq;
	enum adit_status st;
};

static struct adit_pkt
put_member(const struct member *m, uint8_t *mem, size_t cap)
{
	struct adit_pkt pkt = {mem, cap, 0, 0};

	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send_at(&lane, m->seq), ADIT_OK);
	memcpy(mem, lane_data(&lane), lane.pkt.len);
	pkt.len = lane.pkt.len;
	if (m->st == ADIT_ERR_ICV)
		mem[pkt.len - 1] ^= 1;
	if (m->st == ADIT_ERR_MISMATCH)
		mem[LANE_V4] ^= 1;
	if (m->st == ADIT_ERR_SHORT)
		pkt.len--;
	if (m->st == ADIT_ERR_ARG)
		pkt.off = cap;
	return pkt;
}

/* Each status is its packet's own, and what is refused changes nothing for the others. */
static void
run_burst(const struct member *m, size_t n, uint64_t top)
{
	static uint8_t mem[BURST_MAX][512];
	struct adit_esp_rx rx[BURST_MAX];
	enum adit_status st[BURST_MAX];
	struct adit_pkt pkts[BURST_MAX];
	uint64_t good = 0;

	for (size_t i = 0; i < n; i++)
		pkts[i] = put_member(&m[i], mem[i], sizeof mem[i]);
	adit_esp_decap_burst(&lane.in, pkts, rx, st, n);
	lane_udp(&lane, 4, 60);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(st[i], m[i].st);
		if (st[i] != ADIT_OK)
			continue;
		good++;
		assert_true(rx[i].seq == m[i].seq);
		assert_int_equal(pkts[i].len, 60);
		assert_memory_equal(adit_pkt_data(&pkts[i]), lane_data(&lane), 60);
	}
	assert_true(lane.in.n.packets == good);
	assert_true(lane.in.n.bytes == good * 60);
	assert_true(lane.in.n.drops == n - good);
	assert_true(lane.in.window.top == top);
}

/* An old number is told from one of the next 2^32 only by a window that has not moved yet, so it
 * stands where it is read together with what moves it. */
static void
test_each_packet_of_a_burst_has_its_own_status(void **state)
{
	static const struct member m[] = {
		{100, ADIT_OK},         {36, ADIT_ERR_OLD},     {101, ADIT_ERR_ICV},
		{101, ADIT_OK},         {100, ADIT_ERR_REPLAY}, {103, ADIT_ERR_MISMATCH},
		{102, ADIT_OK},         {104, ADIT_ERR_SHORT},  {39, ADIT_OK},
		{39, ADIT_ERR_REPLAY},  {105, ADIT_ERR_ARG},    {9999, ADIT_ERR_ICV},
		{101, ADIT_ERR_REPLAY}, {106, ADIT_OK},
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(kinds); i++) {
		struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, kinds[i / 2]);

		p.esn = i % 2;
		lane_open(&lane, &p);
		run_burst(m, COUNT(m), 106);
		assert_int_equal(adit_sa_audit(&lane.in).replayed, 4);
		assert_int_equal(adit_sa_audit(&lane.in).forged, 2);
		assert_int_equal(adit_sa_audit(&lane.in).malformed, 1);
		lane_close(&lane);
	}
}

/* What is not authentic neither brings the bound nearer nor is taken for what came after it. */
static void
test_a_bound_within_a_burst_counts_what_is_authentic(void **state)
{
	static const struct member m[] = {
		{1, ADIT_ERR_ICV},       {1, ADIT_OK},
		{1, ADIT_ERR_REPLAY},    {2, ADIT_OK},
		{3, ADIT_ERR_ICV},       {3, ADIT_ERR_EXHAUSTED},
		{4, ADIT_ERR_EXHAUSTED},
	};
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, kinds[0]);

	(void)state;
	p.hard.packets = 2;
	lane_open(&lane, &p);
	run_burst(m, COUNT(m), 2);
	assert_int_equal(adit_sa_audit(&lane.in).exhausted, 2);
	assert_int_equal(adit_sa_audit(&lane.in).forged, 2);
	lane_close(&lane);
}

/* Packets whose shapes are known already, and an SA that is not for sending. */
static void
test_a_burst_is_not_sealed_by_an_inbound_sa(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	enum adit_status st[2] = {ADIT_OK, ADIT_OK};
	struct adit_pkt pkts[2];
	struct adit_ip_view ips[2];
	const struct adit_esp_burst burst = {pkts, ips, NULL, st, 2};

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, 60);
	lane_keep(&lane);
	for (unsigned i = 0; i < 2; i++) {
		pkts[i] = lane.pkt;
		assert_int_equal(adit_ip_get(lane_data(&lane), lane.pkt.len, &ips[i]), ADIT_OK);
	}
	adit_esp_encap_read(&lane.in, &burst);
	assert_int_equal(st[0], ADIT_ERR_MISMATCH);
	assert_int_equal(st[1], ADIT_ERR_MISMATCH);
	assert_int_equal(lane.in.seq, 0);
	assert_int_equal(lane.in.n.drops, 2);
	lane.pkt = pkts[0];
	assert_true(lane_is_kept(&lane));
	lane_close(&lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_packet_of_a_burst_has_its_own_status),
		cmocka_unit_test(test_a_bound_within_a_burst_counts_what_is_authentic),
		cmocka_unit_test(test_a_burst_is_not_sealed_by_an_inbound_sa),
	};

	return cmocka_run_group_tests_name("esp_burst", tests, NULL, NULL);
}
