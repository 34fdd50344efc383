/* Building the index of an SPD: n * log n steps, no memory but the words that the caller gave. */
#include <string.h>

#include "base/endian.h"
#include "sa/spd_tree.h"

/* A node with no more boxes is not cut: to try them is cheaper than to go down. */
#define LEAF_BOXES 6
/* Boxes that a cut is chosen by. */
#define SAMPLE 32
/* More than this, and indices of words would not fit 32 bits. */
#define BOXES_MAX ((uint64_t)1 << 26)

/* --- What becomes of a traffic selector. */

static bool
is_opaque(const struct adit_ts *ts)
{
	return ts->port_first == UINT16_MAX && ts->port_last == 0;
}

/* One that no packet can match has no place here. */
static bool
is_possible(const struct adit_ts *ts)
{
	if (ts->version != 4 && ts->version != 6)
		return false;
	if (memcmp(ts->first, ts->last, ts->version == 4 ? 4 : 16) > 0)
		return false;
	return ts->port_first <= ts->port_last || is_opaque(ts);
}

static bool
is_pair_possible(const struct adit_ts *local, const struct adit_ts *remote)
{
	return is_possible(local) && is_possible(remote) &&
	       (!local->protocol || !remote->protocol || local->protocol == remote->protocol);
}

static void
put_ports(uint32_t *range, const struct adit_ts *ts)
{
	bool any = ts->port_first == 0 && ts->port_last == UINT16_MAX;

	range[0] = is_opaque(ts) ? ADIT_PORT_OPAQUE : ts->port_first;
	range[1] = any || is_opaque(ts) ? ADIT_PORT_OPAQUE : ts->port_last;
}

static void
put_addresses(const struct adit_spd_index *x, uint32_t *range, unsigned dim,
	      const struct adit_ts *ts)
{
	range[0] = adit_spd_rank(x, dim, ts->version, ts->first);
	range[1] = adit_spd_rank(x, dim, ts->version, ts->last);
}

static void
put_box(const struct adit_spd_index *x, uint32_t *box, uint32_t policy, enum adit_direction dir,
	const struct adit_ts *local, const struct adit_ts *remote)
{
	uint8_t protocol = local->protocol ? local->protocol : remote->protocol;
	uint32_t *range = box + ADIT_BOX_RANGES;

	box[ADIT_BOX_POLICY] = policy;
	put_addresses(x, range + 2 * ADIT_DIM_LOCAL, ADIT_DIM_LOCAL, local);
	put_addresses(x, range + 2 * ADIT_DIM_REMOTE, ADIT_DIM_REMOTE, remote);
	range[2 * ADIT_DIM_PROTOCOL] = protocol;
	range[2 * ADIT_DIM_PROTOCOL + 1] = protocol ? protocol : UINT8_MAX;
	put_ports(range + 2 * ADIT_DIM_LOCAL_PORT, local);
	put_ports(range + 2 * ADIT_DIM_REMOTE_PORT, remote);
	range[2 * ADIT_DIM_DIR] = (uint32_t)dir;
	range[2 * ADIT_DIM_DIR + 1] = dir ? (uint32_t)dir : UINT32_MAX;
}

/* --- How many words. */

/* Each range has two keys: where it begins, and where it has ended. */
static uint64_t
key_words(const struct adit_ts *ts, uint8_t n)
{
	uint64_t words = 0;

	for (uint8_t i = 0; i < n; i++)
		if (is_possible(&ts[i]))
			words += ts[i].version == 4 ? 2 * ADIT_KEY4_WORDS : 2 * ADIT_KEY6_WORDS;
	return words;
}

static uint64_t
count_boxes(const struct adit_selectors *s)
{
	uint64_t n = 0;

	for (uint8_t i = 0; i < s->local_n; i++)
		for (uint8_t j = 0; j < s->remote_n; j++)
			n += is_pair_possible(&s->local[i], &s->remote[j]);
	return n;
}

