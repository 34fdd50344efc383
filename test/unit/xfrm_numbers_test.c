/* The file of sequence numbers: what is read from it is what was written, or nothing at all. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/numbers.h"
#include "../../examples/aditd/values.h"
#include "support/folder.h"

#define SA "dst 10.0.0.2 proto esp spi 0x00001001 replay-oseq "
#define OTHER "dst fd00::2 proto ah spi 0x00001002 replay-seq "

static char file[128], said[512];
static FILE *err;

static int
begin(void **state)
{
	(void)state;
	if (!folder_make())
		return -1;
	strcpy(file, folder_path("n"));
	memset(said, 0, sizeof said);
	err = fmemopen(said, sizeof said, "w");
	return err ? 0 : -1;
}

static int
end(void **state)
{
	static const char *const names[] = {"n", "n.lock", "n.new", "other"};

	(void)state;
	fclose(err);
	keep_nothing();
	return folder_remove(names, sizeof names / sizeof names[0]);
}

static void
assert_said(const char *words)
{
	fflush(err);
	if (!strstr(said, words))
		fail_msg("\"%s\" does not say \"%s\"", said, words);
	rewind(err);
}

/* --- Lines. */

static void
assert_refused(const char *text, size_t n, const char *words)
{
	struct numbers numbers;

	folder_put("n", text, n);
	if (numbers_read(&numbers, file, err))
		fail_msg("\"%s\" was taken", text);
	assert_said(words);
}

static void
test_what_was_written_is_read(void **state)
{
	static const char text[] = SA "18446744073709551615\n" OTHER "0\n";
	struct numbers n, again;

	(void)state;
	folder_put("n", text, sizeof text - 1);
	for (int i = 0; i < 2; i++) {
		assert_true(numbers_read(&n, file, err));
		assert_int_equal(n.count, 2);
		assert_int_equal(n.list[0].dir, ADIT_OUT);
		assert_int_equal(n.list[0].spi, 0x1001);
		assert_int_equal(n.list[0].dst.version, 4);
		assert_int_equal(n.list[0].protocol, ADIT_PROTO_ESP);
		assert_true(n.list[0].last == UINT64_MAX);
		assert_int_equal(n.list[1].dir, ADIT_IN);
		assert_int_equal(n.list[1].protocol, ADIT_PROTO_AH);
		assert_int_equal(n.list[1].dst.b[15], 2);
		assert_true(n.list[1].last == 0);
		assert_true(numbers_write(&n, err));
	}
	/* What is not there was never used. */
	assert_true(numbers_read(&again, folder_path("none"), err));
	assert_int_equal(again.count, 0);
}

