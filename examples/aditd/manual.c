/* Manual SAs in the node, and their sequence numbers in a file. */
#include "manual.h"

#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "keylog.h"
#include "log.h"

bool
manual_is_own(const struct adit_ip *ip)
{
	struct ifaddrs *list, *a;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (a = list; a && !found; a = a->ifa_next) {
		if (!a->ifa_addr)
			continue;
		if (a->ifa_addr->sa_family == AF_INET && ip->version == 4)
			found = memcmp(&((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr,
				       ip->b, 4) == 0;
		else if (a->ifa_addr->sa_family == AF_INET6 && ip->version == 6)
			found = memcmp(&((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr,
				       ip->b, 16) == 0;
	}
	freeifaddrs(list);
	return found;
}

/* --- Numbers. */

/* A number for each outbound SA: the higher one of file and state. */
static void
find_numbers(struct manual *m)
{
	struct numbers *n = &m->numbers;

	for (size_t i = 0; i < m->sa_count; i++) {
		const struct xfrm_state *s = m->sas[i].state;
		struct number fresh, *kept = numbers_find(n, &s->dst, s->protocol, s->spi);

		if (m->sas[i].dir != ADIT_OUT)
			continue;
		memset(&fresh, 0, sizeof fresh);
		fresh.dst = s->dst;
		fresh.protocol = s->protocol;
		fresh.spi = s->spi;
		if (!kept)
			kept = numbers_add(n, &fresh);
		if (kept->last < s->oseq)
			kept->last = s->oseq;
	}
	/* They stay where they are from now on. */
	for (size_t i = 0; i < m->sa_count; i++) {
		const struct xfrm_state *s = m->sas[i].state;

		if (m->sas[i].dir == ADIT_OUT)
			m->sas[i].number = numbers_find(n, &s->dst, s->protocol, s->spi);
	}
}

/* The file goes ahead before any packet does. */
static bool
go_ahead(struct manual *m, FILE *err)
{
	if (!m->numbers.file)
		return true;
	for (size_t i = 0; i < m->sa_count; i++)
		if (m->sas[i].number)
			m->sas[i].number->last =
				numbers_ahead(m->sas[i].number->last, m->sas[i].state->esn);
	return numbers_write(&m->numbers, err);
}

/* --- SAs. */

static void
put_inside(const struct xfrm_state *s, struct adit_sa_params *p)
{
	const struct adit_ts *local = p->dir == ADIT_OUT ? &s->sel.src : &s->sel.dst;
	const struct adit_ts *remote = p->dir == ADIT_OUT ? &s->sel.dst : &s->sel.src;

	p->inner_local.version = local->version;
	memcpy(p->inner_local.b, local->first, sizeof p->inner_local.b);
	p->inner_remote.version = remote->version;
	memcpy(p->inner_remote.b, remote->first, sizeof p->inner_remote.b);
}

static void
put_params(const struct manual_sa *sa, uint64_t last, adit_ms now, struct adit_sa_params *p)
{
	const struct xfrm_state *s = sa->state;
	bool out = sa->dir == ADIT_OUT;

	memset(p, 0, sizeof *p);
	p->dir = sa->dir;
	p->protocol = s->protocol;
	p->mode = s->mode;
	p->spi = s->spi;
	p->local = out ? s->src : s->dst;
	p->remote = out ? s->dst : s->src;
	p->udp_encap = s->encap;
	p->local_port = out ? s->sport : s->dport;
	p->remote_port = out ? s->dport : s->sport;
	p->aead = s->aead;
	p->key = (struct adit_span){s->key, s->key_n};
	p->esn = s->esn;
	p->replay_window = out ? 0 : s->replay_window;
	p->seq = out ? last : s->seq;
	p->flags = s->flags;
	/* Without a tunnel it is this host that sends, so it cuts behind ESP and AH. */
	if (out && (s->mode == ADIT_TRANSPORT || s->mode == ADIT_BEET))
		p->flags |= ADIT_SA_CUT_AFTER;
	p->tfc = out ? s->tfc : 0;
	p->manual = true;
	p->seq_known = true; /* the plan has seen to it */
	p->selectors = sa->has_selectors ? &sa->selectors : NULL;
	p->soft = s->soft;
	p->hard = s->hard;
	p->now = now;
	if (s->mode == ADIT_BEET)
		put_inside(s, p);
	if (s->mode == ADIT_TRANSPORT && s->encap && !out && s->original.version) {
		p->inner_remote = s->original;
		p->inner_local = s->dst;
	}
}

static bool
add(const struct manual *m, struct manual_sa *sa, struct adit_node *node, adit_ms now, FILE *err)
{
	uint64_t last = sa->number ? sa->number->last : 0;
	struct adit_sa_params p;
	struct adit_sad_note note;
	enum adit_status st;

	/* The file is ahead by now, and the SA begins where it was. */
	memset(&note, 0, sizeof note);
	note.policy = sa->policy;
	put_params(sa, last, now, &p);
	st = adit_sad_add_noted(&node->sad, &p, &note, &sa->id);
	if (st == ADIT_OK && sa->dir == ADIT_OUT && sa->is_inner)
		st = adit_spd_link(&node->spd, &node->sad, sa->id);
	if (st == ADIT_OK)
		keylog_sa(&p);
	adit_wipe(&p, sizeof p);
	if (st != ADIT_OK)
		fprintf(err, "%s:%u: no SA can be made of this state: %s\n", m->x->name,
			sa->state->line, adit_status_name(st));
	return st == ADIT_OK;
}

static bool
bundle(const struct manual *m, const struct manual_sa *sa, struct adit_node *node, FILE *err)
{
	enum adit_status st = ADIT_OK;

	if (sa->outer)
		st = adit_sad_bundle(&node->sad, sa->id, sa->outer->id);
	if (st != ADIT_OK)
		fprintf(err, "%s:%u: it can't be in the SA of line %u: %s\n", m->x->name,
			sa->state->line, sa->outer->state->line, adit_status_name(st));
	return st == ADIT_OK;
}

bool
manual_install(struct manual *m, struct adit_node *node, adit_ms now, FILE *err)
{
	find_numbers(m);
	for (size_t i = 0; i < m->sa_count; i++)
		if (!add(m, &m->sas[i], node, now, err))
			return false;
	for (size_t i = 0; i < m->sa_count; i++)
		if (!bundle(m, &m->sas[i], node, err))
			return false;
	return go_ahead(m, err);
}

static void
tell_age(const struct manual *m, struct manual_sa *sa, enum adit_age age)
{
	if (age == sa->age)
		return;
	sa->age = age;
	log_line(LOG_INFO, "%s:%u: the SA %08x has reached a %s bound of its life", m->x->name,
		 sa->state->line, sa->state->spi, age == ADIT_AGE_HARD ? "hard" : "soft");
}

bool
manual_tick(struct manual *m, struct adit_node *node, adit_ms now, FILE *err)
{
	bool due = false;

	for (size_t i = 0; i < m->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->id);

		if (!live)
			continue;
		tell_age(m, sa, adit_sa_age(live, now));
		if (m->numbers.file && sa->number &&
		    numbers_is_due(sa->number, live->seq, live->esn)) {
			sa->number->last = numbers_ahead(live->seq, live->esn);
			due = true;
		}
	}
	return !due || numbers_write(&m->numbers, err);
}

static void
tell_last(const struct manual *m, const struct manual_sa *sa, uint64_t seq)
{
	char high[40] = "";

	if (sa->state->esn)
		snprintf(high, sizeof high, " replay-oseq-hi %" PRIu64, seq >> 32);
	log_line(LOG_INFO,
		 "%s:%u: %" PRIu64 " was the last number: the next start needs replay-oseq %" PRIu64
		 "%s",
		 m->x->name, sa->state->line, seq, seq & UINT32_MAX, high);
}

void
manual_end(struct manual *m, struct adit_node *node)
{
	for (size_t i = 0; i < m->sa_count && !m->numbers.file; i++) {
		const struct adit_sa *live = adit_sad_get(&node->sad, m->sas[i].id);

		if (live && m->sas[i].dir == ADIT_OUT && m->sas[i].state->aead->salt_len)
			tell_last(m, &m->sas[i], live->seq);
	}
}