size_t
adit_spd_index_words(const struct adit_policy *policies, size_t count)
{
	uint64_t boxes = 0, words = 0;

	for (size_t i = 0; i < count; i++) {
		const struct adit_selectors *s = &policies[i].selectors;

		boxes += count_boxes(s);
		words += key_words(s->local, s->local_n) + key_words(s->remote, s->remote_n);
		if (boxes > BOXES_MAX || words > BOXES_MAX * 8)
			return SIZE_MAX;
	}
	/* A tree whose leaves hold a box each, and whose inner nodes have two children. */
	words += boxes * ADIT_BOX_WORDS + (boxes ? 2 * boxes - 1 : 0) * ADIT_NODE_WORDS;
	return words > SIZE_MAX / sizeof(uint32_t) ? SIZE_MAX : (size_t)words;
}

/* --- Sorting in place: records of `size` words by their first `key` words. */

static bool
is_less(const uint32_t *a, const uint32_t *b, unsigned key)
{
	for (unsigned i = 0; i < key; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

static void
swap(uint32_t *a, uint32_t *b, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint32_t t = a[i];

		a[i] = b[i];
		b[i] = t;
	}
}

static void
sift(uint32_t *p, size_t at, size_t n, unsigned size, unsigned key)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && is_less(p + child * size, p + (child + 1) * size, key))
			child++;
		if (!is_less(p + at * size, p + child * size, key))
			return;
		swap(p + at * size, p + child * size, size);
	}
}

/* Heapsort: no more than n * log n steps whatever the policies are. */
static void
sort(uint32_t *p, size_t n, unsigned size, unsigned key)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(p, i, n, size, key);
	for (size_t end = n; end > 1; end--) {
		swap(p, p + (end - 1) * size, size);
		sift(p, 0, end - 1, size, key);
	}
}

/* --- Keys. */

/* The address after `last`; false: there is none. */
static bool
add_one(uint32_t *key, unsigned words)
{
	for (unsigned i = words; i-- > 0;)
		if (++key[i] != 0)
			return true;
	return false;
}

static uint32_t *
put_keys_of(uint32_t *at, const struct adit_ts *ts, uint8_t n, uint8_t version)
{
	unsigned words = version == 4 ? ADIT_KEY4_WORDS : ADIT_KEY6_WORDS;

	for (uint8_t i = 0; i < n; i++) {
		if (ts[i].version != version || !is_possible(&ts[i]))
			continue;
		for (size_t k = 0; k < words; k++) {
			at[k] = adit_load32(ts[i].first + 4 * k);
			at[words + k] = adit_load32(ts[i].last + 4 * k);
		}
		at += add_one(at + words, words) ? 2 * words : words;
	}
	return at;
}

static uint32_t
drop_equals(uint32_t *keys, size_t n, unsigned words)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && !is_less(keys + (kept - 1) * words, keys + i * words, words))
			continue;
		memmove(keys + kept * words, keys + i * words, words * sizeof *keys);
		kept++;
	}
	return (uint32_t)kept;
}

/* Makes one list of keys at `keys`, and tells where it ends. */
static uint32_t *
make_keys(struct adit_spd_index *x, const struct adit_spd_mem *mem, unsigned list, uint32_t *keys)
{
	unsigned dim = list / 2 ? ADIT_DIM_REMOTE : ADIT_DIM_LOCAL;
	uint8_t version = list % 2 ? 6 : 4;
	unsigned words = version == 4 ? ADIT_KEY4_WORDS : ADIT_KEY6_WORDS;
	uint32_t *end = keys;
	size_t n;

	for (size_t i = 0; i < mem->count; i++) {
		const struct adit_selectors *s = &mem->policies[i].selectors;

		end = dim == ADIT_DIM_LOCAL ? put_keys_of(end, s->local, s->local_n, version)
					    : put_keys_of(end, s->remote, s->remote_n, version);
	}
	n = (size_t)(end - keys) / words;
	sort(keys, n, words, words);
	x->keys[list] = keys;
	x->key_n[list] = drop_equals(keys, n, words);
	return keys + (size_t)x->key_n[list] * words;
}

