/* Fragments that contradict each other are refused, and time, count and bytes are bounded. Attack
 * corpus: ESP-16. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/fragment.h"
#include "support/cuts.h"
#include "support/joins.h"
#include "wire/ip.h"

/* Of a packet of 96 bytes [32, 64) is here; every other piece that touches it, or claims an end
 * before it or within it, is refused, and the rest of the packet with it. */
static void
assert_overlap(uint8_t version, size_t from, size_t to, bool more)
{
	struct joins w;

	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, version, 32, 64, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, version, from, to, more), ADIT_ERR_OVERLAP);
	assert_int_equal(w.r.n.overlaps, 1);
	/* What would have made it whole comes to nothing. */
	assert_int_equal(joins_piece(&w, version, 0, 32, true), ADIT_ERR_FRAGMENT);
	assert_int_equal(joins_piece(&w, version, 64, 96, false), ADIT_ERR_FRAGMENT);
	assert_int_equal(joins_piece(&w, version, 32, 64, true), ADIT_ERR_FRAGMENT);
	assert_int_equal(w.r.n.late, 3);
	assert_int_equal(w.r.n.overlaps, 1);
	assert_int_equal(w.r.n.packets, 0);
}

static void
test_every_form_of_overlap_is_refused_with_its_packet(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (size_t from = 0; from < 96; from += 8) {
			for (size_t to = from + 8; to <= 96; to += 8)
				if (from < 64 && to > 32 && (from != 32 || to != 64))
					assert_overlap(version, from, to, true);
			/* An end: at any byte up to where the other reaches. */
			for (size_t to = from + 1; from && from < 64 && to <= 96; to++)
				assert_overlap(version, from, to, false);
		}
}

static void
test_the_same_place_with_other_bytes_is_an_overlap(void **state)
{
	static const size_t where[] = {20, 27, 51};
	uint8_t p[100];
	struct cuts_fragment f = {.id = ID, .more = true, .len = 32, .source = 1};
	size_t n = cuts_fragment(p, &f);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct joins w;

		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_give(&w, p, n), ADIT_ERR_PENDING);
		assert_int_equal(joins_give(&w, p, n), ADIT_ERR_PENDING);
		p[where[i]] ^= 1;
		assert_int_equal(joins_give(&w, p, n), ADIT_ERR_OVERLAP);
	}
}

static void
test_a_fragment_that_comes_again_is_ignored(void **state)
{
	struct joins w;

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		assert_int_equal(joins_open(&w), ADIT_OK);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(joins_piece(&w, version, 16, 21, false), ADIT_ERR_PENDING);
			assert_int_equal(joins_piece(&w, version, 8, 16, true), ADIT_ERR_PENDING);
		}
		assert_int_equal(w.r.n.duplicates, 4);
		assert_int_equal(joins_piece(&w, version, 0, 8, true), ADIT_OK);
		assert_true(joins_is_data(&w, 21));
	}
}

static void
test_two_ends_are_refused(void **state)
{
	static const size_t ends[] = {24, 25, 28, 32};
	struct joins w;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++) {
			if (i == k)
				continue;
			assert_int_equal(joins_open(&w), ADIT_OK);
			assert_int_equal(joins_piece(&w, 6, 16, ends[i], false), ADIT_ERR_PENDING);
			assert_int_equal(joins_piece(&w, 6, 16, ends[k], false), ADIT_ERR_OVERLAP);
		}
	/* The same bytes, once as the end and once not. */
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 6, 16, 24, false), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 6, 16, 24, true), ADIT_ERR_OVERLAP);
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 6, 16, 24, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 6, 16, 24, false), ADIT_ERR_OVERLAP);
	/* Data behind the end. */
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 6, 16, 24, false), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 6, 24, 32, true), ADIT_ERR_OVERLAP);
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 6, 16, 24, false), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 6, 24, 25, false), ADIT_ERR_OVERLAP);
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 6, 24, 32, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 6, 16, 24, false), ADIT_ERR_OVERLAP);
}

