/* The lists and timers of an IKE engine, walked and held against its slots. */
#include "ike/lists.h"
#include "support/ike_check.h"

#define BAD UINT32_MAX

/* How many slots a list has, BAD if its links contradict each other; `member` is asked of each. */
static uint32_t
walk(const struct adit_ike *ike, adit_link_at *at, const struct adit_ike_list *list,
     bool (*member)(const struct adit_ike *ike, uint16_t slot, uint16_t owner), uint16_t owner)
{
	uint16_t before = 0;
	uint32_t n = 0;

	for (uint16_t k = list->first; k; k = at(ike, (uint16_t)(k - 1))->next) {
		if (n++ > UINT16_MAX || at(ike, (uint16_t)(k - 1))->prev != before ||
		    !member(ike, (uint16_t)(k - 1), owner))
			return BAD;
		before = k;
	}
	return list->last == before ? n : BAD;
}

static bool
is_free_sa(const struct adit_ike *ike, uint16_t slot, uint16_t owner)
{
	(void)owner;
	return ike->mem.sas[slot].state == ADIT_IKE_FREE;
}

static bool
is_free_child(const struct adit_ike *ike, uint16_t slot, uint16_t owner)
{
	(void)owner;
	return ike->mem.children[slot].state == ADIT_CHILD_FREE;
}

static bool
is_free_handshake(const struct adit_ike *ike, uint16_t slot, uint16_t owner)
{
	(void)owner;
	return ike->mem.handshakes[slot].owner == 0;
}

static bool
is_used_sa(const struct adit_ike *ike, uint16_t slot, uint16_t owner)
{
	return !is_free_sa(ike, slot, owner);
}

static bool
is_child_of(const struct adit_ike *ike, uint16_t slot, uint16_t owner)
{
	return ike->mem.children[slot].state != ADIT_CHILD_FREE &&
	       ike->mem.children[slot].owner == owner;
}

/* What an SA has to say, its lists have it for. */
static const char *
check_sa(const struct adit_ike *ike, uint16_t slot)
{
	const struct adit_ike_sa *sa = &ike->mem.sas[slot];
	const struct adit_ike_child *child;
	uint8_t tell = sa->tell;

	for (uint16_t k = sa->children.first; k; k = child->link.next) {
		child = &ike->mem.children[k - 1];
		tell |= child->tell;
	}
	if (sa->due && !adit_list_has(ike, adit_link_of_sending, &ike->sending, slot))
		return "an SA has something due, and is not in the list";
	if (tell && !adit_list_has(ike, adit_link_of_telling, &ike->telling, slot))
		return "an SA has something to tell, and is not in the list";
	if (sa->job != ADIT_JOB_NONE && !sa->timer_at)
		return "a request is outstanding, and no timer runs";
	if (sa->state == ADIT_IKE_INIT_DONE && !sa->timer_at)
		return "a half-open SA without a timer";
	if (sa->handshake && ike->mem.handshakes[sa->handshake - 1].owner != slot + 1)
		return "a handshake is somebody else's";
	if (sa->state == ADIT_IKE_DEAD && !sa->due && !tell && !sa->children.first)
		return "a dead SA that has nothing to say is not free";
	return NULL;
}

static const char *
check_counts(const struct adit_ike *ike)
{
	uint32_t sas = walk(ike, adit_link_of_sa, &ike->free_sas, is_free_sa, 0);
	uint32_t children = walk(ike, adit_link_of_child, &ike->free_children, is_free_child, 0);
	uint32_t handshakes =
		walk(ike, adit_link_of_handshake, &ike->free_handshakes, is_free_handshake, 0);

	for (uint16_t i = 0; i < ike->mem.sa_count; i++) {
		const struct adit_ike_sa *sa = &ike->mem.sas[i];
		uint32_t n = walk(ike, adit_link_of_child, &sa->children, is_child_of, i);

		if (n == BAD)
			return "the children of an SA";
		sas += sa->state != ADIT_IKE_FREE;
		children += n;
		handshakes += sa->handshake != 0;
	}
	if (sas != ike->mem.sa_count)
		return "a slot of an SA is neither free nor used, or both";
	if (children != ike->mem.child_count)
		return "a slot of a child is neither free nor an SA's, or both";
	if (handshakes != ike->mem.handshake_count)
		return "a handshake is neither free nor an SA's, or both";
	return NULL;
}

static const char *
check_timers(const struct adit_ike *ike)
{
	const struct adit_ike_sa *sas = ike->mem.sas;
	uint16_t running = 0;

	for (uint16_t i = 0; i < ike->mem.sa_count; i++)
		running = (uint16_t)(running + (sas[i].timer_at != 0));
	if (running != ike->timer_count)
		return "the heap counts other timers than run";
	for (uint16_t i = 0; i < ike->timer_count; i++) {
		const struct adit_ike_sa *sa = &sas[sas[i].timer_entry];

		if (sa->timer_at != i + 1)
			return "an SA and its place in the heap don't know each other";
		if (sa->state == ADIT_IKE_FREE)
			return "a timer runs for nobody";
		if (i > 0 && sa->wake_at < sas[sas[(i - 1) / 2].timer_entry].wake_at)
			return "the heap is out of order";
	}
	return NULL;
}

const char *
ike_check(const struct adit_ike *ike)
{
	const char *why = check_counts(ike);

	if (!why)
		why = check_timers(ike);
	if (!why && walk(ike, adit_link_of_sending, &ike->sending, is_used_sa, 0) == BAD)
		why = "the list of those that send";
	if (!why && walk(ike, adit_link_of_telling, &ike->telling, is_used_sa, 0) == BAD)
		why = "the list of those that tell";
	for (uint16_t i = 0; !why && i < ike->mem.sa_count; i++)
		if (ike->mem.sas[i].state != ADIT_IKE_FREE)
			why = check_sa(ike, i);
	return why;
}