static void
test_a_line_that_may_have_lost_something_is_refused(void **state)
{
	static const char *const texts[] = {
		SA "90655", /* of 9065536 */
		SA "90\r\n",
		SA "-18446744073709551611\n", /* strtoull makes 5 of it */
		SA "-1\n",
		SA "+1\n",
		SA "18446744073709551616\n",
		SA "0x10\n",
		SA "1 2\n",
		SA "1;\n",
		SA "\n",
		"dst 10.0.0.2 proto esp spi 0x100001001 replay-oseq 7\n",
		"dst 10.0.0.2 proto esp spi 0x0x1001 replay-oseq 7\n",
		"dst 10.0.0.2 proto esp spi 0x000001001 replay-oseq 7\n",
		"dst 10.0.0.2 proto esp spi 0x replay-oseq 7\n",
		"dst 10.0.0.2 proto esp spi 1001 replay-oseq 7\n",
		"dst 10.0.0.2 proto esp spi 0x-1 replay-oseq 7\n",
		"dst 10.0.0.2 proto udp spi 0x1001 replay-oseq 7\n",
		"dst 10.0.0 proto esp spi 0x1001 replay-oseq 7\n",
		"dst 10.0.0.2 proto esp spi 0x1001 replay-window 7\n",
		"dst 10.0.0.2 proto esp spi 0x1001\n",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_refused(texts[i], strlen(texts[i]), "/n:1: not a line of sequence numbers");
	assert_refused(OTHER "7\n" SA "9", sizeof OTHER "7\n" SA "9" - 1, "/n:2: not a line");
	/* Here a program that reads strings would find a whole number, and lose the rest. */
	assert_refused(SA "90\0"
			  "65536\n",
		       sizeof SA "90\0"
				 "65536\n" -
			       1,
		       "/n:1: not a line");
	assert_refused("\0" SA "9\n", sizeof "\0" SA "9\n" - 1, "/n:1: not a line");
}

static void
test_an_sa_that_stands_there_twice_is_refused(void **state)
{
	static const char text[] = SA "9\n" OTHER "9\n" SA "9000\n";

	(void)state;
	assert_refused(text, sizeof text - 1, "/n:3: the SA of line 1 once more");
}

static void
test_an_empty_file_is_not_one_of_new_keys(void **state)
{
	(void)state;
	assert_refused("", 0, "/n: it is empty");
}

/* A list that is copied for every line would need a gigabyte for some thousands of them. */
static void
test_many_lines_need_little_memory(void **state)
{
	const struct number *list = NULL;
	struct number record;
	struct numbers n;
	unsigned moves = 0;

	(void)state;
	memset(&n, 0, sizeof n);
	memset(&record, 0, sizeof record);
	for (record.spi = 1; record.spi <= 5000; record.spi++) {
		(void)numbers_add(&n, &record);
		moves += n.list != list;
		list = n.list;
	}
	assert_int_equal(n.count, 5000);
	assert_int_equal(n.list[4999].spi, 5000);
	assert_in_range(moves, 1, 20);
}

/* --- Writing. */

static void
test_no_empty_file_is_written(void **state)
{
	struct numbers n;

	(void)state;
	assert_true(numbers_open(&n, file, err));
	assert_true(numbers_write(&n, err));
	numbers_close(&n);
	assert_int_equal(access(file, F_OK), -1);
}

static void
make_one(struct numbers *n, uint64_t last)
{
	struct number record;

	memset(n, 0, sizeof *n);
	memset(&record, 0, sizeof record);
	n->file = file;
	n->lock = -1;
	record.dir = ADIT_OUT;
	record.dst.version = 4;
	record.protocol = ADIT_PROTO_ESP;
	record.spi = 0x1001;
	record.last = last;
	(void)numbers_add(n, &record);
}

/* Writes while the disk takes some bytes of a file; how the process that tried it ended. */
static int
write_some(struct numbers *n, rlim_t most, bool killed)
{
	const struct rlimit limit = {most, most};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		FILE *null = fopen("/dev/null", "w");

		signal(SIGXFSZ, killed ? SIG_DFL : SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(numbers_write(n, null) ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_a_full_disk_and_a_sudden_end_leave_the_file_as_it_was(void **state)
{
	struct numbers n, now;
	int status;

	(void)state;
	for (rlim_t most = 0; most < 50; most += 7)
		for (int killed = 0; killed < 2; killed++)
			for (int is_there = 0; is_there < 2; is_there++) {
				unlink(file);
				make_one(&n, 7);
				if (is_there)
					assert_true(numbers_write(&n, err));
				n.list[0].last = 7000000;
				status = write_some(&n, most, killed);
				if (killed)
					assert_int_equal(WTERMSIG(status), SIGXFSZ);
				else
					assert_int_equal(WEXITSTATUS(status), 1);
				assert_true(numbers_read(&now, file, err));
				assert_int_equal(now.count, is_there);
				if (is_there)
					assert_true(now.list[0].last == 7);
			}
	/* What the last one has left is in nobody's way. */
	assert_true(numbers_write(&n, err));
	assert_true(numbers_read(&now, file, err));
	assert_true(now.list[0].last == 7000000);
}

/* --- Whose it is. */

static void
test_a_file_is_one_process_s(void **state)
{
	struct numbers first, second;

	(void)state;
	assert_true(numbers_open(&first, file, err));
	assert_false(numbers_open(&second, file, err));
	assert_said("/n: another process keeps its numbers there");
	/* The file is a new one with each writing; the lock stays. */
	make_one(&second, 7);
	assert_true(numbers_write(&second, err));
	assert_false(numbers_open(&second, file, err));
	numbers_close(&first);
	assert_true(numbers_open(&second, file, err));
	assert_int_equal(second.count, 1);
	numbers_close(&second);
}

static void
test_a_file_that_was_refused_is_not_locked(void **state)
{
	struct numbers n;

	(void)state;
	folder_put("n", "x\n", 2);
	assert_false(numbers_open(&n, file, err));
	unlink(file);
	assert_true(numbers_open(&n, file, err));
	numbers_close(&n);
}

static void
assert_place_refused(void)
{
	struct stat before, after;
	struct numbers n;

	assert_int_equal(lstat(file, &before), 0);
	assert_false(numbers_open(&n, file, err));
	assert_said("/n: numbers are kept in a regular file alone");
	assert_int_equal(lstat(file, &after), 0);
	assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
	/* Nor was a lock made beside it. */
	assert_int_equal(access(folder_path("n.lock"), F_OK), -1);
}

static void
test_what_is_no_file_by_itself_is_not_replaced(void **state)
{
	(void)state;
	folder_put("other", SA "7\n", sizeof SA "7\n" - 1);
	assert_int_equal(symlink("other", file), 0);
	assert_place_refused();
	unlink(file);
	assert_int_equal(symlink("nowhere", file), 0);
	assert_place_refused();
	unlink(file);
	assert_int_equal(link(folder_path("other"), file), 0);
	assert_place_refused();
	unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_place_refused();
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_place_refused();
	rmdir(file);
}

static void
test_a_link_beside_the_file_is_not_written_through(void **state)
{
	struct stat other;
	struct numbers n;

	(void)state;
	folder_put("other", "mine", 4);
	assert_int_equal(symlink("other", folder_path("n.new")), 0);
	make_one(&n, 7);
	assert_false(numbers_write(&n, err));
	assert_said("File exists");
	assert_int_equal(stat(folder_path("other"), &other), 0);
	assert_int_equal(other.st_size, 4);
	unlink(folder_path("n.new"));
	assert_int_equal(symlink("other", folder_path("n.lock")), 0);
	assert_false(numbers_open(&n, file, err));
	assert_said("n.lock: ");
}

/* --- How far. */

static uint64_t
ahead_of(struct number *n, uint64_t seq, bool esn)
{
	numbers_go_ahead(n, seq, esn, 0);
	return n->last;
}

static void
test_numbers_end_where_they_have_to(void **state)
{
	struct number n;

	(void)state;
	memset(&n, 0, sizeof n);
	n.dir = ADIT_OUT;
	assert_true(ahead_of(&n, 0, false) == NUMBERS_AHEAD);
	assert_true(ahead_of(&n, UINT32_MAX - 5, false) == UINT32_MAX);
	assert_false(numbers_is_due(&n, UINT32_MAX - 1, false, 0));
	assert_true(ahead_of(&n, UINT32_MAX - 5, true) > UINT32_MAX);
	assert_true(ahead_of(&n, UINT64_MAX - 5, true) == UINT64_MAX);
	n.last = UINT32_MAX;
	assert_true(numbers_is_due(&n, UINT32_MAX - 1, true, 0));
	n.dir = ADIT_IN;
	assert_true(ahead_of(&n, 0, false) == NUMBERS_IN_LEAST);
	assert_true(ahead_of(&n, UINT32_MAX - 5, false) == UINT32_MAX);
	assert_false(numbers_is_due(&n, UINT32_MAX, false, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_written_is_read),
		TEST(test_a_line_that_may_have_lost_something_is_refused),
		TEST(test_an_sa_that_stands_there_twice_is_refused),
		TEST(test_an_empty_file_is_not_one_of_new_keys),
		TEST(test_many_lines_need_little_memory),
		TEST(test_no_empty_file_is_written),
		TEST(test_a_full_disk_and_a_sudden_end_leave_the_file_as_it_was),
		TEST(test_a_file_is_one_process_s),
		TEST(test_a_file_that_was_refused_is_not_locked),
		TEST(test_what_is_no_file_by_itself_is_not_replaced),
		TEST(test_a_link_beside_the_file_is_not_written_through),
		TEST(test_numbers_end_where_they_have_to),
	};

	return cmocka_run_group_tests_name("xfrm_numbers", tests, NULL, NULL);
}
