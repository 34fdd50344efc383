/* IP-TFS: packets through payloads of any size, and what loss and disorder leave of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adit/iptfs.h"
#include "adit/ipsec.h"
#include "base/endian.h"

enum { RING = 4096, PACKET_MAX = 1600, SLOTS = 4, SLOT = 2048, PACKETS = 400 };

static uint32_t seed;

static uint32_t
pick(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* A packet that its number and length make. */
static size_t
make(uint8_t *p, uint32_t number, size_t n)
{
	bool v4 = number % 2;

	n = n < (v4 ? 24u : 44u) ? (v4 ? 24u : 44u) : n;
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(number * 31 + i * 7);
	if (v4) {
		p[0] = 0x45;
		adit_store16(p + 2, (uint16_t)n);
		adit_store16(p + 6, 0);
		p[9] = 17;
		adit_store32(p + 20, number);
	} else {
		p[0] = 0x60;
		adit_store16(p + 4, (uint16_t)(n - 40));
		p[6] = 17;
		adit_store32(p + 40, number);
	}
	return n;
}

static uint32_t
number_of(const struct adit_pkt *pkt)
{
	const uint8_t *p = adit_pkt_data(pkt);

	return adit_load32(p + (p[0] >> 4 == 4 ? 20 : 40));
}

struct world {
	struct adit_iptfs_tx tx;
	struct adit_iptfs_rx rx;
	struct adit_iptfs_slot slots[SLOTS];
	uint8_t ring[RING], partial[PACKET_MAX], bytes[SLOTS * SLOT], payload[SLOT];
	uint8_t sent[PACKETS][PACKET_MAX];
	size_t sent_len[PACKETS];
	uint32_t next_in; /* a delivered packet's number is at least this */
	unsigned got;
};

static void
begin(struct world *w, size_t slots, bool whole)
{
	const struct adit_iptfs_rx_mem mem = {
		{w->partial, sizeof w->partial}, w->slots, slots, w->bytes, SLOT};

	memset(w, 0, sizeof *w);
	assert_int_equal(adit_iptfs_tx_init(&w->tx, (struct adit_buf){w->ring, RING}, whole),
			 ADIT_OK);
	assert_int_equal(adit_iptfs_rx_init(&w->rx, &mem), ADIT_OK);
}

static void
drain(struct world *w)
{
	struct adit_pkt pkt;

	while (adit_iptfs_get(&w->rx, &pkt) == ADIT_OK) {
		uint32_t n = number_of(&pkt);

		assert_in_range(n, w->next_in, PACKETS - 1);
		assert_int_equal(pkt.len, w->sent_len[n]);
		assert_memory_equal(adit_pkt_data(&pkt), w->sent[n], pkt.len);
		w->next_in = n + 1;
		w->got++;
	}
}

static void
arrive(struct world *w, uint64_t seq, uint8_t *p, size_t n)
{
	struct adit_pkt pkt = {p, n, 0, n};
	enum adit_status st = adit_iptfs_input(&w->rx, seq, &pkt);

	while (st == ADIT_ERR_FULL) {
		adit_iptfs_give_up(&w->rx);
		drain(w);
		st = adit_iptfs_input(&w->rx, seq, &pkt);
	}
	assert_true(st == ADIT_OK || st == ADIT_ERR_OLD);
	drain(w);
}

static void
test_all_packets_come_through_payloads_of_any_size(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		static struct world w;
		bool whole = round % 3 == 2;
		uint64_t seq = 1;
		uint32_t made = 0;

		seed = round + 1;
		begin(&w, round % 2 ? SLOTS : 0, whole);
		while (made < PACKETS || adit_iptfs_waiting(&w.tx)) {
			size_t size = whole ? PACKET_MAX : 5 + pick(1400);
			struct adit_pkt out = {w.payload, SLOT, 0, 0};

			while (made < PACKETS && pick(4)) {
				size_t n = make(w.sent[made], made, pick(PACKET_MAX - 100));
				enum adit_status st =
					adit_iptfs_put(&w.tx, (struct adit_span){w.sent[made], n});

				if (st == ADIT_ERR_FULL)
					break;
				assert_int_equal(st, ADIT_OK);
				w.sent_len[made++] = n;
			}
			assert_int_equal(adit_iptfs_next(&w.tx, size, &out), ADIT_OK);
			assert_int_equal(out.len, size);
			arrive(&w, seq++, w.payload, size);
		}
		assert_int_equal(w.got, PACKETS);
		assert_int_equal(w.rx.n.torn + w.rx.n.lost + w.rx.n.malformed, 0);
	}
}

