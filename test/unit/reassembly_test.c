/* Putting fragments together: whatever the order, the packet is there again, with the headers that
 * the RFCs give it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/fragment.h"
#include "support/cuts.h"
#include "support/joins.h"

enum { PIECES = 64, PIECE_MAX = 2048 };

static uint8_t packet[CUTS_MAX];

/* The whole packet is that which was cut, bit by bit. */
static void
assert_whole(const struct joins *w, size_t total)
{
	assert_true(joins_has_room(w));
	assert_int_equal(w->pkt.len, total);
	assert_memory_equal(adit_pkt_data(&w->pkt), packet, total);
}

struct pieces {
	size_t n;
	size_t len[PIECES];
	uint8_t p[PIECES][PIECE_MAX];
};

static void
cut(struct pieces *c, enum cuts_kind kind, size_t total, size_t mtu, uint32_t id)
{
	struct adit_fragment_params params = {mtu, id, false};
	struct adit_fragmenter f;

	cuts_packet(packet, kind, total, id);
	assert_int_equal(adit_fragment_begin(&f, (struct adit_span){packet, total}, &params),
			 ADIT_OK);
	for (c->n = 0; adit_fragment_left(&f); c->n++) {
		struct adit_pkt out = {c->p[c->n], PIECE_MAX, 0, 0};

		assert_true(c->n < PIECES);
		assert_int_equal(adit_fragment_next(&f, &out), ADIT_OK);
		c->len[c->n] = out.len;
	}
}

/* Gives the pieces in that order; the last of them makes the packet. */
static void
assert_joined(struct joins *w, const struct pieces *c, const size_t *order, size_t total)
{
	for (size_t i = 0; i < c->n; i++) {
		const uint8_t *p = c->p[order[i]];

		assert_int_equal(joins_give(w, p, c->len[order[i]]),
				 i + 1 < c->n ? ADIT_ERR_PENDING : ADIT_OK);
	}
	assert_whole(w, total);
	adit_reasm_release(&w->r);
}

static const size_t least_mtu[CUTS_KINDS] = {28, 52, 56, 112};

static void
test_every_cut_is_joined_forwards_and_backwards(void **state)
{
	static struct pieces c;
	size_t forwards[PIECES], backwards[PIECES];
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (int kind = 0; kind < CUTS_KINDS; kind++)
		for (size_t total = 130; total < 470; total += 37)
			for (size_t mtu = least_mtu[kind]; mtu < total; mtu++) {
				cut(&c, (enum cuts_kind)kind, total, mtu, ID);
				for (size_t i = 0; i < c.n; i++) {
					forwards[i] = i;
					backwards[i] = c.n - 1 - i;
				}
				assert_joined(&w, &c, forwards, total);
				assert_joined(&w, &c, backwards, total);
			}
	assert_int_equal(w.r.n.malformed + w.r.n.overlaps + w.r.n.full, 0);
}

/* Heap's algorithm, without recursion. */
static void
assert_joined_in_every_order(struct joins *w, const struct pieces *c, size_t total)
{
	size_t order[PIECES], count[PIECES] = {0}, i = 1, orders = 1;

	for (size_t k = 0; k < c->n; k++)
		order[k] = k;
	assert_joined(w, c, order, total);
	while (i < c->n) {
		size_t with = i % 2 ? count[i] : 0, swap = order[i];

		if (count[i] == i) {
			count[i++] = 0;
			continue;
		}
		order[i] = order[with];
		order[with] = swap;
		assert_joined(w, c, order, total);
		orders++;
		count[i]++;
		i = 1;
	}
	assert_int_equal(orders, c->n == 5 ? 120 : c->n == 4 ? 24 : c->n == 3 ? 6 : 2);
}

static void
test_every_order_of_up_to_five_fragments_is_joined(void **state)
{
	static struct pieces c;
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (int kind = 0; kind < CUTS_KINDS; kind++)
		for (size_t n = 2; n <= 5; n++) {
			size_t head = cuts_head((enum cuts_kind)kind), total = head + 15;

			for (c.n = 0; c.n < n; total++)
				cut(&c, (enum cuts_kind)kind, total + 1, head + 40, ID);
			assert_int_equal(c.n, n);
			assert_joined_in_every_order(&w, &c, total);
		}
}

/* Fisher and Yates. */
static void
shuffle(size_t *order, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = cuts_random(seed) % i, swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
}

