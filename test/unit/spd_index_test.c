/* The index of an SPD finds what the scan finds: random policies, many of them overlapping, and
 * flows near their edges. ADIT_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "adit/spd.h"
#include "sa/spd.h"
#include "sa/spd_tree.h"

enum { POLICIES_MAX = 4000, ROUNDS = 60, FLOWS = 4000 };
#define GUARD 0x5afe5afeu

static struct adit_policy policies[POLICIES_MAX];
static uint32_t heads[POLICIES_MAX];
static struct adit_spd spd;
static uint32_t *words;
static size_t word_n;
static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

/* How policies of a round look: of a small world, so that they overlap and flows hit them. */
struct world {
	unsigned versions; /* 1: IPv4, 2: IPv6, 3: both */
	unsigned spread;   /* bytes of an address that vary */
	unsigned wide;     /* percent of ranges that are large */
	unsigned ports;    /* percent of selectors with protocol and ports */
	unsigned lists;    /* most ranges on a side */
};

static struct adit_ip
random_ip(const struct world *w, uint8_t version)
{
	struct adit_ip ip = {version, {0}};
	unsigned n = version == 4 ? 4 : 16;

	for (unsigned i = n - w->spread; i < n; i++)
		ip.b[i] = (uint8_t)(rnd(4) ? rnd(256) : rnd(2) * 255);
	return ip;
}

static uint8_t
random_version(const struct world *w)
{
	if (w->versions == 3)
		return rnd(2) ? 4 : 6;
	return w->versions == 1 ? 4 : 6;
}

static uint8_t
random_protocol(void)
{
	static const uint8_t protocols[] = {ADIT_PROTO_ANY, ADIT_PROTO_TCP,    ADIT_PROTO_UDP,
					    ADIT_PROTO_MH,  ADIT_PROTO_ICMPV6, ADIT_PROTO_OPAQUE};

	return protocols[rnd(sizeof protocols)];
}

/* ANY, OPAQUE, a port, an edge, a range, and some that nothing can match. */
static void
random_ports(struct adit_ts *ts)
{
	uint16_t a = (uint16_t)(rnd(2) ? rnd(8) : UINT16_MAX - rnd(8));
	uint16_t b = (uint16_t)(rnd(2) ? rnd(8) : UINT16_MAX - rnd(8));

	ts->port_first = a;
	ts->port_last = b;
	switch (rnd(5)) {
	case 0:
		ts->port_first = 0;
		ts->port_last = UINT16_MAX;
		break;
	case 1:
		ts->port_first = UINT16_MAX;
		ts->port_last = 0;
		break;
	case 2:
		ts->port_last = a;
		break;
	case 3:
		ts->port_first = a < b ? a : b;
		ts->port_last = a < b ? b : a;
		break;
	default:
		break;
	}
}

static struct adit_ts
random_ts(const struct world *w, uint8_t version)
{
	struct adit_ip a = random_ip(w, version), b = random_ip(w, version);
	unsigned bits = version == 4 ? 32 : 128;
	struct adit_ts ts;

	if (rnd(100) < w->wide)
		bits = rnd(bits + 1);
	else
		bits -= rnd(2) * rnd(8);
	ts = adit_ts_prefix(&a, bits);
	if (rnd(4) == 0) { /* no prefix; one in two of these the wrong way round */
		memcpy(ts.first, a.b, 16);
		memcpy(ts.last, b.b, 16);
	}
	if (rnd(100) < w->ports) {
		ts.protocol = random_protocol();
		random_ports(&ts);
	}
	if (rnd(200) == 0)
		ts.version = (uint8_t)rnd(8);
	return ts;
}

