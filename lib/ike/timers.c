/* When each IKE SA wants to be looked at again: a binary heap whose array lies in the slots. Entry
 * i of the array is sas[i].timer_entry, whichever SA is in slot i. */
#include "ike/timers.h"

static adit_ms
time_at(const struct adit_ike *ike, unsigned i)
{
	return ike->mem.sas[ike->mem.sas[i].timer_entry].wake_at;
}

static void
put(const struct adit_ike *ike, unsigned i, uint16_t slot)
{
	ike->mem.sas[i].timer_entry = slot;
	ike->mem.sas[slot].timer_at = (uint16_t)(i + 1);
}

/* The SA in `slot`, whose place is free at i, goes towards the root as far as it must. */
static void
rise(const struct adit_ike *ike, unsigned i, uint16_t slot)
{
	adit_ms t = ike->mem.sas[slot].wake_at;

	while (i > 0 && t < time_at(ike, (i - 1) / 2)) {
		put(ike, i, ike->mem.sas[(i - 1) / 2].timer_entry);
		i = (i - 1) / 2;
	}
	put(ike, i, slot);
}

/* Likewise away from the root. */
static void
sink(const struct adit_ike *ike, unsigned i, uint16_t slot)
{
	adit_ms t = ike->mem.sas[slot].wake_at;

	for (unsigned child; (child = 2 * i + 1) < ike->timer_count; i = child) {
		if (child + 1 < ike->timer_count && time_at(ike, child + 1) < time_at(ike, child))
			child++;
		if (t <= time_at(ike, child))
			break;
		put(ike, i, ike->mem.sas[child].timer_entry);
	}
	put(ike, i, slot);
}

void
adit_timer_stop(struct adit_ike *ike, struct adit_ike_sa *sa)
{
	unsigned i = sa->timer_at;
	uint16_t last;

	if (i-- == 0)
		return;
	sa->timer_at = 0;
	last = ike->mem.sas[--ike->timer_count].timer_entry;
	if (i == ike->timer_count)
		return;
	/* The last one takes the place; it may belong on either side of it. */
	if (i > 0 && ike->mem.sas[last].wake_at < time_at(ike, (i - 1) / 2))
		rise(ike, i, last);
	else
		sink(ike, i, last);
}

void
adit_timer_wake(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms t)
{
	unsigned i = sa->timer_at ? sa->timer_at - 1u : ike->timer_count;

	if (t == ADIT_NEVER || (sa->timer_at && sa->wake_at <= t))
		return;
	if (!sa->timer_at)
		ike->timer_count++;
	sa->wake_at = t;
	rise(ike, i, (uint16_t)(sa - ike->mem.sas));
}

struct adit_ike_sa *
adit_timer_take(struct adit_ike *ike, adit_ms now)
{
	struct adit_ike_sa *sa;

	if (adit_timer_first(ike) > now || ike->timer_count == 0)
		return NULL;
	sa = &ike->mem.sas[ike->mem.sas[0].timer_entry];
	adit_timer_stop(ike, sa);
	return sa;
}

adit_ms
adit_timer_first(const struct adit_ike *ike)
{
	return ike->timer_count ? time_at(ike, 0) : ADIT_NEVER;
}
