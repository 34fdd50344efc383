/* IP-TFS at its bounds: payloads by hand, packets that contradict their own length or the offset,
 * memory that is too small, payloads that come early, twice or at the wrong time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/iptfs.h"
#include "base/endian.h"

enum { PARTIAL = 100, SLOTS = 4, SLOT = 200, HEADER = ADIT_IPTFS_HEADER_LEN };

static struct adit_iptfs_rx rx;
static struct adit_iptfs_slot slots[SLOTS];
static uint8_t partial[PARTIAL], kept[SLOTS * SLOT], payload[400];
static struct adit_pkt pkt, got;

static void
begin(size_t slot_count)
{
	const struct adit_iptfs_rx_mem mem = {
		{partial, sizeof partial}, slots, slot_count, kept, SLOT};

	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_OK);
}

/* A payload of n bytes behind the header; all of them zero. */
static uint8_t *
make(size_t offset, size_t n)
{
	memset(payload, 0, sizeof payload);
	adit_store16(payload + 2, (uint16_t)offset);
	pkt = (struct adit_pkt){payload, sizeof payload, 0, HEADER + n};
	return payload + HEADER;
}

/* The beginning of an IPv4 packet of that length. */
static void
put_ipv4(uint8_t *p, size_t len)
{
	p[0] = 0x45;
	adit_store16(p + 2, (uint16_t)len);
}

static enum adit_status
give(uint64_t seq)
{
	return adit_iptfs_input(&rx, seq, &pkt);
}

static void
expect_nothing(void)
{
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_ERR_PENDING);
}

/* 60 bytes of a packet of 80, and nothing of it given yet. */
static void
begin_partial(void)
{
	begin(SLOTS);
	put_ipv4(make(0, 60), 80);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.have, 60);
	assert_int_equal(rx.want, 80);
}

static void
test_a_packet_goes_over_two_payloads(void **state)
{
	(void)state;
	begin_partial();
	put_ipv4(make(20, 50) + 20, 30);
	assert_int_equal(give(2), ADIT_OK);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	assert_int_equal(got.len, 80);
	assert_ptr_equal(got.buf, partial);
	assert_int_equal(got.cap, PARTIAL);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	assert_int_equal(got.len, 30);
	assert_ptr_equal(got.buf, payload);
	assert_int_equal(got.cap, sizeof payload);
	expect_nothing();
	assert_int_equal(rx.n.torn + rx.n.malformed, 0);
}

/* The offset says where the packet ends, and its own length says elsewhere. */
static void
test_an_offset_that_contradicts_the_packet_spoils_the_payload(void **state)
{
	static const size_t offsets[] = {19, 21, 200};

	(void)state;
	for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
		begin_partial();
		(void)make(offsets[i], 40);
		assert_int_equal(give(2), ADIT_OK);
		expect_nothing();
		assert_int_equal(rx.n.packets, 0);
		assert_true(rx.n.torn == 1);
	}
	/* More than there is room for. */
	begin_partial();
	(void)make(50, 50);
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.torn, 1);
	assert_int_equal(rx.n.malformed, 0);
	/* All of this payload belongs to it, and that is more than was missing. */
	begin_partial();
	(void)make(100, 15);
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 1);
	/* Of so few bytes the length is not known yet: it comes with the rest. */
	begin(SLOTS);
	put_ipv4(make(0, 4), 40);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.want, 0);
	(void)make(36, 1);
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.have, 5);
	(void)make(35, 35);
	assert_int_equal(give(3), ADIT_OK);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	assert_int_equal(got.len, 40);
}

static void
test_payloads_of_no_known_form_are_counted_and_passed_over(void **state)
{
	(void)state;
	begin(0);
	put_ipv4(make(0, 40), 40);
	payload[0] = 2; /* a sub-type that nobody has */
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 1);
	/* Too short for the header of congestion control. */
	put_ipv4(make(0, 40), 40);
	payload[0] = 1;
	pkt.len = 23;
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 2);
	/* And for any. */
	(void)make(0, 0);
	pkt.len = HEADER - 1;
	assert_int_equal(give(3), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 3);
	assert_int_equal(rx.n.packets, 0);
}

static void
test_packets_shorter_than_their_header_spoil_the_payload(void **state)
{
	uint8_t *p;

	(void)state;
	begin(0);
	put_ipv4(make(0, 40), 19);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 1);
	/* No version that there is. */
	p = make(0, 40);
	put_ipv4(p, 40);
	p[0] = 0x55;
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 2);
	/* One that turns out to be so when more of it has come. */
	put_ipv4(make(0, 3), 19);
	assert_int_equal(give(3), ADIT_OK);
	expect_nothing();
	p = make(16, 16);
	p[0] = 19;
	assert_int_equal(give(4), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.packets, 0);
	assert_int_equal(rx.n.torn, 1);
}