static void
random_policy(const struct world *w, struct adit_policy *p)
{
	uint8_t version = random_version(w);

	memset(p, 0, sizeof *p);
	p->action = (enum adit_action)rnd(3);
	p->dir = (enum adit_direction)(rnd(2) ? 0 : rnd(3));
	p->selectors.local_n = (uint8_t)(rnd(50) ? 1 + rnd(w->lists) : 0);
	p->selectors.remote_n = (uint8_t)(1 + rnd(w->lists));
	for (unsigned i = 0; i < p->selectors.local_n; i++)
		p->selectors.local[i] = random_ts(w, rnd(9) ? version : random_version(w));
	for (unsigned i = 0; i < p->selectors.remote_n; i++)
		p->selectors.remote[i] = random_ts(w, rnd(9) ? version : random_version(w));
}

/* At, before or behind an edge of one of the policies, or anywhere. */
static void
pick_end(const struct world *w, const struct adit_ts *ts, uint8_t n, struct adit_ip *ip,
	 uint16_t *port)
{
	*port = (uint16_t)(rnd(2) ? rnd(9) : UINT16_MAX - rnd(9));
	*ip = random_ip(w, random_version(w));
	if (n == 0 || rnd(8) == 0)
		return;
	ts += rnd(n);
	if (ts->version == 4 || ts->version == 6)
		ip->version = ts->version;
	memset(ip->b, 0, sizeof ip->b);
	memcpy(ip->b, rnd(2) ? ts->first : ts->last, ip->version == 4 ? 4 : 16);
	switch (rnd(4)) {
	case 0:
		for (unsigned i = ip->version == 4 ? 4 : 16; i-- > 0 && ++ip->b[i] == 0;)
			continue;
		break;
	case 1:
		for (unsigned i = ip->version == 4 ? 4 : 16; i-- > 0 && ip->b[i]-- == 0;)
			continue;
		break;
	default:
		break;
	}
	if (rnd(4))
		*port = (uint16_t)((rnd(2) ? ts->port_first : ts->port_last) + rnd(3) - 1);
}

static void
random_flow(const struct world *w, size_t n, struct adit_flow *f)
{
	const struct adit_selectors *s = &policies[rnd((uint32_t)n)].selectors;

	memset(f, 0, sizeof *f);
	pick_end(w, s->local, s->local_n, &f->local, &f->local_port);
	pick_end(w, s->remote, s->remote_n, &f->remote, &f->remote_port);
	f->protocol = random_protocol();
	if (s->remote_n && rnd(2))
		f->protocol = s->remote[0].protocol;
	f->has_ports = rnd(3) != 0;
	if (!f->has_ports && rnd(2))
		f->local_port = f->remote_port = 0;
	if (rnd(500) == 0)
		f->local.version = (uint8_t)rnd(8);
}

static void
open_spd(size_t n)
{
	struct adit_spd_mem mem = {policies, n, heads, NULL, 0};

	assert_int_equal(adit_spd_init(&spd, &mem), ADIT_OK);
}

/* Builds the index in just as many words as it asks for. */
static void
build(size_t n)
{
	size_t need;

	open_spd(n);
	need = adit_spd_index_words(policies, n);
	if (need + 1 > word_n) {
		word_n = need + 1;
		free(words);
		words = malloc(word_n * sizeof *words);
		assert_non_null(words);
	}
	words[need] = GUARD;
	if (need) {
		assert_int_equal(adit_spd_index(&spd, words, need - 1), ADIT_ERR_ROOM);
		assert_null(spd.index.find);
	}
	assert_int_equal(adit_spd_index(&spd, words, need), ADIT_OK);
	assert_int_equal(words[need], GUARD);
	assert_non_null(spd.index.find);
}

static unsigned
compare(const struct world *w, size_t n)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		enum adit_direction dir = rnd(2) ? ADIT_OUT : ADIT_IN;
		struct adit_flow f;
		uint32_t found;

		random_flow(w, n, &f);
		found = adit_spd_find(&spd, dir, &f);
		assert_int_equal(found, adit_spd_scan(&spd, dir, &f));
		hits += found != ADIT_POLICY_NONE;
	}
	return hits;
}

