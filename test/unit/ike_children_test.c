/* Child SAs: of which configuration, and two of one IKE SA. No exchange that is built makes the
 * second one: here the slots do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/slots.h"
#include "support/pair.h"

static struct pair pair;

static struct adit_ike_child *
add_child(void)
{
	struct adit_ike_child *child;

	assert_int_equal(adit_child_take(&pair.a.ike, &pair.a.sas[0], &child), ADIT_OK);
	child->state = ADIT_CHILD_UP;
	child->told_up = true;
	return child;
}

static void
test_of_two_children_the_one_that_is_meant_is_deleted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_ike_child *first, *second;
		struct pair_datagram d;

		pair_defaults(&pair, 80 + i);
		pair_connect(&pair);
		first = adit_child_of(&pair.a.ike, &pair.a.sas[0], NULL);
		second = add_child();
		assert_int_equal(
			adit_ike_delete_child(&pair.a.ike, pair.now,
					      adit_child_id_of(&pair.a.ike, i ? second : first)),
			ADIT_OK);
		assert_true(pair_take(&pair, &pair.a, &d));
		assert_int_equal(first->state, i ? ADIT_CHILD_UP : ADIT_CHILD_DELETING);
		assert_int_equal(second->state, i ? ADIT_CHILD_DELETING : ADIT_CHILD_UP);
	}
}

/* One idle child goes alone, and leaves the SA to the other. */
static void
test_of_two_children_one_idle_is_deleted_and_the_sa_stays(void **state)
{
	struct adit_ike_child *first, *second;
	struct pair_datagram d;

	(void)state;
	pair_defaults(&pair, 82);
	pair.a.child.inactivity_ms = 10000;
	pair_connect(&pair);
	first = adit_child_of(&pair.a.ike, &pair.a.sas[0], NULL);
	second = add_child();
	second->look_at = second->used_at = pair.now + 1000000;
	pair.now += 20000;
	adit_ike_tick(&pair.a.ike, pair.now);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(first->state, ADIT_CHILD_DELETING);
	assert_int_equal(second->state, ADIT_CHILD_UP);
	assert_int_equal(pair.a.sas[0].state, ADIT_IKE_UP);
	assert_int_equal(pair.a.sas[0].want, 0);
}

/* The first is going already, which is no reason to leave the second. */
static void
test_of_three_children_the_idle_one_behind_another_is_deleted(void **state)
{
	struct adit_ike_child *first, *second, *third;
	struct pair_datagram d;

	(void)state;
	pair_defaults(&pair, 83);
	pair.a.child.inactivity_ms = 10000;
	pair_connect(&pair);
	first = adit_child_of(&pair.a.ike, &pair.a.sas[0], NULL);
	second = add_child();
	third = add_child();
	first->state = ADIT_CHILD_DELETING;
	third->look_at = third->used_at = pair.now + 1000000;
	pair.now += 20000;
	adit_ike_tick(&pair.a.ike, pair.now);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(second->state, ADIT_CHILD_DELETING);
	assert_int_equal(third->state, ADIT_CHILD_UP);
}

/* Which one of the configured children it is. */
static void
test_a_child_is_of_the_configuration_that_fits(void **state)
{
	static const struct adit_ip ip = {4, {198, 51, 100, 0}};
	static struct adit_child_config children[3];
	static struct adit_ts other;

	(void)state;
	other = adit_ts_prefix(&ip, 24);
	for (unsigned i = 0; i < 3; i++) {
		pair_defaults(&pair, 90 + i);
		for (unsigned k = 0; k < 3; k++) {
			children[k] = pair.b.child;
			if (k < i) {
				children[k].local_ts = &other;
				children[k].local_ts_count = 1;
			}
		}
		pair.b.peer.children = children;
		pair.b.peer.child_count = 3;
		assert_true(pair_connect(&pair));
		assert_int_equal(pair.b.children[0].config, i);
		assert_int_equal(pair.b.sas[0].child_config, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_two_children_the_one_that_is_meant_is_deleted),
		cmocka_unit_test(test_of_two_children_one_idle_is_deleted_and_the_sa_stays),
		cmocka_unit_test(test_of_three_children_the_idle_one_behind_another_is_deleted),
		cmocka_unit_test(test_a_child_is_of_the_configuration_that_fits),
	};

	return cmocka_run_group_tests_name("ike_children", tests, NULL, NULL);
}
