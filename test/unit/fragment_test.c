/* Cutting packets: whatever the length and the MTU, the fragments fit, and a receiver that goes by
 * RFC 791 and RFC 8200 has the packet again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/fragment.h"
#include "support/cuts.h"

enum { ROOM = 32, ID = 0x12345678 };

static uint8_t packet[CUTS_MAX], whole[CUTS_MAX];
static uint8_t buffer[ROOM + CUTS_MAX + 2 * ROOM];

static struct adit_span
make(enum cuts_kind kind, size_t total)
{
	struct adit_span s = {packet, total};

	cuts_packet(packet, kind, total, ID);
	return s;
}

static enum adit_status
begin(struct adit_fragmenter *f, struct adit_span s, size_t mtu)
{
	struct adit_fragment_params params = {0};

	params.mtu = mtu;
	params.id = ID;
	return adit_fragment_begin(f, s, &params);
}

static struct adit_pkt
next(struct adit_fragmenter *f)
{
	struct adit_pkt out = {buffer, sizeof buffer, ROOM, 0};

	memset(buffer, 0xee, sizeof buffer);
	assert_int_equal(adit_fragment_next(f, &out), ADIT_OK);
	assert_int_equal(out.off, ROOM);
	return out;
}

/* Nothing is written before and behind the fragment. */
static void
assert_alone(const struct adit_pkt *out)
{
	assert_int_equal(buffer[ROOM - 1], 0xee);
	assert_int_equal(buffer[ROOM + out->len], 0xee);
	assert_int_equal(buffer[ROOM + out->len + 39], 0xee);
}

static uint32_t
id_of(enum cuts_kind kind)
{
	return kind < CUTS_V6 ? ID & 0xffff : ID;
}

/* Cuts, reads every fragment, and has the data again. */
static void
assert_cut_is_right(enum cuts_kind kind, size_t total, size_t mtu)
{
	struct adit_span s = make(kind, total);
	size_t cut = cuts_cut_at(kind), have = 0, left;
	struct adit_fragmenter f;
	struct cuts_view v;

	assert_int_equal(begin(&f, s, mtu), ADIT_OK);
	left = adit_fragment_left(&f);
	assert_true(left > 1);
	do {
		struct adit_pkt out = next(&f);
		const uint8_t *p = adit_pkt_data(&out);

		cuts_read(p, &v);
		assert_alone(&out);
		assert_true(out.len <= mtu);
		assert_int_equal(v.total, out.len);
		assert_int_equal(v.id, id_of(kind));
		assert_int_equal(v.offset, have);
		assert_true(v.len > 0 && (!v.more || v.len % 8 == 0));
		assert_true(kind >= CUTS_V6 || cuts_checksum_is_right(p));
		/* No shorter than need be. */
		assert_true(!v.more || out.len + 8 > mtu);
		memcpy(whole + have, p + v.head, v.len);
		have += v.len;
		assert_int_equal(adit_fragment_left(&f), --left);
	} while (v.more);
	assert_int_equal(left, 0);
	assert_int_equal(have, total - cut);
	assert_memory_equal(whole, packet + cut, have);
}

/* The headers of the first fragment must leave room for one unit; IPv6: for the chain to UDP. */
static size_t
least_mtu(enum cuts_kind kind)
{
	size_t least[CUTS_KINDS] = {28, 52, 40 + 8 + 8, 88 + 8 + 16};

	return least[kind];
}

static void
test_every_mtu_cuts_every_kind(void **state)
{
	static const size_t totals[] = {113, 200, 201, 207, 208, 575, 1283};

	(void)state;
	for (enum cuts_kind kind = 0; kind < CUTS_KINDS; kind++)
		for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++)
			for (size_t mtu = least_mtu(kind); mtu < totals[i]; mtu++)
				assert_cut_is_right(kind, totals[i], mtu);
}

static void
test_every_length_is_cut(void **state)
{
	(void)state;
	for (enum cuts_kind kind = 0; kind < CUTS_KINDS; kind++)
		for (size_t total = 131; total < 900; total++)
			assert_cut_is_right(kind, total, 130);
}

static void
test_the_longest_packets_are_cut(void **state)
{
	(void)state;
	for (enum cuts_kind kind = 0; kind < CUTS_KINDS; kind++) {
		assert_cut_is_right(kind, 65535, 1500);
		assert_cut_is_right(kind, 65535, 65534);
		assert_cut_is_right(kind, 65535, 68 > least_mtu(kind) ? 68 : least_mtu(kind));
	}
}

