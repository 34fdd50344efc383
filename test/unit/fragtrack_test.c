/* Stateful fragment checking: later fragments have the ports of their first one, for as long as
 * that is remembered, and nothing reaches into a transport header (RFC 4301 7, RFC 1858, RFC
 * 3128). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/fragment.h"
#include "support/cuts.h"

enum { ENTRIES = 64, UDP = 17, TCP = 6, ESP = 50, OPTIONS = 60 };
/* The ports that a first fragment begins with. */
enum { SOURCE = 1111, DESTINATION = 2222 };

struct world {
	struct adit_fragtrack t;
	struct adit_fragtrack_mem mem;
	struct adit_fragtrack_entry entries[ENTRIES];
	enum adit_direction dir;
	adit_ms now;
	struct adit_flow flow; /* of the last packet */
};

static void
init(struct world *w)
{
	memset(w, 0, sizeof *w);
	w->mem.entries = w->entries;
	w->mem.count = ENTRIES;
	w->dir = ADIT_OUT;
	w->now = 1000;
	assert_int_equal(adit_fragtrack_init(&w->t, &w->mem), ADIT_OK);
}

static uint8_t made[200];

/* Writes a fragment from 1 to 2; a first one has ports. */
static struct adit_span
make(const struct cuts_fragment *f)
{
	uint8_t *p = made;
	struct cuts_fragment g = *f;
	struct adit_span s = {made, 0};

	g.source = g.source ? g.source : 1;
	g.destination = g.destination ? g.destination : 2;
	s.n = cuts_fragment(p, &g);
	if (!g.offset && g.len >= 4) {
		uint8_t *ports = p + s.n - g.len;

		ports[0] = SOURCE >> 8;
		ports[1] = SOURCE & 255;
		ports[2] = DESTINATION >> 8;
		ports[3] = DESTINATION & 255;
	}
	return s;
}

static enum adit_status
look(struct world *w, const struct cuts_fragment *f)
{
	struct adit_span s = make(f);

	assert_int_equal(adit_flow_read(&w->flow, w->dir, s.p, s.n), ADIT_OK);
	return adit_fragtrack_flow(&w->t, w->now, &w->flow, s);
}

/* A packet that policy lets pass. */
static void
pass(struct world *w, const struct cuts_fragment *f)
{
	assert_int_equal(look(w, f), ADIT_OK);
	adit_fragtrack_learn(&w->t, w->now, &w->flow, make(f));
}

static const struct cuts_fragment first = {.more = true, .id = 7, .len = 24};
static const struct cuts_fragment later = {.more = true, .id = 7, .len = 24, .offset = 24};
static const struct cuts_fragment last = {.id = 7, .len = 24, .offset = 48};

static struct cuts_fragment
of(const struct cuts_fragment *f, uint8_t version, uint32_t id)
{
	struct cuts_fragment g = *f;

	g.version = version;
	g.id = id;
	return g;
}

static void
assert_known(const struct world *w, uint8_t protocol)
{
	bool out = w->dir == ADIT_OUT;

	assert_true(w->flow.has_ports);
	assert_int_equal(w->flow.protocol, protocol);
	assert_int_equal(w->flow.local_port, out ? SOURCE : DESTINATION);
	assert_int_equal(w->flow.remote_port, out ? DESTINATION : SOURCE);
}

static void
test_later_fragments_have_the_ports_of_the_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t version = i & 1 ? 6 : 4;
		struct cuts_fragment a = of(&first, version, 7), b = of(&later, version, 7),
				     c = of(&last, version, 7);
		struct world w;

		init(&w);
		w.dir = i & 2 ? ADIT_IN : ADIT_OUT;
		pass(&w, &a);
		assert_known(&w, UDP);
		assert_int_equal(look(&w, &b), ADIT_OK);
		assert_known(&w, UDP);
		assert_int_equal(look(&w, &c), ADIT_OK);
		assert_known(&w, UDP);
		assert_int_equal(w.t.n.learned, 1);
		assert_int_equal(w.t.n.known, 2);
	}
}

static void
test_later_fragments_of_an_unknown_packet_have_no_ports(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_false(w.flow.has_ports);
	assert_int_equal(w.flow.protocol, UDP);
	assert_int_equal(w.t.n.unknown, 1);
}

static void
test_a_first_fragment_that_policy_did_not_let_pass_is_not_remembered(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	assert_int_equal(look(&w, &first), ADIT_OK);
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_false(w.flow.has_ports);
}

