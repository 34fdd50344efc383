/* Outbound processing (RFC 4301 5.1): from a packet to a verdict. */
#include <string.h>

#include "data/esp_burst.h"
#include "data/ipsec.h"
#include "data/outer.h"
#include "sa/flow.h"
#include "sa/spd.h"
#include "wire/ip.h"

/* Packets that are worked on together, and what is known of each: of one that is to be sent, its
 * SA. */
struct burst {
	struct adit_ipsec *ipsec;
	struct adit_pkt *pkts;
	struct adit_verdict *v;
	struct adit_ip_view ips[ADIT_BURST];
	struct adit_sa *sas[ADIT_BURST];
};

static struct adit_span
span_of(const struct adit_pkt *pkt)
{
	struct adit_span span = {adit_pkt_data(pkt), pkt->len};

	return span;
}

/* The shape of packet i, and what selectors see of it. */
static enum adit_status
look_at(struct burst *b, size_t i)
{
	const struct adit_ipsec *ipsec = b->ipsec;
	const struct adit_pkt *pkt = &b->pkts[i];
	struct adit_flow *flow = &b->v[i].flow;
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	st = adit_ip_get(adit_pkt_data(pkt), pkt->len, &b->ips[i]);
	if (st != ADIT_OK)
		return st;
	adit_flow_of(flow, ADIT_OUT, adit_pkt_data(pkt), &b->ips[i]);
	if (!ipsec->fragtrack_out)
		return ADIT_OK;
	return adit_fragtrack_flow(ipsec->fragtrack_out, ipsec->now, flow, span_of(pkt));
}

/* What is to be done with a packet of a PROTECT policy. */
static void
decide_protected(const struct adit_ipsec *ipsec, struct adit_sa *sa, struct adit_verdict *v)
{
	if (!sa) {
		v->kind = ADIT_VERDICT_NEED_SA;
		v->status = ADIT_ERR_NO_SA;
	} else if (!adit_ipsec_refuses(ipsec, sa, v)) {
		v->kind = sa->mode == ADIT_IPTFS ? ADIT_VERDICT_QUEUE : ADIT_VERDICT_SEND;
	}
}

/* What is asked of the policies for packet i; false: it is discarded. */
static bool
ask_for(struct burst *b, size_t i, struct adit_spd_ask *ask)
{
	struct adit_verdict *v = &b->v[i];
	enum adit_status st;

	memset(v, 0, sizeof *v);
	v->policy = ADIT_POLICY_NONE;
	st = look_at(b, i);
	if (st != ADIT_OK) {
		adit_verdict_discard(v, st);
		return false;
	}
	ask->flow = &v->flow;
	ask->dir = ADIT_OUT;
	ask->dscp = b->ips[i].tos >> 2;
	ask->resource = b->ipsec->resource;
	return true;
}

/* What the policies say of an outbound packet; the SA of one that is to be sent through it. */
static struct adit_sa *
decide(struct adit_ipsec *ipsec, const struct adit_pkt *pkt, const struct adit_spd_answer *answer,
       struct adit_verdict *v)
{
	const struct adit_policy *policy = adit_ipsec_policy(ipsec, answer->policy);

	v->policy = answer->policy;
	v->sa = answer->id;
	if (!policy || policy->action == ADIT_DISCARD)
		adit_verdict_discard(v, ADIT_ERR_POLICY);
	else if (policy->action == ADIT_BYPASS)
		v->kind = ADIT_VERDICT_BYPASS;
	else
		decide_protected(ipsec, answer->sa, v);
	if (v->kind != ADIT_VERDICT_DISCARD && ipsec->fragtrack_out)
		adit_fragtrack_learn(ipsec->fragtrack_out, ipsec->now, &v->flow, span_of(pkt));
	return v->kind == ADIT_VERDICT_SEND ? answer->sa : NULL;
}

/* n packets from i on: all are read, then all policies looked up together, then each decided. */
static void
decide_some(struct burst *b, size_t i, size_t n)
{
	struct adit_spd_answer answers[ADIT_BURST];
	struct adit_spd_ask asks[ADIT_BURST];
	uint8_t who[ADIT_BURST];
	size_t asked = 0;

	for (size_t end = i + n; i < end; i++) {
		b->sas[i] = NULL;
		if (ask_for(b, i, &asks[asked]))
			who[asked++] = (uint8_t)i;
	}
	adit_spd_lookup_burst(b->ipsec->spd, b->ipsec->sad, asks, answers, asked);
	for (size_t k = 0; k < asked; k++) {
		i = who[k];
		b->sas[i] = decide(b->ipsec, &b->pkts[i], &answers[k], &b->v[i]);
	}
}

static size_t
payload_max(const struct adit_sa *sa, size_t mtu)
{
	return sa->protocol == ADIT_PROTO_AH ? adit_ah_payload_max(sa, mtu)
					     : adit_esp_payload_max(sa, mtu);
}