static void
test_what_fits_comes_out_as_it_is(void **state)
{
	(void)state;
	for (enum cuts_kind kind = 0; kind < CUTS_KINDS; kind++) {
		struct adit_span s = make(kind, 500);
		struct adit_fragmenter f;
		struct adit_pkt out;

		/* Bytes behind the packet are not of it. */
		s.n += 20;
		packet[6] |= kind < CUTS_V6 ? 0x40 : 0;
		assert_int_equal(begin(&f, s, 500), ADIT_OK);
		assert_int_equal(adit_fragment_left(&f), 1);
		out = next(&f);
		assert_int_equal(out.len, 500);
		assert_memory_equal(adit_pkt_data(&out), packet, 500);
		assert_int_equal(adit_fragment_left(&f), 0);
		assert_int_equal(adit_fragment_next(&f, &out), ADIT_ERR_STATE);
	}
}

static void
test_an_mtu_beyond_ip_is_as_good_as_the_longest(void **state)
{
	struct adit_span s = make(CUTS_V4, 65535);
	struct adit_fragmenter f;

	(void)state;
	assert_int_equal(begin(&f, s, SIZE_MAX), ADIT_OK);
	assert_int_equal(adit_fragment_left(&f), 1);
}

static void
test_df_is_obeyed(void **state)
{
	struct adit_span s = make(CUTS_V4, 500);
	struct adit_fragmenter f;
	struct adit_pkt out = {buffer, sizeof buffer, ROOM, 0};

	(void)state;
	packet[6] = 0x40;
	assert_int_equal(begin(&f, s, 499), ADIT_ERR_MTU);
	assert_int_equal(adit_fragment_left(&f), 0);
	assert_int_equal(adit_fragment_next(&f, &out), ADIT_ERR_STATE);
}

static void
test_df_may_be_ignored_and_the_fragments_get_an_id(void **state)
{
	struct adit_fragment_params params = {300, 0xabcd1234, true};
	struct adit_span s = make(CUTS_V4, 500);
	struct adit_fragmenter f;
	struct adit_pkt out;
	struct cuts_view v;

	(void)state;
	packet[6] = 0x40;
	assert_int_equal(adit_fragment_begin(&f, s, &params), ADIT_OK);
	for (int i = 0; i < 2; i++) {
		out = next(&f);
		cuts_read(adit_pkt_data(&out), &v);
		assert_false(v.df);
		assert_int_equal(v.id, 0x1234);
	}
	assert_int_equal(adit_fragment_left(&f), 0);
}

/* Cuts the packet at one MTU and each fragment at another. */
static void
assert_cut_twice(enum cuts_kind kind, size_t total, size_t mtu, size_t mtu2)
{
	static uint8_t between[CUTS_MAX];
	struct adit_fragmenter f, g;
	size_t have = 0, cut = cuts_cut_at(kind);
	struct cuts_view v = {.more = true};

	assert_int_equal(begin(&f, make(kind, total), mtu), ADIT_OK);
	while (adit_fragment_left(&f)) {
		struct adit_pkt out = next(&f);
		struct adit_span s = {between, out.len};

		memcpy(between, adit_pkt_data(&out), out.len);
		/* What the params say of the id is for packets without one. */
		assert_int_equal(
			adit_fragment_begin(&g, s, &(struct adit_fragment_params){.mtu = mtu2}),
			ADIT_OK);
		while (adit_fragment_left(&g)) {
			out = next(&g);
			cuts_read(adit_pkt_data(&out), &v);
			assert_true(out.len <= mtu2);
			assert_int_equal(v.offset, have);
			assert_int_equal(v.id, id_of(kind));
			assert_true(!v.more || v.len % 8 == 0);
			assert_int_equal(v.more, have + v.len < total - cut);
			memcpy(whole + have, adit_pkt_data(&out) + v.head, v.len);
			have += v.len;
		}
	}
	assert_int_equal(have, total - cut);
	assert_memory_equal(whole, packet + cut, have);
}

static void
test_fragments_are_cut_further_and_keep_their_place(void **state)
{
	(void)state;
	for (enum cuts_kind kind = 0; kind < CUTS_KINDS; kind++)
		for (size_t mtu2 = least_mtu(kind); mtu2 < 330; mtu2++)
			assert_cut_twice(kind, 1003, 300, mtu2);
}