static void
test_loss_and_disorder_tear_packets_and_mix_none(void **state)
{
	unsigned all = 0;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		static struct world w;
		static uint8_t late[SLOT];
		size_t late_len = 0;
		uint64_t seq = 1, late_seq = 0;
		uint32_t made = 0;

		seed = 1000 + round;
		begin(&w, SLOTS, false);
		while (made < PACKETS || adit_iptfs_waiting(&w.tx)) {
			size_t size = 300 + pick(1000);
			struct adit_pkt out = {w.payload, SLOT, 0, 0};

			while (made < PACKETS && pick(3)) {
				size_t n = make(w.sent[made], made, pick(600));

				if (adit_iptfs_put(&w.tx, (struct adit_span){w.sent[made], n}) !=
				    ADIT_OK)
					break;
				w.sent_len[made++] = n;
			}
			assert_int_equal(adit_iptfs_next(&w.tx, size, &out), ADIT_OK);
			if (pick(20) == 0) {
				seq++; /* lost */
			} else if (late_len == 0 && pick(10) == 0) {
				memcpy(late, w.payload, size);
				late_len = size;
				late_seq = seq++;
			} else {
				arrive(&w, seq++, w.payload, size);
			}
			if (late_len && pick(3) == 0) {
				arrive(&w, late_seq, late, late_len);
				late_len = 0;
			}
		}
		for (unsigned i = 0; i < SLOTS; i++) {
			adit_iptfs_give_up(&w.rx);
			drain(&w);
		}
		assert_true(w.got <= PACKETS);
		all += w.got;
	}
	/* Most get through all the same. */
	assert_true(all > 60 * PACKETS / 2);
}

static void
test_payloads_of_padding_stand_between_the_parts_of_a_packet(void **state)
{
	static struct world w;
	uint8_t pad[64] = {0};
	struct adit_pkt out = {w.payload, SLOT, 0, 0};

	(void)state;
	begin(&w, 0, false);
	w.sent_len[0] = make(w.sent[0], 0, 1000);
	assert_int_equal(adit_iptfs_put(&w.tx, (struct adit_span){w.sent[0], w.sent_len[0]}),
			 ADIT_OK);
	assert_int_equal(adit_iptfs_next(&w.tx, 600, &out), ADIT_OK);
	arrive(&w, 1, w.payload, 600);
	arrive(&w, 2, pad, sizeof pad);
	assert_int_equal(w.got, 0);
	assert_int_equal(adit_iptfs_next(&w.tx, 600, &out), ADIT_OK);
	arrive(&w, 3, w.payload, 600);
	assert_int_equal(w.got, 1);
	assert_int_equal(w.rx.n.pads, 1);
}

static void
test_the_first_block_offset_counts_past_the_end(void **state)
{
	static struct world w;
	struct adit_pkt out = {w.payload, SLOT, 0, 0};

	(void)state;
	begin(&w, 0, false);
	w.sent_len[0] = make(w.sent[0], 0, 1000);
	assert_int_equal(adit_iptfs_put(&w.tx, (struct adit_span){w.sent[0], w.sent_len[0]}),
			 ADIT_OK);
	for (unsigned i = 0; i < 4; i++) {
		static const uint16_t offsets[] = {0, 1000 - 296, 1000 - 2 * 296, 1000 - 3 * 296};

		assert_int_equal(adit_iptfs_next(&w.tx, 300, &out), ADIT_OK);
		assert_int_equal(adit_load16(w.payload), 0);
		assert_int_equal(adit_load16(w.payload + 2), offsets[i]);
		arrive(&w, i + 1, w.payload, 300);
	}
	assert_int_equal(w.got, 1);
}

static void
test_the_congestion_control_header_is_read(void **state)
{
	static struct world w;
	uint8_t p[64] = {1, 3};
	struct adit_pkt pkt = {p, sizeof p, 0, sizeof p}, got;

	(void)state;
	begin(&w, 0, false);
	adit_store32(p + 4, 77);
	adit_store64(p + 8, (uint64_t)1000 << 42 | (uint64_t)2000 << 21 | 3000);
	adit_store32(p + 16, 5);
	adit_store32(p + 20, 6);
	w.sent_len[1] = make(w.sent[1], 1, 30);
	memcpy(p + 24, w.sent[1], w.sent_len[1]);
	assert_int_equal(adit_iptfs_input(&w.rx, 9, &pkt), ADIT_OK);
	assert_true(w.rx.cc.present && w.rx.cc.p && w.rx.cc.e);
	assert_int_equal(w.rx.cc.loss_event_rate, 77);
	assert_int_equal(w.rx.cc.rtt, 1000);
	assert_int_equal(w.rx.cc.echo_delay, 2000);
	assert_int_equal(w.rx.cc.transmit_delay, 3000);
	assert_int_equal(w.rx.cc.tval, 5);
	assert_int_equal(w.rx.cc.techo, 6);
	assert_int_equal(adit_iptfs_get(&w.rx, &got), ADIT_OK);
	assert_int_equal(got.len, w.sent_len[1]);
	assert_int_equal(adit_iptfs_get(&w.rx, &got), ADIT_ERR_PENDING);
	/* There need be nothing behind it. */
	pkt.len = 24;
	assert_int_equal(adit_iptfs_input(&w.rx, 10, &pkt), ADIT_OK);
	assert_true(w.rx.cc.present);
	assert_int_equal(adit_iptfs_get(&w.rx, &got), ADIT_ERR_PENDING);
	assert_int_equal(w.rx.n.malformed, 0);
}

