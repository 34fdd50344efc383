/* Manual SAs in the node, and their sequence numbers in a file. */
#include "manual.h"

#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "keylog.h"
#include "log.h"
#include "values.h"

#define KEEPALIVE_MS 20000 /* RFC 3948 section 4 */

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

struct number
manual_number(const struct manual_sa *sa)
{
	struct number n;

	memset(&n, 0, sizeof n);
	n.dir = sa->dir;
	n.dst = sa->state->dst;
	n.protocol = sa->state->protocol;
	n.spi = sa->state->spi;
	n.last = sa->dir == ADIT_OUT ? sa->state->oseq : sa->state->seq;
	return n;
}

/* A number for each SA: the higher one of file and state. */
static void
find_numbers(struct manual *m)
{
	for (size_t i = 0; i < m->sa_count; i++) {
		struct number said = manual_number(&m->sas[i]);
		struct number *kept = numbers_find(&m->numbers, &said);

		if (!kept)
			kept = numbers_add(&m->numbers, &said);
		if (kept->last < said.last)
			kept->last = said.last;
	}
	/* They stay where they are from now on. */
	for (size_t i = 0; i < m->sa_count; i++) {
		struct number said = manual_number(&m->sas[i]);

		m->sas[i].number = numbers_find(&m->numbers, &said);
	}
}

/* The file goes ahead before any packet does. */
static bool
go_ahead(struct manual *m, FILE *err)
{
	if (!m->numbers.file)
		return true;
	for (size_t i = 0; i < m->sa_count; i++)
		numbers_go_ahead(m->sas[i].number, m->sas[i].number->last, m->sas[i].state->esn);
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
put_params(const struct manual_sa *sa, adit_ms now, struct adit_sa_params *p)
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
	p->seq = sa->number->last;
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
	struct adit_sa_params p;
	struct adit_sad_note note;
	enum adit_status st;

	/* The file is ahead by now, and the SA begins where it was. */
	memset(&note, 0, sizeof note);
	note.policy = sa->policy;
	put_params(sa, now, &p);
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

/* Those of inbound SAs. */
static void
sort_by_slot(struct manual *m, const struct adit_node *node)
{
	m->by_slot = keep(node->sad.mem.count * sizeof *m->by_slot);
	for (size_t i = 0; i < m->sa_count; i++)
		if (m->sas[i].dir == ADIT_IN)
			m->by_slot[m->sas[i].id.slot] = &m->sas[i];
}

/* --- Paths. */

static bool
is_same_end(const struct adit_endpoint *a, const struct adit_endpoint *b)
{
	return a->port == b->port && adit_ip_equal(&a->ip, &b->ip);
}

/* That of an SA, which others may share. */
static struct manual_path *
find_path(struct manual *m, const struct adit_path *path, adit_ms now)
{
	struct manual_path *end = m->paths + m->path_count;

	for (struct manual_path *p = m->paths; p < end; p++)
		if (is_same_end(&p->path.local, &path->local) &&
		    is_same_end(&p->path.remote, &path->remote))
			return p;
	m->path_count++;
	end->path = *path;
	/* The first one at once: what the peer sends has no way here before. */
	end->due_at = now;
	return end;
}

static void
find_paths(struct manual *m, struct adit_node *node, adit_ms now)
{
	m->paths = keep((m->sa_count + 1) * sizeof *m->paths);
	for (size_t i = 0; i < m->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->id);
		struct adit_path path;

		if (!live || sa->dir != ADIT_OUT || !sa->state->encap)
			continue;
		path = adit_sa_path(live);
		sa->path = find_path(m, &path, now);
		sa->seen = live->seq;
	}
}

/* What was sent is as good as a keep-alive. */
static void
note_sent(struct manual_sa *sa, const struct adit_sa *live, adit_ms now)
{
	if (!sa->path)
		return;
	if (adit_sa_age(live, now) != ADIT_AGE_HARD)
		sa->path->is_alive = true;
	if (sa->seen != live->seq)
		sa->path->due_at = now + KEEPALIVE_MS;
	sa->seen = live->seq;
}

bool
manual_keepalive(struct manual *m, adit_ms now, struct adit_path *path)
{
	for (size_t i = 0; i < m->path_count; i++) {
		struct manual_path *p = &m->paths[i];

		if (!p->is_alive || now < p->due_at)
			continue;
		p->due_at = now + KEEPALIVE_MS;
		*path = p->path;
		return true;
	}
	return false;
}

adit_ms
manual_deadline(const struct manual *m)
{
	adit_ms t = ADIT_NEVER;

	for (size_t i = 0; i < m->path_count; i++)
		if (m->paths[i].is_alive && m->paths[i].due_at < t)
			t = m->paths[i].due_at;
	return t;
}

/* --- The whole. */

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
	sort_by_slot(m, node);
	find_paths(m, node, now);
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

/* The highest number sent, or taken. */
static uint64_t
top_of(const struct adit_sa *live)
{
	return live->dir == ADIT_OUT ? live->seq : live->window.top;
}

bool
manual_came(struct manual *m, const struct adit_verdict *v, FILE *err)
{
	struct manual_sa *sa = m->numbers.file ? m->by_slot[v->sa.slot] : NULL;

	if (!sa || sa->id.generation != v->sa.generation ||
	    !numbers_is_due(sa->number, v->seq, sa->state->esn))
		return true;
	numbers_go_ahead(sa->number, v->seq, sa->state->esn);
	return numbers_write(&m->numbers, err);
}

bool
manual_tick(struct manual *m, struct adit_node *node, adit_ms now, FILE *err)
{
	bool due = false;

	for (size_t i = 0; i < m->path_count; i++)
		m->paths[i].is_alive = false;
	for (size_t i = 0; i < m->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->id);

		if (!live)
			continue;
		tell_age(m, sa, adit_sa_age(live, now));
		note_sent(sa, live, now);
		if (m->numbers.file && numbers_is_due(sa->number, top_of(live), live->esn)) {
			numbers_go_ahead(sa->number, top_of(live), live->esn);
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
	for (size_t i = 0; i < m->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->id);

		if (live && m->numbers.file)
			sa->number->last = top_of(live);
		else if (live && sa->dir == ADIT_OUT && sa->state->aead->salt_len)
			tell_last(m, sa, live->seq);
	}
	if (m->numbers.file)
		(void)numbers_write(&m->numbers, stderr); /* else those ahead stay, as safe */
}
