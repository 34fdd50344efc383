/* AH encapsulation (RFC 4302 3.1, 3.3). */
#include <string.h>

#include "base/endian.h"
#include "data/ah_mute.h"
#include "data/ah_work.h"
#include "data/outer.h"
#include "sa/audit.h"

struct job {
	struct adit_ip_view ip; /* of the packet as it came */
	size_t kept;            /* bytes of it that stay in front of AH */
	size_t ah, len, total;  /* where AH begins, its bytes, bytes of the whole packet */
	uint8_t next;
};

static bool
is_eight(const struct adit_sa *sa)
{
	return (sa->flags & ADIT_SA_ALIGN8) != 0;
}

static size_t
own_ah_len(const struct adit_sa *sa)
{
	return adit_ah_len(sa, sa->outer[0] >> 4, is_eight(sa));
}

size_t
adit_ah_headroom(const struct adit_sa *sa)
{
	return own_ah_len(sa) + (sa->mode == ADIT_TUNNEL ? sa->outer_len : 0);
}

size_t
adit_ah_payload_max(const struct adit_sa *sa, size_t mtu)
{
	size_t least = sa->mode == ADIT_TUNNEL ? 1 : adit_ip_base_len(sa->outer[0] >> 4);
	size_t added = adit_ah_headroom(sa);

	if (mtu > UINT16_MAX)
		mtu = UINT16_MAX;
	return mtu < added + least ? 0 : mtu - added;
}

static enum adit_status
check_room(const struct adit_sa *sa, const struct adit_pkt *pkt, const struct job *j)
{
	if (pkt->off < j->total - j->ip.total)
		return ADIT_ERR_ROOM;
	if (j->total > UINT16_MAX || j->ah > ADIT_AH_HEADERS_MAX)
		return ADIT_ERR_TOO_LONG;
	return adit_outer_fits(sa, &j->ip, j->total) ? ADIT_OK : ADIT_ERR_MTU;
}

/* Headers that can't be authenticated are found before anything is written. */
static enum adit_status
keep_header(const struct adit_sa *sa, const uint8_t *p, struct job *j)
{
	uint8_t muted[ADIT_AH_HEADERS_MAX];

	if (j->ip.fragment)
		return ADIT_ERR_FRAGMENT;
	if (j->ip.version != sa->outer[0] >> 4)
		return ADIT_ERR_MALFORMED;
	j->kept = j->ip.transport_at;
	j->next = p[j->ip.transport_next];
	j->ah = j->kept;
	return adit_ah_mute(p, j->kept, muted);
}

static enum adit_status
plan(const struct adit_sa *sa, const struct adit_pkt *pkt, struct job *j)
{
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	if (sa->dir != ADIT_OUT || sa->protocol != ADIT_PROTO_AH)
		return ADIT_ERR_MISMATCH;
	st = adit_ip_get(adit_pkt_data(pkt), pkt->len, &j->ip);
	if (st != ADIT_OK)
		return st;
	j->kept = 0;
	j->ah = sa->outer_len;
	j->next = j->ip.version == 4 ? ADIT_NEXT_IPV4 : ADIT_NEXT_IPV6;
	if (sa->mode == ADIT_TRANSPORT)
		st = keep_header(sa, adit_pkt_data(pkt), j);
	if (st != ADIT_OK)
		return st;
	j->len = own_ah_len(sa);
	j->total = j->ah + j->len + j->ip.total - j->kept;
	return check_room(sa, pkt, j);
}

/* Never zero, which raw sockets replace by one of their own, and AH covers it. */
static uint16_t
identification(uint64_t seq)
{
	return (uint16_t)seq ? (uint16_t)seq : 1;
}

static void
put_header(const struct adit_sa *sa, uint8_t *p, const uint8_t *old, const struct job *j,
	   uint64_t seq)
{
	if (sa->mode != ADIT_TRANSPORT) {
		adit_outer_put(sa, p, j->total, &j->ip, old, identification(seq));
		return;
	}
	memmove(p, old, j->kept);
	p[j->ip.transport_next] = ADIT_PROTO_AH;
	adit_ip_set_length(p, &j->ip, j->total);
}

static enum adit_status
protect(const struct adit_sa *sa, struct adit_pkt *pkt, const struct job *j, uint64_t seq)
{
	uint8_t *p = adit_pkt_data(pkt);
	struct adit_ah_work w;
	enum adit_status st = adit_ah_work(sa, p, j->ah, j->total, seq, &w);

	if (st == ADIT_OK && sa->aead->iv_len)
		st = sa->aead->make_iv(sa->aead, sa->kc, seq, w.iv);
	if (st == ADIT_OK) {
		sa->aead->seal(sa->aead, sa->kc, &w.op, 1);
		st = w.op.status;
	}
	if (st != ADIT_OK) {
		adit_wipe(p, pkt->len);
		return ADIT_ERR_CRYPTO;
	}
	adit_ah_put_icv(sa, p, j->ah, &w);
	return ADIT_OK;
}

static enum adit_status
wrap(const struct adit_sa *sa, struct adit_pkt *pkt, const struct job *j, uint64_t seq)
{
	uint8_t *old = adit_pkt_data(pkt), *p = old + j->ip.total - j->total, *ah = p + j->ah;

	put_header(sa, p, old, j, seq);
	memset(ah, 0, j->len);
	ah[ADIT_AH_NEXT] = j->next;
	ah[ADIT_AH_LEN] = (uint8_t)(j->len / 4 - 2);
	adit_store32(ah + ADIT_AH_SPI, sa->spi);
	adit_store32(ah + ADIT_AH_SEQ, (uint32_t)seq);
	pkt->off = (size_t)(p - pkt->buf);
	pkt->len = j->total;
	return protect(sa, pkt, j, seq);
}

enum adit_status
adit_ah_encap_at(const struct adit_sa *sa, uint64_t seq, struct adit_pkt *pkt)
{
	struct job j;
	enum adit_status st = plan(sa, pkt, &j);

	if (st != ADIT_OK)
		return st;
	if (seq == 0 || (!sa->esn && seq > UINT32_MAX))
		return ADIT_ERR_EXHAUSTED;
	return wrap(sa, pkt, &j, seq);
}

enum adit_status
adit_ah_encap(struct adit_sa *sa, struct adit_pkt *pkt)
{
	struct job j;
	uint64_t seq;
	enum adit_status st = plan(sa, pkt, &j);

	if (st == ADIT_OK)
		st = adit_sa_take_seq(sa, 1, &seq);
	if (st == ADIT_OK) {
		sa->n.bytes += j.ip.total;
		st = wrap(sa, pkt, &j, seq);
	}
	if (st == ADIT_OK)
		sa->n.packets++;
	else
		adit_sa_dropped(sa, st);
	return st;
}

void
adit_ah_encap_burst(struct adit_sa *sa, struct adit_pkt *pkts, enum adit_status *st, size_t n)
{
	for (size_t i = 0; i < n; i++)
		st[i] = adit_ah_encap(sa, &pkts[i]);
}
