/* What AH takes of the headers before it, header by header: what may change on the way counts as
 * zero, routes count as they will be at their end (RFC 4302 3.3.3.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/ah_mute.h"
#include "wire/ip.h"

enum { HEADERS = 512, EXT = 40, SOURCE_ROUTE = 131, ROUTER_ALERT = 148, TIMESTAMP = 68 };

static uint8_t p[HEADERS], muted[HEADERS];

static enum adit_status
mute_v4(const uint8_t *option, size_t n)
{
	memset(p, 0, sizeof p);
	p[0] = (uint8_t)(0x45 + n / 4);
	p[1] = 0xb8;
	p[6] = 0x40;
	p[8] = 64;
	p[9] = 17;
	memcpy(p + 16, (const uint8_t[]){192, 0, 2, 9}, 4);
	if (n)
		memcpy(p + 20, option, n);
	return adit_ah_mute(p, 20 + n, muted);
}

/* IPv6 with one extension header. */
static enum adit_status
mute_v6(uint8_t type, const uint8_t *header, size_t n)
{
	memset(p, 0, sizeof p);
	p[0] = 0x6b;
	p[1] = 0x8f;
	p[6] = type;
	p[7] = 64;
	p[8] = p[24] = 0xfd;
	if (n)
		memcpy(p + EXT, header, n);
	return adit_ah_mute(p, EXT + n, muted);
}

static void
test_fields_that_routers_change_count_as_zero(void **state)
{
	(void)state;
	assert_int_equal(mute_v4(NULL, 0), ADIT_OK);
	assert_int_equal(muted[1], 0);
	assert_int_equal(muted[6], 0);
	assert_int_equal(muted[8], 0);
	assert_int_equal(muted[9], 17);
	assert_memory_equal(muted + 16, p + 16, 4);
}

static void
test_options_count_if_nobody_changes_them(void **state)
{
	const uint8_t alert[4] = {ROUTER_ALERT, 4, 1, 2}, stamp[4] = {TIMESTAMP, 4, 5, 6},
		      zero[4] = {0};

	(void)state;
	assert_int_equal(mute_v4(alert, 4), ADIT_OK);
	assert_memory_equal(muted + 20, alert, 4);
	assert_int_equal(mute_v4(stamp, 4), ADIT_OK);
	assert_memory_equal(muted + 20, zero, 4);
}

