/* ESP decapsulation, in bursts (RFC 4303 3.4): nothing is committed before authentication, nothing
 * delivered before the selectors. */
#include <string.h>

#include "base/endian.h"
#include "data/crypt.h"
#include "data/esp_burst.h"
#include "data/outer.h"
#include "data/unwrap.h"
#include "sa/audit.h"

struct job {
	struct adit_esp_layout l;
	const struct adit_ip_view *outer;
	struct adit_esp_crypt c;
	uint64_t seq;
};

static bool
is_in_udp(const struct job *j)
{
	return j->outer->upper == ADIT_PROTO_UDP;
}

/* The local address and, in UDP, the local port of an encapsulating SA must be the SA's. The peer's
 * may change behind a NAT, and authentication tells who it is. */
static bool
is_ours(const struct adit_sa *sa, const uint8_t *p, const struct job *j)
{
	return adit_outer_is_to(sa, p, j->outer->version) &&
	       (!sa->udp_encap || !is_in_udp(j) ||
		adit_outer_is_to_port(sa, p + j->outer->upper_at));
}

/* Where ESP begins behind the outer headers. */
static enum adit_status
find_esp(const struct adit_sa *sa, const uint8_t *p, struct job *j, size_t *esp)
{
	size_t udp = is_in_udp(j) ? ADIT_UDP_LEN : 0;

	if (j->outer->fragment)
		return ADIT_ERR_FRAGMENT;
	/* UDP or not is each end's own choice (RFC 7296 2.23). */
	if (!udp && j->outer->upper != ADIT_PROTO_ESP)
		return ADIT_ERR_MISMATCH;
	if (j->outer->total - j->outer->upper_at < udp + ADIT_ESP_HEADER_LEN)
		return ADIT_ERR_SHORT;
	*esp = j->outer->upper_at + udp;
	if (adit_load32(p + *esp) != sa->spi || !is_ours(sa, p, j))
		return ADIT_ERR_MISMATCH;
	return ADIT_OK;
}

/* Whether the SA may open anything; only an inbound one has a window. */
static enum adit_status
can_receive(const struct adit_sa *sa)
{
	if (sa->dir != ADIT_IN || sa->protocol != ADIT_PROTO_ESP)
		return ADIT_ERR_MISMATCH;
	return ADIT_EXTRAS && sa->bounded && adit_sa_is_full(sa) ? ADIT_ERR_EXHAUSTED : ADIT_OK;
}

/* The shape of a packet. */
static enum adit_status
look_at(const struct adit_sa *sa, const struct adit_pkt *pkt, struct adit_ip_view *ip)
{
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	st = can_receive(sa);
	return st == ADIT_OK ? adit_ip_get(adit_pkt_data(pkt), pkt->len, ip) : st;
}

static enum adit_status
plan(const struct adit_sa *sa, const struct adit_pkt *pkt, struct job *j)
{
	const uint8_t *p = adit_pkt_data(pkt);
	size_t esp;
	enum adit_status st = find_esp(sa, p, j, &esp);

	if (st == ADIT_OK)
		st = adit_layout_of_packet(sa, esp, j->outer->total, &j->l);
	if (st == ADIT_OK)
		j->seq = adit_replay_expand(&sa->window, adit_load32(p + esp + 4));
	return st;
}

/* The padding of an authentic packet: 1, 2, 3, ... (RFC 4303 2.4). */
static enum adit_status
strip_trailer(const uint8_t *p, struct adit_esp_layout *l, uint8_t *next)
{
	const uint8_t *data = p + l->data;
	size_t pad = data[l->len - 2];
	uint8_t wrong = 0;

	*next = data[l->len - 1];
	if (pad + ADIT_ESP_TRAILER_LEN > l->len)
		return ADIT_ERR_PADDING;
	l->payload = l->len - ADIT_ESP_TRAILER_LEN - pad;
	for (size_t i = 0; i < pad; i++)
		wrong = (uint8_t)(wrong | (data[l->payload + i] ^ (uint8_t)(i + 1)));
	return wrong ? ADIT_ERR_PADDING : ADIT_OK;
}

