/* Cursors over bytes, IP headers and proposals at their very ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "wire/fragment.h"
#include "wire/ike_payload.h"
#include "wire/ike_sa_payload.h"
#include "wire/ip.h"

static uint8_t big[UINT16_MAX + 200];

static void
test_a_reader_that_ran_out_gives_zeros_and_stays_at_its_end(void **state)
{
	static const uint8_t bytes[7] = {1, 2, 3, 4, 5, 6, 7};
	struct adit_reader r = adit_reader_of((struct adit_span){bytes, sizeof bytes});
	uint8_t out[9];

	(void)state;
	assert_true(adit_read_u64(&r) == 0);
	assert_true(r.bad);
	assert_int_equal(adit_reader_left(&r), 0);
	assert_int_equal(adit_read_u8(&r), 0);
	assert_int_equal(adit_read_u16(&r), 0);
	assert_int_equal(adit_read_u32(&r), 0);
	memset(out, 9, sizeof out);
	adit_read_bytes(&r, out, sizeof out);
	assert_int_equal(out[0] + out[8], 0);
	assert_int_equal(adit_reader_done(&r), ADIT_ERR_SHORT);
}

static void
test_a_length_that_16_bits_do_not_hold_spoils_a_writer(void **state)
{
	struct adit_writer w = adit_writer_of((struct adit_buf){big, sizeof big});

	(void)state;
	adit_write_u16(&w, 0);
	assert_non_null(adit_write_room(&w, UINT16_MAX - 2));
	adit_write_len16(&w, 0, 0);
	assert_int_equal(adit_writer_done(&w), ADIT_OK);
	assert_int_equal(adit_load16(big), UINT16_MAX);
	adit_write_u8(&w, 0);
	adit_write_len16(&w, 0, 0);
	assert_int_equal(adit_writer_done(&w), ADIT_ERR_ROOM);
	adit_write_u64(&w, 1);
	adit_write_len16(&w, 0, 0);
	assert_int_equal(adit_writer_done(&w), ADIT_ERR_ROOM);
}

/* The quote of an ICMP error may end within the options. */
static void
test_a_quoted_header_that_is_not_all_there_is_too_short(void **state)
{
	uint8_t p[24] = {0x46, 0, 0, 40, [8] = 64, 17};
	struct adit_ip_view v;

	(void)state;
	assert_int_equal(adit_ip_get_quoted(p, 20, &v), ADIT_ERR_SHORT);
	assert_int_equal(adit_ip_get_quoted(p, 23, &v), ADIT_ERR_SHORT);
	assert_int_equal(adit_ip_get_quoted(p, 24, &v), ADIT_OK);
	assert_int_equal(v.total, 24);
	assert_int_equal(adit_ip_get(p, 24, &v), ADIT_ERR_SHORT);
}

/* IPv6 counts its header apart, and so could say more than 65535 bytes. */
static void
test_an_ipv6_packet_longer_than_any_is_refused(void **state)
{
	struct adit_ip_view v;

	(void)state;
	memset(big, 0, sizeof big);
	big[0] = 0x60;
	big[6] = 17;
	adit_store16(big + 4, UINT16_MAX - 40);
	assert_int_equal(adit_ip_get(big, sizeof big, &v), ADIT_OK);
	assert_int_equal(v.total, UINT16_MAX);
	adit_store16(big + 4, UINT16_MAX - 39);
	assert_int_equal(adit_ip_get(big, sizeof big, &v), ADIT_ERR_MALFORMED);
}

