/* Numbers in files and options: all of the text, or none of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../examples/xfrm/digits.h"

static void
assert_number(const char *text, uint64_t number)
{
	uint64_t n = 0;

	assert_true(digits_read(text, UINT64_MAX, &n));
	assert_true(n == number);
}

static void
test_digits_are_a_number(void **state)
{
	(void)state;
	assert_number("0", 0);
	assert_number("4294967296", UINT64_C(4294967296));
	assert_number("18446744073709551615", UINT64_MAX);
	assert_number("0x1001", 0x1001);
	assert_number("0XaBcDeF", 0xabcdef);
	assert_number("0xffffffffffffffff", UINT64_MAX);
}

static void
test_a_zero_in_front_is_no_octal(void **state)
{
	(void)state;
	assert_number("010", 10);
	assert_number("09", 9);
}

static void
test_a_text_with_anything_else_is_no_number(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"0x",
		"0x0x10",
		"0x-1",
		"0x 1",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1k",
		"1.5",
		"a",
		"0xg",
		"1x",
		"18446744073709551616",
		"0x1 ",
		"x1",
		"\xd9\xa1",
		"0x10000000000000000",
		"-18446744073709551611",
	};
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (digits_read(texts[i], UINT64_MAX, &n))
			fail_msg("\"%s\" was taken", texts[i]);
}

static void
test_the_most_is_the_last_that_is_taken(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(digits_read("65535", UINT16_MAX, &n));
	assert_false(digits_read("65536", UINT16_MAX, &n));
	assert_true(digits_read("0", 0, &n));
	assert_false(digits_read("0x1", 0, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digits_are_a_number),
		cmocka_unit_test(test_a_zero_in_front_is_no_octal),
		cmocka_unit_test(test_a_text_with_anything_else_is_no_number),
		cmocka_unit_test(test_the_most_is_the_last_that_is_taken),
	};

	return cmocka_run_group_tests_name("digits", tests, NULL, NULL);
}
