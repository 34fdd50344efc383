/* ESP encapsulation, in bursts (RFC 4303 3.3). */
#include <string.h>

#include "base/endian.h"
#include "data/crypt.h"
#include "data/outer.h"

struct job {
	struct adit_esp_layout l;
	struct adit_ip_view ip; /* of the packet as it came */
	struct adit_esp_crypt c;
};

/* Bytes of the packet that stay in front of ESP: the IP header in transport mode. */
static size_t
kept(const struct adit_sa *sa, const struct job *j)
{
	return sa->mode == ADIT_TRANSPORT ? j->ip.transport_at : 0;
}

static enum adit_status
check_room(const struct adit_sa *sa, const struct adit_pkt *pkt, const struct job *j)
{
	size_t before = j->l.data - kept(sa, j);
	size_t behind = j->l.total - j->l.data - j->l.payload;

	if (pkt->off < before || pkt->cap - pkt->off < j->ip.total ||
	    pkt->cap - pkt->off - j->ip.total < behind)
		return ADIT_ERR_ROOM;
	/* IPv4 counts its header, IPv6 does not; the smaller limit is safe for both, and for the
	 * offsets kept in 16 bits. */
	return j->l.total > UINT16_MAX ? ADIT_ERR_TOO_LONG : ADIT_OK;
}

/* All that can be refused is refused here, before anything is written. */
static enum adit_status
plan(const struct adit_sa *sa, const struct adit_pkt *pkt, struct job *j)
{
	size_t headers = sa->outer_len;
	enum adit_status st;

	if (pkt->off > pkt->cap || pkt->len > pkt->cap - pkt->off)
		return ADIT_ERR_ARG;
	/* The peer uses numbers, and with them IVs, of an inbound SA's key. */
	if (sa->dir != ADIT_OUT)
		return ADIT_ERR_MISMATCH;
	st = adit_ip_get(adit_pkt_data(pkt), pkt->len, &j->ip);
	if (st != ADIT_OK)
		return st;
	if (sa->mode == ADIT_TRANSPORT) {
		if (j->ip.fragment)
			return ADIT_ERR_FRAGMENT;
		if (j->ip.version != sa->outer[0] >> 4)
			return ADIT_ERR_MALFORMED;
		headers = j->ip.transport_at + (sa->udp_encap ? (size_t)ADIT_UDP_LEN : 0);
	}
	adit_layout_of_payload(sa, headers, j->ip.total - kept(sa, j), &j->l);
	return check_room(sa, pkt, j);
}

/* Transport mode: the original header moves forward; the UDP header comes from the SA. */
static uint8_t
move_header(const struct adit_sa *sa, uint8_t *p, const uint8_t *old, const struct job *j)
{
	uint8_t next = old[j->ip.transport_next];

	memmove(p, old, j->ip.transport_at);
	p[j->ip.transport_next] = sa->udp_encap ? ADIT_PROTO_UDP : ADIT_PROTO_ESP;
	if (sa->udp_encap)
		memcpy(p + j->ip.transport_at, sa->outer + sa->outer_len - ADIT_UDP_LEN,
		       ADIT_UDP_LEN);
	adit_ip_set_length(p, &j->ip, j->l.total);
	return next;
}

/* Padding 1, 2, 3, ..., its length, the next header (RFC 4303 2.4). */
static void
put_trailer(uint8_t *p, const struct adit_esp_layout *l, uint8_t next)
{
	size_t pad = l->len - l->payload - ADIT_ESP_TRAILER_LEN;
	uint8_t *at = p + l->data + l->payload;

	for (size_t i = 0; i < pad; i++)
		*at++ = (uint8_t)(i + 1);
	at[0] = (uint8_t)pad;
	at[1] = next;
}

/* Writes everything but the ciphertext and its ICV. */
static enum adit_status
frame(const struct adit_sa *sa, struct adit_pkt *pkt, uint64_t seq, struct job *j,
      struct adit_aead_op *op)
{
	uint8_t *old = adit_pkt_data(pkt), *p = old + kept(sa, j) - j->l.data;
	uint8_t next = j->ip.version == 4 ? ADIT_NEXT_IPV4 : ADIT_NEXT_IPV6;

	if (sa->mode == ADIT_TRANSPORT)
		next = move_header(sa, p, old, j);
	else
		adit_outer_put(sa, p, j->l.total, &j->ip, (uint16_t)seq);
	adit_store32(p + j->l.esp, sa->spi);
	adit_store32(p + j->l.esp + 4, (uint32_t)seq);
	put_trailer(p, &j->l, next);
	pkt->off = (size_t)(p - pkt->buf);
	pkt->len = j->l.total;
	adit_esp_crypt_op(sa, p, &j->l, seq, &j->c, op);
	return sa->aead->make_iv(sa->aead, sa->kc, seq, p + j->l.iv);
}

static enum adit_status
finish(const struct adit_sa *sa, struct adit_pkt *pkt, const struct job *j, enum adit_status st)
{
	if (st != ADIT_OK) {
		adit_wipe(adit_pkt_data(pkt), pkt->len);
		return ADIT_ERR_CRYPTO;
	}
	adit_outer_finish_udp(sa, adit_pkt_data(pkt), j->l.headers, j->l.total);
	return ADIT_OK;
}

enum adit_status
adit_esp_encap_at(const struct adit_sa *sa, uint64_t seq, struct adit_pkt *pkt)
{
	struct adit_aead_op op;
	struct job j;
	enum adit_status st = plan(sa, pkt, &j);

	if (st != ADIT_OK)
		return st;
	if (seq == 0 || (!sa->esn && seq > UINT32_MAX))
		return ADIT_ERR_EXHAUSTED;
	st = frame(sa, pkt, seq, &j, &op);
	if (st == ADIT_OK) {
		sa->aead->seal(sa->aead, sa->kc, &op, 1);
		st = op.status;
	}
	return finish(sa, pkt, &j, st);
}

static enum adit_status
begin(struct adit_sa *sa, struct adit_pkt *pkt, struct job *j, struct adit_aead_op *op)
{
	uint64_t seq;
	enum adit_status st = plan(sa, pkt, j);

	if (st == ADIT_OK)
		st = adit_sa_take_seq(sa, 1, &seq);
	if (st != ADIT_OK)
		return st;
	sa->n.bytes += j->ip.total;
	st = frame(sa, pkt, seq, j, op);
	return st == ADIT_OK ? ADIT_OK : finish(sa, pkt, j, st);
}

static void
encap_some(struct adit_sa *sa, struct adit_pkt *pkts, enum adit_status *st, size_t n)
{
	struct adit_aead_op ops[ADIT_BURST];
	struct job jobs[ADIT_BURST];
	size_t ready = 0;

	for (size_t i = 0; i < n; i++) {
		st[i] = begin(sa, &pkts[i], &jobs[ready], &ops[ready]);
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
		if (st[i] == ADIT_OK)
			sa->n.packets++;
		else
			sa->n.drops++;
	}
}

void
adit_esp_encap_burst(struct adit_sa *sa, struct adit_pkt *pkts, enum adit_status *st, size_t n)
{
	for (size_t i = 0; i < n; i += ADIT_BURST)
		encap_some(sa, pkts + i, st + i, n - i < ADIT_BURST ? n - i : ADIT_BURST);
}

enum adit_status
adit_esp_encap(struct adit_sa *sa, struct adit_pkt *pkt)
{
	enum adit_status st;

	adit_esp_encap_burst(sa, pkt, &st, 1);
	return st;
}
