/* Traffic selectors: what both sides agree to protect (RFC 7296 2.9, 2.23.1). */
#include <string.h>

#include "ike/narrow.h"

bool
adit_narrow_within(const struct adit_ts *inner, const struct adit_ts *outer)
{
	return inner->version == outer->version &&
	       (outer->protocol == ADIT_PROTO_ANY || inner->protocol == outer->protocol) &&
	       inner->port_first >= outer->port_first && inner->port_last <= outer->port_last &&
	       memcmp(inner->first, outer->first, sizeof inner->first) >= 0 &&
	       memcmp(inner->last, outer->last, sizeof inner->last) <= 0;
}

bool
adit_narrow_intersect(const struct adit_ts *a, const struct adit_ts *b, struct adit_ts *out)
{
	if (a->version != b->version)
		return false;
	if (a->protocol != b->protocol && a->protocol != ADIT_PROTO_ANY &&
	    b->protocol != ADIT_PROTO_ANY)
		return false;
	*out = *a;
	if (a->protocol == ADIT_PROTO_ANY)
		out->protocol = b->protocol;
	if (b->port_first > out->port_first)
		out->port_first = b->port_first;
	if (b->port_last < out->port_last)
		out->port_last = b->port_last;
	if (memcmp(b->first, out->first, sizeof out->first) > 0)
		memcpy(out->first, b->first, sizeof out->first);
	if (memcmp(b->last, out->last, sizeof out->last) < 0)
		memcpy(out->last, b->last, sizeof out->last);
	return adit_ts_valid(out);
}

static uint8_t
own_side(struct adit_ts *out, const struct adit_ts *ts, uint8_t count, const struct adit_ip *host)
{
	if (count > ADIT_TS_MAX)
		count = ADIT_TS_MAX;
	if (count == 0) {
		out[0] = adit_ts_prefix(host, host->version == 4 ? 32 : 128);
		return 1;
	}
	memcpy(out, ts, count * sizeof *ts);
	return count;
}

void
adit_narrow_own(const struct adit_child_config *child, const struct adit_path *path,
		struct adit_selectors *own)
{
	memset(own, 0, sizeof *own);
	own->local_n =
		own_side(own->local, child->local_ts, child->local_ts_count, &path->local.ip);
	own->remote_n =
		own_side(own->remote, child->remote_ts, child->remote_ts_count, &path->remote.ip);
}

/* One side of an agreement: what is found so far, as we see it and as the peer names it. */
struct side {
	struct adit_ts *sel, *reply;
	uint8_t n;
};

static void
add(struct side *side, const struct adit_ts *sel, const struct adit_ts *reply)
{
	for (unsigned i = 0; i < side->n; i++)
		if (adit_narrow_within(sel, &side->sel[i]))
			return;
	if (side->n == ADIT_TS_MAX)
		return;
	side->sel[side->n] = *sel;
	side->reply[side->n] = *reply;
	side->n++;
}

static void
set_host(struct adit_ts *ts, const uint8_t *addr)
{
	memmove(ts->first, addr, sizeof ts->first);
	memcpy(ts->last, ts->first, sizeof ts->last);
}

/* The address that the peer names for an end is what a NAT may have changed; only one address can
 * stand for the one that we see. */
static bool
see_through_nat(struct adit_ts *ts, const struct adit_ip *seen)
{
	if (ts->version != seen->version || memcmp(ts->first, ts->last, sizeof ts->first) != 0)
		return false;
	set_host(ts, seen->b);
	return true;
}

static enum adit_status
common(struct side *side, struct adit_span body, const struct adit_ts *own, uint8_t own_n,
       const struct adit_ip *seen)
{
	struct adit_ike_ts_list list;
	struct adit_ts named, ours, both, reply;
	enum adit_status st = adit_ike_get_ts(body, &list);

	if (st != ADIT_OK)
		return st;
	while (adit_ike_ts_next(&list, &named)) {
		ours = named;
		if (!adit_ts_valid(&named) || (seen != NULL && !see_through_nat(&ours, seen)))
			continue;
		for (unsigned i = 0; i < own_n; i++) {
			if (!adit_narrow_intersect(&ours, &own[i], &both))
				continue;
			reply = both;
			if (seen != NULL)
				set_host(&reply, named.first);
			add(side, &both, &reply);
		}
	}
	return ADIT_OK;
}

