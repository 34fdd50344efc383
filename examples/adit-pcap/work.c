/* What adit-pcap does with one IP packet. An esp_sa line tells neither mode nor encapsulation, nor
 * where a capture begins in the number space: the first authentic packet of an SA does. */
#include <string.h>

#include "outer.h"
#include "work.h"

enum { NEXT_IPV4 = 4, NEXT_IPV6 = 41, NEXT_NONE = 59 };

static bool
is_line_of(const struct work_sa *s, const struct outer *o)
{
	return s->line.spi == o->spi && esp_sa_prefix_match(&s->line.src, &o->src) &&
	       esp_sa_prefix_match(&s->line.dst, &o->dst);
}

static struct work_sa *
find_sa(struct work *w, const struct outer *o, enum adit_status *st)
{
	*st = ADIT_ERR_NO_SA;
	for (size_t i = 0; i < w->sa_count; i++) {
		if (is_line_of(&w->sas[i], o))
			return &w->sas[i];
		if (w->sas[i].line.spi == o->spi)
			*st = ADIT_ERR_MISMATCH;
	}
	return NULL;
}

static struct adit_span
key_of(const struct esp_sa *line)
{
	return (struct adit_span){line->key, line->key_n};
}

/* The number before that of the packet at hand, so that a capture may begin anywhere in an
 * extended space. */
static uint64_t
number_before(const struct esp_sa *line, const struct outer *o)
{
	uint64_t seq = (uint64_t)line->seq_high << 32 | o->seq_low;

	return line->esn && seq ? seq - 1 : 0;
}

static enum adit_status
key_inbound(struct work_sa *s, const struct outer *o, enum adit_mode mode)
{
	struct adit_sa_params p;
	enum adit_status st;

	memset(&p, 0, sizeof p);
	p.dir = ADIT_IN;
	p.mode = mode;
	p.spi = s->line.spi;
	p.local = o->dst;
	p.remote = o->src;
	p.udp_encap = o->kind == OUTER_ESP_UDP;
	p.local_port = o->dst_port;
	p.remote_port = o->src_port;
	p.aead = s->line.aead;
	p.key = key_of(&s->line);
	p.esn = s->line.esn;
	p.replay_window = ADIT_REPLAY_MAX;
	p.seq = number_before(&s->line, o);
	adit_sa_wipe(&s->sa);
	st = adit_sa_init(&s->sa, &p, (struct adit_buf){s->kc.mem, sizeof s->kc.mem}, s->bits,
			  sizeof s->bits / sizeof s->bits[0]);
	/* A capture may begin out of order: what is left of its first packet was not seen here. */
	memset(s->bits, 0, sizeof s->bits);
	return st;
}

/* Opens a copy of the packet to learn what is inside. A packet that is not authentic settles
 * nothing; one without content tells no mode. */
static enum adit_status
settle(const struct work *w, struct work_sa *s, const struct outer *o, const struct adit_pkt *pkt,
       uint8_t *scratch)
{
	struct adit_pkt copy = {scratch, pkt->len, 0, pkt->len};
	struct adit_esp_rx rx = {0, NEXT_NONE};
	enum adit_status st = key_inbound(s, o, w->mode ? w->mode : ADIT_TUNNEL);
	enum adit_status opened;

	if (st != ADIT_OK)
		return st;
	memcpy(scratch, adit_pkt_data(pkt), pkt->len);
	opened = adit_esp_decap_at(&s->sa, &copy, &rx);
	s->settled = rx.seq != 0 && (w->mode || rx.next_header != NEXT_NONE);
	if (!s->settled || w->mode || opened == ADIT_OK)
		return ADIT_OK;
	if (rx.next_header == NEXT_IPV4 || rx.next_header == NEXT_IPV6)
		return ADIT_OK;
	return key_inbound(s, o, ADIT_TRANSPORT);
}

