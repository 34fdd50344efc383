/* ESP decapsulation, in bursts (RFC 4303 3.4): nothing is committed before authentication, nothing
 * delivered before the selectors. */
#include <string.h>

#include "base/endian.h"
#include "data/crypt.h"
#include "data/esp_burst.h"
#include "data/outer.h"
#include "data/unwrap.h"
#include "sa/audit.h"

/* What is kept of a packet while it is opened. */
struct job {
	const struct adit_ip_view *outer;
	uint64_t seq;
	size_t data, len; /* what is enciphered: where, and how much */
	size_t i;         /* its place in the burst */
	struct adit_esp_crypt c;
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
look_at(const struct adit_pkt *pkt, struct adit_ip_view *ip)
{
	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	return adit_ip_get(adit_pkt_data(pkt), pkt->len, ip);
}

static enum adit_status
plan(const struct adit_sa *sa, const uint8_t *p, struct job *j, struct adit_esp_layout *l)
{
	size_t esp;
	uint32_t low;
	enum adit_status st = find_esp(sa, p, j, &esp);

	if (st == ADIT_OK)
		st = adit_layout_of_packet(sa, esp, j->outer->total, l);
	if (st != ADIT_OK)
		return st;
	low = adit_load32(p + esp + 4);
	j->seq = sa->window.esn ? adit_replay_expand(&sa->window, low) : low;
	j->data = l->data;
	j->len = l->len;
	return ADIT_OK;
}

/* The padding of an authentic packet: 1, 2, 3, ... (RFC 4303 2.4). */
static enum adit_status
strip_trailer(const uint8_t *p, const struct job *j, struct adit_unwrap *u)
{
	const uint8_t *padding, *end = p + j->data + j->len - ADIT_ESP_TRAILER_LEN;
	size_t pad = end[0];
	uint8_t wrong = 0;

	u->next = end[1];
	if (pad + ADIT_ESP_TRAILER_LEN > j->len)
		return ADIT_ERR_PADDING;
	u->n = j->len - ADIT_ESP_TRAILER_LEN - pad;
	padding = end - pad;
	for (size_t i = 0; i < pad; i++)
		wrong = (uint8_t)(wrong | (padding[i] ^ (uint8_t)(i + 1)));
	return wrong ? ADIT_ERR_PADDING : ADIT_OK;
}

/* From authentic plaintext to a packet that may be delivered. */
static enum adit_status
unwrap(const struct adit_sa *sa, struct adit_pkt *pkt, const struct job *j, struct adit_esp_rx *rx)
{
	struct adit_unwrap u;
	enum adit_status st;

	u.outer = j->outer;
	u.at = j->data;
	st = strip_trailer(adit_pkt_data(pkt), j, &u);
	rx->seq = j->seq;
	rx->next_header = u.next;
	return st == ADIT_OK ? adit_unwrap(sa, pkt, &u) : st;
}

/* own: the SA again, if it is to be asked and told of numbers; else NULL. */
static enum adit_status
begin(const struct adit_sa *sa, const struct adit_sa *own, const struct adit_pkt *pkt,
      struct job *j, struct adit_aead_op *op)
{
	uint8_t *p = adit_pkt_data(pkt);
	struct adit_esp_layout l;
	enum adit_status st = plan(sa, p, j, &l);

	/* What is beyond the window is new. */
	if (st == ADIT_OK && own && j->seq <= own->window.top)
		st = adit_replay_check(&own->window, j->seq);
	if (st == ADIT_OK)
		adit_esp_crypt_op(sa, p, &l, j->seq, &j->c, op);
	return st;
}

/* Checked once more: the same packet may stand twice in one burst, and the SA's last before it. */
static enum adit_status
commit(struct adit_sa *sa, uint64_t seq)
{
	if (ADIT_EXTRAS && sa->bounded && adit_sa_is_full(sa))
		return ADIT_ERR_EXHAUSTED;
	return adit_replay_commit(&sa->window, seq);
}

static void
count(struct adit_sa *sa, const struct adit_pkt *pkt, enum adit_status st)
{
	if (st != ADIT_OK) {
		adit_sa_dropped(sa, st);
		return;
	}
	sa->n.packets++;
	sa->n.bytes += pkt->len;
}

static enum adit_status
finish(const struct adit_sa *sa, struct adit_sa *own, struct adit_pkt *pkt, const struct job *j,
       struct adit_esp_rx *rx)
{
	enum adit_status st = own ? commit(own, j->seq) : ADIT_OK;

