/* The words of an SPD's index, between spd_index.c, which builds it, and spd_tree.c, which looks
 * things up in it.
 *
 * Every pair of a local and a remote traffic selector of a policy is a box: a range in each of six
 * dimensions. A packet is a point, and its policy the lowest-numbered one with a box around it.
 * Addresses are counted and not compared: of all addresses at which a range begins, or ends before
 * them, a sorted list is kept (for each side and version), and an address is the number of those
 * that are not above it.
 *
 * The boxes are leaves of a tree. An inner node cuts one dimension in two; boxes wholly below the
 * cut are its left part, those above its right, those on both sides its middle. A point is then in
 * no box of one of the two sides. Each node knows the lowest policy below it and what addresses its
 * boxes span, so that what can't better the one found, or is elsewhere, is not entered.
 *
 * Words: keys of local IPv4 (1 word each), local IPv6 (4), remote IPv4, remote IPv6, then boxes,
 * then nodes. */
#ifndef ADIT_SA_SPD_TREE_H
#define ADIT_SA_SPD_TREE_H

#include "adit/spd.h"

enum {
	ADIT_DIM_LOCAL,
	ADIT_DIM_REMOTE,
	ADIT_DIM_PROTOCOL,
	ADIT_DIM_LOCAL_PORT,
	ADIT_DIM_REMOTE_PORT,
	ADIT_DIM_DIR,
	ADIT_DIMS
};

/* Nodes span the first of them: addresses, which nest. */
enum { ADIT_SPAN_DIMS = ADIT_DIM_REMOTE + 1 };

/* A port that a packet doesn't show stands behind all ports. */
#define ADIT_PORT_OPAQUE 65536u

/* A box: its policy, then lowest and highest of each dimension. */
enum { ADIT_BOX_POLICY = 0, ADIT_BOX_RANGES = 1, ADIT_BOX_WORDS = 1 + 2 * ADIT_DIMS };

/* A node: its shape, the lowest policy below it; of an inner node the cut and its first child, of a
 * leaf the number of its boxes and the first of them; and what range its boxes span, local and
 * remote. Children stand left, middle, right; those that would be empty are left out. */
enum {
	ADIT_NODE_SHAPE,
	ADIT_NODE_MIN,
	ADIT_NODE_CUT,
	ADIT_NODE_AT,
	ADIT_NODE_SPAN,
	ADIT_NODE_WORDS = ADIT_NODE_SPAN + 2 * ADIT_SPAN_DIMS
};
enum { ADIT_NODE_COUNT = ADIT_NODE_CUT };

/* Shape: which children there are (none: a leaf), the dimension that is cut, the depth. */
enum { ADIT_LEFT = 1, ADIT_MIDDLE = 2, ADIT_RIGHT = 4, ADIT_CHILDREN = 7 };
#define ADIT_SHAPE(children, dim, depth) \
	((uint32_t)(children) | (uint32_t)(dim) << 3 | (uint32_t)(depth) << 8)
#define ADIT_SHAPE_DIM(shape) ((shape) >> 3 & 7)
#define ADIT_SHAPE_DEPTH(shape) ((shape) >> 8)

/* Deeper nodes are leaves, however many boxes they hold: it bounds the stack of a look-up. */
#define ADIT_TREE_DEPTH_MAX 48

/* Words of a key. */
enum { ADIT_KEY4_WORDS = 1, ADIT_KEY6_WORDS = 4 };

/* Which list of keys. */
static inline unsigned
adit_keys_of(unsigned dim, uint8_t version)
{
	return (dim == ADIT_DIM_REMOTE ? 2u : 0u) + (version == 4 ? 0u : 1u);
}

static inline uint32_t *
adit_box_at(const struct adit_spd_index *x, size_t i)
{
	return x->boxes + i * ADIT_BOX_WORDS;
}

static inline uint32_t *
adit_node_at(const struct adit_spd_index *x, size_t i)
{
	return x->nodes + i * ADIT_NODE_WORDS;
}

/* Where an address stands among the keys of its side and version: IPv6 behind all of IPv4. */
uint32_t adit_spd_rank(const struct adit_spd_index *x, unsigned dim, uint8_t version,
		       const uint8_t *address);

/* The lowest policy with a box around the flow. */
uint32_t adit_spd_tree_find(const struct adit_spd_index *x, enum adit_direction dir,
			    const struct adit_flow *flow);

#endif
