/* ESP encapsulation, in bursts (RFC 4303 3.3). */
#include <string.h>

#include "base/endian.h"
#include "data/beet.h"
#include "data/crypt.h"
#include "data/esp_burst.h"
#include "data/outer.h"
#include "sa/audit.h"

/* Not a protocol: the payload is the IP packet itself. */
#define WHOLE_PACKET (-1)

/* What becomes of a packet, before anything is written. */
struct shape {
	struct adit_esp_layout l;
	const struct adit_ip_view *ip; /* of the packet as it came */
	size_t kept;                   /* bytes of it that stay in front of ESP */
	uint8_t next;
};

/* What is kept of a packet while it is sealed. */
struct job {
	size_t esp, total; /* where ESP begins; the whole packet */
	struct adit_esp_crypt c;
};

static enum adit_status
check_room(const struct adit_sa *sa, const struct adit_pkt *pkt, const struct shape *h)
{
	size_t before = h->l.data - h->kept;
	size_t behind = h->l.total - h->l.data - (h->ip->total - h->kept);

	if (pkt->off < before || pkt->cap - pkt->off < h->ip->total ||
	    pkt->cap - pkt->off - h->ip->total < behind)
		return ADIT_ERR_ROOM;
	/* IPv4 counts its header, IPv6 does not; the smaller limit is safe for both, and for the
	 * offsets kept in 16 bits. */
	if (h->l.total > UINT16_MAX)
		return ADIT_ERR_TOO_LONG;
	return adit_outer_fits(sa, h->ip, h->l.total) ? ADIT_OK : ADIT_ERR_MTU;
}

/* Short packets are made as long as the SA wants, but not too long for the path. */
static size_t
padded(const struct adit_sa *sa, size_t payload)
{
	size_t most = sa->tfc, room;

	if (!ADIT_EXTRAS || payload >= most)
		return payload;
	room = adit_esp_payload_max(sa, sa->mtu);
	most = room < most ? room : most;
	return payload > most ? payload : most;
}

/* What stays of a packet in transport mode: headers up to where ESP goes; in BEET mode, the fixed
 * header alone. */
static enum adit_status
keep_header(const struct adit_sa *sa, const uint8_t *p, struct shape *h)
{
	if (h->ip->fragment)
		return ADIT_ERR_FRAGMENT;
	if (h->ip->version != sa->outer[0] >> 4)
		return ADIT_ERR_MALFORMED;
	h->kept = h->ip->transport_at;
	h->next = p[h->ip->transport_next];
	return ADIT_EXTRAS && sa->mode == ADIT_BEET
		       ? adit_beet_check(sa, p, h->ip, &h->kept, &h->next)
		       : ADIT_OK;
}

/* All that can be refused is refused here, before anything is written. */
static enum adit_status
plan(const struct adit_sa *sa, const struct adit_pkt *pkt, struct shape *h)
{
	const uint8_t *p = adit_pkt_data(pkt);
	size_t headers = sa->outer_len;
	enum adit_status st;

	h->kept = 0;
	h->next = h->ip->version == 4 ? ADIT_NEXT_IPV4 : ADIT_NEXT_IPV6;
	if (!adit_sa_is_tunnel(sa)) {
		st = keep_header(sa, p, h);
		if (st != ADIT_OK)
			return st;
		headers = h->kept + (sa->udp_encap ? (size_t)ADIT_UDP_LEN : 0);
	}
	adit_layout_of_payload(sa, headers, padded(sa, h->ip->total - h->kept), &h->l);
	return check_room(sa, pkt, h);
}

/* A payload of its own, behind the SA's outer header in every mode. */
static enum adit_status
plan_payload(const struct adit_sa *sa, const struct adit_pkt *pkt, int next, struct shape *h)
{
	h->kept = 0;
	h->next = (uint8_t)next;
	adit_layout_of_payload(sa, sa->outer_len, pkt->len, &h->l);
	return check_room(sa, pkt, h);
}

static enum adit_status
plan_any(const struct adit_sa *sa, const struct adit_pkt *pkt, int next, struct shape *h)
{
	return next == WHOLE_PACKET ? plan(sa, pkt, h) : plan_payload(sa, pkt, next, h);
}

/* The peer uses numbers, and with them IVs, of an inbound SA's key. */
static bool
can_send(const struct adit_sa *sa)
{
	return sa->dir == ADIT_OUT && sa->protocol == ADIT_PROTO_ESP;
}

