/* Inactivity: Child SAs that nothing goes through are closed, and IKE SAs without any. */
#include "ike/idle.h"

/* Counters tell that packets have passed and not when, so they are looked at this many times in the
 * time that an SA may be idle: it is closed at most that part later. */
#define LOOKS 4

void
adit_idle_begin(struct adit_ike_child *child, adit_ms now)
{
	child->used_at = now;
	child->look_at = now;
}

/* Packets that have passed since the last look. */
static void
look(const struct adit_ike *ike, struct adit_ike_child *child, adit_ms now)
{
	const struct adit_use_source *uses = &ike->cfg->uses;
	uint64_t count = uses->count ? uses->count(uses->ctx, child->spi_in) : 0;

	if (count != child->uses)
		child->used_at = now;
	child->uses = count;
}

/* true: its time is over. */
static bool
is_idle(const struct adit_ike *ike, struct adit_ike_child *child, adit_ms may_ms, adit_ms now)
{
	adit_ms over;

	if (now < child->look_at)
		return false;
	look(ike, child, now);
	over = child->used_at + may_ms;
	child->look_at = over;
	if (ike->cfg->uses.count && now + may_ms / LOOKS + 1 < over)
		child->look_at = now + may_ms / LOOKS + 1;
	return over <= now;
}

static bool
has_other(const struct adit_ike *ike, const struct adit_ike_sa *sa,
	  const struct adit_ike_child *child)
{
	const struct adit_ike_child *other = NULL;

	while ((other = adit_child_of(ike, sa, other)) != NULL)
		if (other != child && other->state == ADIT_CHILD_UP)
			return true;
	return false;
}

/* The last child is down at once, for nobody may answer: traffic that comes now is to make a new
 * one, and not to go into one that is being deleted. */
static void
close_child(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_child *child)
{
	if (has_other(ike, sa, child)) {
		child->wanted_down = true;
		sa->want |= ADIT_WANT_DELETE_CHILD;
		return;
	}
	adit_child_down(ike, child, ADIT_OK);
	sa->want |= ADIT_WANT_DELETE_IKE;
}

adit_ms
adit_idle_tick(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	const struct adit_peer_config *peer = adit_ike_peer(ike, sa);
	struct adit_ike_child *child = adit_child_of(ike, sa, NULL), *next;
	adit_ms due = ADIT_NEVER;

	/* No exchange of ours gives an IKE SA another child: without one it would hold its slot for
	 * ever, kept alive by liveness checks. */
	if (!child)
		sa->want |= ADIT_WANT_DELETE_IKE;
	for (; child; child = next) {
		adit_ms may_ms = peer->children[child->config].inactivity_ms;

		next = adit_child_of(ike, sa, child);
		if (may_ms == 0 || child->state != ADIT_CHILD_UP)
			continue;
		if (is_idle(ike, child, may_ms, now))
			close_child(ike, sa, child);
		else if (child->look_at < due)
			due = child->look_at;
	}
	return due;
}
