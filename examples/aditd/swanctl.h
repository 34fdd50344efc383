/* The sections `connections` and `secrets` of a swanctl.conf, as configuration of a node. */
#ifndef ADITD_SWANCTL_H
#define ADITD_SWANCTL_H

#include <stdio.h>

#include "adit/node.h"

enum swanctl_action { ACTION_NONE, ACTION_TRAP, ACTION_START };

/* What aditd does with a child that the engine does not know of. */
struct swanctl_child {
	enum swanctl_action start, close, dpd;
};

struct swanctl_peer {
	struct swanctl_child *children; /* as many as the peer's configuration has */
};

struct swanctl {
	struct adit_peer_config *peers;
	struct swanctl_peer *extras; /* likewise */
	uint16_t peer_count;
	struct adit_policy *first; /* children of mode pass and drop */
	size_t first_count;
	size_t child_count; /* of all peers */
};

/* A child with any address that traffic goes to: one policy, and an SA for each. */
bool swanctl_is_group(const struct adit_peer_config *peer, const struct adit_child_config *child);

struct conf;

/* NULL: what is wrong was written to err as "file:line: keyword: text". All memory stays until
 * keep_nothing(): the engine points into it. */
struct swanctl *swanctl_load(const struct conf *root, FILE *err);

#endif
