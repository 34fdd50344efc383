/* The rule table enumerated: every exchange, side, job, state and set of payloads. No two rows
 * contradict each other, and the accepted set is the golden file beside this one. Run with
 * ADIT_GOLDEN=write to write it anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ikev2/turn.h"

#define GOLDEN "test/rules/ikev2_admitted.txt"
#define SETS (1u << (ADIT_PAYLOAD_LAST - ADIT_PAYLOAD_FIRST + 1))
#define STATES (ADIT_IKE_DEAD + 1)
#define JOBS (ADIT_JOB_DELETE_IKE + 1)

static const uint16_t notifies[] = {0, ADIT_N_COOKIE, ADIT_N_INVALID_KE_PAYLOAD};

/* Rows that overlap on purpose, the more special one first: it has a deciding notify, or asks for
 * more payloads. */
static bool
is_more_special(const struct adit_ikev2_rule *first, const struct adit_ikev2_rule *second)
{
	return (first->notify && !second->notify) ||
	       ((first->must & second->must) == second->must && first->must != second->must);
}

static bool
overlap(const struct adit_ikev2_rule *a, const struct adit_ikev2_rule *b)
{
	uint32_t must = a->must | b->must;

	return a->exchange == b->exchange && a->side == b->side && a->job == b->job &&
	       (a->states & b->states) && !(must & ~(a->must | a->may)) &&
	       !(must & ~(b->must | b->may)) && !(a->notify && b->notify && a->notify != b->notify);
}

static void
test_no_two_rows_contradict_each_other(void **state)
{
	size_t n;
	const struct adit_ikev2_rule *rules = adit_ikev2_rules(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (overlap(&rules[i], &rules[k]) && !is_more_special(&rules[i], &rules[k]))
				fail_msg("%s and %s admit the same message", rules[i].name,
					 rules[k].name);
}

static void
test_every_row_can_be_reached(void **state)
{
	size_t n;
	const struct adit_ikev2_rule *rules = adit_ikev2_rules(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct adit_ikev2_seen seen = {.present = rules[i].must,
					       .notify = rules[i].notify,
					       .exchange = rules[i].exchange,
					       .side = rules[i].side,
					       .job = rules[i].job};

		while (!(rules[i].states & (1u << seen.state)))
			seen.state++;
		assert_ptr_equal(adit_ikev2_admit(&seen), &rules[i]);
	}
}

/* Counts, for one exchange, side, job, state and notify, how many sets of payloads each row takes.
 */
static void
count_sets(struct adit_ikev2_seen *seen, FILE *out)
{
	size_t n, counts[64] = {0};
	const struct adit_ikev2_rule *rules = adit_ikev2_rules(&n);

	assert_true(n <= 64);
	for (uint32_t set = 0; set < SETS; set++) {
		const struct adit_ikev2_rule *rule;

		if (seen->notify && !(set & ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_NOTIFY)))
			continue;
		seen->present = set;
		rule = adit_ikev2_admit(seen);
		if (rule)
			counts[rule - rules]++;
	}
	for (size_t i = 0; i < n; i++)
		if (counts[i])
			fprintf(out, "exchange %u %s job %u state %u notify %u: %s, %zu sets\n",
				seen->exchange, seen->side ? "response" : "request", seen->job,
				seen->state, seen->notify, rules[i].name, counts[i]);
}

static void
write_admitted(FILE *out)
{
	struct adit_ikev2_seen seen;

	memset(&seen, 0, sizeof seen);
	for (seen.exchange = 33; seen.exchange <= 44; seen.exchange++)
		for (seen.side = 0; seen.side < 2; seen.side++)
			for (seen.job = 0; seen.job < JOBS; seen.job++)
				for (seen.state = 0; seen.state < STATES; seen.state++)
					for (size_t i = 0; i < sizeof notifies / sizeof *notifies;
					     i++) {
						if ((seen.side == ADIT_SIDE_REQUEST) !=
						    (seen.job == ADIT_JOB_NONE))
							continue;
						seen.notify = notifies[i];
						count_sets(&seen, out);
					}
}

static void
test_accepted_set_is_the_golden_file(void **state)
{
	const char *mode = getenv("ADIT_GOLDEN");
	static char want[65536], have[65536];
	FILE *f = tmpfile(), *golden;
	size_t n, m;

	(void)state;
	assert_non_null(f);
	write_admitted(f);
	rewind(f);
	n = fread(have, 1, sizeof have, f);
	fclose(f);
	assert_true(n > 0 && n < sizeof have);
	if (mode && strcmp(mode, "write") == 0) {
		golden = fopen(GOLDEN, "w");
		assert_non_null(golden);
		fwrite(have, 1, n, golden);
		fclose(golden);
	}
	golden = fopen(GOLDEN, "r");
	assert_non_null(golden);
	m = fread(want, 1, sizeof want, golden);
	fclose(golden);
	assert_int_equal(n, m);
	assert_memory_equal(have, want, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_two_rows_contradict_each_other),
		cmocka_unit_test(test_every_row_can_be_reached),
		cmocka_unit_test(test_accepted_set_is_the_golden_file),
	};

	return cmocka_run_group_tests_name("ikev2_rules", tests, NULL, NULL);
}