static void
test_only_first_fragments_are_remembered(void **state)
{
	struct cuts_fragment whole = {.id = 7, .len = 24}, atomic = {.version = 6, .len = 24};
	struct world w;

	(void)state;
	init(&w);
	pass(&w, &later);
	pass(&w, &last);
	pass(&w, &whole);
	pass(&w, &atomic);
	adit_fragtrack_learn(&w.t, w.now, &w.flow, (struct adit_span){NULL, 0});
	assert_int_equal(w.t.n.learned, 0);
}

static void
test_another_packet_is_not_taken_for_this(void **state)
{
	const struct cuts_fragment others[] = {{.id = 8},
					       {.id = 7, .source = 9},
					       {.id = 7, .destination = 9},
					       {.id = 7, .source = 2, .destination = 1},
					       {.id = 7, .protocol = ESP}};

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct cuts_fragment a = of(&first, version, 7);
		struct world w;

		init(&w);
		pass(&w, &a);
		for (size_t i = 0; i < 5; i++) {
			struct cuts_fragment f = others[i];

			f.version = version;
			f.offset = 24;
			f.len = 8;
			assert_int_equal(look(&w, &f), ADIT_OK);
			/* In IPv6 what a later fragment says of the protocol tells nothing. */
			assert_int_equal(w.flow.has_ports, version == 6 && i == 4);
		}
	}
}

static void
test_a_later_ipv6_fragment_has_the_protocol_behind_the_options(void **state)
{
	struct cuts_fragment f = {.version = 6, .more = true, .protocol = OPTIONS, .len = 32};
	struct adit_span s;
	struct world w;

	(void)state;
	init(&w);
	s = make(&f);
	memset(made + 48, 0, 8);
	made[48] = UDP;
	assert_int_equal(adit_flow_read(&w.flow, w.dir, s.p, s.n), ADIT_OK);
	assert_int_equal(adit_fragtrack_flow(&w.t, w.now, &w.flow, s), ADIT_OK);
	adit_fragtrack_learn(&w.t, w.now, &w.flow, s);
	f.offset = 32;
	assert_int_equal(look(&w, &f), ADIT_OK);
	assert_int_equal(w.flow.protocol, UDP);
	assert_true(w.flow.has_ports);
	/* 8 bytes of options and 8 of UDP are the first one's. */
	f.offset = 16;
	assert_int_equal(look(&w, &f), ADIT_OK);
	f.offset = 8;
	assert_int_equal(look(&w, &f), ADIT_ERR_OVERLAP);
}

/* RFC 1858 3.2, RFC 3128: TCP's flags begin at byte 13. */
static void
test_a_first_fragment_without_its_whole_transport_header_is_refused(void **state)
{
	struct world w;

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (size_t n = 8; n <= 32; n += 8) {
			struct cuts_fragment f = {.protocol = TCP, .more = true, .len = n};

			init(&w);
			f.version = version;
			assert_int_equal(look(&w, &f), n < 20 ? ADIT_ERR_FRAGMENT : ADIT_OK);
			assert_int_equal(w.t.n.refused, n < 20);
			adit_fragtrack_learn(&w.t, w.now, &w.flow, make(&f));
			assert_int_equal(w.t.n.learned, n >= 20);
			/* UDP's is there. IPv6 tells them apart by the ports alone. */
			f.protocol = UDP;
			assert_int_equal(look(&w, &f),
					 version == 6 && n >= 20 ? ADIT_ERR_FRAGMENT : ADIT_OK);
		}
}

static void
test_a_later_fragment_that_reaches_into_the_transport_header_is_refused(void **state)
{
	struct world w;

	(void)state;
	/* With the first one seen and without. */
	for (unsigned i = 0; i < 4; i++)
		for (size_t at = 8; at <= 32; at += 8) {
			uint8_t version = i & 1 ? 6 : 4;
			struct cuts_fragment a = of(&first, version, 7), f = of(&later, version, 7);

			init(&w);
			a.protocol = TCP;
			f.protocol = TCP;
			if (i & 2)
				pass(&w, &a);
			f.offset = at;
			assert_int_equal(look(&w, &f), at < 20 ? ADIT_ERR_OVERLAP : ADIT_OK);
			assert_int_equal(w.flow.has_ports, at >= 20 && i & 2);
			f.protocol = UDP;
			f.id = 8;
			assert_int_equal(look(&w, &f), ADIT_OK);
		}
}

