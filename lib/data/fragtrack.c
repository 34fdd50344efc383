/* Remembering the ports of first fragments, so that policies with ports see later ones (RFC 4301 7,
 * 7.3; attacks: RFC 1858, RFC 3128). */
#include <string.h>

#include "adit/fragment.h"
#include "wire/fragment.h"
#include "wire/ip.h"

/* Entries that share a place: as many as one fragment looks at. */
#define WAYS 4

enum adit_status
adit_fragtrack_init_(struct adit_fragtrack *t, size_t track_size, size_t entry_size,
		     const struct adit_fragtrack_mem *mem)
{
	if (track_size != sizeof *t || entry_size != sizeof *mem->entries)
		return ADIT_ERR_CONFIG;
	if (!mem->entries || mem->count < WAYS || mem->count & (mem->count - 1))
		return ADIT_ERR_ARG;
	memset(t, 0, sizeof *t);
	t->mem = *mem;
	if (!t->mem.timeout_ms)
		t->mem.timeout_ms = ADIT_FRAGTRACK_TIMEOUT_MS;
	memset(mem->entries, 0, mem->count * sizeof *mem->entries);
	return ADIT_OK;
}

static struct adit_fragtrack_entry *
place_of(const struct adit_fragtrack *t, const struct adit_fragment_key *key)
{
	size_t mask = t->mem.count / WAYS - 1;

	return t->mem.entries + (adit_fragment_key_hash(key, t->mem.seed) & mask) * WAYS;
}

static struct adit_fragtrack_entry *
find(const struct adit_fragtrack *t, adit_ms now, const struct adit_fragment_key *key)
{
	struct adit_fragtrack_entry *place = place_of(t, key);

	for (size_t i = 0; i < WAYS; i++)
		if (now < place[i].until && adit_fragment_key_equal(&place[i].key, key))
			return &place[i];
	return NULL;
}

static struct adit_fragtrack_entry *
oldest(const struct adit_fragtrack *t, const struct adit_fragment_key *key)
{
	struct adit_fragtrack_entry *place = place_of(t, key), *best = place;

	for (size_t i = 1; i < WAYS; i++)
		if (place[i].until < best->until)
			best = &place[i];
	return best;
}

static adit_ms
later(adit_ms now, adit_ms by)
{
	return by < ADIT_NEVER - now ? now + by : ADIT_NEVER;
}

static bool
same_flow(const struct adit_fragtrack_entry *e, const struct adit_flow *flow)
{
	return e->protocol == flow->protocol && e->has_ports == flow->has_ports &&
	       (!e->has_ports ||
		(e->local_port == flow->local_port && e->remote_port == flow->remote_port));
}

/* The data bytes of a first fragment that its headers take, through the transport's; ERR_FRAGMENT:
 * they go on in the next one. */
static enum adit_status
edge_of(struct adit_span packet, const struct adit_fragment_view *v, size_t *edge)
{
	struct adit_ip_view ip;
	enum adit_status st = adit_ip_get(packet.p, packet.n, &ip);

	if (st != ADIT_OK)
		return st;
	*edge = ip.upper_at + adit_transport_least(ip.upper) - v->data;
	return *edge > v->len ? ADIT_ERR_FRAGMENT : ADIT_OK;
}

static enum adit_status
check_first(const struct adit_fragtrack_entry *e, const struct adit_flow *flow,
	    struct adit_span packet, const struct adit_fragment_view *v)
{
	size_t edge;
	enum adit_status st = edge_of(packet, v, &edge);

	if (st != ADIT_OK)
		return st;
	/* One in clear beside one that came through an SA: their packets would be mixed. */
	return e && !same_flow(e, flow) ? ADIT_ERR_FRAGMENT : ADIT_OK;
}

static enum adit_status
fill_later(struct adit_fragtrack *t, adit_ms now, struct adit_fragtrack_entry *e,
	   struct adit_flow *flow, const struct adit_fragment_view *v)
{
	if (v->offset < (e ? e->edge : adit_transport_least(v->protocol)))
		return ADIT_ERR_OVERLAP;
	if (!e) {
		t->n.unknown++;
		return ADIT_OK;
	}
	t->n.known++;
	flow->protocol = e->protocol;
	flow->has_ports = e->has_ports;
	flow->local_port = e->local_port;
	flow->remote_port = e->remote_port;
	/* Its number may soon be another packet's. */
	if (!v->more && e->until > later(now, ADIT_FRAGTRACK_LINGER_MS))
		e->until = later(now, ADIT_FRAGTRACK_LINGER_MS);
	return ADIT_OK;
}

enum adit_status
adit_fragtrack_flow(struct adit_fragtrack *t, adit_ms now, struct adit_flow *flow,
		    struct adit_span packet)
{
	struct adit_fragtrack_entry *e;
	struct adit_fragment_key key;
	struct adit_fragment_view v;
	enum adit_status st = adit_fragment_get(packet.p, packet.n, &v);

	if (st != ADIT_OK || !v.fragment)
		return st;
	key = adit_fragment_key(packet.p, &v);
	e = find(t, now, &key);
	st = v.offset ? fill_later(t, now, e, flow, &v) : check_first(e, flow, packet, &v);
	if (st != ADIT_OK)
		t->n.refused++;
	return st;
}

void
adit_fragtrack_learn(struct adit_fragtrack *t, adit_ms now, const struct adit_flow *flow,
		     struct adit_span packet)
{
	struct adit_fragtrack_entry *e;
	struct adit_fragment_key key;
	struct adit_fragment_view v;
	size_t edge;

	if (adit_fragment_get(packet.p, packet.n, &v) != ADIT_OK || !v.fragment || v.offset ||
	    edge_of(packet, &v, &edge) != ADIT_OK)
		return;
	key = adit_fragment_key(packet.p, &v);
	e = find(t, now, &key);
	if (!e) {
		e = oldest(t, &key);
		t->n.evicted += now < e->until;
	}
	e->key = key;
	e->until = later(now, t->mem.timeout_ms);
	e->local_port = flow->local_port;
	e->remote_port = flow->remote_port;
	e->edge = (uint16_t)edge;
	e->protocol = flow->protocol;
	e->has_ports = flow->has_ports;
	t->n.learned++;
}