static void
test_packets_longer_than_the_memory_are_torn(void **state)
{
	(void)state;
	begin(0);
	put_ipv4(make(0, 60), PARTIAL + 1);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.torn, 1);
	/* Longer already than the memory with the first bytes of it. */
	put_ipv4(make(0, PARTIAL + 20), PARTIAL + 60);
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.torn, 2);
	/* What follows is passed over up to the next packet. */
	put_ipv4(make(40, 70) + 40, 30);
	assert_int_equal(give(3), ADIT_OK);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	assert_int_equal(got.len, 30);
	expect_nothing();
	assert_int_equal(rx.n.malformed, 0);
}

static void
test_input_waits_until_all_was_read(void **state)
{
	(void)state;
	begin(SLOTS);
	put_ipv4(make(0, 60), 30);
	assert_int_equal(give(1), ADIT_OK);
	assert_int_equal(give(2), ADIT_ERR_STATE);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	adit_iptfs_give_up(&rx); /* nothing to give up while one is read */
	assert_int_equal(give(2), ADIT_ERR_STATE);
	expect_nothing();
	/* One that was kept, and whose turn it is now. */
	(void)make(0, 20);
	assert_int_equal(give(3), ADIT_OK);
	assert_int_equal(give(2), ADIT_OK);
	assert_int_equal(give(4), ADIT_ERR_STATE);
	expect_nothing();
	assert_int_equal(rx.next, 4);
	assert_int_equal(give(3), ADIT_ERR_OLD);
	assert_int_equal(rx.n.late, 1);
}

static void
test_early_payloads_are_kept_as_long_as_there_is_room(void **state)
{
	(void)state;
	begin(SLOTS);
	(void)make(0, 20);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(give(2 + SLOTS - 1), ADIT_OK);
	expect_nothing();
	assert_int_equal(give(2 + SLOTS), ADIT_ERR_FULL);
	/* One too long for a slot can't be kept either. */
	pkt.len = SLOT + 1;
	assert_int_equal(give(3), ADIT_ERR_FULL);
	adit_iptfs_give_up(&rx);
	assert_int_equal(rx.next, 2 + SLOTS - 1);
	assert_int_equal(rx.n.lost, SLOTS - 1);
	expect_nothing();
	/* With nothing kept, what comes too early to be kept is begun with, and the rest is lost.
	 */
	pkt.len = HEADER + 20;
	assert_int_equal(give(100), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.next, 101);
	adit_iptfs_give_up(&rx); /* nothing waits */
	assert_int_equal(rx.next, 101);
}

static void
test_without_slots_a_gap_tears_what_went_over_it(void **state)
{
	(void)state;
	begin(0);
	put_ipv4(make(0, 60), 80);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	put_ipv4(make(20, 50) + 20, 30);
	assert_int_equal(give(3), ADIT_OK);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	assert_int_equal(got.len, 30);
	assert_int_equal(rx.n.torn, 1);
	assert_int_equal(rx.n.lost, 1);
}

static void
test_payloads_of_sizes_that_can_not_be_are_not_made(void **state)
{
	static uint8_t ring[100], out[200];
	struct adit_iptfs_tx tx;
	struct adit_pkt to = {out, sizeof out, 0, 0};

	(void)state;
	assert_int_equal(adit_iptfs_tx_init(&tx, (struct adit_buf){ring, sizeof ring}, false),
			 ADIT_OK);
	assert_int_equal(adit_iptfs_next(&tx, HEADER, &to), ADIT_ERR_ARG);
	assert_int_equal(adit_iptfs_next(&tx, UINT16_MAX + 1, &to), ADIT_ERR_ARG);
	assert_int_equal(adit_iptfs_next(&tx, sizeof out + 1, &to), ADIT_ERR_ROOM);
	to.off = sizeof out + 1;
	assert_int_equal(adit_iptfs_next(&tx, 50, &to), ADIT_ERR_ROOM);
	to.off = sizeof out - 50;
	assert_int_equal(adit_iptfs_next(&tx, 50, &to), ADIT_OK);
	assert_int_equal(to.len, 50);
}

