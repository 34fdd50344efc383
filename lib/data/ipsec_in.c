/* Inbound processing (RFC 4301 5.2): from a packet to a verdict. */
#include <string.h>

#include "base/endian.h"
#include "data/esp_burst.h"
#include "data/ipsec.h"
#include "data/outer.h"
#include "sa/flow.h"
#include "wire/ip.h"

/* Packets that are worked on together, and what is known of each: of one that is to be opened, its
 * SA. */
struct burst {
	struct adit_ipsec *ipsec;
	struct adit_pkt *pkts;
	struct adit_verdict *v;
	struct adit_ip_view ips[ADIT_BURST];
	struct adit_sa *sas[ADIT_BURST];
};

/* What is known of a packet before its SA is. */
struct arrival {
	const struct adit_ip_view *ip;
	uint8_t protocol; /* ESP or AH; zero: neither, or in clear */
	uint32_t spi;
};

/* The protocol and SPI of an IPsec packet; ESP may stand in UDP. */
static void
read_spi(const uint8_t *p, struct arrival *a)
{
	size_t at = a->ip->upper_at, spi = 0;

	a->protocol = 0;
	a->spi = 0;
	if (a->ip->upper == ADIT_PROTO_UDP)
		spi = ADIT_UDP_LEN;
	else if (a->ip->upper == ADIT_PROTO_AH)
		spi = 4;
	else if (a->ip->upper != ADIT_PROTO_ESP)
		return;
	if (!a->ip->first || a->ip->total < at + spi + 4)
		return;
	a->protocol = a->ip->upper == ADIT_PROTO_AH ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
	a->spi = adit_load32(p + at + spi);
}

/* In UDP, only what comes to the address and port of its SA is ESP: the rest is other people's
 * traffic. An SA without encapsulation knows no port, and takes any; one with it takes ESP without
 * UDP as well (RFC 7296 2.23). */
static bool
is_for(const struct adit_sa *sa, const uint8_t *p, const struct arrival *a)
{
	if (sa->protocol != a->protocol)
		return false;
	if (a->ip->upper != ADIT_PROTO_UDP)
		return true;
	return adit_outer_is_to(sa, p, a->ip->version) &&
	       (!sa->udp_encap || adit_outer_is_to_port(sa, p + a->ip->upper_at));
}

static struct adit_sa *
match(const struct adit_ipsec *ipsec, const uint8_t *p, const struct arrival *a,
      struct adit_sa_id *id)
{
	struct adit_sad_key key;

	key.spi = a->spi;
	key.protocol = a->protocol;
	key.local = adit_ip_destination(p, a->ip->version);
	key.remote = adit_ip_source(p, a->ip->version);
	return adit_sad_match(ipsec->sad, &key, id);
}

/* The SPI alone may tell of an SA that others come before, or of one of the other protocol. */
static bool
needs_match(const struct adit_ipsec *ipsec, const struct adit_sa *sa, const struct arrival *a)
{
	return adit_sad_has_addresses(ipsec->sad) || (sa && sa->protocol != a->protocol);
}

/* Clear text is held against the policies: what should have been protected does not come in. */
static void
decide_clear(struct adit_ipsec *ipsec, const struct adit_pkt *pkt, struct adit_verdict *v)
{
	const struct adit_span span = {adit_pkt_data(pkt), pkt->len};
	const struct adit_policy *policy;
	enum adit_status st = adit_flow_read(&v->flow, ADIT_IN, span.p, span.n);

	if (st == ADIT_OK && ipsec->fragtrack_in)
		st = adit_fragtrack_flow(ipsec->fragtrack_in, ipsec->now, &v->flow, span);
	if (st != ADIT_OK) {
		adit_verdict_discard(v, st);
		return;
	}
	v->policy = adit_spd_find(ipsec->spd, ADIT_IN, &v->flow);
	policy = adit_ipsec_policy(ipsec, v->policy);
	if (!policy || policy->action != ADIT_BYPASS) {
		adit_verdict_discard(v, ADIT_ERR_POLICY);
		return;
	}
	v->kind = ADIT_VERDICT_BYPASS;
	if (ipsec->fragtrack_in)
		adit_fragtrack_learn(ipsec->fragtrack_in, ipsec->now, &v->flow, span);
}

