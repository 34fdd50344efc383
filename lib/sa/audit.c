/* Drops of an SA, counted by what is to be audited (RFC 4301 4.4.2.1 and 5.2, RFC 4302 5 and RFC
 * 4303 4). */
#include "sa/audit.h"

#include <stddef.h>

static uint32_t *
cause(struct adit_sa_audit *a, enum adit_status why)
{
	switch (why) {
	case ADIT_ERR_REPLAY:
	case ADIT_ERR_OLD:
		return &a->replayed;
	case ADIT_ERR_ICV:
		return &a->forged;
	case ADIT_ERR_SHORT:
	case ADIT_ERR_MALFORMED:
	case ADIT_ERR_PADDING:
	case ADIT_ERR_FRAGMENT:
		return &a->malformed;
	case ADIT_ERR_SELECTOR:
		return &a->outside;
	case ADIT_ERR_EXHAUSTED:
		return &a->exhausted;
	default:
		return NULL;
	}
}

void
adit_sa_dropped(struct adit_sa *sa, enum adit_status why)
{
	uint32_t *n = ADIT_EXTRAS && sa->more ? cause(&sa->more->audit, why) : NULL;

	sa->n.drops++;
	if (n)
		(*n)++;
}

static void
undo(struct adit_sa *sa, enum adit_status was, size_t n)
{
	uint32_t *count = ADIT_EXTRAS && sa->more ? cause(&sa->more->audit, was) : NULL;

	if (was == ADIT_OK) {
		sa->n.packets--;
		sa->n.bytes -= n;
		return;
	}
	sa->n.drops--;
	if (count)
		(*count)--;
}

void
adit_sa_recount(struct adit_sa *sa, enum adit_status was, enum adit_status is, size_t n)
{
	undo(sa, was, n);
	if (is != ADIT_OK) {
		adit_sa_dropped(sa, is);
		return;
	}
	sa->n.packets++;
	sa->n.bytes += n;
}

struct adit_sa_audit
adit_sa_audit(const struct adit_sa *sa)
{
	const struct adit_sa_audit none = {0, 0, 0, 0, 0};

	return sa->more ? sa->more->audit : none;
}