static void
test_random_orders_with_repeats_are_joined(void **state)
{
	static struct pieces c;
	size_t order[PIECES];
	uint64_t seed = 20261123;
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (unsigned round = 0; round < 400; round++) {
		enum cuts_kind kind = (enum cuts_kind)(round % CUTS_KINDS);
		size_t total = 1000 + cuts_random(&seed) % 8000;
		size_t mtu = 300 + cuts_random(&seed) % 600;

		cut(&c, kind, total, mtu, ID + round);
		shuffle(order, c.n, &seed);
		for (size_t i = 0; i < c.n - 1; i++) {
			size_t again = order[cuts_random(&seed) % (i + 1)];

			assert_int_equal(joins_give(&w, c.p[order[i]], c.len[order[i]]),
					 ADIT_ERR_PENDING);
			assert_int_equal(joins_give(&w, c.p[again], c.len[again]),
					 ADIT_ERR_PENDING);
		}
		assert_int_equal(joins_give(&w, c.p[order[c.n - 1]], c.len[order[c.n - 1]]),
				 ADIT_OK);
		assert_whole(&w, total);
		adit_reasm_release(&w.r);
	}
	assert_int_equal(w.r.n.packets, 400);
	assert_true(w.r.n.duplicates > 1000);
}

static void
test_the_longest_packet_is_joined(void **state)
{
	struct adit_fragment_params params = {1500, ID, false};
	static uint8_t p[1500];

	(void)state;
	for (int kind = 0; kind < CUTS_KINDS; kind++) {
		struct adit_fragmenter f;
		struct joins w;

		assert_int_equal(joins_open(&w), ADIT_OK);
		cuts_packet(packet, (enum cuts_kind)kind, CUTS_MAX, ID);
		assert_int_equal(
			adit_fragment_begin(&f, (struct adit_span){packet, CUTS_MAX}, &params),
			ADIT_OK);
		while (adit_fragment_left(&f)) {
			struct adit_pkt out = {p, sizeof p, 0, 0};

			assert_int_equal(adit_fragment_next(&f, &out), ADIT_OK);
			assert_int_equal(joins_give(&w, p, out.len),
					 adit_fragment_left(&f) ? ADIT_ERR_PENDING : ADIT_OK);
		}
		assert_whole(&w, CUTS_MAX);
	}
}

static void
test_what_came_whole_passes_as_it_is(void **state)
{
	const struct cuts_fragment atomic = {.version = 6, .len = 100, .options = 8};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (int kind = 0; kind < CUTS_KINDS; kind++) {
		cuts_packet(packet, (enum cuts_kind)kind, 300, ID);
		assert_int_equal(joins_give(&w, packet, 300), ADIT_OK);
		assert_true(w.pkt.buf == joins_arrival() && w.pkt.len == 300);
	}
	/* RFC 6946. */
	assert_int_equal(joins_fragment(&w, &atomic), ADIT_OK);
	assert_true(w.pkt.buf == joins_arrival() && w.pkt.len == 156);
	assert_int_equal(w.r.n.fragments, 0);
}

static void
test_a_packet_that_is_whole_does_not_join_fragments_of_its_id(void **state)
{
	struct cuts_fragment atomic = {.version = 6, .id = ID, .len = 16};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 6, 0, 16, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_fragment(&w, &atomic), ADIT_OK);
	assert_true(w.pkt.buf == joins_arrival());
	assert_int_equal(joins_piece(&w, 6, 16, 20, false), ADIT_OK);
	assert_true(joins_is_data(&w, 20));
}

/* Packets are told apart by addresses and identification; IPv4: by protocol too. */
static void
test_fragments_of_different_packets_do_not_join(void **state)
{
	const struct cuts_fragment others[] = {
		{.source = 9}, {.destination = 9}, {.id = ID ^ 1}, {.protocol = 50}};

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (size_t i = 0; i < 4; i++) {
			struct cuts_fragment f = others[i];
			struct joins w;

			assert_int_equal(joins_open(&w), ADIT_OK);
			f.version = version;
			f.id = f.id ? f.id : ID;
			f.offset = 16;
			f.len = 4;
			assert_int_equal(joins_piece(&w, version, 0, 16, true), ADIT_ERR_PENDING);
			assert_int_equal(joins_fragment(&w, &f),
					 version == 6 && i == 3 ? ADIT_OK : ADIT_ERR_PENDING);
		}
}