static void
test_the_index_finds_what_the_scan_finds(void **state)
{
	static const size_t sizes[] = {1, 2, 7, 30, 100, 300, 1000, POLICIES_MAX};
	const char *given = getenv("ADIT_SEED");
	unsigned hits = 0;

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
	print_message("ADIT_SEED=0x%llx\n", (unsigned long long)seed);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct world w = {1 + rnd(3), 1 + rnd(4), rnd(101), rnd(101),
					1 + rnd(ADIT_TS_MAX)};
		size_t n = sizes[round % (sizeof sizes / sizeof *sizes)];

		for (size_t i = 0; i < n; i++)
			random_policy(&w, &policies[i]);
		build(n);
		hits += compare(&w, n);
	}
	print_message("%u flows, %u with a policy\n", ROUNDS * FLOWS, hits);
	assert_true(hits > ROUNDS * FLOWS / 10);
}

static struct adit_policy
host_to_host(uint32_t i)
{
	struct adit_ip l = {4, {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
	struct adit_ip r = {4, {172, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
	struct adit_policy p;

	memset(&p, 0, sizeof p);
	p.selectors.local_n = p.selectors.remote_n = 1;
	p.selectors.local[0] = adit_ts_prefix(&l, 32);
	p.selectors.remote[0] = adit_ts_prefix(&r, 32);
	return p;
}

static void
test_an_index_of_no_policies_finds_none(void **state)
{
	const struct adit_flow f = {.local = {4, {10}}, .remote = {4, {10}}};

	(void)state;
	build(0);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), ADIT_POLICY_NONE);
	policies[0] = host_to_host(0);
	policies[0].selectors.local_n = 0;
	build(1);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), ADIT_POLICY_NONE);
	policies[0].selectors.remote_n = 0;
	assert_int_equal(adit_spd_index_words(policies, 1), 0);
}

/* Without one that is told of, an index would go on finding what was. */
static void
test_changed_policies_are_scanned_until_indexed_anew(void **state)
{
	struct adit_flow f = {.local = {4, {10}}, .remote = {4, {172}}};

	(void)state;
	policies[0] = host_to_host(1);
	policies[1] = host_to_host(0);
	build(2);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), 1);
	policies[0] = host_to_host(0);
	adit_spd_changed(&spd);
	assert_null(spd.index.find);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), 0);
	assert_int_equal(adit_spd_index(&spd, words, word_n), ADIT_OK);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), 0);
	assert_int_equal(adit_spd_index(&spd, NULL, 1), ADIT_ERR_ARG);
	assert_int_equal(adit_spd_index(&spd, NULL, 0), ADIT_OK);
	assert_null(spd.index.find);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), 0);
}

/* The whole range of a version ends where no address is behind. */
static void
test_the_last_address_is_inside(void **state)
{
	struct adit_flow f = {.protocol = ADIT_PROTO_UDP};

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct adit_ip any = {version, {0}};

		policies[0] = host_to_host(0);
		policies[0].selectors.local[0] = adit_ts_prefix(&any, 0);
		policies[0].selectors.remote[0] = adit_ts_prefix(&any, 0);
		build(1);
		/* One key a side: there is none behind the last address. */
		for (unsigned list = 0; list < 4; list++)
			assert_int_equal(spd.index.key_n[list], list % 2 == (version == 6));
		f.local.version = f.remote.version = version;
		for (unsigned i = 0; i < 4; i++) {
			memset(f.local.b, i & 1 ? 0xff : 0, sizeof f.local.b);
			memset(f.remote.b, i & 2 ? 0xff : 0, sizeof f.remote.b);
			assert_int_equal(adit_spd_find(&spd, ADIT_IN, &f), 0);
		}
		f.remote.version = version == 4 ? 6 : 4;
		assert_int_equal(adit_spd_find(&spd, ADIT_IN, &f), ADIT_POLICY_NONE);
	}
}

