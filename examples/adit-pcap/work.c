/* What adit-pcap does with one IP packet. Of ESP an esp_sa line tells neither mode nor
 * encapsulation, nor where a capture begins in the number space: the first authentic packet of an
 * SA does. */
#include <string.h>

#include "outer.h"
#include "policies.h"
#include "work.h"

enum { NEXT_IPV4 = 4, NEXT_IPV6 = 41, NEXT_NONE = 59 };

static uint8_t
protocol_of(const struct work_sa *s)
{
	return s->protocol ? s->protocol : ADIT_PROTO_ESP;
}

/* zero: not known yet. */
static enum adit_mode
mode_of(const struct work *w, const struct work_sa *s)
{
	return w->mode ? w->mode : s->mode;
}

static bool
is_line_of(const struct work_sa *s, const struct outer *o)
{
	uint8_t protocol = o->kind == OUTER_AH ? ADIT_PROTO_AH : ADIT_PROTO_ESP;

	return s->line.spi == o->spi && protocol_of(s) == protocol &&
	       esp_sa_prefix_match(&s->line.src, &o->src) &&
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
	p.protocol = s->protocol;
	p.mode = mode;
	p.flags = s->flags;
	p.more = &s->more;
	p.inner_local = s->inside_dst;
	p.inner_remote = s->inside_src;
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

static enum adit_status
open_copy(const struct work_sa *s, struct adit_pkt *pkt, struct adit_esp_rx *rx)
{
	return s->protocol == ADIT_PROTO_AH ? adit_ah_decap_at(&s->sa, pkt, rx)
					    : adit_esp_decap_at(&s->sa, pkt, rx);
}

/* Opens a copy of the packet to learn what is inside. A packet that is not authentic settles
 * nothing; one without content tells no mode. */
static enum adit_status
settle(const struct work *w, struct work_sa *s, const struct outer *o, const struct adit_pkt *pkt,
       uint8_t *scratch)
{
	struct adit_pkt copy = {scratch, pkt->len, 0, pkt->len};
	struct adit_esp_rx rx = {0, NEXT_NONE};
	enum adit_mode mode = mode_of(w, s);
	enum adit_status st = key_inbound(s, o, mode ? mode : ADIT_TUNNEL);
	enum adit_status opened;

	if (st != ADIT_OK)
		return st;
	memcpy(scratch, adit_pkt_data(pkt), pkt->len);
	opened = open_copy(s, &copy, &rx);
	s->settled = rx.seq != 0 && (mode || rx.next_header != NEXT_NONE);
	if (!s->settled || mode || opened == ADIT_OK)
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
decap_by(struct work *w, struct work_sa *s, const struct outer *o, struct adit_pkt *pkt,
	 uint8_t *scratch, enum adit_status *st)
{
	struct adit_esp_rx rx;

	*st = s->settled ? ADIT_OK : settle(w, s, o, pkt, scratch);
	if (*st == ADIT_OK)
		*st = follow(s, o);
	if (*st == ADIT_OK)
		*st = s->protocol == ADIT_PROTO_AH ? adit_ah_decap(&s->sa, pkt, &rx)
						   : adit_esp_decap(&s->sa, pkt, &rx);
	if (*st == ADIT_ERR_DUMMY)
		return WORK_DUMMY;
	return *st == ADIT_OK ? WORK_DONE : WORK_FAILED;
}

bool
work_has_ah(const struct work *w)
{
	if (w->policies)
		return policies_have_ah(w->policies);
	for (size_t i = 0; i < w->sa_count; i++)
		if (w->sas[i].protocol == ADIT_PROTO_AH)
			return true;
	return false;
}

/* Inside of AH and of transport mode the packets of a bundle's next SA may stand. What a tunnel
 * brings is somebody else's. */
static bool
has_inside(const struct work_sa *s)
{
	return s->protocol == ADIT_PROTO_AH || s->sa.mode == ADIT_TRANSPORT;
}

/* Those inside of one another, at most. */
enum { NEST_MAX = 4 };

static enum work_result
decap_all(struct work *w, struct outer *o, struct adit_pkt *pkt, uint8_t *scratch,
	  enum adit_status *st)
{
	struct work_sa *s = find_sa(w, o, st);
	enum work_result result = WORK_FAILED;

	for (int i = 0; s && i < NEST_MAX; i++) {
		enum adit_status none;

		result = decap_by(w, s, o, pkt, scratch, st);
		if (result != WORK_DONE || !has_inside(s))
			break;
		outer_read(o, adit_pkt_data(pkt), pkt->len, w->udp_port);
		s = o->kind == OUTER_ESP || o->kind == OUTER_AH ? find_sa(w, o, &none) : NULL;
	}
	return result;
}

enum work_result
work_decap(struct work *w, struct adit_pkt *pkt, uint8_t *scratch, enum adit_status *st)
{
	struct outer o;

	if (w->policies)
		return policies_apply(w->policies, pkt, st);
	*st = ADIT_OK;
	outer_read(&o, adit_pkt_data(pkt), pkt->len, w->udp_port);
	if (o.kind == OUTER_OTHER || (o.kind == OUTER_AH && !work_has_ah(w)))
		return WORK_COPY;
	if (o.kind == OUTER_CUT) {
		*st = o.fragment ? ADIT_ERR_FRAGMENT : ADIT_ERR_SHORT;
		return WORK_FAILED;
	}
	return decap_all(w, &o, pkt, scratch, st);
}

/* The number before the first. */
static uint64_t
last_number(const struct work *w, const struct work_sa *s)
{
	if (w->first_seq)
		return w->first_seq - 1;
	if (s->last || !s->line.esn)
		return s->last;
	return (uint64_t)s->line.seq_high << 32;
}

const char *
work_encap_start(struct work *w)
{
	struct work_sa *s = &w->sas[0];
	const struct esp_sa *line = &s->line;
	struct adit_sa_params p;

	if (mode_of(w, s) != ADIT_TRANSPORT &&
	    (!esp_sa_prefix_is_host(&line->src) || !esp_sa_prefix_is_host(&line->dst)))
		return "tunnel mode needs the outer addresses in full, not * or a prefix";
	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.protocol = s->protocol;
	p.mode = mode_of(w, s);
	p.flags = s->flags;
	p.tfc = p.mode == ADIT_TUNNEL ? s->tfc : 0; /* --mode may say another */
	p.more = &s->more;
	p.inner_local = s->inside_src;
	p.inner_remote = s->inside_dst;
	p.spi = line->spi;
	p.local = line->src.ip;
	p.remote = line->dst.ip;
	p.udp_encap = w->udp || s->udp;
	p.local_port = w->udp || !s->udp ? w->udp_port : s->src_port;
	p.remote_port = w->udp || !s->udp ? w->udp_port : s->dst_port;
	p.aead = line->aead;
	p.key = key_of(line);
	p.esn = line->esn;
	p.seq = last_number(w, s);
	if (adit_sa_init(&s->sa, &p, (struct adit_buf){s->kc.mem, sizeof s->kc.mem}, NULL, 0) !=
	    ADIT_OK)
		return "no SA can be made of the line (is the first sequence number too high?)";
	return NULL;
}

/* Transport mode keeps the packet's own addresses, so they must be the line's; BEET doesn't send
 * them. */
static bool
is_concerned(const struct work *w, const struct adit_pkt *pkt)
{
	const struct work_sa *s = &w->sas[0];
	const struct esp_sa *line = &s->line;
	struct outer o;

	if (s->sa.mode != ADIT_TRANSPORT && s->sa.mode != ADIT_BEET)
		return true;
	outer_read(&o, adit_pkt_data(pkt), pkt->len, w->udp_port);
	if (s->sa.mode == ADIT_BEET)
		return adit_ip_equal(&s->inside_src, &o.src) &&
		       adit_ip_equal(&s->inside_dst, &o.dst);
	return esp_sa_prefix_match(&line->src, &o.src) && esp_sa_prefix_match(&line->dst, &o.dst);
}

enum work_result
work_encap(struct work *w, struct adit_pkt *pkt, enum adit_status *st)
{
	struct work_sa *s;

	if (w->policies)
		return policies_apply(w->policies, pkt, st);
	s = &w->sas[0];
	*st = ADIT_OK;
	if (!is_concerned(w, pkt))
		return WORK_COPY;
	*st = s->protocol == ADIT_PROTO_AH ? adit_ah_encap(&s->sa, pkt)
					   : adit_esp_encap(&s->sa, pkt);
	return *st == ADIT_OK ? WORK_DONE : WORK_FAILED;
}

void
work_wipe(struct work *w)
{
	policies_wipe(w->policies);
	for (size_t i = 0; i < w->sa_count; i++) {
		adit_sa_wipe(&w->sas[i].sa);
		adit_wipe(&w->sas[i], sizeof w->sas[i]);
	}
}
