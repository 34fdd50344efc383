/* The configured children that this side may begin: when to try, and again. */
#include <string.h>

#include "daemon.h"
#include "links.h"
#include "log.h"
#include "values.h"

/* Between attempts: doubled each time, up to a minute. */
#define RETRY_MS 2000
#define RETRY_MAX_MS 60000
#define DOUBLINGS_MAX 5

static const struct adit_peer_config *
peer_of(const struct daemon *d, const struct link *l)
{
	return &d->swanctl->peers[l->peer];
}

static const struct adit_child_config *
child_of(const struct daemon *d, const struct link *l)
{
	return &peer_of(d, l)->children[l->child];
}

static const struct swanctl_child *
actions_of(const struct daemon *d, const struct link *l)
{
	return &d->swanctl->extras[l->peer].children[l->child];
}

void
links_make(struct daemon *d, adit_ms now)
{
	const struct swanctl *s = d->swanctl;

	d->links = keep(s->child_count * sizeof *d->links);
	for (uint16_t i = 0; i < s->peer_count; i++)
		for (uint8_t k = 0; k < s->peers[i].child_count; k++) {
			struct link *l = &d->links[d->link_count++];

			l->peer = i;
			l->child = k;
			l->retry_at = actions_of(d, l)->start == ACTION_START ? now : ADIT_NEVER;
		}
}

static bool
route_link(const struct daemon *d, const struct link *l)
{
	const struct adit_child_config *c = child_of(d, l);
	const struct adit_ip *remote = &peer_of(d, l)->remote;
	struct adit_ts peer;

	if (c->remote_ts_count)
		return tun_route(d->tun_name, c->remote_ts, c->remote_ts_count, c->local_ts,
				 c->local_ts_count);
	if (!remote->version)
		return true;
	peer = adit_ts_prefix(remote, remote->version == 4 ? 32 : 128);
	return tun_route(d->tun_name, &peer, 1, c->local_ts, c->local_ts_count);
}

bool
links_route(const struct daemon *d)
{
	for (size_t i = 0; d->tun >= 0 && i < d->link_count; i++)
		if (actions_of(d, &d->links[i])->start != ACTION_NONE &&
		    !route_link(d, &d->links[i]))
			return false;
	return true;
}

static bool
local_end(const struct daemon *d, const struct adit_peer_config *peer, struct adit_endpoint *local)
{
	local->ip = peer->local;
	local->port = d->ike_port;
	return local->ip.version || net_source(&peer->remote, &local->ip);
}

static void
plan_retry(struct link *l, adit_ms now)
{
	adit_ms wait = (adit_ms)RETRY_MS
		       << (l->failures < DOUBLINGS_MAX ? l->failures : DOUBLINGS_MAX);

	l->failures++;
	l->retry_at = now + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

static void
start(struct daemon *d, adit_ms now, struct link *l)
{
	const struct adit_peer_config *peer = peer_of(d, l);
	struct adit_endpoint local;
	enum adit_status st = ADIT_ERR_IO;

	l->retry_at = ADIT_NEVER;
	if (l->ike.generation || d->ending || !peer->remote.version)
		return;
	log_line(LOG_INFO, "initiating %s{%s} to %s", peer->name, child_of(d, l)->name,
		 text_ip(&peer->remote));
	if (local_end(d, peer, &local))
		st = adit_node_start(&d->node, now, l->peer, l->child, &local, &l->ike);
	if (st == ADIT_OK)
		return;
	log_line(LOG_ERROR, "%s{%s} can't begin: %s", peer->name, child_of(d, l)->name,
		 adit_status_name(st));
	memset(&l->ike, 0, sizeof l->ike);
	plan_retry(l, now);
}

void
links_tick(struct daemon *d, adit_ms now)
{
	for (size_t i = 0; i < d->link_count; i++) {
		struct link *l = &d->links[i];
		const struct swanctl_child *c = actions_of(d, l);

		if (l->retry_at > now)
			continue;
		l->retry_at = ADIT_NEVER;
		if (c->start == ACTION_START || c->close == ACTION_START || c->dpd == ACTION_START)
			start(d, now, l);
	}
}

adit_ms
links_deadline(const struct daemon *d)
{
	adit_ms t = ADIT_NEVER;

	for (size_t i = 0; i < d->link_count; i++)
		if (d->links[i].retry_at < t)
			t = d->links[i].retry_at;
	return t;
}

static uint32_t
tag_of(const struct link *l)
{
	return (uint32_t)l->peer << 16 | l->child;
}

bool
links_wanted(struct daemon *d, adit_ms now, uint32_t tag)
{
	struct link *l = NULL;

	for (size_t i = 0; !l && i < d->link_count; i++)
		if (tag_of(&d->links[i]) == tag)
			l = &d->links[i];
	if (!l || actions_of(d, l)->start == ACTION_NONE)
		return false;
	/* The node begins with each address by itself. */
	if (swanctl_is_group(peer_of(d, l), child_of(d, l)))
		return true;
	/* A failed attempt is followed by a pause, whatever the traffic wants. */
	if (!l->ike.generation && l->retry_at == ADIT_NEVER)
		start(d, now, l);
	return true;
}

static struct link *
link_of_ike(const struct daemon *d, struct adit_ike_id id)
{
	for (size_t i = 0; i < d->link_count; i++)
		if (d->links[i].ike.slot == id.slot && d->links[i].ike.generation == id.generation)
			return &d->links[i];
	return NULL;
}

void
links_child_up(struct daemon *d, const struct adit_ike_event *ev)
{
	struct link *l = link_of_ike(d, ev->ike);

	if (!l)
		return;
	l->up = true;
	l->failures = 0;
}

static enum swanctl_action
action_after(const struct daemon *d, const struct link *l, enum adit_status reason)
{
	const struct swanctl_child *c = actions_of(d, l);

	if (!l->up)
		return c->start;
	return reason == ADIT_ERR_TIMEOUT ? c->dpd : c->close;
}

void
links_ike_down(struct daemon *d, adit_ms now, const struct adit_ike_event *ev)
{
	struct link *l = link_of_ike(d, ev->ike);

	if (!l)
		return;
	memset(&l->ike, 0, sizeof l->ike);
	/* What traffic asked for may be asked for again by traffic, after a pause. */
	if (!d->ending && (!l->up || action_after(d, l, ev->reason) == ACTION_START))
		plan_retry(l, now);
	l->up = false;
}