/* --- The words are what lib/sa/spd_tree.h says, and few are looked at. */

/* What stands below a node: boxes [first, first + count), in nodes as many as are seen. */
struct below {
	uint32_t first, count, nodes, depth;
};

static const uint32_t *
range_of(uint32_t box, unsigned dim)
{
	return adit_box_at(&spd.index, box) + ADIT_BOX_RANGES + 2 * dim;
}

/* The lowest policy of the boxes, and what addresses they span. */
static void
expect_sum(const uint32_t *node, const struct below *b)
{
	uint32_t lowest = UINT32_MAX, span[2 * ADIT_SPAN_DIMS];

	for (unsigned k = 0; k < 2 * ADIT_SPAN_DIMS; k++)
		span[k] = k % 2 ? 0 : UINT32_MAX;
	for (uint32_t i = b->first; i < b->first + b->count; i++) {
		uint32_t policy = adit_box_at(&spd.index, i)[ADIT_BOX_POLICY];

		lowest = policy < lowest ? policy : lowest;
		for (unsigned k = 0; k < 2 * ADIT_SPAN_DIMS; k++) {
			uint32_t end = range_of(i, k / 2)[k % 2];

			span[k] = (k % 2 ? end > span[k] : end < span[k]) ? end : span[k];
		}
	}
	assert_int_equal(node[ADIT_NODE_MIN], lowest);
	assert_memory_equal(node + ADIT_NODE_SPAN, span, sizeof span);
}

static struct below
leaf(const uint32_t *node)
{
	struct below b = {node[ADIT_NODE_AT], node[ADIT_NODE_COUNT], 1, 0};

	for (uint32_t i = b.first + 1; i < b.first + b.count; i++)
		assert_true(adit_box_at(&spd.index, i - 1)[ADIT_BOX_POLICY] <=
			    adit_box_at(&spd.index, i)[ADIT_BOX_POLICY]);
	return b;
}

/* Boxes of a child are on its side of the cut, or on both. */
static void
expect_side(const struct below *b, uint32_t side, unsigned dim, uint32_t cut)
{
	for (uint32_t i = b->first; i < b->first + b->count; i++) {
		const uint32_t *range = range_of(i, dim);

		assert_int_equal(range[1] < cut, side == ADIT_LEFT);
		assert_int_equal(range[0] >= cut, side == ADIT_RIGHT);
	}
}

/* All below node i, which is looked at whole. */
static struct below
walk(uint32_t i, uint32_t depth)
{
	const uint32_t *node = adit_node_at(&spd.index, i);
	uint32_t shape = node[ADIT_NODE_SHAPE], child = node[ADIT_NODE_AT];
	struct below all = {0, 0, 1, 0}, b;

	assert_int_equal(ADIT_SHAPE_DEPTH(shape), depth);
	if (!(shape & ADIT_CHILDREN))
		all = leaf(node);
	for (uint32_t side = ADIT_LEFT; side <= ADIT_RIGHT; side <<= 1) {
		if (!(shape & side))
			continue;
		b = walk(child++, depth + 1);
		assert_true(b.count > 0);
		assert_true(all.count == 0 || b.first == all.first + all.count);
		expect_side(&b, side, ADIT_SHAPE_DIM(shape), node[ADIT_NODE_CUT]);
		all.first = all.count ? all.first : b.first;
		all.count += b.count;
		all.nodes += b.nodes;
		all.depth = b.depth + 1 > all.depth ? b.depth + 1 : all.depth;
	}
	expect_sum(node, &all);
	return all;
}

static struct below
walk_all(void)
{
	struct below b = walk(0, 0);

	assert_int_equal(b.first, 0);
	assert_int_equal(b.count, spd.index.box_n);
	assert_int_equal(b.nodes, spd.index.node_n);
	return b;
}

