/* Events: derived from what each slot has yet to tell, so that there is no queue to overflow; which
 * slots to look at is a list through them. Of one IKE SA first that it is up, then its children,
 * then that it is down. */
#include <string.h>

#include "ike/inside.h"
#include "ike/lists.h"
#include "ike/slots.h"
#include "ike/timers.h"

static void
fill_common(const struct adit_ike *ike, const struct adit_ike_sa *sa, struct adit_ike_event *ev)
{
	memset(ev, 0, sizeof *ev);
	ev->ike = adit_ike_id_of(ike, sa);
	ev->peer = sa->peer;
	ev->child_config = sa->child_config;
	ev->path = sa->path;
}

static void
fill_child(const struct adit_ike *ike, const struct adit_ike_child *child,
	   struct adit_ike_event *ev)
{
	ev->child = adit_child_id_of(ike, child);
	ev->child_config = child->config;
	ev->spi_in = child->spi_in;
	ev->spi_out = child->spi_out;
}

/* The parameters of both SAs; keys and selectors live in the engine until its next call. */
static void
fill_params(struct adit_ike *ike, const struct adit_ike_sa *sa, const struct adit_ike_child *child,
	    struct adit_ike_event *ev)
{
	const struct adit_child_config *cfg = &adit_ike_peer(ike, sa)->children[child->config];
	size_t key_len = adit_aead_key_len(child->aead);
	const struct adit_span first = {ike->told_keys.i, key_len};
	const struct adit_span second = {ike->told_keys.r, key_len};

	ike->told_keys = child->keys;
	ike->told_selectors = child->selectors;
	ev->out.dir = ADIT_OUT;
	ev->out.mode = (enum adit_mode)child->mode;
	/* Without a tunnel it is this host that sends, so it cuts behind ESP. */
	if (ADIT_EXTRAS && child->mode == ADIT_TRANSPORT)
		ev->out.flags = ADIT_SA_CUT_AFTER;
	ev->out.spi = child->spi_out;
	ev->out.local = sa->path.local.ip;
	ev->out.remote = sa->path.remote.ip;
	ev->out.udp_encap = child->udp_encap;
	ev->out.local_port = sa->path.local.port;
	ev->out.remote_port = sa->path.remote.port;
	ev->out.aead = child->aead;
	ev->out.esn = child->esn;
	ev->out.selectors = &ike->told_selectors;
	ev->out.key = child->initiator ? first : second;
	ev->in = ev->out;
	ev->in.dir = ADIT_IN;
	ev->in.spi = child->spi_in;
	ev->in.key = child->initiator ? second : first;
	ev->in.replay_window = cfg->replay_window;
}

static bool
tell_child(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_child *child,
	   struct adit_ike_event *ev)
{
	if (child->tell == 0)
		return false;
	fill_common(ike, sa, ev);
	fill_child(ike, child, ev);
	if (child->tell & ADIT_TELL_UP) {
		ev->kind = ADIT_EVENT_CHILD_UP;
		fill_params(ike, sa, child, ev);
		child->told_up = true;
		adit_wipe(&child->keys, sizeof child->keys);
		child->tell = (uint8_t)(child->tell & ~ADIT_TELL_UP);
		return true;
	}
	ev->kind = ADIT_EVENT_CHILD_DOWN;
	ev->reason = (enum adit_status)child->reason;
	child->tell = 0;
	adit_child_free(ike, child);
	/* Its IKE SA may be without any now: a matter for the next tick. */
	if (sa->state == ADIT_IKE_UP)
		adit_timer_wake(ike, sa, 0);
	return true;
}

static bool
tell_children(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_event *ev)
{
	struct adit_ike_child *child = NULL;

	while ((child = adit_child_of(ike, sa, child)) != NULL)
		if (tell_child(ike, sa, child, ev))
			return true;
	return false;
}

static bool
tell_sa(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_event *ev)
{
	if (sa->tell & ADIT_TELL_UP) {
		fill_common(ike, sa, ev);
		ev->kind = ADIT_EVENT_IKE_UP;
		sa->tell = (uint8_t)(sa->tell & ~ADIT_TELL_UP);
		return true;
	}
	if (tell_children(ike, sa, ev))
		return true;
	if (!(sa->tell & ADIT_TELL_DOWN))
		return false;
	fill_common(ike, sa, ev);
	ev->kind = ADIT_EVENT_IKE_DOWN;
	ev->reason = (enum adit_status)sa->reason;
	ev->notify = sa->notify;
	sa->tell = 0;
	return true;
}

static bool
tell_next(struct adit_ike *ike, struct adit_ike_event *ev)
{
	adit_wipe(&ike->told_keys, sizeof ike->told_keys);
	while (ike->telling.first) {
		uint16_t slot = (uint16_t)(ike->telling.first - 1);
		struct adit_ike_sa *sa = &ike->mem.sas[slot];
		bool told = tell_sa(ike, sa, ev);

		/* It keeps its turn until all is told, lest what comes behind overtakes it. */
		if (!told)
			adit_list_remove(ike, adit_link_of_telling, &ike->telling, slot);
		adit_ike_reap(ike, sa);
		if (told)
			return true;
	}
	return false;
}

bool
adit_ike_event(struct adit_ike *ike, struct adit_ike_event *ev)
{
	bool told;

	if (!adit_ike_enter(ike))
		return false;
	told = tell_next(ike, ev);
	(void)adit_ike_leave(ike, ADIT_OK);
	return told;
}