static void
test_an_ipv6_packet_with_a_fragment_header_gets_no_second_one(void **state)
{
	const struct cuts_fragment whole_one = {
		.version = 6, .source = 1, .destination = 2, .id = 99, .len = 800};
	struct adit_fragmenter f;
	struct adit_span s = {packet, cuts_fragment(packet, &whole_one)};

	(void)state;
	assert_int_equal(begin(&f, s, 300), ADIT_OK);
	while (adit_fragment_left(&f)) {
		struct adit_pkt out = next(&f);
		struct cuts_view v;

		cuts_read(adit_pkt_data(&out), &v);
		assert_int_equal(v.id, 99);
		assert_int_equal(v.head, 48);
		assert_int_equal(adit_pkt_data(&out)[40], 17);
		/* All but the length is as it was. */
		assert_memory_equal(adit_pkt_data(&out), packet, 4);
		assert_memory_equal(adit_pkt_data(&out) + 6, packet + 6, 34);
	}
}

/* RFC 791 3.1: the copied flag. */
static void
test_options_without_the_copied_flag_are_in_the_first_fragment_alone(void **state)
{
	static const uint8_t copied[20] = {137, 7, 4, 10, 0, 0, 9, 130, 11, 1,
					   2,   3, 4, 5,  6, 7, 8, 9,   0,  0};
	struct adit_fragmenter f;
	struct adit_pkt out;

	(void)state;
	assert_int_equal(begin(&f, make(CUTS_V4_OPTIONS, 500), 300), ADIT_OK);
	out = next(&f);
	assert_int_equal(adit_pkt_data(&out)[0], 0x4b);
	assert_memory_equal(adit_pkt_data(&out) + 20, packet + 20, 24);
	out = next(&f);
	assert_int_equal(adit_pkt_data(&out)[0], 0x4a);
	assert_memory_equal(adit_pkt_data(&out) + 20, copied, sizeof copied);
}

static void
test_options_end_at_the_end_of_their_list(void **state)
{
	struct adit_fragmenter f;
	struct adit_pkt out;

	(void)state;
	make(CUTS_V4_OPTIONS, 500);
	packet[20] = 1;
	packet[21] = 0;
	/* What stands behind it is no option, whatever it says. */
	packet[22] = 130;
	packet[23] = 255;
	assert_int_equal(begin(&f, (struct adit_span){packet, 500}, 300), ADIT_OK);
	out = next(&f);
	out = next(&f);
	assert_int_equal(adit_pkt_data(&out)[0], 0x45);
}

static void
test_options_that_are_none_are_refused(void **state)
{
	/* Type and length of an option that begins at byte `at`, of 24. */
	static const uint8_t bad[][3] = {{0, 130, 0},  {0, 130, 1}, {0, 130, 25},
					 {22, 130, 3}, {0, 7, 255}, {0, 7, 0}};
	struct adit_fragmenter f;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		make(CUTS_V4_OPTIONS, 500);
		memset(packet + 20, 1, 24);
		packet[20 + bad[i][0]] = bad[i][1];
		packet[21 + bad[i][0]] = bad[i][2];
		assert_int_equal(begin(&f, (struct adit_span){packet, 500}, 300),
				 ADIT_ERR_MALFORMED);
	}
	memset(packet + 20, 1, 24);
	packet[43] = 130;
	assert_int_equal(begin(&f, (struct adit_span){packet, 500}, 300), ADIT_ERR_MALFORMED);
	packet[43] = 1;
	assert_int_equal(begin(&f, (struct adit_span){packet, 500}, 300), ADIT_OK);
}

static void
test_an_mtu_without_room_for_data_is_refused(void **state)
{
	(void)state;
	for (enum cuts_kind kind = 0; kind < CUTS_KINDS; kind++)
		for (size_t mtu = 0; mtu < least_mtu(kind); mtu++) {
			struct adit_fragmenter f;

			assert_int_equal(begin(&f, make(kind, 500), mtu), ADIT_ERR_MTU);
			assert_int_equal(adit_fragment_left(&f), 0);
		}
}

/* RFC 7112 5. */
static void
test_the_first_ipv6_fragment_holds_all_headers(void **state)
{
	struct adit_fragmenter f;

	(void)state;
	make(CUTS_V6, 500);
	packet[6] = 6; /* TCP */
	assert_int_equal(begin(&f, (struct adit_span){packet, 500}, 48 + 23), ADIT_ERR_MTU);
	assert_int_equal(begin(&f, (struct adit_span){packet, 500}, 48 + 24), ADIT_OK);
}