size_t
adit_ipsec_payload_max(const struct adit_ipsec *ipsec, struct adit_sa_id id)
{
	struct adit_sa_id chain[ADIT_NEST_MAX];
	struct adit_sa *sa = adit_sad_get(ipsec->sad, id);
	size_t n = 0, max = UINT16_MAX;

	while (sa && n < ADIT_NEST_MAX) {
		chain[n++] = id;
		if (!adit_sad_outer(ipsec->sad, id, &id, &sa))
			break;
	}
	/* From the outermost inwards. */
	while (n > 0) {
		sa = adit_sad_get(ipsec->sad, chain[--n]);
		if (!sa)
			return 0;
		max = payload_max(sa, max < sa->mtu ? max : sa->mtu);
	}
	return sa ? max : 0;
}

static void
say_too_big(const struct adit_ipsec *ipsec, const struct adit_pkt *pkt, struct adit_verdict *v)
{
	struct adit_ip_view ip;

	v->kind = ADIT_VERDICT_TOO_BIG;
	v->status = ADIT_ERR_MTU;
	v->mtu = (uint16_t)adit_ipsec_payload_max(ipsec, v->sa);
	v->may_cut = adit_ip_get(adit_pkt_data(pkt), pkt->len, &ip) == ADIT_OK && !ip.df;
}

/* n packets from i on, all of one SA. */
static void
encap_run(struct burst *b, size_t i, size_t n)
{
	enum adit_status st[ADIT_BURST];
	const struct adit_esp_burst esp = {b->pkts + i, b->ips + i, NULL, st, n};
	struct adit_sa *sa = b->sas[i];

	if (sa->protocol == ADIT_PROTO_AH)
		adit_ah_encap_burst(sa, b->pkts + i, st, n);
	else
		adit_esp_encap_read(sa, &esp);
	for (size_t k = 0; k < n; k++) {
		if (st[k] == ADIT_ERR_MTU)
			say_too_big(b->ipsec, &b->pkts[i + k], &b->v[i + k]);
		else if (st[k] != ADIT_OK)
			adit_verdict_discard(&b->v[i + k], st[k]);
	}
}

/* Whether packet i fits into all SAs of its bundle: must be known before the first one changes it.
 */
static bool
fits_bundle(const struct burst *b, size_t i)
{
	struct adit_sa_id id = b->v[i].sa, outer;
	struct adit_sa *sa;

	if (!adit_sad_outer(b->ipsec->sad, id, &outer, &sa) || !sa)
		return true;
	return adit_ipsec_payload_max(b->ipsec, id) >= b->ips[i].total ||
	       adit_outer_fits(sa, &b->ips[i], SIZE_MAX);
}

static void
check_bundles(struct burst *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b->sas[i] && !fits_bundle(b, i)) {
			say_too_big(b->ipsec, &b->pkts[i], &b->v[i]);
			adit_sa_dropped(b->sas[i], ADIT_ERR_MTU);
			b->sas[i] = NULL;
		}
}

/* On through the SAs around the one that made the packet. */
static void
encap_outer(const struct adit_ipsec *ipsec, struct adit_pkt *pkt, struct adit_verdict *v)
{
	struct adit_sa_id id = v->sa;
	struct adit_sa *sa;

	for (size_t i = 0; v->kind == ADIT_VERDICT_SEND; i++) {
		enum adit_status st = ADIT_ERR_NO_SA;

		if (!adit_sad_outer(ipsec->sad, id, &id, &sa))
			return;
		if (sa && adit_ipsec_refuses(ipsec, sa, v))
			return;
		if (sa && i < ADIT_NEST_MAX)
			st = sa->protocol == ADIT_PROTO_AH ? adit_ah_encap(sa, pkt)
							   : adit_esp_encap(sa, pkt);
		if (st != ADIT_OK)
			adit_verdict_discard(v, st);
	}
}

static void
out_some(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *v, size_t n)
{
	bool bundles = adit_sad_has_bundles(ipsec->sad);
	struct burst b;

	/* A later fragment of the same burst is to see what its first one taught. */
	size_t step = ipsec->fragtrack_out ? 1 : n;

	b.ipsec = ipsec;
	b.pkts = pkts;
	b.v = v;
	for (size_t i = 0; i < n; i += step)
		decide_some(&b, i, step);
	if (bundles)
		check_bundles(&b, n);
	for (size_t i = 0, run; i < n; i += run) {
		run = adit_ipsec_run(b.sas + i, n - i);
		if (b.sas[i])
			encap_run(&b, i, run);
	}
	for (size_t i = 0; i < n; i++) {
		if (bundles)
			encap_outer(ipsec, &pkts[i], &v[i]);
		ipsec->out[v[i].status]++;
	}
}

void
adit_ipsec_out(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
	       size_t n)
{
	for (size_t i = 0; i < n; i += ADIT_BURST)
		out_some(ipsec, pkts + i, verdicts + i, n - i < ADIT_BURST ? n - i : ADIT_BURST);
}
