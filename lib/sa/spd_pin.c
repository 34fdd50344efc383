/* SAs made for single flows ("populate from packet", RFC 4301 4.4.1): there may be as many under
 * one policy as there are flows, so they are found by a hash of what the policy takes from packets.
 */
#include <string.h>

#include "sa/hash.h"
#include "sa/sad.h"
#include "sa/spd.h"

/* What of a flow is hashed: the rest is zero. */
static uint32_t
hash_of(uint32_t policy, uint8_t pfp, const struct adit_flow *f)
{
	uint32_t h = adit_mix(ADIT_HASH_BASIS, policy);

	if (pfp & ADIT_PFP_LOCAL)
		h = adit_mix_ip(h, &f->local);
	if (pfp & ADIT_PFP_REMOTE)
		h = adit_mix_ip(h, &f->remote);
	if (pfp & (ADIT_PFP_PROTOCOL | ADIT_PFP_PORTS))
		h = adit_mix(h, f->protocol);
	if (pfp & ADIT_PFP_LOCAL_PORT)
		h = adit_mix(h, f->local_port);
	if (pfp & ADIT_PFP_REMOTE_PORT)
		h = adit_mix(h, f->remote_port);
	return h;
}

/* One side of selectors that say one value of each that is asked for. */
static bool
is_single(const struct adit_ts *ts, uint8_t n, bool ip, bool protocol, bool port)
{
	for (uint8_t i = 0; i < n; i++) {
		if (ip && (memcmp(ts[i].first, ts[i].last, sizeof ts[i].first) != 0 ||
			   memcmp(ts[i].first, ts[0].first, sizeof ts[i].first) != 0))
			return false;
		if (protocol && (ts[i].protocol == 0 || ts[i].protocol != ts[0].protocol))
			return false;
		if (port &&
		    (ts[i].port_first != ts[i].port_last || ts[i].port_first != ts[0].port_first))
			return false;
	}
	return n != 0;
}

static bool
is_pinned(const struct adit_selectors *s, uint8_t pfp)
{
	bool protocol = (pfp & (ADIT_PFP_PROTOCOL | ADIT_PFP_PORTS)) != 0;

	return is_single(s->local, s->local_n, pfp & ADIT_PFP_LOCAL, protocol,
			 pfp & ADIT_PFP_LOCAL_PORT) &&
	       is_single(s->remote, s->remote_n, pfp & ADIT_PFP_REMOTE, protocol,
			 pfp & ADIT_PFP_REMOTE_PORT);
}

/* The flow that such selectors are for, as far as they tell. */
static struct adit_flow
flow_of(const struct adit_selectors *s)
{
	struct adit_flow f;

	memset(&f, 0, sizeof f);
	f.local.version = s->local[0].version;
	f.remote.version = s->remote[0].version;
	memcpy(f.local.b, s->local[0].first, sizeof f.local.b);
	memcpy(f.remote.b, s->remote[0].first, sizeof f.remote.b);
	f.protocol = s->local[0].protocol;
	f.local_port = s->local[0].port_first;
	f.remote_port = s->remote[0].port_first;
	return f;
}

bool
adit_spd_pin(const struct adit_spd *spd, struct adit_sad *sad, uint32_t slot)
{
	const struct adit_selectors *s = sad->mem.sas[slot].selectors;
	uint32_t policy = sad->mem.entries[slot].note.policy;
	uint8_t pfp = spd->mem.policies[policy].pfp;
	struct adit_flow flow;

	if (!pfp || !s || sad->mem.hash_count == 0 || !is_pinned(s, pfp))
		return false;
	flow = flow_of(s);
	adit_sad_chain_put(sad, slot, hash_of(policy, pfp, &flow));
	sad->pinned++;
	return true;
}

void
adit_spd_unpin(struct adit_sad *sad, uint32_t slot)
{
	adit_sad_chain_take(sad, slot);
	sad->pinned--;
}

uint32_t
adit_spd_pinned(const struct adit_spd *spd, const struct adit_sad *sad, uint32_t policy,
		const struct adit_flow *flow, uint32_t after)
{
	uint8_t pfp = spd->mem.policies[policy].pfp;
	uint32_t hash, at;

	if (!pfp || sad->pinned == 0)
		return ADIT_SLOT_NONE;
	hash = hash_of(policy, pfp, flow);
	at = after == ADIT_SLOT_NONE ? *adit_sad_bucket(sad, hash) : sad->mem.entries[after].chain;
	for (; at; at = sad->mem.entries[at - 1].chain) {
		const struct adit_sad_entry *e = &sad->mem.entries[at - 1];

		if (e->is_linked && e->hash == hash && e->note.policy == policy)
			return at - 1;
	}
	return ADIT_SLOT_NONE;
}
