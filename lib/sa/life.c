/* How far an SA is in its life (RFC 4301 4.4.2.1): soft bounds ask for a successor, hard ones end
 * it. */
#include "adit/sa.h"

/* Outbound packets are counted by their numbers, so that those used before a restart count too. */
static uint64_t
packets(const struct adit_sa *sa)
{
	return sa->dir == ADIT_OUT ? sa->seq : sa->n.packets;
}

static bool
is_full(const struct adit_sa *sa, const struct adit_lifetime *l)
{
	return (l->packets && packets(sa) >= l->packets) || (l->bytes && sa->n.bytes >= l->bytes);
}

static bool
is_reached(const struct adit_sa *sa, const struct adit_lifetime *l, adit_ms now)
{
	return is_full(sa, l) || (l->time && now - sa->more->since >= l->time);
}

bool
adit_sa_is_full(const struct adit_sa *sa)
{
	return sa->bounded && is_full(sa, &sa->more->hard);
}

enum adit_age
adit_sa_age(const struct adit_sa *sa, adit_ms now)
{
	if (!sa->more)
		return ADIT_AGE_GOOD;
	if (sa->bounded && is_reached(sa, &sa->more->hard, now))
		return ADIT_AGE_HARD;
	return is_reached(sa, &sa->more->soft, now) ? ADIT_AGE_SOFT : ADIT_AGE_GOOD;
}
