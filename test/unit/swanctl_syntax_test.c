/* The syntax of strongswan.conf(5) as aditd reads it: sections, settings, comments, quotes,
 * includes, and where an error is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../examples/aditd/conf.h"
#include "../../examples/aditd/values.h"

static char said[512];

static struct conf *
read_text(const char *text, size_t n)
{
	FILE *err = fmemopen(said, sizeof said, "w");
	struct conf *root;

	assert_non_null(err);
	memset(said, 0, sizeof said);
	root = conf_read_memory("text", text, n, err);
	fclose(err);
	return root;
}

/* The first child of that name. */
static struct conf *
find(const struct conf *section, const char *name)
{
	struct conf *c = section->children;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	assert_non_null(c);
	return c;
}

static const char *
value_at(const struct conf *root, const char *section, const char *name)
{
	const struct conf *c = find(find(root, section), name);

	assert_non_null(c->value);
	return c->value;
}

static void
expect_setting(const char *text, const char *value)
{
	struct conf *root = read_text(text, strlen(text));

	assert_non_null(root);
	assert_string_equal(value_at(root, "a", "b"), value);
	conf_free(root);
	keep_nothing();
}

static void
expect_error(const char *text, const char *error)
{
	struct conf *root = read_text(text, strlen(text));

	assert_null(root);
	assert_string_equal(said, error);
	keep_nothing();
}

static void
test_a_value_is_the_rest_of_the_line_without_blanks_and_comment(void **state)
{
	(void)state;
	expect_setting("a {\n b = c\n}\n", "c");
	expect_setting("a {\n b =   two words \t # comment\n}\n", "two words");
	expect_setting("a { b = c }", "c");
	expect_setting("a{b=c}", "c");
	expect_setting("a {\r\n b = c\r\n}\r\n", "c");
	expect_setting("a {\n b =\n}\n", "");
	expect_setting("# first\na # of the section\n{ # more\n b = c # value\n}", "c");
}

static void
test_a_quoted_value_keeps_what_would_end_a_plain_one(void **state)
{
	(void)state;
	expect_setting("a { b = \" c # } \" }", " c # } ");
	expect_setting("a { b = \"x\\\"y\\\\z\\n\" }", "x\"y\\z\n");
	expect_setting("a {\n b = \"one \\\n two\"\n}", "one  two");
	expect_setting("a {\n b = \"one\n two\"\n}", "one\n two");
}

static void
test_a_backslash_keeps_a_character_in_a_plain_value(void **state)
{
	(void)state;
	expect_setting("a {\n b = c\\#d\\}\n}", "c#d}");
	expect_setting("a {\n b = one \\\n two\n}", "one  two");
}

static void
test_sections_nest_and_a_section_that_comes_again_goes_on(void **state)
{
	const char *text = "a { b { c = 1 } }\na { b { d = 2 } e = 3 }\n";
	struct conf *root = read_text(text, strlen(text)), *b;

	(void)state;
	assert_non_null(root);
	b = find(find(root, "a"), "b");
	assert_string_equal(find(b, "c")->value, "1");
	assert_string_equal(find(b, "d")->value, "2");
	assert_string_equal(value_at(root, "a", "e"), "3");
	assert_null(root->children->next);
	conf_free(root);
	keep_nothing();
}

static void
test_a_section_goes_on_beside_a_setting_of_its_name(void **state)
{
	const char *text = "a = 0\na { b = 1 }\na { c = 2 }\n";
	struct conf *root = read_text(text, strlen(text)), *a;

	(void)state;
	assert_non_null(root);
	assert_string_equal(root->children->value, "0");
	a = root->children->next;
	assert_non_null(a);
	assert_string_equal(find(a, "b")->value, "1");
	assert_string_equal(find(a, "c")->value, "2");
	assert_null(a->next);
	conf_free(root);
	keep_nothing();
}

static void
test_every_setting_knows_its_line(void **state)
{
	const char *text = "a\n{\n\n b = \"x\ny\"\n c = 1\n}\n";
	struct conf *root = read_text(text, strlen(text)), *a;

	(void)state;
	assert_non_null(root);
	a = find(root, "a");
	assert_int_equal(a->line, 1);
	assert_int_equal(find(a, "b")->line, 4);
	assert_int_equal(find(a, "c")->line, 6);
	assert_string_equal(a->file, "text");
	conf_free(root);
	keep_nothing();
}

static void
test_what_is_not_of_the_syntax_is_said_with_its_line(void **state)
{
	(void)state;
	expect_error("a {\n b = 1\n", "text:3: a section does not end: '}' is missing\n");
	expect_error("a = 1\n}\n", "text:2: '}' without '{'\n");
	expect_error("\n= 1\n", "text:2: a name was expected, not '='\n");
	expect_error("a b\n", "text:1: '=' or '{' was expected behind a\n");
	expect_error("a", "text:1: '=' or '{' was expected behind a\n");
	expect_error("a { b = \"c }", "text:1: a quoted value does not end\n");
	expect_error("a { b = \"c\\\"", "text:1: a quoted value does not end\n");
	expect_error("a { b = \"c\" d }", "text:1: text behind a quoted value\n");
	expect_error("a { }\nb : a { }\n",
		     "text:2: references to other sections are not supported\n");
	expect_error("include x.conf\n", "text:1: include is not possible here\n");
}