static void
test_what_is_malformed_by_itself_changes_nothing(void **state)
{
	struct joins w;

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_piece(&w, version, 0, 16, true), ADIT_ERR_PENDING);
		/* No data. */
		assert_int_equal(joins_piece(&w, version, 16, 16, true), ADIT_ERR_MALFORMED);
		assert_int_equal(joins_piece(&w, version, 16, 16, false), ADIT_ERR_MALFORMED);
		assert_int_equal(joins_piece(&w, version, 0, 0, true), ADIT_ERR_MALFORMED);
		/* No multiple of 8. */
		for (size_t n = 17; n < 24; n++)
			assert_int_equal(joins_piece(&w, version, 16, n, true), ADIT_ERR_MALFORMED);
		/* The ping of death. */
		assert_int_equal(joins_piece(&w, version, 65528, 65529, false), ADIT_ERR_MALFORMED);
		assert_int_equal(joins_piece(&w, version, 65528, 65536, true), ADIT_ERR_MALFORMED);
		assert_int_equal(joins_piece(&w, version, 65000, 66000, true), ADIT_ERR_MALFORMED);
		assert_int_equal(w.r.n.malformed, 13);
		assert_int_equal(joins_piece(&w, version, 16, 17, false), ADIT_OK);
		assert_true(joins_is_data(&w, 17));
	}
}

static void
test_the_last_byte_that_ip_can_say_is_joined_and_the_next_is_not(void **state)
{
	struct joins w;

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		size_t head = version == 4 ? 20 : 40, most = CUTS_MAX - head;

		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_piece(&w, version, 32000, most + 1, false),
				 ADIT_ERR_MALFORMED);
		assert_int_equal(joins_piece(&w, version, 32000, most, false), ADIT_ERR_PENDING);
		assert_int_equal(joins_piece(&w, version, 0, 32000, true), ADIT_OK);
		assert_true(joins_is_data(&w, most));
	}
}

static void
test_headers_of_the_first_fragment_that_make_it_too_long_are_refused(void **state)
{
	struct cuts_fragment first = {.id = ID, .more = true, .len = 32000, .options = 8};
	struct joins w;

	(void)state;
	for (first.version = 4; first.version <= 6; first.version = (uint8_t)(first.version + 2)) {
		size_t most = CUTS_MAX - (first.version == 4 ? 20 : 40);

		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_piece(&w, first.version, 32000, most, false),
				 ADIT_ERR_PENDING);
		assert_int_equal(joins_fragment(&w, &first), ADIT_ERR_TOO_LONG);
		assert_int_equal(w.r.n.too_long, 1);
		assert_int_equal(joins_piece(&w, first.version, 0, 32000, true), ADIT_ERR_FRAGMENT);
		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_fragment(&w, &first), ADIT_ERR_PENDING);
		assert_int_equal(joins_piece(&w, first.version, 32000, most, false),
				 ADIT_ERR_TOO_LONG);
		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_fragment(&w, &first), ADIT_ERR_PENDING);
		assert_int_equal(joins_piece(&w, first.version, 32000, most - 8, false), ADIT_OK);
	}
}

static void
test_what_is_no_packet_is_refused(void **state)
{
	static const uint8_t junk[40] = {0x75};
	uint8_t p[100];
	struct joins w;
	struct cuts_fragment f = {.version = 6, .more = true, .len = 16, .source = 1};
	size_t n = cuts_fragment(p, &f);

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_give(&w, junk, sizeof junk), ADIT_ERR_MALFORMED);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(joins_give(&w, p, i), ADIT_ERR_SHORT);
	assert_int_equal(w.r.n.malformed, n + 1);
}