/* From authentic plaintext to a packet that may be delivered. */
static enum adit_status
unwrap(const struct adit_sa *sa, struct adit_pkt *pkt, struct job *j, struct adit_esp_rx *rx)
{
	struct adit_unwrap u;
	enum adit_status st = strip_trailer(adit_pkt_data(pkt), &j->l, &u.next);

	rx->seq = j->seq;
	rx->next_header = u.next;
	if (st != ADIT_OK)
		return st;
	u.outer = j->outer;
	u.at = j->l.data;
	u.n = j->l.payload;
	return adit_unwrap(sa, pkt, &u);
}

enum adit_status
adit_esp_decap_at(const struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	struct adit_ip_view ip;
	struct adit_aead_op op;
	struct job j;
	enum adit_status st = look_at(sa, pkt, &ip);

	j.outer = &ip;
	if (st == ADIT_OK)
		st = plan(sa, pkt, &j);
	if (st != ADIT_OK)
		return st;
	adit_esp_crypt_op(sa, adit_pkt_data(pkt), &j.l, j.seq, &j.c, &op);
	sa->aead->open(sa->aead, sa->kc, &op, 1);
	return op.status == ADIT_OK ? unwrap(sa, pkt, &j, rx) : op.status;
}

static enum adit_status
begin(const struct adit_sa *sa, const struct adit_pkt *pkt, struct job *j, struct adit_aead_op *op)
{
	enum adit_status st = plan(sa, pkt, j);

	if (st == ADIT_OK)
		st = adit_replay_check(&sa->window, j->seq);
	if (st == ADIT_OK)
		adit_esp_crypt_op(sa, adit_pkt_data(pkt), &j->l, j->seq, &j->c, op);
	return st;
}

/* Checked once more: the same packet may stand twice in one burst, and the SA's last before it. */
static enum adit_status
finish(struct adit_sa *sa, struct adit_pkt *pkt, struct job *j, enum adit_status opened,
       struct adit_esp_rx *rx)
{
	enum adit_status st = opened;

	if (ADIT_EXTRAS && adit_sa_is_full(sa))
		return ADIT_ERR_EXHAUSTED;
	if (st == ADIT_OK)
		st = adit_replay_check(&sa->window, j->seq);
	if (st != ADIT_OK)
		return st;
	adit_replay_commit(&sa->window, j->seq);
	return unwrap(sa, pkt, j, rx);
}

/* Packets whose status is OK, and whose shapes are known. */
static void
decap_some(struct adit_sa *sa, const struct adit_esp_burst *b)
{
	struct adit_aead_op ops[ADIT_BURST];
	struct job jobs[ADIT_BURST];
	enum adit_status *st = b->st;
	size_t ready = 0;

	for (size_t i = 0; i < b->n; i++) {
		jobs[ready].outer = &b->ips[i];
		if (st[i] == ADIT_OK)
			st[i] = begin(sa, &b->pkts[i], &jobs[ready], &ops[ready]);
		if (st[i] == ADIT_OK)
			ready++;
	}
	if (ready)
		sa->aead->open(sa->aead, sa->kc, ops, ready);
	for (size_t i = 0, k = 0; i < b->n; i++) {
		if (st[i] == ADIT_OK) {
			st[i] = finish(sa, &b->pkts[i], &jobs[k], ops[k].status, &b->rx[i]);
			k++;
		}
		if (st[i] == ADIT_OK) {
			sa->n.packets++;
			sa->n.bytes += b->pkts[i].len;
		} else {
			adit_sa_dropped(sa, st[i]);
		}
	}
}

void
adit_esp_decap_read(struct adit_sa *sa, const struct adit_esp_burst *b)
{
	enum adit_status st = can_receive(sa);

	for (size_t i = 0; i < b->n; i++)
		b->st[i] = st;
	decap_some(sa, b);
}

void
adit_esp_decap_burst(struct adit_sa *sa, struct adit_pkt *pkts, struct adit_esp_rx *rx,
		     enum adit_status *st, size_t n)
{
	struct adit_ip_view ips[ADIT_BURST];
	struct adit_esp_burst b = {pkts, ips, rx, st, 0};

	for (; n > 0; n -= b.n, b.pkts += b.n, b.rx += b.n, b.st += b.n) {
		b.n = n < ADIT_BURST ? n : ADIT_BURST;
		for (size_t i = 0; i < b.n; i++)
			b.st[i] = look_at(sa, &b.pkts[i], &ips[i]);
		decap_some(sa, &b);
	}
}

enum adit_status
adit_esp_decap(struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	enum adit_status st;

	adit_esp_decap_burst(sa, pkt, rx, &st, 1);
	return st;
}