/* The shape of a packet; of a payload there is only its length. */
static enum adit_status
look_at(const struct adit_sa *sa, const struct adit_pkt *pkt, int next, struct adit_ip_view *ip)
{
	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	if (!can_send(sa))
		return ADIT_ERR_MISMATCH;
	if (next == WHOLE_PACKET)
		return adit_ip_get(adit_pkt_data(pkt), pkt->len, ip);
	memset(ip, 0, sizeof *ip);
	ip->total = pkt->len;
	return ADIT_OK;
}

/* The original header moves forward; the UDP header comes from the SA. */
static void
move_header(const struct adit_sa *sa, uint8_t *p, const uint8_t *old, const struct shape *h)
{
	uint8_t protocol = sa->udp_encap ? ADIT_PROTO_UDP : ADIT_PROTO_ESP;

	memmove(p, old, h->kept);
	if (ADIT_EXTRAS && sa->mode == ADIT_BEET)
		adit_beet_put(sa, p, protocol);
	else
		p[h->ip->transport_next] = protocol;
	if (sa->udp_encap)
		memcpy(p + h->kept, sa->outer + sa->outer_len - ADIT_UDP_LEN, ADIT_UDP_LEN);
	adit_ip_set_length(p, h->ip, h->l.total);
}

/* Padding for traffic flow confidentiality; padding 1, 2, 3, ..., its length, the next header (RFC
 * 4303 2.4, 2.7). */
static void
put_trailer(uint8_t *p, const struct shape *h)
{
	const struct adit_esp_layout *l = &h->l;
	size_t pad = l->len - l->payload - ADIT_ESP_TRAILER_LEN, own = h->ip->total - h->kept;
	uint8_t *at = p + l->data + l->payload;

	if (ADIT_EXTRAS && l->payload > own)
		memset(p + l->data + own, 0, l->payload - own);
	for (size_t i = 0; i < pad; i++)
		*at++ = (uint8_t)(i + 1);
	at[0] = (uint8_t)pad;
	at[1] = h->next;
}

/* Writes everything but the ciphertext and its ICV. */
static enum adit_status
frame(const struct adit_sa *sa, struct adit_pkt *pkt, uint64_t seq, const struct shape *h,
      struct job *j, struct adit_aead_op *op)
{
	uint8_t *old = adit_pkt_data(pkt), *p = old + h->kept - h->l.data;

	if (h->kept)
		move_header(sa, p, old, h);
	else
		adit_outer_put(sa, p, h->l.total, h->ip, old, (uint16_t)seq);
	adit_store32(p + h->l.esp, sa->spi);
	adit_store32(p + h->l.esp + 4, (uint32_t)seq);
	put_trailer(p, h);
	pkt->off = (size_t)(p - pkt->buf);
	pkt->len = h->l.total;
	j->esp = h->l.esp;
	j->total = h->l.total;
	adit_esp_crypt_op(sa, p, &h->l, seq, &j->c, op);
	if (sa->aead->implicit_iv)
		return ADIT_OK;
	return sa->aead->make_iv(sa->aead, sa->kc, seq, p + h->l.esp + ADIT_ESP_HEADER_LEN);
}

static enum adit_status
finish(const struct adit_sa *sa, struct adit_pkt *pkt, const struct job *j, enum adit_status st)
{
	if (st != ADIT_OK) {
		adit_wipe(adit_pkt_data(pkt), pkt->len);
		return ADIT_ERR_CRYPTO;
	}
	if (sa->udp_encap)
		adit_outer_finish_udp(adit_pkt_data(pkt), j->esp, j->total);
	return ADIT_OK;
}

/* What a burst is to become: next, and whose numbers it takes. */
struct order {
	struct adit_sa *own; /* the SA again, if its numbers are taken and its packets counted */
	uint64_t seq;        /* else */
	int next;
};

static enum adit_status
take_number(const struct adit_sa *sa, const struct order *o, uint64_t *seq)
{
	if (o->own)
		return adit_sa_take_seq(o->own, 1, seq);
	*seq = o->seq;
	return *seq == 0 || (!sa->esn && *seq > UINT32_MAX) ? ADIT_ERR_EXHAUSTED : ADIT_OK;
}