/* Of one list: each key above the one before. */
static void
expect_keys_rise(unsigned list)
{
	unsigned size = list % 2 ? ADIT_KEY6_WORDS : ADIT_KEY4_WORDS, k;
	const uint32_t *key = spd.index.keys[list];

	for (uint32_t i = 1; i < spd.index.key_n[list]; i++, key += size) {
		for (k = 0; k + 1 < size && key[k] == key[size + k]; k++)
			continue;
		assert_true(key[k] < key[size + k]);
	}
}

static void
test_each_box_is_on_its_side_of_each_cut(void **state)
{
	(void)state;
	seed = 0x5eed;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct world w = {1 + rnd(3), 1 + rnd(4), rnd(101), rnd(101),
					1 + rnd(ADIT_TS_MAX)};

		for (size_t i = 0; i < 200; i++)
			random_policy(&w, &policies[i]);
		build(200);
		(void)walk_all();
		for (unsigned list = 0; list < 4; list++)
			expect_keys_rise(list);
	}
}

/* Disjoint policies by halves: 2^9 leaves of two and the way to them, of which the sample misses
 * the middle by a little. */
static void
test_a_thousand_disjoint_policies_are_a_few_steps_deep(void **state)
{
	enum { ORDERS = 3 };

	(void)state;
	for (unsigned order = 0; order < ORDERS; order++) {
		struct below b;

		for (uint32_t i = 0; i < 1024; i++)
			policies[i] = host_to_host(order == 0   ? i * 2654435761u >> 8
						   : order == 1 ? i
								: 1024 - i);
		build(1024);
		b = walk_all();
		assert_int_equal(b.count, 1024);
		assert_in_range(b.depth, 8, 10);
		for (uint32_t i = 0; i < b.nodes; i++) {
			const uint32_t *node = adit_node_at(&spd.index, i);

			if (!(node[ADIT_NODE_SHAPE] & ADIT_CHILDREN))
				assert_in_range(node[ADIT_NODE_COUNT], 1, 6);
		}
	}
}

/* No cut tells them apart. */
static void
test_equal_policies_are_one_leaf(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 30; i++)
		policies[i] = host_to_host(7);
	build(30);
	assert_int_equal(walk_all().nodes, 1);
	assert_int_equal(spd.index.key_n[0], 2);
	assert_int_equal(spd.index.key_n[2], 2);
}

/* Of one range on each side: two keys a side, a box, and a node for each leaf and each cut. */
static void
test_an_index_is_as_large_as_the_header_says(void **state)
{
	enum { KEYS = 2 * 2, BOX = 13, NODE = 8, KEYS6 = 4 * KEYS };
	struct adit_ip six = {6, {0xfd}};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		policies[i] = host_to_host(i);
	assert_int_equal(adit_spd_index_words(policies, 0), 0);
	for (size_t n = 1; n <= 1000; n += 111)
		assert_int_equal(adit_spd_index_words(policies, n),
				 n * (KEYS + BOX + 2 * NODE) - NODE);
	policies[0].selectors.local[0] = policies[0].selectors.remote[0] = adit_ts_prefix(&six, 64);
	assert_int_equal(adit_spd_index_words(policies, 1), KEYS6 + BOX + NODE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_index_finds_what_the_scan_finds),
		cmocka_unit_test(test_an_index_of_no_policies_finds_none),
		cmocka_unit_test(test_changed_policies_are_scanned_until_indexed_anew),
		cmocka_unit_test(test_the_last_address_is_inside),
		cmocka_unit_test(test_each_box_is_on_its_side_of_each_cut),
		cmocka_unit_test(test_a_thousand_disjoint_policies_are_a_few_steps_deep),
		cmocka_unit_test(test_equal_policies_are_one_leaf),
		cmocka_unit_test(test_an_index_is_as_large_as_the_header_says),
	};
	int failed = cmocka_run_group_tests_name("spd_index", tests, NULL, NULL);

	free(words);
	return failed;
}