static void
decide_without_sa(struct adit_ipsec *ipsec, const struct adit_pkt *pkt, const struct arrival *a,
		  struct adit_verdict *v)
{
	if (a->ip->upper == ADIT_PROTO_ESP || a->ip->upper == ADIT_PROTO_AH)
		adit_verdict_discard(v, a->ip->fragment ? ADIT_ERR_FRAGMENT : ADIT_ERR_NO_SA);
	else if (a->ip->fragment && ipsec->fragtrack_in)
		v->status = ADIT_ERR_PENDING;
	else
		decide_clear(ipsec, pkt, v);
}

/* Whether the packet came through the SA that its own SA stands in, if it stands in one. */
static bool
came_through(const struct adit_ipsec *ipsec, struct adit_sa_id id, struct adit_sa_id through)
{
	struct adit_sa_id outer;
	struct adit_sa *sa;

	if (!adit_sad_outer(ipsec->sad, id, &outer, &sa))
		return through.generation == 0;
	return sa && outer.slot == through.slot && outer.generation == through.generation;
}

/* An SA may open the packet if its life isn't over and the packet came as the SA's bundle says. */
static struct adit_sa *
admit(const struct adit_ipsec *ipsec, struct adit_sa *sa, struct adit_verdict *v)
{
	const struct adit_sa_id none = {0, 0};

	if (adit_ipsec_refuses(ipsec, sa, v))
		return NULL;
	if (!came_through(ipsec, v->sa, none)) {
		adit_verdict_discard(v, ADIT_ERR_POLICY);
		return NULL;
	}
	return sa;
}

/* The packet's SPI, or 0; a verdict on what is no packet. */
static uint32_t
read_arrival(const struct adit_pkt *pkt, struct adit_ip_view *ip, struct arrival *a,
	     struct adit_verdict *v)
{
	enum adit_status st = ADIT_ERR_ARG;

	memset(v, 0, sizeof *v);
	v->policy = ADIT_POLICY_NONE;
	if (adit_pkt_is_sound(pkt))
		st = adit_ip_get(adit_pkt_data(pkt), pkt->len, ip);
	if (st != ADIT_OK) {
		adit_verdict_discard(v, st);
		return 0;
	}
	a->ip = ip;
	read_spi(adit_pkt_data(pkt), a);
	return a->spi;
}

/* The SA that packet i may go through, if there is one; else a verdict. */
static struct adit_sa *
decide(const struct burst *b, size_t i, const struct arrival *a, struct adit_sa_id id)
{
	const uint8_t *p = adit_pkt_data(&b->pkts[i]);
	struct adit_sa *sa = b->sas[i];

	if (a->spi && needs_match(b->ipsec, sa, a))
		sa = match(b->ipsec, p, a, &id);
	if (!sa || !is_for(sa, p, a)) {
		decide_without_sa(b->ipsec, &b->pkts[i], a, &b->v[i]);
		return NULL;
	}
	b->v[i].sa = id;
	return admit(b->ipsec, sa, &b->v[i]);
}

/* All packets are read, then all SAs looked up together, then each decided. */
static void
decide_some(struct burst *b, size_t n)
{
	struct arrival a[ADIT_BURST];
	struct adit_sa_id ids[ADIT_BURST];
	uint32_t spis[ADIT_BURST];

	for (size_t i = 0; i < n; i++)
		spis[i] = read_arrival(&b->pkts[i], &b->ips[i], &a[i], &b->v[i]);
	adit_sad_find_burst(b->ipsec->sad, spis, b->sas, ids, n);
	for (size_t i = 0; i < n; i++)
		b->sas[i] = b->v[i].status == ADIT_OK ? decide(b, i, &a[i], ids[i]) : NULL;
}

