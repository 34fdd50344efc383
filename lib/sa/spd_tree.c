/* Looking a flow up in the index of an SPD. */
#include "sa/spd_tree.h"
#include "base/endian.h"

static bool
is_at_most(const uint32_t *a, const uint32_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return true;
}

/* How many of n sorted keys are not above `key`. Halves without a choice of ways, which a processor
 * would guess wrong every other time. */
static uint32_t
count_to(const uint32_t *keys, uint32_t n, const uint32_t *key, unsigned words)
{
	uint32_t at = 0;

	for (uint32_t left = n; left > 1; left -= left / 2) {
		uint32_t half = left / 2;

		at += is_at_most(keys + (size_t)(at + half) * words, key, words) ? half : 0;
	}
	return n && is_at_most(keys + (size_t)at * words, key, words) ? at + 1 : at;
}

uint32_t
adit_spd_rank(const struct adit_spd_index *x, unsigned dim, uint8_t version, const uint8_t *address)
{
	unsigned list = adit_keys_of(dim, version);
	unsigned words = version == 4 ? ADIT_KEY4_WORDS : ADIT_KEY6_WORDS;
	uint32_t key[ADIT_KEY6_WORDS], rank;

	for (size_t i = 0; i < words; i++)
		key[i] = adit_load32(address + 4 * i);
	rank = count_to(x->keys[list], x->key_n[list], key, words);
	return version == 4 ? rank : rank + x->key_n[list - 1] + 1;
}

static uint32_t
port_of(const struct adit_flow *flow, uint16_t port)
{
	return flow->has_ports ? port : ADIT_PORT_OPAQUE;
}

static bool
is_ip(const struct adit_ip *ip)
{
	return ip->version == 4 || ip->version == 6;
}

static inline bool
is_inside(const uint32_t *ranges, const uint32_t *point, unsigned dims)
{
	for (unsigned d = 0; d < dims; d++)
		if (point[d] < ranges[2 * d] || point[d] > ranges[2 * d + 1])
			return false;
	return true;
}

/* The lowest policy below `best` in a leaf, whose boxes are in the order of policies. */
static uint32_t
best_in_leaf(const struct adit_spd_index *x, const uint32_t *node, const uint32_t *point,
	     uint32_t best)
{
	const uint32_t *box = adit_box_at(x, node[ADIT_NODE_AT]);

	for (uint32_t n = node[ADIT_NODE_COUNT]; n; n--, box += ADIT_BOX_WORDS) {
		if (box[ADIT_BOX_POLICY] >= best)
			break;
		if (is_inside(box + ADIT_BOX_RANGES, point, ADIT_DIMS))
			return box[ADIT_BOX_POLICY];
	}
	return best;
}

/* The child of an inner node on the point's side of the cut; NULL: no box is there. */
static const uint32_t *
side_child(const uint32_t *children, uint32_t shape, bool is_left)
{
	uint32_t before = is_left ? 0 : (shape & ADIT_LEFT) + (shape & ADIT_MIDDLE) / ADIT_MIDDLE;

	if (!(shape & (is_left ? ADIT_LEFT : ADIT_RIGHT)))
		return NULL;
	return children + (size_t)before * ADIT_NODE_WORDS;
}

static const uint32_t *
middle_child(const uint32_t *children, uint32_t shape)
{
	return shape & ADIT_MIDDLE ? children + (size_t)(shape & ADIT_LEFT) * ADIT_NODE_WORDS
				   : NULL;
}

/* Where to go on from an inner node; the other way, if there is one, is left in *later. */
static const uint32_t *
enter(const struct adit_spd_index *x, const uint32_t *node, const uint32_t *point,
      const uint32_t **later)
{
	uint32_t shape = node[ADIT_NODE_SHAPE];
	const uint32_t *children = adit_node_at(x, node[ADIT_NODE_AT]);
	bool is_left = point[ADIT_SHAPE_DIM(shape)] < node[ADIT_NODE_CUT];
	const uint32_t *side = side_child(children, shape, is_left);
	const uint32_t *middle = middle_child(children, shape);

	*later = NULL;
	if (!side || !middle)
		return side ? side : middle;
	/* The more promising first, so that the other need perhaps not be entered. */
	if (middle[ADIT_NODE_MIN] < side[ADIT_NODE_MIN]) {
		*later = side;
		return middle;
	}
	*later = middle;
	return side;
}

/* Whether a policy better than `best` may be in a node. */
static bool
is_promising(const uint32_t *node, const uint32_t *point, uint32_t best)
{
	return node[ADIT_NODE_MIN] < best &&
	       is_inside(node + ADIT_NODE_SPAN, point, ADIT_SPAN_DIMS);
}

static uint32_t
best_around(const struct adit_spd_index *x, const uint32_t *point)
{
	const uint32_t *stack[ADIT_TREE_DEPTH_MAX + 1], *node = adit_node_at(x, 0), *later;
	uint32_t best = ADIT_POLICY_NONE;

	for (unsigned n = 0;; node = stack[--n]) {
		while (node && is_promising(node, point, best)) {
			if (!(node[ADIT_NODE_SHAPE] & ADIT_CHILDREN)) {
				best = best_in_leaf(x, node, point, best);
				break;
			}
			node = enter(x, node, point, &later);
			if (later)
				stack[n++] = later;
		}
		if (n == 0)
			return best;
	}
}

uint32_t
adit_spd_tree_find(const struct adit_spd_index *x, enum adit_direction dir,
		   const struct adit_flow *flow)
{
	uint32_t point[ADIT_DIMS];

	if (x->node_n == 0 || !is_ip(&flow->local) || !is_ip(&flow->remote))
		return ADIT_POLICY_NONE;
	point[ADIT_DIM_LOCAL] =
		adit_spd_rank(x, ADIT_DIM_LOCAL, flow->local.version, flow->local.b);
	point[ADIT_DIM_REMOTE] =
		adit_spd_rank(x, ADIT_DIM_REMOTE, flow->remote.version, flow->remote.b);
	point[ADIT_DIM_PROTOCOL] = flow->protocol;
	point[ADIT_DIM_LOCAL_PORT] = port_of(flow, flow->local_port);
	point[ADIT_DIM_REMOTE_PORT] = port_of(flow, flow->remote_port);
	point[ADIT_DIM_DIR] = (uint32_t)dir;
	return best_around(x, point);
}