/* RFC 7112 5. */
static void
test_ipv6_headers_that_go_on_in_the_next_fragment_are_refused(void **state)
{
	struct cuts_fragment f = {.version = 6, .more = true, .protocol = 6, .len = 16};
	struct joins w;
	uint8_t p[100];
	size_t n;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_MALFORMED);
	f.len = 24;
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_PENDING);
	/* Destination options that fill all of the fragment. */
	f.protocol = 60;
	f.id = 7;
	n = cuts_fragment(p, &f);
	p[48] = 17;
	p[49] = 2;
	assert_int_equal(joins_give(&w, p, n), ADIT_ERR_MALFORMED);
	p[49] = 3;
	assert_int_equal(joins_give(&w, p, n), ADIT_ERR_MALFORMED);
	p[49] = 1;
	assert_int_equal(joins_give(&w, p, n), ADIT_ERR_PENDING);
}

static void
test_fragments_below_the_least_are_refused_but_for_the_last(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	w.mem.least = 100;
	assert_int_equal(joins_reopen(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 4, 0, 96, true), ADIT_ERR_MALFORMED);
	assert_int_equal(joins_piece(&w, 4, 0, 104, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 4, 104, 105, false), ADIT_OK);
}

static void
test_a_packet_that_is_not_whole_in_time_is_given_up(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		adit_ms life = version == 4 ? 30000 : 60000;
		struct joins w;

		assert_int_equal(joins_open(&w), ADIT_OK);
		assert_int_equal(joins_piece(&w, version, 0, 16, true), ADIT_ERR_PENDING);
		w.now += life - 1;
		/* Later fragments don't prolong it. */
		assert_int_equal(joins_piece(&w, version, 16, 32, true), ADIT_ERR_PENDING);
		w.now++;
		assert_int_equal(joins_piece(&w, version, 32, 33, false), ADIT_ERR_PENDING);
		assert_int_equal(w.r.n.timeouts, 1);
		/* That one began anew. */
		assert_int_equal(joins_piece(&w, version, 0, 16, true), ADIT_ERR_PENDING);
		w.now += life - 1;
		assert_int_equal(joins_piece(&w, version, 16, 32, true), ADIT_OK);
	}
}

static void
test_times_are_the_callers_to_choose(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	w.mem.timeout_v4_ms = 10;
	w.mem.timeout_v6_ms = ADIT_NEVER;
	assert_int_equal(joins_reopen(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 4, 0, 16, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 6, 0, 16, true), ADIT_ERR_PENDING);
	adit_reasm_expire(&w.r, w.now + 9);
	assert_int_equal(w.r.n.timeouts, 0);
	adit_reasm_expire(&w.r, w.now + 10);
	assert_int_equal(w.r.n.timeouts, 1);
	adit_reasm_expire(&w.r, ADIT_NEVER - 1);
	assert_int_equal(w.r.n.timeouts, 1);
	assert_int_equal(joins_piece(&w, 6, 16, 17, false), ADIT_OK);
}

static void
test_a_refused_packet_is_forgotten_in_time(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(joins_piece(&w, 4, 0, 16, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 4, 8, 16, true), ADIT_ERR_OVERLAP);
	w.now += 29999;
	assert_int_equal(joins_piece(&w, 4, 0, 16, true), ADIT_ERR_FRAGMENT);
	w.now++;
	assert_int_equal(joins_piece(&w, 4, 0, 16, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 4, 16, 17, false), ADIT_OK);
	assert_int_equal(w.r.n.timeouts, 0);
}

/* The first fragment of packet `id` of a source. */
static enum adit_status
open_packet(struct joins *w, uint8_t source, uint32_t id)
{
	const struct cuts_fragment f = {.source = source, .id = id, .more = true, .len = 16};

	w->now++;
	return joins_fragment(w, &f);
}

/* Its last fragment, which makes it whole if it is still there. */
static enum adit_status
close_packet(struct joins *w, uint8_t source, uint32_t id)
{
	const struct cuts_fragment f = {.source = source, .id = id, .offset = 16, .len = 1};

	w->now++;
	return joins_fragment(w, &f);
}