/* --- Boxes. */

static void
make_boxes(struct adit_spd_index *x, const struct adit_spd_mem *mem)
{
	uint32_t *box = x->boxes;

	for (size_t p = 0; p < mem->count; p++) {
		const struct adit_selectors *s = &mem->policies[p].selectors;

		for (uint8_t i = 0; i < s->local_n; i++)
			for (uint8_t j = 0; j < s->remote_n; j++) {
				if (!is_pair_possible(&s->local[i], &s->remote[j]))
					continue;
				put_box(x, box, (uint32_t)p, mem->policies[p].dir, &s->local[i],
					&s->remote[j]);
				box += ADIT_BOX_WORDS;
			}
	}
	x->box_n = (uint32_t)((size_t)(box - x->boxes) / ADIT_BOX_WORDS);
	x->nodes = box;
}

/* --- Nodes. */

struct part {
	uint32_t *boxes;
	uint32_t count;
};

/* A cut between value - 1 and value of a dimension, and how many boxes are below and above. */
struct cut {
	unsigned dim;
	uint32_t value, left, right;
};

static const uint32_t *
range_of(const struct part *part, size_t i, unsigned dim)
{
	return part->boxes + i * ADIT_BOX_WORDS + ADIT_BOX_RANGES + 2 * dim;
}

/* The median of the different values at which ranges of a sample begin (end: have ended). */
static uint32_t
median(const struct part *part, unsigned dim, bool end)
{
	uint32_t sample[SAMPLE], n = part->count < SAMPLE ? part->count : SAMPLE;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *range =
			range_of(part, (size_t)((uint64_t)i * part->count / n), dim);

		sample[i] = end ? range[1] + 1 : range[0];
	}
	sort(sample, n, 1, 1);
	return sample[drop_equals(sample, n, 1) / 2];
}

/* Into a cut that has counted none. */
static void
count_sides(const struct part *part, struct cut *cut)
{
	for (size_t i = 0; i < part->count; i++) {
		const uint32_t *range = range_of(part, i, cut->dim);

		cut->left += range[1] < cut->value;
		cut->right += range[0] >= cut->value;
	}
}

static bool
does_split(const struct part *part, const struct cut *cut)
{
	return cut->left < part->count && cut->right < part->count && cut->left + cut->right > 0;
}

/* What is left to search on either side: the less the better, and even better than uneven. */
static uint64_t
cost(const struct part *part, const struct cut *cut)
{
	uint64_t below = part->count - cut->right, above = part->count - cut->left;

	return below * below + above * above;
}

static bool
choose_cut(const struct part *part, struct cut *best)
{
	/* Nothing below or above: as dear as can be. */
	*best = (struct cut){0, 0, 0, 0};
	for (unsigned i = 0; i < 2 * ADIT_DIMS; i++) {
		struct cut cut = {i / 2, 0, 0, 0};

		cut.value = median(part, cut.dim, i % 2);
		count_sides(part, &cut);
		if (does_split(part, &cut) && cost(part, &cut) < cost(part, best))
			*best = cut;
	}
	return does_split(part, best);
}

static void
swap_boxes(const struct part *part, size_t i, size_t j)
{
	swap(part->boxes + i * ADIT_BOX_WORDS, part->boxes + j * ADIT_BOX_WORDS, ADIT_BOX_WORDS);
}

/* Boxes below the cut first, then those on both sides, then those above it. */
static void
part_boxes(const struct part *part, const struct cut *cut)
{
	size_t low = 0, at = 0, high = part->count;

	while (at < high) {
		const uint32_t *range = range_of(part, at, cut->dim);

		if (range[1] < cut->value)
			swap_boxes(part, low++, at++);
		else if (range[0] >= cut->value)
			swap_boxes(part, --high, at);
		else
			at++;
	}
}