/* As it came, and in its turn; of two lengths, one after the other in the same slot. */
static void
test_an_early_payload_is_read_in_its_turn(void **state)
{
	(void)state;
	begin(SLOTS);
	put_ipv4(make(0, 30), 30);
	assert_int_equal(give(1), ADIT_OK);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	expect_nothing();
	for (uint64_t seq = 2; seq < 20; seq += 2) {
		const size_t len = 40 + 5 * (size_t)seq;

		put_ipv4(make(0, len + 9), len);
		assert_int_equal(give(seq + 1), ADIT_OK);
		expect_nothing();
		put_ipv4(make(0, 30), 30);
		assert_int_equal(give(seq), ADIT_OK);
		assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
		assert_int_equal(got.len, 30);
		assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
		assert_int_equal(got.len, len);
		expect_nothing();
	}
	assert_int_equal(rx.n.lost + rx.n.torn, 0);
}

/* Counted where nothing but padding is in a payload. */
static void
test_payloads_of_padding_alone_are_counted(void **state)
{
	(void)state;
	begin(SLOTS);
	(void)make(0, 50);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		assert_int_equal(give(seq), ADIT_OK);
		expect_nothing();
		assert_int_equal(rx.n.pads, seq);
	}
	put_ipv4(make(0, 50), 30);
	assert_int_equal(give(4), ADIT_OK);
	assert_int_equal(adit_iptfs_get(&rx, &got), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.n.pads, 3);
	assert_int_equal(rx.n.payloads, 4);
}

/* Of the four bits of a block's type all count: a type that there is not is no padding. */
static void
test_a_block_of_an_unknown_type_is_no_padding(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 16; type++) {
		if (type == 6)
			continue; /* a packet of IPv6, with nothing in it */
		begin_partial();
		*make(0, 50) = (uint8_t)(type << 4);
		assert_int_equal(give(2), ADIT_OK);
		expect_nothing();
		assert_int_equal(rx.n.pads, type == 0);
		assert_int_equal(rx.have, type == 0 ? 60 : 0);
	}
}

/* The longest that an IP packet brings may come early too. */
static void
test_the_longest_payload_is_kept_if_a_slot_holds_it(void **state)
{
	static uint8_t big[UINT16_MAX + 1], room[2 * sizeof big];
	const struct adit_iptfs_rx_mem mem = {
		{partial, sizeof partial}, slots, 2, room, sizeof big};

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_OK);
		(void)make(0, 20);
		assert_int_equal(give(1), ADIT_OK);
		expect_nothing();
		pkt = (struct adit_pkt){big, sizeof big, 0, UINT16_MAX + over};
		assert_int_equal(give(3), ADIT_OK);
		/* What can't be kept is begun with, and the one before it is lost. */
		assert_int_equal(rx.n.lost, over);
		assert_int_equal(rx.next, over ? 3 : 2);
	}
}

/* Its length comes with its second part, and says that it is too long. */
static void
test_a_packet_that_turns_out_too_long_is_torn_then(void **state)
{
	enum { FIRST = 3, LEN = PARTIAL + 20, SECOND = 90 };
	uint8_t head[20] = {0}, *p;

	(void)state;
	begin(0);
	put_ipv4(head, LEN);
	memcpy(make(0, FIRST), head, FIRST);
	assert_int_equal(give(1), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.have, FIRST);
	p = make(LEN - FIRST, SECOND);
	memcpy(p, head + FIRST, sizeof head - FIRST);
	assert_int_equal(give(2), ADIT_OK);
	expect_nothing();
	assert_int_equal(rx.have, 0);
	assert_int_equal(rx.n.torn, 1);
	assert_int_equal(rx.n.malformed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_goes_over_two_payloads),
		cmocka_unit_test(test_an_offset_that_contradicts_the_packet_spoils_the_payload),
		cmocka_unit_test(test_payloads_of_no_known_form_are_counted_and_passed_over),
		cmocka_unit_test(test_packets_shorter_than_their_header_spoil_the_payload),
		cmocka_unit_test(test_packets_longer_than_the_memory_are_torn),
		cmocka_unit_test(test_input_waits_until_all_was_read),
		cmocka_unit_test(test_early_payloads_are_kept_as_long_as_there_is_room),
		cmocka_unit_test(test_without_slots_a_gap_tears_what_went_over_it),
		cmocka_unit_test(test_payloads_of_sizes_that_can_not_be_are_not_made),
		cmocka_unit_test(test_an_early_payload_is_read_in_its_turn),
		cmocka_unit_test(test_payloads_of_padding_alone_are_counted),
		cmocka_unit_test(test_a_block_of_an_unknown_type_is_no_padding),
		cmocka_unit_test(test_the_longest_payload_is_kept_if_a_slot_holds_it),
		cmocka_unit_test(test_a_packet_that_turns_out_too_long_is_torn_then),
	};

	return cmocka_run_group_tests_name("iptfs_bounds", tests, NULL, NULL);
}
