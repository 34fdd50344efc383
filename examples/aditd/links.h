/* The configured children that this side may begin: when to try, and again. */
#ifndef ADITD_LINKS_H
#define ADITD_LINKS_H

#include "swanctl.h"

struct daemon;

/* What is known of one configured child. */
struct link {
	uint16_t peer, child;
	struct adit_ike_id ike; /* of the attempt or SA that we began; generation 0: none */
	bool up;
	adit_ms retry_at; /* ADIT_NEVER: no attempt is planned */
	unsigned failures;
};

/* One for each child; those with start_action = start are due at once. */
void links_make(struct daemon *d, adit_ms now);
/* Traffic of children that are wanted goes into the device from the start, so that none of it ever
 * leaves in clear. false: not all could be led there, which was logged. */
bool links_route(const struct daemon *d);
/* Begins what is due. */
void links_tick(struct daemon *d, adit_ms now);
adit_ms links_deadline(const struct daemon *d);

/* Traffic of a policy's tag has no SA. true: one is being made, or will be tried. */
bool links_wanted(struct daemon *d, adit_ms now, uint32_t tag);
void links_child_up(struct daemon *d, const struct adit_ike_event *ev);
void links_ike_down(struct daemon *d, adit_ms now, const struct adit_ike_event *ev);

#endif
