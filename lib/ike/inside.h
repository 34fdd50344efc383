/* One call of the engine at a time: a callback that calls back in is refused. Callbacks get their
 * own ctx and never the engine, so this is for those who reach for it all the same. */
#ifndef ADIT_IKE_INSIDE_H
#define ADIT_IKE_INSIDE_H

#include "adit/ike.h"

static inline bool
adit_ike_enter(struct adit_ike *ike)
{
	if (ike->inside)
		return false;
	ike->inside = true;
	return true;
}

static inline enum adit_status
adit_ike_leave(struct adit_ike *ike, enum adit_status st)
{
	ike->inside = false;
	return st;
}

#endif