static void
test_packets_that_come_mixed_are_each_joined(void **state)
{
	static struct pieces c[SLOTS];
	struct joins w;
	size_t done = 0;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (uint32_t i = 0; i < SLOTS; i++)
		cut(&c[i], (enum cuts_kind)i, 3000, 500, ID + i);
	for (size_t k = 0; k < PIECES; k++)
		for (uint32_t i = 0; i < SLOTS; i++) {
			enum adit_status st;

			if (k >= c[i].n)
				continue;
			st = joins_give(&w, c[i].p[k], c[i].len[k]);
			assert_int_equal(st, k + 1 == c[i].n ? ADIT_OK : ADIT_ERR_PENDING);
			if (st != ADIT_OK)
				continue;
			cuts_packet(packet, (enum cuts_kind)i, 3000, ID + i);
			assert_whole(&w, 3000);
			done++;
		}
	assert_int_equal(done, SLOTS);
}

/* RFC 3168 5.3; 4: refused. */
static uint8_t
joined_ecn(const uint8_t *ecn, size_t n)
{
	uint8_t all = ecn[0];

	for (size_t i = 0; i < n; i++) {
		if ((ecn[i] == 0) != (ecn[0] == 0))
			return 4;
		if (ecn[i] == 3)
			all = 3;
	}
	return all;
}

static uint8_t
tos_of(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? p[1] : (uint8_t)((p[0] & 15) << 4 | p[1] >> 4);
}

/* Three fragments come from the `from`-th on, round. */
static void
assert_ecn(uint8_t version, const uint8_t *ecn, size_t from)
{
	struct cuts_fragment f = {.version = version, .id = ID, .len = 16};
	enum adit_status st = ADIT_ERR_PENDING;
	uint8_t all = joined_ecn(ecn, 3);
	const uint8_t dscp = 46 << 2;
	struct joins w;

	assert_int_equal(joins_open(&w), ADIT_OK);
	for (size_t i = 0; i < 3 && st == ADIT_ERR_PENDING; i++) {
		size_t k = (from + i) % 3;

		f.offset = 16 * k;
		f.more = k < 2;
		f.tos = ecn[k] | (k ? 0 : dscp);
		st = joins_fragment(&w, &f);
	}
	assert_int_equal(st, all == 4 ? ADIT_ERR_ECN : ADIT_OK);
	assert_int_equal(w.r.n.ecn, all == 4);
	if (all == 4)
		return;
	assert_true(joins_is_data(&w, 48));
	assert_int_equal(tos_of(adit_pkt_data(&w.pkt)), dscp | all);
}

static void
test_ecn_of_fragments_joins_as_rfc_3168_says(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 64; i++) {
		const uint8_t ecn[] = {i & 3, i >> 2 & 3, i >> 4};

		for (size_t from = 0; from < 3; from++) {
			assert_ecn(4, ecn, from);
			assert_ecn(6, ecn, from);
		}
	}
}

static void
test_headers_of_the_whole_are_those_of_the_first_fragment(void **state)
{
	static const uint8_t lengths[] = {0, 8, 40};

	(void)state;
	/* It comes first or last, with longer or shorter headers than the other. */
	for (unsigned i = 0; i < 36; i++) {
		uint8_t version = i & 1 ? 6 : 4;
		bool last = i & 2;
		struct cuts_fragment a = {.version = version, .id = ID, .more = true, .len = 16};
		struct cuts_fragment b = {.version = version, .id = ID, .offset = 16, .len = 9};
		struct joins w;

		assert_int_equal(joins_open(&w), ADIT_OK);
		a.options = lengths[i / 4 % 3];
		b.options = lengths[i / 12];
		assert_int_equal(joins_fragment(&w, last ? &b : &a), ADIT_ERR_PENDING);
		assert_int_equal(joins_fragment(&w, last ? &a : &b), ADIT_OK);
		assert_true(joins_is_data(&w, 25));
		assert_int_equal(w.pkt.len, (version == 4 ? 20 : 40) + a.options + 25);
	}
}

static void
test_pieces_that_contradict_themselves_are_refused(void **state)
{
	struct adit_pkt wrong = {packet, 10, 11, 0};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(adit_reasm_add(&w.r, 0, &wrong), ADIT_ERR_ARG);
}