static void
test_a_zero_byte_is_refused(void **state)
{
	(void)state;
	assert_null(read_text("a = b\0c\n", 8));
	assert_string_equal(said, "text:1: a zero byte: this is no text\n");
	keep_nothing();
}

static void
test_nesting_without_end_is_refused(void **state)
{
	char text[4000];

	(void)state;
	for (size_t i = 0; i < sizeof text; i += 2)
		memcpy(text + i, "a{", 2);
	assert_null(read_text(text, sizeof text));
	assert_string_equal(said, "text:1: sections are nested too deeply\n");
	keep_nothing();
}

/* --- Includes: files in a folder of their own. */

static char folder[64];

static void
write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static struct conf *
read_main_file(void)
{
	FILE *err = fmemopen(said, sizeof said, "w");
	struct conf *root;
	char path[128];

	memset(said, 0, sizeof said);
	snprintf(path, sizeof path, "%s/main.conf", folder);
	root = conf_read(path, err);
	fclose(err);
	return root;
}

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/adit-swanctl-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"main.conf", "one.conf", "two.conf", "[a]*/one.conf",
					    "[a]*/two.conf"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof path, "%s/[a]*", folder);
	(void)rmdir(path);
	return rmdir(folder);
}

static void
test_include_takes_all_files_of_a_pattern_beside_the_file(void **state)
{
	struct conf *root;

	(void)state;
	write_file("main.conf", "a {\n include *o*e.conf\n include \"two.conf\"\n}\n");
	write_file("one.conf", "b = 1\n");
	write_file("two.conf", "c = 2\n");
	root = read_main_file();
	assert_non_null(root);
	assert_string_equal(value_at(root, "a", "b"), "1");
	assert_string_equal(value_at(root, "a", "c"), "2");
	assert_non_null(strstr(find(find(root, "a"), "c")->file, "two.conf"));
	conf_free(root);
	keep_nothing();
}

static void
test_include_of_a_file_that_is_not_there_is_an_error_and_of_a_pattern_is_none(void **state)
{
	struct conf *root;

	(void)state;
	write_file("main.conf", "a { }\ninclude none.conf\n");
	assert_null(read_main_file());
	assert_non_null(strstr(said, "main.conf:2: "));
	assert_non_null(strstr(said, "none.conf: No such file"));
	write_file("main.conf", "a { }\ninclude none*.conf\n");
	root = read_main_file();
	assert_non_null(root);
	conf_free(root);
	keep_nothing();
}

/* The folder of the file that includes may look like a pattern. */
static void
test_include_takes_the_name_of_its_own_folder_as_it_stands(void **state)
{
	char odd[128];
	struct conf *root;

	(void)state;
	snprintf(odd, sizeof odd, "%s/[a]*", folder);
	assert_int_equal(mkdir(odd, 0700), 0);
	write_file("[a]*/one.conf", "b = 1\n");
	write_file("[a]*/two.conf", "include one.conf\ninclude on*.conf\ninclude none.conf\n");
	write_file("main.conf", "include [[]a*/one.conf\n");
	root = read_main_file();
	assert_non_null(root);
	assert_string_equal(find(root, "b")->value, "1");
	conf_free(root);
	write_file("main.conf", "include [[]a*/two.conf\n");
	assert_null(read_main_file());
	assert_non_null(strstr(said, "two.conf:3: "));
	write_file("[a]*/two.conf", "include one.conf\ninclude on*.conf\n");
	root = read_main_file();
	assert_non_null(root);
	assert_string_equal(find(root, "b")->value, "1");
	assert_string_equal(root->children->next->value, "1");
	conf_free(root);
	keep_nothing();
}

static void
test_a_file_that_includes_itself_is_refused(void **state)
{
	(void)state;
	write_file("main.conf", "include main.conf\n");
	assert_null(read_main_file());
	assert_non_null(strstr(said, "includes are nested too deeply"));
	keep_nothing();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_value_is_the_rest_of_the_line_without_blanks_and_comment),
		cmocka_unit_test(test_a_quoted_value_keeps_what_would_end_a_plain_one),
		cmocka_unit_test(test_a_backslash_keeps_a_character_in_a_plain_value),
		cmocka_unit_test(test_sections_nest_and_a_section_that_comes_again_goes_on),
		cmocka_unit_test(test_a_section_goes_on_beside_a_setting_of_its_name),
		cmocka_unit_test(test_every_setting_knows_its_line),
		cmocka_unit_test(test_what_is_not_of_the_syntax_is_said_with_its_line),
		cmocka_unit_test(test_a_zero_byte_is_refused),
		cmocka_unit_test(test_nesting_without_end_is_refused),
		cmocka_unit_test_setup_teardown(
			test_include_takes_all_files_of_a_pattern_beside_the_file, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			test_include_of_a_file_that_is_not_there_is_an_error_and_of_a_pattern_is_none,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_include_takes_the_name_of_its_own_folder_as_it_stands, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_that_includes_itself_is_refused,
						make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("swanctl_syntax", tests, NULL, NULL);
}