/* A later fragment has no ports of its own, but its first one may have had (RFC 4301 7.3). */
static enum adit_status
recheck_fragment(struct adit_ipsec *ipsec, const struct adit_sa *sa, const struct adit_pkt *pkt)
{
	const struct adit_span span = {adit_pkt_data(pkt), pkt->len};
	struct adit_flow flow;
	enum adit_status st = adit_flow_read(&flow, ADIT_IN, span.p, span.n);

	if (st == ADIT_OK)
		st = adit_fragtrack_flow(ipsec->fragtrack_in, ipsec->now, &flow, span);
	if (st != ADIT_OK)
		return st;
	return adit_selectors_match(sa->selectors, &flow) ? ADIT_OK : ADIT_ERR_SELECTOR;
}

static enum adit_status
check_fragment(struct adit_ipsec *ipsec, const struct adit_sa *sa, const struct adit_pkt *pkt,
	       enum adit_status st)
{
	const struct adit_span span = {adit_pkt_data(pkt), pkt->len};
	struct adit_ip_view ip;
	struct adit_flow flow;

	if (!ipsec->fragtrack_in || (st != ADIT_OK && st != ADIT_ERR_SELECTOR) || !sa->selectors)
		return st;
	if (adit_ip_get(span.p, span.n, &ip) != ADIT_OK || !ip.fragment)
		return st;
	if (!ip.first)
		return recheck_fragment(ipsec, sa, pkt);
	if (st == ADIT_OK && adit_flow_read(&flow, ADIT_IN, span.p, span.n) == ADIT_OK) {
		st = adit_fragtrack_flow(ipsec->fragtrack_in, ipsec->now, &flow, span);
		if (st == ADIT_OK)
			adit_fragtrack_learn(ipsec->fragtrack_in, ipsec->now, &flow, span);
	}
	return st;
}

static void
conclude(struct adit_ipsec *ipsec, const struct adit_sa *sa, const struct adit_pkt *pkt,
	 const struct adit_esp_rx *rx, enum adit_status st, struct adit_verdict *v)
{
	bool aggfrag =
		st == ADIT_OK && sa->mode == ADIT_IPTFS && rx->next_header == ADIT_NEXT_AGGFRAG;

	if (!aggfrag)
		st = check_fragment(ipsec, sa, pkt, st);
	if (st != ADIT_OK) {
		adit_verdict_discard(v, st);
		return;
	}
	v->kind = aggfrag ? ADIT_VERDICT_AGGFRAG : ADIT_VERDICT_DELIVER;
	v->seq = rx->seq;
	v->policy = ipsec->sad->mem.entries[v->sa.slot].note.policy;
}

/* n packets from i on, all of one SA. */
static void
decap_run(struct burst *b, size_t i, size_t n)
{
	enum adit_status st[ADIT_BURST];
	struct adit_esp_rx rx[ADIT_BURST];
	const struct adit_esp_burst esp = {b->pkts + i, b->ips + i, rx, st, n};
	struct adit_sa *sa = b->sas[i];

	if (sa->protocol == ADIT_PROTO_AH)
		adit_ah_decap_burst(sa, b->pkts + i, rx, st, n);
	else
		adit_esp_decap_read(sa, &esp);
	for (size_t k = 0; k < n; k++) {
		struct adit_verdict *v = &b->v[i + k];

		conclude(b->ipsec, sa, &b->pkts[i + k], &rx[k], st[k], v);
		/* The SA counted what it saw; of fragments more is known here. */
		if (v->status != st[k])
			adit_sa_recount(sa, st[k], v->status, b->pkts[i + k].len);
	}
}