static void
test_the_oldest_packet_makes_place(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (uint8_t i = 1; i <= SLOTS + 1; i++)
		assert_int_equal(open_packet(&w, i, i), ADIT_ERR_PENDING);
	assert_int_equal(w.r.n.evicted, 1);
	for (uint8_t i = 2; i <= SLOTS + 1; i++)
		assert_int_equal(close_packet(&w, i, i), ADIT_OK);
	adit_reasm_release(&w.r);
	assert_int_equal(close_packet(&w, 1, 1), ADIT_ERR_PENDING);
}

static void
test_a_refused_packet_makes_place_before_others(void **state)
{
	struct cuts_fragment again = {.source = 3, .id = 3, .offset = 8, .len = 8, .more = true};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (uint8_t i = 1; i <= SLOTS; i++)
		assert_int_equal(open_packet(&w, i, i), ADIT_ERR_PENDING);
	assert_int_equal(joins_fragment(&w, &again), ADIT_ERR_OVERLAP);
	assert_int_equal(open_packet(&w, 9, 9), ADIT_ERR_PENDING);
	assert_int_equal(w.r.n.evicted, 0);
	assert_int_equal(close_packet(&w, 1, 1), ADIT_OK);
	assert_int_equal(close_packet(&w, 2, 2), ADIT_OK);
	assert_int_equal(close_packet(&w, 4, 4), ADIT_OK);
	assert_int_equal(close_packet(&w, 9, 9), ADIT_OK);
}

static void
test_one_source_does_not_drive_out_the_others(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(open_packet(&w, 1, 1), ADIT_ERR_PENDING);
	assert_int_equal(open_packet(&w, 2, 2), ADIT_ERR_PENDING);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(open_packet(&w, 9, i), ADIT_ERR_PENDING);
	assert_int_equal(w.r.n.evicted, 998);
	assert_int_equal(close_packet(&w, 1, 1), ADIT_OK);
	assert_int_equal(close_packet(&w, 2, 2), ADIT_OK);
	/* One that is alone has all slots. */
	adit_reasm_release(&w.r);
	assert_int_equal(joins_reopen(&w), ADIT_OK);
	for (uint32_t i = 0; i < SLOTS; i++)
		assert_int_equal(open_packet(&w, 9, i), ADIT_ERR_PENDING);
	assert_int_equal(w.r.n.evicted, 0);
	/* Nor does it keep others out. */
	adit_reasm_release(&w.r);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(open_packet(&w, 9, i), ADIT_ERR_PENDING);
	assert_int_equal(open_packet(&w, 1, 1), ADIT_ERR_PENDING);
	assert_int_equal(open_packet(&w, 9, 1000), ADIT_ERR_PENDING);
	assert_int_equal(close_packet(&w, 1, 1), ADIT_OK);
}

static void
test_whole_packets_stay_until_they_are_given_back(void **state)
{
	struct adit_pkt held[SLOTS];
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (uint8_t i = 0; i < SLOTS; i++) {
		assert_int_equal(open_packet(&w, 1, i), ADIT_ERR_PENDING);
		assert_int_equal(close_packet(&w, 1, i), ADIT_OK);
		held[i] = w.pkt;
	}
	assert_int_equal(open_packet(&w, 2, 7), ADIT_ERR_FULL);
	assert_int_equal(w.r.n.full, 1);
	adit_reasm_expire(&w.r, ADIT_NEVER);
	assert_int_equal(open_packet(&w, 2, 7), ADIT_ERR_FULL);
	for (uint32_t i = 0; i < SLOTS; i++)
		for (size_t k = 0; k < 17; k++)
			assert_int_equal(adit_pkt_data(&held[i])[20 + k], cuts_byte(i, k));
	adit_reasm_release(&w.r);
	assert_int_equal(open_packet(&w, 2, 7), ADIT_ERR_PENDING);
	assert_int_equal(w.r.n.timeouts + w.r.n.evicted, 0);
}

static void
test_giving_back_leaves_what_is_not_whole(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	assert_int_equal(open_packet(&w, 1, 1), ADIT_ERR_PENDING);
	adit_reasm_release(&w.r);
	assert_int_equal(close_packet(&w, 1, 1), ADIT_OK);
}