static bool
has_version(const struct side *side, uint8_t version)
{
	for (unsigned i = 0; i < side->n; i++)
		if (side->sel[i].version == version)
			return true;
	return false;
}

/* Selectors without a partner of their IP version at the other end protect nothing. */
static void
drop_lonely(struct side *side, const struct side *other)
{
	uint8_t kept = 0;

	for (unsigned i = 0; i < side->n; i++) {
		if (!has_version(other, side->sel[i].version))
			continue;
		side->sel[kept] = side->sel[i];
		side->reply[kept] = side->reply[i];
		kept++;
	}
	side->n = kept;
}

enum adit_status
adit_narrow_respond(const struct adit_selectors *own, struct adit_span tsi, struct adit_span tsr,
		    const struct adit_path *nat, struct adit_selectors *sel,
		    struct adit_selectors *reply)
{
	struct side remote = {sel->remote, reply->remote, 0};
	struct side local = {sel->local, reply->local, 0};
	enum adit_status st;

	memset(sel, 0, sizeof *sel);
	memset(reply, 0, sizeof *reply);
	st = common(&remote, tsi, own->remote, own->remote_n, nat ? &nat->remote.ip : NULL);
	if (st == ADIT_OK)
		st = common(&local, tsr, own->local, own->local_n, nat ? &nat->local.ip : NULL);
	if (st != ADIT_OK)
		return st;
	drop_lonely(&remote, &local);
	drop_lonely(&local, &remote);
	sel->remote_n = reply->remote_n = remote.n;
	sel->local_n = reply->local_n = local.n;
	return remote.n != 0 ? ADIT_OK : ADIT_ERR_TS; /* none has one alone now */
}

static bool
was_offered(const struct adit_ts *ts, const struct adit_ts *offered, uint8_t offered_n)
{
	for (unsigned i = 0; i < offered_n; i++)
		if (adit_narrow_within(ts, &offered[i]))
			return true;
	return false;
}

static enum adit_status
take(struct side *side, struct adit_span body, const struct adit_ts *offered, uint8_t offered_n)
{
	struct adit_ike_ts_list list;
	struct adit_ts ts;
	enum adit_status st = adit_ike_get_ts(body, &list);
	unsigned count = list.left;

	if (st != ADIT_OK)
		return st;
	if (count > ADIT_TS_MAX)
		return ADIT_ERR_TS;
	while (adit_ike_ts_next(&list, &ts)) {
		if (!adit_ts_valid(&ts) || !was_offered(&ts, offered, offered_n))
			return ADIT_ERR_TS;
		side->sel[side->n++] = ts;
	}
	/* One of a type that we did not offer was passed over. */
	return side->n == count ? ADIT_OK : ADIT_ERR_TS;
}

enum adit_status
adit_narrow_verify(const struct adit_selectors *offered, struct adit_span tsi, struct adit_span tsr,
		   struct adit_selectors *sel)
{
	struct side local = {sel->local, sel->local, 0}, remote = {sel->remote, sel->remote, 0};
	enum adit_status st;

	memset(sel, 0, sizeof *sel);
	st = take(&local, tsi, offered->local, offered->local_n);
	if (st == ADIT_OK)
		st = take(&remote, tsr, offered->remote, offered->remote_n);
	if (st != ADIT_OK)
		return st;
	sel->local_n = local.n;
	sel->remote_n = remote.n;
	for (uint8_t version = 4; version <= 6; version += 2)
		if (has_version(&local, version) != has_version(&remote, version))
			return ADIT_ERR_TS;
	return ADIT_OK;
}
