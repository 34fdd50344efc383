/* AH decapsulation (RFC 4302 3.4): nothing is committed before authentication, nothing delivered
 * before the selectors. */
#include "base/endian.h"
#include "data/ah_work.h"
#include "data/outer.h"
#include "data/unwrap.h"
#include "sa/audit.h"

struct job {
	struct adit_ip_view outer;
	size_t ah, len;
	uint64_t seq;
};

/* The length must be what this SA's ICV makes it; over IPv4 some pad to 8 bytes and some to 4. */
static enum adit_status
find_ah(const struct adit_sa *sa, const uint8_t *p, struct job *j)
{
	size_t room = j->outer.total - j->outer.upper_at;

	j->ah = j->outer.upper_at;
	if (j->outer.fragment)
		return ADIT_ERR_FRAGMENT;
	if (j->outer.upper != ADIT_PROTO_AH)
		return ADIT_ERR_MISMATCH;
	if (room < ADIT_AH_ICV)
		return ADIT_ERR_SHORT;
	if (adit_load32(p + j->ah + ADIT_AH_SPI) != sa->spi)
		return ADIT_ERR_MISMATCH;
	j->len = ((size_t)p[j->ah + ADIT_AH_LEN] + 2) * 4;
	if (j->len != adit_ah_len(sa, j->outer.version, false) &&
	    j->len != adit_ah_len(sa, j->outer.version, true))
		return ADIT_ERR_MALFORMED;
	return room < j->len ? ADIT_ERR_SHORT : ADIT_OK;
}

static enum adit_status
plan(const struct adit_sa *sa, const struct adit_pkt *pkt, struct job *j)
{
	const uint8_t *p;
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	if (sa->dir != ADIT_IN || sa->protocol != ADIT_PROTO_AH)
		return ADIT_ERR_MISMATCH;
	if (adit_sa_is_full(sa))
		return ADIT_ERR_EXHAUSTED;
	p = adit_pkt_data(pkt);
	st = adit_ip_get(p, pkt->len, &j->outer);
	if (st == ADIT_OK)
		st = find_ah(sa, p, j);
	if (st != ADIT_OK)
		return st;
	if (!adit_outer_is_to(sa, p, j->outer.version))
		return ADIT_ERR_MISMATCH;
	j->seq = adit_replay_expand(&sa->window, adit_load32(p + j->ah + ADIT_AH_SEQ));
	return ADIT_OK;
}

/* The ICV field is zero while it is computed, and as it was afterwards. */
static enum adit_status
verify(const struct adit_sa *sa, const struct adit_pkt *pkt, const struct job *j)
{
	uint8_t *p = adit_pkt_data(pkt);
	struct adit_ah_work w;
	enum adit_status st = adit_ah_work(sa, p, j->ah, j->outer.total, j->seq, &w);

	if (st != ADIT_OK)
		return st;
	sa->aead->open(sa->aead, sa->kc, &w.op, 1);
	adit_ah_put_icv(sa, p, j->ah, &w);
	return w.op.status;
}

static enum adit_status
unwrap(const struct adit_sa *sa, struct adit_pkt *pkt, const struct job *j, struct adit_esp_rx *rx)
{
	struct adit_unwrap u;

	u.outer = &j->outer;
	u.at = j->ah + j->len;
	u.n = j->outer.total - u.at;
	u.next = adit_pkt_data(pkt)[j->ah + ADIT_AH_NEXT];
	rx->seq = j->seq;
	rx->next_header = u.next;
	return adit_unwrap(sa, pkt, &u);
}

enum adit_status
adit_ah_decap_at(const struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	struct job j;
	enum adit_status st = plan(sa, pkt, &j);

	if (st == ADIT_OK)
		st = verify(sa, pkt, &j);
	return st == ADIT_OK ? unwrap(sa, pkt, &j, rx) : st;
}

static enum adit_status
decap(struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	struct job j;
	enum adit_status st = plan(sa, pkt, &j);

	if (st == ADIT_OK)
		st = adit_replay_check(&sa->window, j.seq);
	if (st == ADIT_OK)
		st = verify(sa, pkt, &j);
	if (st != ADIT_OK)
		return st;
	adit_replay_commit(&sa->window, j.seq);
	return unwrap(sa, pkt, &j, rx);
}

enum adit_status
adit_ah_decap(struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	enum adit_status st = decap(sa, pkt, rx);

	if (st == ADIT_OK) {
		sa->n.packets++;
		sa->n.bytes += pkt->len;
	} else {
		adit_sa_dropped(sa, st);
	}
	return st;
}

void
adit_ah_decap_burst(struct adit_sa *sa, struct adit_pkt *pkts, struct adit_esp_rx *rx,
		    enum adit_status *st, size_t n)
{
	for (size_t i = 0; i < n; i++)
		st[i] = adit_ah_decap(sa, &pkts[i], &rx[i]);
}