static void
test_a_source_route_counts_as_it_will_be_at_its_end(void **state)
{
	static const struct {
		uint8_t option[8];
		enum adit_status st;
		uint8_t last; /* of the destination that counts */
	} rows[] = {
		{{SOURCE_ROUTE, 7, 4, 192, 0, 2, 77, 0}, ADIT_OK, 77},
		{{SOURCE_ROUTE, 7, 8, 192, 0, 2, 77, 0}, ADIT_OK, 9}, /* it has arrived */
		{{SOURCE_ROUTE, 7, 3, 192, 0, 2, 77, 0}, ADIT_ERR_MALFORMED, 0},
		{{SOURCE_ROUTE, 7, 5, 192, 0, 2, 77, 0}, ADIT_ERR_MALFORMED, 0},
		{{SOURCE_ROUTE, 2, 1, 1, 1, 1, 1, 1}, ADIT_ERR_MALFORMED, 0},
		{{SOURCE_ROUTE, 1, 4, 192, 0, 2, 77, 0}, ADIT_ERR_MALFORMED, 0},
		{{SOURCE_ROUTE, 9, 4, 192, 0, 2, 77, 0}, ADIT_ERR_MALFORMED, 0},
		{{1, 1, 1, 1, 1, 1, 1, SOURCE_ROUTE}, ADIT_ERR_MALFORMED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(mute_v4(rows[i].option, 8), rows[i].st);
		if (rows[i].st == ADIT_OK)
			assert_int_equal(muted[19], rows[i].last);
	}
}

/* Two addresses, of which `left` are still to come. */
static void
put_route(uint8_t *h, uint8_t type, uint8_t left)
{
	memset(h, 0, EXT);
	h[0] = 17;
	h[1] = 4; /* 40 bytes */
	h[2] = type;
	h[3] = left;
	h[8] = 0xa1;
	h[24] = 0xa2;
}

static void
test_a_routing_header_counts_as_it_will_be_at_its_end(void **state)
{
	uint8_t h[EXT];

	(void)state;
	for (uint8_t type = 0; type <= 2; type += 2)
		for (uint8_t left = 0; left <= 2; left++) {
			put_route(h, type, left);
			assert_int_equal(mute_v6(43, h, EXT), ADIT_OK);
			assert_int_equal(muted[EXT + 3], 0);
			/* The destination is the last address, and those gone through stand before.
			 */
			assert_int_equal(muted[24], left ? 0xa2 : 0xfd);
			assert_int_equal(muted[EXT + 8], left == 2 ? 0xfd : 0xa1);
			assert_int_equal(muted[EXT + 24], left == 2   ? 0xa1
							  : left == 1 ? 0xfd
								      : 0xa2);
		}
}

static void
test_routes_that_can_not_be_foretold_are_refused(void **state)
{
	uint8_t h[EXT];

	(void)state;
	put_route(h, 0, 3); /* more than there are */
	assert_int_equal(mute_v6(43, h, EXT), ADIT_ERR_MALFORMED);
	put_route(h, 4, 1); /* segment routing */
	assert_int_equal(mute_v6(43, h, EXT), ADIT_ERR_UNSUPPORTED);
	put_route(h, 4, 0); /* over by now, and so as it is */
	assert_int_equal(mute_v6(43, h, EXT), ADIT_OK);
	put_route(h, 0, 1);
	h[1] = 3; /* one address and a half */
	assert_int_equal(mute_v6(43, h, 32), ADIT_ERR_MALFORMED);
}

/* A fragment header that says "whole" (RFC 6946) is as it is. */
static void
test_other_headers_count_as_they_are(void **state)
{
	const uint8_t fragment[8] = {17, 0, 0, 0, 1, 2, 3, 4};

	(void)state;
	assert_int_equal(mute_v6(44, fragment, 8), ADIT_OK);
	assert_memory_equal(muted + EXT, fragment, 8);
	assert_int_equal(muted[0], 0x60);
	assert_int_equal(muted[1], 0);
	assert_int_equal(muted[7], 0);
}

static void
test_ipv6_options_count_if_nobody_may_change_them(void **state)
{
	const uint8_t fixed[8] = {17, 0, 0x05, 2, 7, 7, 0, 0};
	const uint8_t changing[8] = {17, 0, 0x3e, 2, 7, 7, 0, 0};
	const uint8_t cut[8] = {17, 0, 0x05, 5, 7, 7, 0, 0};
	const uint8_t lone[8] = {17, 0, 1, 3, 0, 0, 0, 0x05};

	(void)state;
	for (uint8_t type = 0; type <= 60; type += 60) {
		assert_int_equal(mute_v6(type, fixed, 8), ADIT_OK);
		assert_int_equal(muted[EXT + 4], 7);
		assert_int_equal(mute_v6(type, changing, 8), ADIT_OK);
		assert_int_equal(muted[EXT + 4], 0);
		assert_int_equal(mute_v6(type, cut, 8), ADIT_ERR_MALFORMED);
		assert_int_equal(mute_v6(type, lone, 8), ADIT_ERR_MALFORMED);
	}
}

static void
test_headers_cut_short_or_too_long_are_refused(void **state)
{
	const uint8_t longer[8] = {17, 1, 1, 4, 0, 0, 0, 0};

	(void)state;
	assert_int_equal(mute_v6(60, longer, 8), ADIT_ERR_MALFORMED);
	assert_int_equal(mute_v6(60, longer, 7), ADIT_ERR_MALFORMED);
	assert_int_equal(adit_ah_mute(p, ADIT_AH_HEADERS_MAX + 1, muted), ADIT_ERR_TOO_LONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_that_routers_change_count_as_zero),
		cmocka_unit_test(test_options_count_if_nobody_changes_them),
		cmocka_unit_test(test_a_source_route_counts_as_it_will_be_at_its_end),
		cmocka_unit_test(test_a_routing_header_counts_as_it_will_be_at_its_end),
		cmocka_unit_test(test_routes_that_can_not_be_foretold_are_refused),
		cmocka_unit_test(test_other_headers_count_as_they_are),
		cmocka_unit_test(test_ipv6_options_count_if_nobody_may_change_them),
		cmocka_unit_test(test_headers_cut_short_or_too_long_are_refused),
	};

	return cmocka_run_group_tests_name("ah_mute", tests, NULL, NULL);
}