static enum adit_status
begin(const struct adit_sa *sa, const struct order *o, struct adit_pkt *pkt,
      const struct adit_ip_view *ip, struct job *j, struct adit_aead_op *op)
{
	struct shape h;
	uint64_t seq;
	enum adit_status st;

	h.ip = ip;
	st = plan_any(sa, pkt, o->next, &h);
	if (st == ADIT_OK)
		st = take_number(sa, o, &seq);
	if (st != ADIT_OK)
		return st;
	if (o->own)
		o->own->n.bytes += ip->total;
	st = frame(sa, pkt, seq, &h, j, op);
	return st == ADIT_OK ? ADIT_OK : finish(sa, pkt, j, st);
}

static void
count(struct adit_sa *sa, enum adit_status st)
{
	if (st == ADIT_OK)
		sa->n.packets++;
	else
		adit_sa_dropped(sa, st);
}

/* Packets whose status is OK, and whose shapes are known. */
static void
encap_some(const struct adit_sa *sa, const struct order *o, const struct adit_esp_burst *b)
{
	struct adit_aead_op ops[ADIT_BURST];
	struct job jobs[ADIT_BURST];
	struct adit_pkt *pkts = b->pkts;
	enum adit_status *st = b->st;
	size_t n = b->n, ready = 0;

	for (size_t i = 0; i < n; i++) {
		if (st[i] == ADIT_OK)
			st[i] = begin(sa, o, &pkts[i], &b->ips[i], &jobs[ready], &ops[ready]);
		if (st[i] == ADIT_OK)
			ready++;
	}
	if (ready)
		sa->aead->seal(sa->aead, sa->kc, ops, ready);
	for (size_t i = 0, k = 0; i < n; i++) {
		if (st[i] == ADIT_OK) {
			st[i] = finish(sa, &pkts[i], &jobs[k], ops[k].status);
			k++;
		}
		if (o->own)
			count(o->own, st[i]);
	}
}

void
adit_esp_encap_read(struct adit_sa *sa, const struct adit_esp_burst *b)
{
	const struct order own = {sa, 0, WHOLE_PACKET};
	enum adit_status st = can_send(sa) ? ADIT_OK : ADIT_ERR_MISMATCH;

	for (size_t i = 0; i < b->n; i++)
		b->st[i] = st;
	encap_some(sa, &own, b);
}

/* Any number of packets whose shapes are not known yet. */
static void
encap_all(const struct adit_sa *sa, const struct order *o, struct adit_esp_burst b, size_t n)
{
	struct adit_ip_view ips[ADIT_BURST];

	b.ips = ips;
	for (; n > 0; n -= b.n, b.pkts += b.n, b.st += b.n) {
		b.n = n < ADIT_BURST ? n : ADIT_BURST;
		for (size_t i = 0; i < b.n; i++)
			b.st[i] = look_at(sa, &b.pkts[i], o->next, &ips[i]);
		encap_some(sa, o, &b);
	}
}

static void
encap_own(struct adit_sa *sa, int next, struct adit_pkt *pkts, enum adit_status *st, size_t n)
{
	const struct adit_esp_burst b = {pkts, NULL, NULL, st, 0};
	const struct order own = {sa, 0, next};

	encap_all(sa, &own, b, n);
}

void
adit_esp_encap_burst(struct adit_sa *sa, struct adit_pkt *pkts, enum adit_status *st, size_t n)
{
	encap_own(sa, WHOLE_PACKET, pkts, st, n);
}

enum adit_status
adit_esp_encap(struct adit_sa *sa, struct adit_pkt *pkt)
{
	enum adit_status st;

	encap_own(sa, WHOLE_PACKET, pkt, &st, 1);
	return st;
}

enum adit_status
adit_esp_encap_at(const struct adit_sa *sa, uint64_t seq, struct adit_pkt *pkt)
{
	enum adit_status st;
	const struct adit_esp_burst b = {pkt, NULL, NULL, &st, 0};
	const struct order given = {NULL, seq, WHOLE_PACKET};

	encap_all(sa, &given, b, 1);
	return st;
}

void
adit_esp_encap_payload_burst(struct adit_sa *sa, uint8_t next_header, struct adit_pkt *pkts,
			     enum adit_status *st, size_t n)
{
	encap_own(sa, next_header, pkts, st, n);
}

enum adit_status
adit_esp_dummy(struct adit_sa *sa, struct adit_pkt *pkt)
{
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	memset(adit_pkt_data(pkt), 0, pkt->len);
	encap_own(sa, ADIT_NEXT_NONE, pkt, &st, 1);
	return st;
}