/* The SA that stands in the one that packet i just came through, if the packet is its. */
static struct adit_sa *
next_inside(struct burst *b, size_t i, struct adit_sa_id *id)
{
	const struct adit_pkt *pkt = &b->pkts[i];
	const uint8_t *p = adit_pkt_data(pkt);
	struct arrival a;
	struct adit_sa *sa;

	if (adit_ip_get(p, pkt->len, &b->ips[i]) != ADIT_OK || b->ips[i].upper == ADIT_PROTO_UDP)
		return NULL;
	a.ip = &b->ips[i];
	read_spi(p, &a);
	sa = a.spi ? match(b->ipsec, p, &a, id) : NULL;
	return sa && is_for(sa, p, &a) && came_through(b->ipsec, *id, b->v[i].sa) ? sa : NULL;
}

/* On through the SAs inside of the one that was taken off: each step takes one off, and what is in
 * no bundle is delivered as it is, so that nesting costs no more than the bundles here. */
static void
decap_inside(struct burst *b, size_t i)
{
	struct adit_verdict *v = &b->v[i];

	for (size_t n = 0; n < ADIT_NEST_MAX && v->kind == ADIT_VERDICT_DELIVER; n++) {
		struct adit_sa_id id;

		b->sas[i] = next_inside(b, i, &id);
		if (!b->sas[i])
			return;
		v->sa = id;
		if (!adit_ipsec_refuses(b->ipsec, b->sas[i], v))
			decap_run(b, i, 1);
	}
}

/* Fragments in clear wait for what the packets before them taught. */
static void
decide_pending(struct adit_ipsec *ipsec, const struct adit_pkt *pkts, struct adit_verdict *v,
	       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].status == ADIT_ERR_PENDING) {
			v[i].status = ADIT_OK;
			decide_clear(ipsec, &pkts[i], &v[i]);
		}
}

/* n packets from i on, all of one SA or of none. Only where bundles are may there be an SA inside.
 */
static void
in_run(struct burst *b, size_t i, size_t n)
{
	if (!b->sas[i]) {
		decide_pending(b->ipsec, b->pkts + i, b->v + i, n);
		return;
	}
	decap_run(b, i, n);
	if (!adit_sad_has_bundles(b->ipsec->sad))
		return;
	for (size_t end = i + n; i < end; i++)
		decap_inside(b, i);
}

static void
in_some(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *v, size_t n)
{
	struct burst b;

	b.ipsec = ipsec;
	b.pkts = pkts;
	b.v = v;
	decide_some(&b, n);
	for (size_t i = 0, run; i < n; i += run) {
		run = adit_ipsec_run(b.sas + i, n - i);
		in_run(&b, i, run);
	}
	for (size_t i = 0; i < n; i++)
		ipsec->in[v[i].status]++;
}

void
adit_ipsec_in(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
	      size_t n)
{
	for (size_t i = 0; i < n; i += ADIT_BURST)
		in_some(ipsec, pkts + i, verdicts + i, n - i < ADIT_BURST ? n - i : ADIT_BURST);
}

void
adit_ipsec_inner(struct adit_ipsec *ipsec, struct adit_sa_id id, const struct adit_pkt *pkt,
		 struct adit_verdict *v)
{
	struct adit_sa *sa = adit_sad_get(ipsec->sad, id);
	struct adit_esp_rx rx = {0, ADIT_NEXT_IPV4};
	enum adit_status st;

	memset(v, 0, sizeof *v);
	v->policy = ADIT_POLICY_NONE;
	v->sa = id;
	if (!sa) {
		adit_verdict_discard(v, ADIT_ERR_STALE);
	} else {
		st = ADIT_ERR_ARG;
		if (adit_pkt_is_sound(pkt))
			st = adit_flow_read(&v->flow, ADIT_IN, adit_pkt_data(pkt), pkt->len);
		if (st == ADIT_OK && sa->selectors &&
		    !adit_selectors_match(sa->selectors, &v->flow))
			st = ADIT_ERR_SELECTOR;
		conclude(ipsec, sa, pkt, &rx, st, v);
		if (v->status != ADIT_OK)
			adit_sa_dropped(sa, v->status);
	}
	ipsec->in[v->status]++;
}