static void
test_a_second_first_fragment_with_other_ports_is_refused(void **state)
{
	struct adit_flow flow;
	struct adit_span s;
	struct world w;
	uint8_t other[100];

	(void)state;
	for (size_t at = 20; at < 24; at++) {
		init(&w);
		pass(&w, &first);
		pass(&w, &first);
		s = make(&first);
		memcpy(other, s.p, s.n);
		other[at] ^= 1;
		s.p = other;
		assert_int_equal(adit_flow_read(&flow, w.dir, s.p, s.n), ADIT_OK);
		assert_int_equal(adit_fragtrack_flow(&w.t, w.now, &flow, s), ADIT_ERR_FRAGMENT);
		assert_int_equal(w.t.n.refused, 1);
		/* The one that was first stays. */
		assert_int_equal(look(&w, &later), ADIT_OK);
		assert_known(&w, UDP);
	}
}

static void
test_a_protocol_without_ports_is_remembered_as_such(void **state)
{
	struct cuts_fragment a = first, b = later;
	struct world w;

	(void)state;
	init(&w);
	a.protocol = ESP;
	b.protocol = ESP;
	pass(&w, &a);
	assert_int_equal(look(&w, &b), ADIT_OK);
	assert_false(w.flow.has_ports);
	assert_int_equal(w.flow.protocol, ESP);
	assert_int_equal(w.t.n.known, 1);
}

static void
test_a_first_fragment_is_forgotten_in_time(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	pass(&w, &first);
	w.now += 29999;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_true(w.flow.has_ports);
	w.now++;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_false(w.flow.has_ports);
}

static void
test_the_time_is_the_callers_to_choose(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	w.mem.timeout_ms = 10;
	assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_OK);
	pass(&w, &first);
	w.now += 9;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_true(w.flow.has_ports);
	w.now++;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_false(w.flow.has_ports);
	w.mem.timeout_ms = ADIT_NEVER;
	assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_OK);
	pass(&w, &first);
	w.now = ADIT_NEVER - 1;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_true(w.flow.has_ports);
}

static void
test_the_last_fragment_shortens_the_memory(void **state)
{
	struct cuts_fragment other = first;
	struct world w;

	(void)state;
	init(&w);
	pass(&w, &first);
	assert_int_equal(look(&w, &last), ADIT_OK);
	w.now += ADIT_FRAGTRACK_LINGER_MS - 1;
	/* One that was overtaken. */
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_known(&w, UDP);
	/* Coming again, it does not prolong. */
	assert_int_equal(look(&w, &last), ADIT_OK);
	w.now++;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_false(w.flow.has_ports);
	/* The number is free for others. */
	other.protocol = UDP;
	pass(&w, &other);
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_true(w.flow.has_ports);
}

static void
test_other_later_fragments_do_not_shorten_it(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	pass(&w, &first);
	assert_int_equal(look(&w, &later), ADIT_OK);
	w.now += 29999;
	assert_int_equal(look(&w, &later), ADIT_OK);
	assert_known(&w, UDP);
}

static void
test_a_first_fragment_that_comes_again_takes_no_second_place(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	w.mem.count = 4;
	assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_OK);
	for (uint32_t i = 0; i < 8; i++) {
		struct cuts_fragment f = of(&first, 4, i & 3);

		w.now++;
		pass(&w, &f);
	}
	assert_int_equal(w.t.n.evicted, 0);
}

static void
test_whole_packets_are_not_looked_at(void **state)
{
	const struct cuts_fragment whole = {.protocol = TCP, .id = 7, .len = 4};
	struct cuts_fragment a = first;
	struct world w;

	(void)state;
	init(&w);
	a.protocol = TCP;
	pass(&w, &a);
	assert_int_equal(look(&w, &whole), ADIT_OK);
	assert_true(w.flow.has_ports);
	assert_int_equal(w.t.n.refused, 0);
}

static void
test_a_full_place_forgets_its_oldest(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	w.mem.count = 4;
	assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_OK);
	for (uint32_t id = 1; id <= 5; id++) {
		struct cuts_fragment f = of(&first, 4, id);

		w.now++;
		pass(&w, &f);
	}
	assert_int_equal(w.t.n.evicted, 1);
	for (uint32_t id = 1; id <= 5; id++) {
		struct cuts_fragment f = of(&later, 4, id);

		assert_int_equal(look(&w, &f), ADIT_OK);
		assert_int_equal(w.flow.has_ports, id != 1);
	}
}

