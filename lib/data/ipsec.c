/* Outbound and inbound processing (RFC 4301 5): from a packet to a verdict. */
#include <string.h>

#include "adit/ipsec.h"
#include "base/endian.h"
#include "sa/spd.h"
#include "wire/ip.h"

void
adit_ipsec_init(struct adit_ipsec *ipsec, struct adit_sad *sad, struct adit_spd *spd)
{
	memset(ipsec, 0, sizeof *ipsec);
	ipsec->sad = sad;
	ipsec->spd = spd;
}

static void
discard(struct adit_verdict *v, enum adit_status why)
{
	v->kind = ADIT_VERDICT_DISCARD;
	v->status = why;
}

static const struct adit_policy *
policy_of(const struct adit_ipsec *ipsec, uint32_t index)
{
	return index == ADIT_POLICY_NONE ? NULL : &ipsec->spd->mem.policies[index];
}

/* What the policies say of an outbound packet; the SA of a packet that is to be protected. */
static struct adit_sa *
decide_out(struct adit_ipsec *ipsec, const struct adit_pkt *pkt, struct adit_verdict *v)
{
	const struct adit_policy *policy;
	struct adit_sa *sa = NULL;
	enum adit_status st;

	memset(v, 0, sizeof *v);
	v->policy = ADIT_POLICY_NONE;
	st = adit_flow_read(&v->flow, ADIT_OUT, adit_pkt_data(pkt), pkt->len);
	if (st != ADIT_OK) {
		discard(v, st);
		return NULL;
	}
	v->policy = adit_spd_lookup(ipsec->spd, ipsec->sad, &v->flow, &v->sa, &sa);
	policy = policy_of(ipsec, v->policy);
	if (!policy || policy->action == ADIT_DISCARD)
		discard(v, ADIT_ERR_POLICY);
	else if (policy->action == ADIT_BYPASS)
		v->kind = ADIT_VERDICT_BYPASS;
	else if (sa)
		v->kind = ADIT_VERDICT_SEND;
	else {
		v->kind = ADIT_VERDICT_NEED_SA;
		v->status = ADIT_ERR_NO_SA;
	}
	return sa;
}

static void
encap_run(struct adit_sa *sa, struct adit_pkt *pkts, struct adit_verdict *v, size_t n)
{
	enum adit_status st[ADIT_BURST];

	adit_esp_encap_burst(sa, pkts, st, n);
	for (size_t i = 0; i < n; i++)
		if (st[i] != ADIT_OK)
			discard(&v[i], st[i]);
}

/* Neighbours of one SA go to its cipher together. */
static size_t
run_length(struct adit_sa *const *sas, size_t n)
{
	size_t i = 1;

	while (i < n && sas[i] == sas[0])
		i++;
	return i;
}

static void
out_some(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *v, size_t n)
{
	struct adit_sa *sas[ADIT_BURST];

	for (size_t i = 0; i < n; i++)
		sas[i] = decide_out(ipsec, &pkts[i], &v[i]);
	for (size_t i = 0, run; i < n; i += run) {
		run = run_length(sas + i, n - i);
		if (sas[i])
			encap_run(sas[i], pkts + i, v + i, run);
	}
	for (size_t i = 0; i < n; i++)
		ipsec->out[v[i].status]++;
}

void
adit_ipsec_out(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
	       size_t n)
{
	for (size_t i = 0; i < n; i += ADIT_BURST)
		out_some(ipsec, pkts + i, verdicts + i, n - i < ADIT_BURST ? n - i : ADIT_BURST);
}

/* The SPI of an ESP packet, bare or in UDP; false: it is something else. */
static bool
spi_of(const uint8_t *p, const struct adit_ip_view *ip, uint32_t *spi)
{
	size_t at = ip->upper_at;

	if (ip->upper == ADIT_PROTO_UDP)
		at += ADIT_UDP_LEN;
	else if (ip->upper != ADIT_PROTO_ESP)
		return false;
	if (!ip->first || ip->total < at + 4)
		return false;
	*spi = adit_load32(p + at);
	return true;
}