/* Addresses were matched against the line, and a NAT may move them. */
static enum adit_status
follow(struct work_sa *s, const struct outer *o)
{
	struct adit_path path = {{o->dst, o->dst_port}, {o->src, o->src_port}};

	if ((o->kind == OUTER_ESP_UDP) != s->sa.udp_encap)
		return ADIT_ERR_MISMATCH;
	return adit_sa_set_path(&s->sa, &path);
}

static enum work_result
decap_esp(struct work *w, const struct outer *o, struct adit_pkt *pkt, uint8_t *scratch,
	  enum adit_status *st)
{
	struct work_sa *s = find_sa(w, o, st);
	struct adit_esp_rx rx;

	if (!s)
		return WORK_FAILED;
	*st = s->settled ? ADIT_OK : settle(w, s, o, pkt, scratch);
	if (*st == ADIT_OK)
		*st = follow(s, o);
	if (*st == ADIT_OK)
		*st = adit_esp_decap(&s->sa, pkt, &rx);
	if (*st == ADIT_ERR_DUMMY)
		return WORK_DUMMY;
	return *st == ADIT_OK ? WORK_DONE : WORK_FAILED;
}

enum work_result
work_decap(struct work *w, struct adit_pkt *pkt, uint8_t *scratch, enum adit_status *st)
{
	struct outer o;

	*st = ADIT_OK;
	outer_read(&o, adit_pkt_data(pkt), pkt->len, w->udp_port);
	if (o.kind == OUTER_OTHER)
		return WORK_COPY;
	if (o.kind == OUTER_CUT) {
		*st = o.fragment ? ADIT_ERR_FRAGMENT : ADIT_ERR_SHORT;
		return WORK_FAILED;
	}
	return decap_esp(w, &o, pkt, scratch, st);
}

const char *
work_encap_start(struct work *w)
{
	struct work_sa *s = &w->sas[0];
	const struct esp_sa *line = &s->line;
	struct adit_sa_params p;
	uint64_t first = w->first_seq;

	if (w->mode != ADIT_TRANSPORT &&
	    (!esp_sa_prefix_is_host(&line->src) || !esp_sa_prefix_is_host(&line->dst)))
		return "tunnel mode needs the outer addresses in full, not * or a prefix";
	if (!first)
		first = (line->esn ? (uint64_t)line->seq_high << 32 : 0) + 1;
	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.mode = w->mode;
	p.spi = line->spi;
	p.local = line->src.ip;
	p.remote = line->dst.ip;
	p.udp_encap = w->udp;
	p.local_port = p.remote_port = w->udp_port;
	p.aead = line->aead;
	p.key = key_of(line);
	p.esn = line->esn;
	p.seq = first - 1;
	if (adit_sa_init(&s->sa, &p, (struct adit_buf){s->kc.mem, sizeof s->kc.mem}, NULL, 0) !=
	    ADIT_OK)
		return "no SA can be made of the line (is the first sequence number too high?)";
	return NULL;
}

/* Transport mode keeps the packet's own addresses, so they must be the line's. */
static bool
is_concerned(const struct work *w, const struct adit_pkt *pkt)
{
	const struct esp_sa *line = &w->sas[0].line;
	struct outer o;

	if (w->mode != ADIT_TRANSPORT)
		return true;
	outer_read(&o, adit_pkt_data(pkt), pkt->len, w->udp_port);
	return esp_sa_prefix_match(&line->src, &o.src) && esp_sa_prefix_match(&line->dst, &o.dst);
}

enum work_result
work_encap(struct work *w, struct adit_pkt *pkt, enum adit_status *st)
{
	*st = ADIT_OK;
	if (!is_concerned(w, pkt))
		return WORK_COPY;
	*st = adit_esp_encap(&w->sas[0].sa, pkt);
	return *st == ADIT_OK ? WORK_DONE : WORK_FAILED;
}

void
work_wipe(struct work *w)
{
	for (size_t i = 0; i < w->sa_count; i++) {
		adit_sa_wipe(&w->sas[i].sa);
		adit_wipe(&w->sas[i], sizeof w->sas[i]);
	}
}