static void
test_more_fragments_than_ranges_are_refused(void **state)
{
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (size_t i = 0; i < FRAGMENTS; i++)
		assert_int_equal(joins_piece(&w, 4, i * 8, i * 8 + 8, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 4, FRAGMENTS * 8, FRAGMENTS * 8 + 1, false),
			 ADIT_ERR_ROOM);
	assert_int_equal(w.r.n.too_many, 1);
	assert_int_equal(joins_open(&w), ADIT_OK);
	for (size_t i = 0; i < FRAGMENTS - 1; i++)
		assert_int_equal(joins_piece(&w, 4, i * 8, i * 8 + 8, true), ADIT_ERR_PENDING);
	assert_int_equal(joins_piece(&w, 4, FRAGMENTS * 8 - 8, FRAGMENTS * 8 - 1, false), ADIT_OK);
}

/* Memory of exactly the slots that are told, so that a sanitizer sees a step beyond them. */
static void
test_a_packet_fills_its_slot_to_the_last_byte_and_no_more(void **state)
{
	static uint8_t one[HEADROOM + 20 + 100 + TAILROOM];
	struct joins w;

	(void)state;
	for (size_t n = 98; n < 104; n++)
		for (int backwards = 0; backwards < 2; backwards++) {
			assert_int_equal(joins_open(&w), ADIT_OK);
			w.mem.bytes = one;
			w.mem.slot_count = 1;
			w.mem.slot_size = sizeof one;
			assert_int_equal(joins_reopen(&w), ADIT_OK);
			if (!backwards)
				assert_int_equal(joins_piece(&w, 4, 0, 48, true), ADIT_ERR_PENDING);
			assert_int_equal(joins_piece(&w, 4, 48, n, false),
					 n > 100     ? ADIT_ERR_ROOM
					 : backwards ? ADIT_ERR_PENDING
						     : ADIT_OK);
			if (backwards)
				assert_int_equal(joins_piece(&w, 4, 0, 48, true),
						 n > 100 ? ADIT_ERR_FRAGMENT : ADIT_OK);
		}
}

static void
test_headers_that_no_longer_fit_a_slot_are_refused(void **state)
{
	static uint8_t one[HEADROOM + 20 + 100 + TAILROOM];

	(void)state;
	for (uint8_t options = 0; options <= 8; options = (uint8_t)(options + 4))
		for (size_t n = 80; n <= 100; n++) {
			struct cuts_fragment a = {.id = ID, .more = true, .len = 48};
			struct joins w;

			assert_int_equal(joins_open(&w), ADIT_OK);
			w.mem.bytes = one;
			w.mem.slot_count = 1;
			w.mem.slot_size = sizeof one;
			assert_int_equal(joins_reopen(&w), ADIT_OK);
			a.options = options;
			assert_int_equal(joins_piece(&w, 4, 48, n, false), ADIT_ERR_PENDING);
			assert_int_equal(joins_fragment(&w, &a),
					 n + options > 100 ? ADIT_ERR_ROOM : ADIT_OK);
		}
}

static void
test_a_fragment_with_headers_longer_than_a_slot_is_refused(void **state)
{
	struct cuts_fragment f = {
		.version = 6, .id = ID, .more = true, .len = 16, .offset = 16, .options = 200};
	struct joins w;

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	w.mem.slot_size = HEADROOM + 100 + TAILROOM;
	assert_int_equal(joins_reopen(&w), ADIT_OK);
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_ROOM);
	f.id++;
	f.offset = 0;
	assert_int_equal(joins_fragment(&w, &f), ADIT_ERR_ROOM);
}