/* What addresses the boxes span, and the lowest policy of them. */
static void
sum_up(uint32_t *node, const uint32_t *box, uint32_t count)
{
	uint32_t *span = node + ADIT_NODE_SPAN;

	node[ADIT_NODE_MIN] = box[ADIT_BOX_POLICY];
	memcpy(span, box + ADIT_BOX_RANGES, 2 * ADIT_SPAN_DIMS * sizeof *span);
	for (uint32_t i = 1; i < count; i++) {
		box += ADIT_BOX_WORDS;
		if (box[ADIT_BOX_POLICY] < node[ADIT_NODE_MIN])
			node[ADIT_NODE_MIN] = box[ADIT_BOX_POLICY];
		for (unsigned k = 0; k < 2 * ADIT_SPAN_DIMS; k++) {
			uint32_t end = box[ADIT_BOX_RANGES + k];

			if (k % 2 ? end > span[k] : end < span[k])
				span[k] = end;
		}
	}
}

/* Adds a leaf for boxes [first, first + count), if there are any. */
static bool
add_leaf(struct adit_spd_index *x, uint32_t first, uint32_t count, uint32_t depth)
{
	uint32_t *node = adit_node_at(x, x->node_n);

	if (count == 0)
		return false;
	node[ADIT_NODE_SHAPE] = ADIT_SHAPE(0, 0, depth);
	sum_up(node, adit_box_at(x, first), count);
	node[ADIT_NODE_COUNT] = count;
	node[ADIT_NODE_AT] = first;
	x->node_n++;
	return true;
}

static void
split(struct adit_spd_index *x, uint32_t *node, const struct part *part, const struct cut *cut)
{
	uint32_t first = node[ADIT_NODE_AT], middle = part->count - cut->left - cut->right;
	uint32_t depth = ADIT_SHAPE_DEPTH(node[ADIT_NODE_SHAPE]), children = 0, at = x->node_n;

	part_boxes(part, cut);
	if (add_leaf(x, first, cut->left, depth + 1))
		children |= ADIT_LEFT;
	if (add_leaf(x, first + cut->left, middle, depth + 1))
		children |= ADIT_MIDDLE;
	if (add_leaf(x, first + cut->left + middle, cut->right, depth + 1))
		children |= ADIT_RIGHT;
	node[ADIT_NODE_SHAPE] = ADIT_SHAPE(children, cut->dim, depth);
	node[ADIT_NODE_CUT] = cut->value;
	node[ADIT_NODE_AT] = at;
}

/* The nodes are their own queue: each is a leaf when it is added, and cut when its turn comes. */
static void
make_nodes(struct adit_spd_index *x)
{
	(void)add_leaf(x, 0, x->box_n, 0);
	for (uint32_t i = 0; i < x->node_n; i++) {
		uint32_t *node = adit_node_at(x, i);
		const struct part part = {adit_box_at(x, node[ADIT_NODE_AT]),
					  node[ADIT_NODE_COUNT]};
		struct cut cut;

		if (part.count > LEAF_BOXES &&
		    ADIT_SHAPE_DEPTH(node[ADIT_NODE_SHAPE]) < ADIT_TREE_DEPTH_MAX &&
		    choose_cut(&part, &cut))
			split(x, node, &part, &cut);
		else
			sort(part.boxes, part.count, ADIT_BOX_WORDS, 1);
	}
}

enum adit_status
adit_spd_index(struct adit_spd *spd, uint32_t *words, size_t n)
{
	struct adit_spd_index *x = &spd->index;
	size_t need = adit_spd_index_words(spd->mem.policies, spd->mem.count);

	adit_spd_changed(spd);
	if (!words)
		return n ? ADIT_ERR_ARG : ADIT_OK;
	if (n < need || need == SIZE_MAX)
		return ADIT_ERR_ROOM;
	for (unsigned list = 0; list < 4; list++)
		words = make_keys(x, &spd->mem, list, words);
	x->boxes = words;
	make_boxes(x, &spd->mem);
	make_nodes(x);
	x->find = adit_spd_tree_find;
	return ADIT_OK;
}