/* Two units behind a header is the least that a packet of fragments has. */
static void
test_a_slot_holds_the_least_packet_between_its_rooms(void **state)
{
	static const size_t rooms[][2] = {{0, 0}, {7, 0}, {0, 9}, {100, 60}};
	const size_t least = 20 + 2 * 8;

	(void)state;
	for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
		struct adit_reasm_mem mem = joins_memory();
		struct adit_reasm r;

		mem.headroom = rooms[i][0];
		mem.tailroom = rooms[i][1];
		mem.slot_size = rooms[i][0] + rooms[i][1] + least;
		assert_int_equal(adit_reasm_init(&r, &mem), ADIT_OK);
		mem.slot_size--;
		assert_int_equal(adit_reasm_init(&r, &mem), ADIT_ERR_ARG);
		mem.slot_size = least;
		mem.tailroom = SIZE_MAX - i;
		assert_int_equal(adit_reasm_init(&r, &mem), ADIT_ERR_ARG);
		mem.tailroom = rooms[i][1];
		mem.headroom = SIZE_MAX - i;
		assert_int_equal(adit_reasm_init(&r, &mem), ADIT_ERR_ARG);
	}
}

/* All that came, whatever becomes of them. */
static void
test_fragments_are_counted_as_they_come(void **state)
{
	struct cuts_fragment f = {.id = 9, .more = true, .len = 64};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (unsigned i = 1; i <= 5; i++) {
		assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_PENDING);
		assert_int_equal(w.r.n.fragments, i);
		f.offset += 64;
	}
	f.more = false;
	assert_int_equal(joins_fragment(&w, &f), ADIT_OK);
	assert_int_equal(w.r.n.fragments, 6);
	assert_int_equal(w.r.n.packets, 1);
}

/* Eight bytes are a fragment that IPv4 can make: its first may lack half of a TCP header. IPv6's
 * may not (RFC 7112). */
static void
test_a_first_fragment_with_half_a_header_is_ipv4_s_alone(void **state)
{
	struct cuts_fragment f = {.id = 9, .more = true, .len = 8, .protocol = 6};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	f.version = 4;
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_PENDING);
	f.version = 6;
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_MALFORMED);
}

/* Half of the slots, and not one less: until then who is oldest goes, whoever it is of. */
static void
test_a_source_with_less_than_half_gives_up_none_of_its_own(void **state)
{
	struct cuts_fragment f = {.more = true, .len = 16};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (uint8_t i = 1; i <= SLOTS; i++) {
		f.source = i;
		f.id = i;
		w.now++;
		assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_PENDING);
	}
	/* The last has one of four; its second one drives out the first's. */
	f.id = 100;
	w.now++;
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_PENDING);
	f.id = SLOTS;
	f.offset = 16;
	f.more = false;
	assert_int_equal(joins_fragment(&w, &f), ADIT_OK);
	f.id = f.source = 1;
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_PENDING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut_is_joined_forwards_and_backwards),
		cmocka_unit_test(test_every_order_of_up_to_five_fragments_is_joined),
		cmocka_unit_test(test_random_orders_with_repeats_are_joined),
		cmocka_unit_test(test_the_longest_packet_is_joined),
		cmocka_unit_test(test_what_came_whole_passes_as_it_is),
		cmocka_unit_test(test_a_packet_that_is_whole_does_not_join_fragments_of_its_id),
		cmocka_unit_test(test_fragments_of_different_packets_do_not_join),
		cmocka_unit_test(test_packets_that_come_mixed_are_each_joined),
		cmocka_unit_test(test_ecn_of_fragments_joins_as_rfc_3168_says),
		cmocka_unit_test(test_headers_of_the_whole_are_those_of_the_first_fragment),
		cmocka_unit_test(test_pieces_that_contradict_themselves_are_refused),
		cmocka_unit_test(test_a_slot_holds_the_least_packet_between_its_rooms),
		cmocka_unit_test(test_fragments_are_counted_as_they_come),
		cmocka_unit_test(test_a_first_fragment_with_half_a_header_is_ipv4_s_alone),
		cmocka_unit_test(test_a_source_with_less_than_half_gives_up_none_of_its_own),
	};

	return cmocka_run_group_tests_name("reassembly", tests, NULL, NULL);
}