static void
test_an_overdue_entry_makes_place_unseen(void **state)
{
	struct world w;

	(void)state;
	init(&w);
	for (uint32_t id = 0; id < 1000; id++) {
		struct cuts_fragment f = of(&first, 6, id);

		pass(&w, &f);
		w.now += 30000;
	}
	assert_int_equal(w.t.n.evicted, 0);
	assert_int_equal(w.t.n.learned, 1000);
}

/* Half as many packets as entries: few are lost to a place that is full. */
static void
test_the_places_are_used_evenly(void **state)
{
	struct world w;

	(void)state;
	for (uint32_t seed = 0; seed < 20; seed++) {
		init(&w);
		w.mem.seed = seed * 0x9e3779b9;
		assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_OK);
		for (uint32_t id = 0; id < ENTRIES / 2; id++) {
			struct cuts_fragment f = of(&first, id & 1 ? 6 : 4, id);

			/* Told apart by one thing alone. */
			f.source = (uint8_t)(seed % 3 == 0 ? id + 1 : 1);
			f.destination = (uint8_t)(seed % 3 == 1 ? id + 1 : 1);
			f.id = seed % 3 == 2 ? id : 7;
			pass(&w, &f);
		}
		assert_true(w.t.n.evicted < ENTRIES / 8);
	}
}

static void
test_what_is_no_packet_is_refused(void **state)
{
	struct adit_span s = make(&first);
	struct adit_flow flow, was;
	struct world w;

	(void)state;
	init(&w);
	memset(&flow, 0x55, sizeof flow);
	was = flow;
	for (size_t n = s.n; n-- > 0;) {
		s.n = n;
		assert_int_equal(adit_fragtrack_flow(&w.t, w.now, &flow, s), ADIT_ERR_SHORT);
	}
	assert_memory_equal(&flow, &was, sizeof flow);
}

static void
test_memory_that_can_not_work_is_refused(void **state)
{
	static const size_t bad[] = {0, 1, 2, 3, 5, 6, 12, 63};
	struct world w;

	(void)state;
	init(&w);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		w.mem.count = bad[i];
		assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_ERR_ARG);
	}
	w.mem.count = 4;
	assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_OK);
	w.mem.entries = NULL;
	assert_int_equal(adit_fragtrack_init(&w.t, &w.mem), ADIT_ERR_ARG);
	w.mem.entries = w.entries;
	assert_int_equal(adit_fragtrack_init_(&w.t, sizeof w.t + 8, sizeof w.entries[0], &w.mem),
			 ADIT_ERR_CONFIG);
	assert_int_equal(adit_fragtrack_init_(&w.t, sizeof w.t, sizeof w.entries[0] + 8, &w.mem),
			 ADIT_ERR_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_later_fragments_have_the_ports_of_the_first),
		cmocka_unit_test(test_later_fragments_of_an_unknown_packet_have_no_ports),
		cmocka_unit_test(
			test_a_first_fragment_that_policy_did_not_let_pass_is_not_remembered),
		cmocka_unit_test(test_only_first_fragments_are_remembered),
		cmocka_unit_test(test_another_packet_is_not_taken_for_this),
		cmocka_unit_test(test_a_later_ipv6_fragment_has_the_protocol_behind_the_options),
		cmocka_unit_test(
			test_a_first_fragment_without_its_whole_transport_header_is_refused),
		cmocka_unit_test(
			test_a_later_fragment_that_reaches_into_the_transport_header_is_refused),
		cmocka_unit_test(test_a_second_first_fragment_with_other_ports_is_refused),
		cmocka_unit_test(test_a_protocol_without_ports_is_remembered_as_such),
		cmocka_unit_test(test_a_first_fragment_is_forgotten_in_time),
		cmocka_unit_test(test_the_time_is_the_callers_to_choose),
		cmocka_unit_test(test_the_last_fragment_shortens_the_memory),
		cmocka_unit_test(test_other_later_fragments_do_not_shorten_it),
		cmocka_unit_test(test_a_first_fragment_that_comes_again_takes_no_second_place),
		cmocka_unit_test(test_whole_packets_are_not_looked_at),
		cmocka_unit_test(test_a_full_place_forgets_its_oldest),
		cmocka_unit_test(test_an_overdue_entry_makes_place_unseen),
		cmocka_unit_test(test_the_places_are_used_evenly),
		cmocka_unit_test(test_what_is_no_packet_is_refused),
		cmocka_unit_test(test_memory_that_can_not_work_is_refused),
	};

	return cmocka_run_group_tests_name("fragtrack", tests, NULL, NULL);
}