	return st == ADIT_OK ? unwrap(sa, pkt, j, rx) : st;
}

/* Begins the packets whose status is OK, and whose shapes are known; how many go on. */
static size_t
begin_some(const struct adit_sa *sa, struct adit_sa *own, const struct adit_esp_burst *b,
	   struct job *jobs, struct adit_aead_op *ops)
{
	struct job *j = jobs;

	for (size_t i = 0; i < b->n; i++) {
		enum adit_status st = b->st[i];

		j->outer = &b->ips[i];
		j->i = i;
		if (st == ADIT_OK)
			st = begin(sa, own, &b->pkts[i], j, ops);
		if (st == ADIT_OK) {
			j++;
			ops++;
		} else if (own) {
			adit_sa_dropped(own, st);
		}
		b->st[i] = st;
	}
	return (size_t)(j - jobs);
}

static void
decap_some(const struct adit_sa *sa, struct adit_sa *own, const struct adit_esp_burst *b)
{
	struct adit_aead_op ops[ADIT_BURST];
	struct job jobs[ADIT_BURST];
	size_t n = begin_some(sa, own, b, jobs, ops);

	if (n)
		sa->aead->open(sa->aead, sa->kc, ops, n);
	for (size_t k = 0; k < n; k++) {
		const struct job *j = &jobs[k];
		struct adit_pkt *pkt = &b->pkts[j->i];
		enum adit_status st = ops[k].status;

		if (st == ADIT_OK)
			st = finish(sa, own, pkt, j, &b->rx[j->i]);
		if (own)
			count(own, pkt, st);
		b->st[j->i] = st;
	}
}

void
adit_esp_decap_read(struct adit_sa *sa, const struct adit_esp_burst *b)
{
	enum adit_status st = can_receive(sa);

	for (size_t i = 0; i < b->n; i++)
		b->st[i] = st;
	decap_some(sa, sa, b);
}

/* Any number of packets whose shapes are not known yet. */
static void
decap_all(const struct adit_sa *sa, struct adit_sa *own, struct adit_esp_burst b, size_t n)
{
	struct adit_ip_view ips[ADIT_BURST];
	enum adit_status st = can_receive(sa);

	b.ips = ips;
	for (; n > 0; n -= b.n, b.pkts += b.n, b.rx += b.n, b.st += b.n) {
		b.n = n < ADIT_BURST ? n : ADIT_BURST;
		for (size_t i = 0; i < b.n; i++)
			b.st[i] = st == ADIT_OK ? look_at(&b.pkts[i], &ips[i]) : st;
		decap_some(sa, own, &b);
	}
}

void
adit_esp_decap_burst(struct adit_sa *sa, struct adit_pkt *pkts, struct adit_esp_rx *rx,
		     enum adit_status *st, size_t n)
{
	const struct adit_esp_burst b = {pkts, NULL, rx, st, 0};

	decap_all(sa, sa, b, n);
}

enum adit_status
adit_esp_decap(struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	enum adit_status st;

	adit_esp_decap_burst(sa, pkt, rx, &st, 1);
	return st;
}

enum adit_status
adit_esp_decap_at(const struct adit_sa *sa, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	enum adit_status st;
	const struct adit_esp_burst b = {pkt, NULL, rx, &st, 0};

	decap_all(sa, NULL, b, 1);
	return st;
}