static void
test_later_ipv6_fragments_need_no_room_for_headers(void **state)
{
	const struct cuts_fragment tcp = {
		.version = 6, .protocol = 6, .more = true, .offset = 80, .len = 40};
	struct adit_fragmenter f;
	struct adit_span s = {packet, cuts_fragment(packet, &tcp)};

	(void)state;
	assert_int_equal(begin(&f, s, 48 + 8), ADIT_OK);
	assert_int_equal(adit_fragment_left(&f), 5);
}

static void
test_a_fragment_that_does_not_fit_is_still_to_come(void **state)
{
	struct adit_fragmenter f;
	struct adit_pkt out = {buffer, ROOM + 299, ROOM, 77};

	(void)state;
	assert_int_equal(begin(&f, make(CUTS_V4, 600), 300), ADIT_OK);
	assert_int_equal(adit_fragment_next(&f, &out), ADIT_ERR_ROOM);
	assert_int_equal(out.len, 77);
	assert_int_equal(adit_fragment_left(&f), 3);
	out.off = ROOM + 300;
	assert_int_equal(adit_fragment_next(&f, &out), ADIT_ERR_ROOM);
	out.cap = ROOM + 300;
	out.off = ROOM;
	assert_int_equal(adit_fragment_next(&f, &out), ADIT_OK);
	assert_int_equal(out.len, 300);
	assert_int_equal(adit_fragment_left(&f), 2);
}

static void
test_what_is_no_packet_is_refused(void **state)
{
	struct adit_fragmenter f;
	struct adit_span s = make(CUTS_V4, 600);

	(void)state;
	for (s.n = 0; s.n < 600; s.n++)
		assert_int_equal(begin(&f, s, 300), ADIT_ERR_SHORT);
	packet[0] = 0x44;
	assert_int_equal(begin(&f, s, 300), ADIT_ERR_MALFORMED);
	packet[0] = 0x55;
	assert_int_equal(begin(&f, s, 300), ADIT_ERR_MALFORMED);
}

static void
test_a_fragment_that_reaches_beyond_ip_is_refused(void **state)
{
	struct adit_fragmenter f;
	struct adit_span s = make(CUTS_V4, 612);

	(void)state;
	/* 20 + 592 bytes, at 64928 and 64920: 65540, and 65532 bytes in all. */
	packet[6] = 8116 >> 8;
	packet[7] = 8116 & 255;
	assert_int_equal(begin(&f, s, 300), ADIT_ERR_MALFORMED);
	packet[7]--;
	assert_int_equal(begin(&f, s, 300), ADIT_OK);
}

static void
test_the_reserved_bit_of_ipv4_stays(void **state)
{
	struct adit_fragmenter f;
	struct adit_pkt out;

	(void)state;
	make(CUTS_V4, 600);
	packet[6] = 0x80;
	assert_int_equal(begin(&f, (struct adit_span){packet, 600}, 300), ADIT_OK);
	while (adit_fragment_left(&f)) {
		out = next(&f);
		assert_int_equal(adit_pkt_data(&out)[6] & 0x80, 0x80);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mtu_cuts_every_kind),
		cmocka_unit_test(test_every_length_is_cut),
		cmocka_unit_test(test_the_longest_packets_are_cut),
		cmocka_unit_test(test_what_fits_comes_out_as_it_is),
		cmocka_unit_test(test_an_mtu_beyond_ip_is_as_good_as_the_longest),
		cmocka_unit_test(test_df_is_obeyed),
		cmocka_unit_test(test_df_may_be_ignored_and_the_fragments_get_an_id),
		cmocka_unit_test(test_fragments_are_cut_further_and_keep_their_place),
		cmocka_unit_test(test_an_ipv6_packet_with_a_fragment_header_gets_no_second_one),
		cmocka_unit_test(
			test_options_without_the_copied_flag_are_in_the_first_fragment_alone),
		cmocka_unit_test(test_options_end_at_the_end_of_their_list),
		cmocka_unit_test(test_options_that_are_none_are_refused),
		cmocka_unit_test(test_an_mtu_without_room_for_data_is_refused),
		cmocka_unit_test(test_the_first_ipv6_fragment_holds_all_headers),
		cmocka_unit_test(test_later_ipv6_fragments_need_no_room_for_headers),
		cmocka_unit_test(test_a_fragment_that_does_not_fit_is_still_to_come),
		cmocka_unit_test(test_what_is_no_packet_is_refused),
		cmocka_unit_test(test_a_fragment_that_reaches_beyond_ip_is_refused),
		cmocka_unit_test(test_the_reserved_bit_of_ipv4_stays),
	};

	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