static void
test_memory_that_can_not_work_is_refused(void **state)
{
	struct joins w;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		struct adit_reasm_mem mem = joins_memory();

		mem.slots = i == 0 ? NULL : mem.slots;
		mem.slot_count = i == 1 ? 0 : mem.slot_count;
		mem.ranges = i == 2 ? NULL : mem.ranges;
		mem.bytes = i == 3 ? NULL : mem.bytes;
		mem.fragments = i == 4 ? 1 : i == 5 ? 65536 : mem.fragments;
		mem.slot_size = i == 6 ? HEADROOM + TAILROOM + 35 : mem.slot_size;
		mem.headroom = i == 7 ? SIZE_MAX : i == 8 ? mem.slot_size : mem.headroom;
		mem.tailroom = i == 9 ? SIZE_MAX : mem.tailroom;
		assert_int_equal(adit_reasm_init(&w.r, &mem), ADIT_ERR_ARG);
	}
	w.mem = joins_memory();
	assert_int_equal(
		adit_reasm_init_(&w.r, sizeof w.r + 8, sizeof(struct adit_reasm_slot), &w.mem),
		ADIT_ERR_CONFIG);
	assert_int_equal(
		adit_reasm_init_(&w.r, sizeof w.r, sizeof(struct adit_reasm_slot) - 8, &w.mem),
		ADIT_ERR_CONFIG);
}

static void
test_a_second_fragment_header_does_not_hide_the_first(void **state)
{
	struct cuts_fragment f = {.version = 6, .id = ID, .more = true, .len = 24, .protocol = 44};
	struct adit_ip_view v;
	struct joins w;
	uint8_t p[100];
	size_t n = cuts_fragment(p, &f);

	(void)state;
	assert_int_equal(joins_open(&w), ADIT_OK);
	/* Behind a true first fragment's header one that says "whole". */
	memset(p + 48, 0, 8);
	p[48] = 17;
	assert_int_equal(adit_ip_get(p, n, &v), ADIT_OK);
	assert_true(v.fragment);
	assert_int_equal(joins_give(&w, p, n), ADIT_ERR_PENDING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_of_overlap_is_refused_with_its_packet),
		cmocka_unit_test(test_the_same_place_with_other_bytes_is_an_overlap),
		cmocka_unit_test(test_a_fragment_that_comes_again_is_ignored),
		cmocka_unit_test(test_two_ends_are_refused),
		cmocka_unit_test(test_what_is_malformed_by_itself_changes_nothing),
		cmocka_unit_test(test_the_last_byte_that_ip_can_say_is_joined_and_the_next_is_not),
		cmocka_unit_test(
			test_headers_of_the_first_fragment_that_make_it_too_long_are_refused),
		cmocka_unit_test(test_what_is_no_packet_is_refused),
		cmocka_unit_test(test_ipv6_headers_that_go_on_in_the_next_fragment_are_refused),
		cmocka_unit_test(test_fragments_below_the_least_are_refused_but_for_the_last),
		cmocka_unit_test(test_a_packet_that_is_not_whole_in_time_is_given_up),
		cmocka_unit_test(test_times_are_the_callers_to_choose),
		cmocka_unit_test(test_a_refused_packet_is_forgotten_in_time),
		cmocka_unit_test(test_the_oldest_packet_makes_place),
		cmocka_unit_test(test_a_refused_packet_makes_place_before_others),
		cmocka_unit_test(test_one_source_does_not_drive_out_the_others),
		cmocka_unit_test(test_whole_packets_stay_until_they_are_given_back),
		cmocka_unit_test(test_giving_back_leaves_what_is_not_whole),
		cmocka_unit_test(test_more_fragments_than_ranges_are_refused),
		cmocka_unit_test(test_a_packet_fills_its_slot_to_the_last_byte_and_no_more),
		cmocka_unit_test(test_headers_that_no_longer_fit_a_slot_are_refused),
		cmocka_unit_test(test_a_fragment_with_headers_longer_than_a_slot_is_refused),
		cmocka_unit_test(test_memory_that_can_not_work_is_refused),
		cmocka_unit_test(test_a_second_fragment_header_does_not_hide_the_first),
	};

	return cmocka_run_group_tests_name("reassembly_bounds", tests, NULL, NULL);
}