static void
test_ipv6_headers_before_and_behind_a_fragment_header_are_told_apart(void **state)
{
	/* Destination options, fragment header, destination options again. */
	uint8_t p[72] = {0x60,      [5] = 32, [6] = 60, [7] = 64,  [40] = 44, [42] = 1, 4,
			 [48] = 60, [51] = 1, [55] = 5, [56] = 17, [58] = 1,  4};
	struct adit_fragment_view v;

	(void)state;
	assert_int_equal(adit_fragment_get(p, sizeof p, &v), ADIT_OK);
	assert_true(v.fragment && v.header && v.more);
	assert_int_equal(v.head, 48);
	assert_int_equal(v.data, 56);
	assert_int_equal(v.protocol, 60);
	assert_int_equal(v.id, 5);
	p[40] = 60; /* no fragment header at all */
	p[48] = 17;
	assert_int_equal(adit_fragment_get(p, sizeof p, &v), ADIT_OK);
	assert_false(v.fragment || v.header);
	assert_int_equal(v.protocol, 17);
}

static void
test_identities_have_the_length_of_their_type(void **state)
{
	static const struct {
		uint8_t type;
		size_t n;
		enum adit_status st;
	} rows[] = {{ADIT_ID_IPV4_ADDR, 4, ADIT_OK},
		    {ADIT_ID_IPV4_ADDR, 5, ADIT_ERR_MALFORMED},
		    {ADIT_ID_IPV6_ADDR, 16, ADIT_OK},
		    {ADIT_ID_IPV6_ADDR, 4, ADIT_ERR_MALFORMED},
		    {ADIT_ID_FQDN, 0, ADIT_ERR_MALFORMED},
		    {ADIT_ID_RFC822_ADDR, 3, ADIT_OK},
		    {ADIT_ID_DER_ASN1_DN, 0, ADIT_ERR_MALFORMED},
		    {ADIT_ID_KEY_ID, 0, ADIT_ERR_MALFORMED},
		    {ADIT_ID_KEY_ID, 1, ADIT_OK},
		    {200, 0, ADIT_OK}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t body[24] = {rows[i].type, 0, 0, 0};
		struct adit_id id;

		memset(body + 4, 'x', sizeof body - 4);
		assert_int_equal(adit_ike_get_id((struct adit_span){body, 4 + rows[i].n}, &id),
				 rows[i].st);
	}
}

/* Walking over proposals and transforms that nobody has checked ends at the first that is none. */
static void
test_proposals_that_are_none_end_the_walk(void **state)
{
	static const uint8_t proposal[] = {0, 0, 0, 40, 1, 1, 0, 1, 0, 0, 0, 8};
	static const uint8_t transform[] = {0, 0, 0, 12, 1, 0, 0, 20}, cut[] = {0, 0, 0, 4};
	static const uint8_t attribute[] = {0, 0, 0, 10, 1, 0, 0, 20, 0x80, 14};
	struct adit_ike_transform t;
	struct adit_ike_proposal p;
	struct adit_span s;

	(void)state;
	s = (struct adit_span){proposal, sizeof proposal};
	assert_false(adit_ike_proposal_next(&s, &p));
	s = (struct adit_span){proposal, 2};
	assert_false(adit_ike_proposal_next(&s, &p));
	s = (struct adit_span){NULL, 0};
	assert_false(adit_ike_proposal_next(&s, &p));
	assert_false(adit_ike_transform_next(&s, &t));
	s = (struct adit_span){transform, sizeof transform};
	assert_false(adit_ike_transform_next(&s, &t));
	s = (struct adit_span){cut, sizeof cut};
	assert_false(adit_ike_transform_next(&s, &t));
	s = (struct adit_span){attribute, sizeof attribute};
	assert_false(adit_ike_transform_next(&s, &t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reader_that_ran_out_gives_zeros_and_stays_at_its_end),
		cmocka_unit_test(test_a_length_that_16_bits_do_not_hold_spoils_a_writer),
		cmocka_unit_test(test_a_quoted_header_that_is_not_all_there_is_too_short),
		cmocka_unit_test(test_an_ipv6_packet_longer_than_any_is_refused),
		cmocka_unit_test(
			test_ipv6_headers_before_and_behind_a_fragment_header_are_told_apart),
		cmocka_unit_test(test_identities_have_the_length_of_their_type),
		cmocka_unit_test(test_proposals_that_are_none_end_the_walk),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