static void
test_hostile_payloads_give_no_packet(void **state)
{
	static const struct {
		uint8_t p[8];
		size_t n;
	} bad[] = {{{0}, 0},
		   {{0}, 3},
		   {{2, 0, 0, 0, 0x45}, 5},
		   {{1, 0, 0, 0, 0x45}, 8},
		   {{0, 0, 0, 0, 0x55}, 8},
		   {{0, 0, 0, 0, 0x45, 0, 0, 3}, 8},
		   {{0, 0, 0xff, 0xff, 0x45, 0, 0, 3}, 8}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		static struct world w;
		uint8_t p[8];

		begin(&w, SLOTS, false);
		memcpy(p, bad[i].p, 8);
		arrive(&w, 5, p, bad[i].n);
		assert_int_equal(w.got, 0);
		/* The next one is as good as ever. */
		w.sent_len[0] = make(w.sent[0], 0, 50);
		memset(w.payload, 0, 4);
		memcpy(w.payload + 4, w.sent[0], 50);
		arrive(&w, 6, w.payload, 54);
		assert_int_equal(w.got, 1);
	}
}

static void
test_a_constant_rate_is_kept_whatever_the_steps_of_the_clock(void **state)
{
	uint64_t sent = 0;

	(void)state;
	for (adit_ms now = 1000; now <= 11000; now += 1 + pick(50))
		sent += adit_iptfs_due(333, 1000, now, sent, 1000);
	sent += adit_iptfs_due(333, 1000, 11000, sent, 1000);
	assert_int_equal(sent, 3330);
	assert_int_equal(adit_iptfs_due(1000000, 0, 1u << 31, 0, 32), 32);
	assert_int_equal(adit_iptfs_due(10, 0, 100, 50, 32), 0);
}

static void
test_rooms_and_arguments_are_checked(void **state)
{
	static struct world w;
	uint8_t p[PACKET_MAX];
	struct adit_pkt out = {w.payload, 100, 10, 0};

	(void)state;
	begin(&w, 0, true);
	assert_int_equal(adit_iptfs_put(&w.tx, (struct adit_span){p, 0}), ADIT_ERR_SHORT);
	assert_int_equal(adit_iptfs_next(&w.tx, 4, &out), ADIT_ERR_ARG);
	assert_int_equal(adit_iptfs_next(&w.tx, 91, &out), ADIT_ERR_ROOM);
	assert_int_equal(adit_iptfs_next(&w.tx, 90, &out), ADIT_OK);
	assert_int_equal(adit_iptfs_put(&w.tx, (struct adit_span){p, make(p, 1, 200)}), ADIT_OK);
	assert_int_equal(adit_iptfs_next(&w.tx, 90, &out), ADIT_ERR_ARG);
	for (unsigned i = 0; i < RING / 200 - 1; i++)
		assert_int_equal(adit_iptfs_put(&w.tx, (struct adit_span){p, 200}), ADIT_OK);
	assert_int_equal(adit_iptfs_put(&w.tx, (struct adit_span){p, 200}), ADIT_ERR_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_packets_come_through_payloads_of_any_size),
		cmocka_unit_test(test_loss_and_disorder_tear_packets_and_mix_none),
		cmocka_unit_test(test_payloads_of_padding_stand_between_the_parts_of_a_packet),
		cmocka_unit_test(test_the_first_block_offset_counts_past_the_end),
		cmocka_unit_test(test_the_congestion_control_header_is_read),
		cmocka_unit_test(test_hostile_payloads_give_no_packet),
		cmocka_unit_test(test_a_constant_rate_is_kept_whatever_the_steps_of_the_clock),
		cmocka_unit_test(test_rooms_and_arguments_are_checked),
	};

	return cmocka_run_group_tests_name("iptfs", tests, NULL, NULL);
}
