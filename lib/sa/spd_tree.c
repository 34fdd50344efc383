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

/* How many of n sorted keys are not above `key`. */
static uint32_t
count_to(const uint32_t *keys, uint32_t n, const uint32_t *key, unsigned words)
{
	uint32_t at = 0;

	while (n) {
		uint32_t half = n / 2;

		if (is_at_most(keys + (size_t)(at + half) * words, key, words)) {
			at += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return at;
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

static bool
is_inside(const uint32_t *box, const uint32_t *point)
{
	const uint32_t *range = box + ADIT_BOX_RANGES;

	for (unsigned d = 0; d < ADIT_DIMS; d++)
		if (point[d] < range[2 * d] || point[d] > range[2 * d + 1])
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
		if (is_inside(box, point))
			return box[ADIT_BOX_POLICY];
	}
	return best;
}

/* The children of an inner node that may hold the point, the most promising last. */
static unsigned
enter(const struct adit_spd_index *x, const uint32_t *node, const uint32_t *point,
      const uint32_t *to[2])
{
	uint32_t shape = node[ADIT_NODE_SHAPE];
	uint32_t side = point[ADIT_SHAPE_DIM(shape)] < node[ADIT_NODE_CUT] ? ADIT_LEFT : ADIT_RIGHT;
	const uint32_t *child = adit_node_at(x, node[ADIT_NODE_AT]);
	unsigned n = 0;

	for (uint32_t bit = ADIT_LEFT; bit <= ADIT_RIGHT; bit <<= 1) {
		if (!(shape & bit))
			continue;
		if (bit == side || bit == ADIT_MIDDLE)
			to[n++] = child;
		child += ADIT_NODE_WORDS;
	}
	if (n == 2 && to[0][ADIT_NODE_MIN] < to[1][ADIT_NODE_MIN]) {
		child = to[0];
		to[0] = to[1];
		to[1] = child;
	}
	return n;
}

static uint32_t
best_around(const struct adit_spd_index *x, const uint32_t *point)
{
	const uint32_t *stack[ADIT_TREE_DEPTH_MAX + 2];
	uint32_t best = ADIT_POLICY_NONE;
	unsigned n = 1;

	stack[0] = adit_node_at(x, 0);
	while (n) {
		const uint32_t *node = stack[--n];

		if (node[ADIT_NODE_MIN] >= best)
			continue;
		if (node[ADIT_NODE_SHAPE] & ADIT_CHILDREN)
			n += enter(x, node, point, stack + n);
		else
			best = best_in_leaf(x, node, point, best);
	}
	return best;
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