/* In UDP, only what comes to the address and port of its SA is ESP: the rest is other people's
 * traffic. An SA without encapsulation knows no port, and takes any (RFC 7296 2.23). */
static bool
is_for(const struct adit_sa *sa, const uint8_t *p, const struct adit_ip_view *ip)
{
	const struct adit_path path = adit_sa_path(sa);
	const struct adit_ip to = adit_ip_destination(p, ip->version);

	if (ip->upper == ADIT_PROTO_ESP)
		return !sa->udp_encap;
	return adit_ip_equal(&to, &path.local.ip) &&
	       (!sa->udp_encap || adit_load16(p + ip->upper_at + 2) == path.local.port);
}

static struct adit_sa *
find_in(struct adit_ipsec *ipsec, const uint8_t *p, const struct adit_ip_view *ip,
	struct adit_sa_id *id)
{
	struct adit_sa *sa;
	uint32_t spi;

	if (!spi_of(p, ip, &spi))
		return NULL;
	sa = adit_sad_find(ipsec->sad, spi, id);
	if (!sa || !is_for(sa, p, ip))
		return NULL;
	return sa;
}

/* Clear text is held against the policies: what should have been protected does not come in. */
static void
decide_clear(struct adit_ipsec *ipsec, const struct adit_pkt *pkt, struct adit_verdict *v)
{
	const struct adit_policy *policy;
	enum adit_status st = adit_flow_read(&v->flow, ADIT_IN, adit_pkt_data(pkt), pkt->len);

	if (st != ADIT_OK) {
		discard(v, st);
		return;
	}
	v->policy = adit_spd_find(ipsec->spd, &v->flow);
	policy = policy_of(ipsec, v->policy);
	if (policy && policy->action == ADIT_BYPASS)
		v->kind = ADIT_VERDICT_BYPASS;
	else
		discard(v, ADIT_ERR_POLICY);
}

static struct adit_sa *
decide_in(struct adit_ipsec *ipsec, const struct adit_pkt *pkt, struct adit_verdict *v)
{
	struct adit_ip_view ip;
	struct adit_sa *sa;
	enum adit_status st = adit_ip_get(adit_pkt_data(pkt), pkt->len, &ip);

	memset(v, 0, sizeof *v);
	v->policy = ADIT_POLICY_NONE;
	if (st != ADIT_OK) {
		discard(v, st);
		return NULL;
	}
	sa = find_in(ipsec, adit_pkt_data(pkt), &ip, &v->sa);
	if (sa)
		return sa;
	memset(&v->sa, 0, sizeof v->sa);
	if (ip.upper == ADIT_PROTO_ESP)
		discard(v, ip.fragment ? ADIT_ERR_FRAGMENT : ADIT_ERR_NO_SA);
	else
		decide_clear(ipsec, pkt, v);
	return NULL;
}

static void
decap_run(struct adit_ipsec *ipsec, struct adit_sa *sa, struct adit_pkt *pkts,
	  struct adit_verdict *v, size_t n)
{
	enum adit_status st[ADIT_BURST];
	struct adit_esp_rx rx[ADIT_BURST];

	adit_esp_decap_burst(sa, pkts, rx, st, n);
	for (size_t i = 0; i < n; i++) {
		if (st[i] != ADIT_OK) {
			discard(&v[i], st[i]);
			continue;
		}
		v[i].kind = ADIT_VERDICT_DELIVER;
		v[i].policy = ipsec->sad->mem.entries[v[i].sa.slot].note.policy;
	}
}

static void
in_some(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *v, size_t n)
{
	struct adit_sa *sas[ADIT_BURST];

	for (size_t i = 0; i < n; i++)
		sas[i] = decide_in(ipsec, &pkts[i], &v[i]);
	for (size_t i = 0, run; i < n; i += run) {
		run = run_length(sas + i, n - i);
		if (sas[i])
			decap_run(ipsec, sas[i], pkts + i, v + i, run);
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
