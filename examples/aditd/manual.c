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

/* The record that an SA asks for. */
static struct number
number_of(const struct plan_sa *sa)
{
	struct number n;

	memset(&n, 0, sizeof n);
	n.dir = sa->dir;
	n.dst = sa->state->dst;
	n.protocol = sa->state->protocol;
	n.spi = sa->state->spi;
	n.last = sa->last;
	return n;
}

/* A number for each SA: the higher one of file and state. */
static void
find_numbers(struct manual *m)
{
	for (size_t i = 0; i < m->plan->sa_count; i++) {
		struct number said = number_of(m->sas[i].plan);
		struct number *kept = numbers_find(&m->numbers, &said);

		if (!kept)
			kept = numbers_add(&m->numbers, &said);
		if (kept->last < said.last)
			kept->last = said.last;
	}
	/* They stay where they are from now on. */
	for (size_t i = 0; i < m->plan->sa_count; i++) {
		struct number said = number_of(m->sas[i].plan);

		m->sas[i].number = numbers_find(&m->numbers, &said);
		m->sas[i].plan->last = m->sas[i].number->last;
	}
}

/* --- The plan. */

static bool
check_number(struct manual *m, const struct plan_sa *sa, FILE *err)
{
	const struct xfrm_state *s = sa->state;
	const struct number said = number_of(sa), *kept = numbers_find(&m->numbers, &said);

	if (sa->dir == ADIT_OUT && !kept && !s->has_oseq && plan_is_counting(s)) {
		fprintf(err,
			"%s:%u: with this algorithm a number that is used twice breaks the key "
			"(RFC 8221 section 4), and nothing tells the last one: say replay-oseq (of "
			"a key never used: 0)%s\n",
			m->plan->x->name, s->line,
			m->numbers.file ? "" : ", and keep the numbers by --numbers FILE");
		return false;
	}
	if (kept && !s->esn && kept->last > UINT32_MAX) {
		fprintf(err, "%s:%u: %s has numbers of more than 32 bits for this state\n",
			m->plan->x->name, s->line, m->numbers.file);
		return false;
	}
	return true;
}

static bool
plan_sas(struct manual *m, FILE *err)
{
	m->sas = keep((m->plan->sa_count + 1) * sizeof *m->sas);
	for (size_t i = 0; i < m->plan->sa_count; i++) {
		m->sas[i].plan = &m->plan->sas[i];
		if (!check_number(m, m->sas[i].plan, err))
			return false;
	}
	return true;
}

struct manual *
manual_plan(struct xfrm *x, const struct manual_place *place, FILE *err)
{
	struct manual *m = keep(sizeof *m);

	if (place->numbers_file && !numbers_open(&m->numbers, place->numbers_file, err))
		return NULL;
	m->plan = plan_make(x, &place->plan, err);
	if (m->plan && plan_sas(m, err)) {
		if (m->numbers.file && m->numbers.count == 0)
			log_line(LOG_INFO, "%s is not there: no number is known to be used",
				 m->numbers.file);
		return m;
	}
	numbers_close(&m->numbers);
	return NULL;
}

/* The file goes ahead before any packet does. */
static bool
go_ahead(struct manual *m, adit_ms now, FILE *err)
{
	if (!m->numbers.file)
		return true;
	for (size_t i = 0; i < m->plan->sa_count; i++)
		numbers_go_ahead(m->sas[i].number, m->sas[i].number->last,
				 m->sas[i].plan->state->esn, now);
	return numbers_write(&m->numbers, err);
}

/* Those of inbound SAs. */
static void
sort_by_slot(struct manual *m, const struct adit_node *node)
{
	m->by_slot = keep(node->sad.mem.count * sizeof *m->by_slot);
	for (size_t i = 0; i < m->plan->sa_count; i++)
		if (m->sas[i].plan->dir == ADIT_IN)
			m->by_slot[m->sas[i].plan->id.slot] = &m->sas[i];
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
	m->paths = keep((m->plan->sa_count + 1) * sizeof *m->paths);
	for (size_t i = 0; i < m->plan->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->plan->id);
		struct adit_path path;

		if (!live || sa->plan->dir != ADIT_OUT || !sa->plan->state->encap)
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

static void
log_keys(const struct plan_sa *sa, adit_ms now)
{
	struct adit_sa_params p;

	plan_params(sa, now, &p);
	keylog_sa(&p);
	adit_wipe(&p, sizeof p);
}

bool
manual_install(struct manual *m, struct adit_node *node, adit_ms now, FILE *err)
{
	find_numbers(m);
	if (!plan_install(m->plan, &node->sad, &node->spd, now, err))
		return false;
	for (size_t i = 0; i < m->plan->sa_count; i++)
		log_keys(&m->plan->sas[i], now);
	sort_by_slot(m, node);
	find_paths(m, node, now);
	return go_ahead(m, now, err);
}

static void
tell_age(const struct manual *m, struct manual_sa *sa, enum adit_age age)
{
	if (age == sa->age)
		return;
	sa->age = age;
	log_line(LOG_INFO, "%s:%u: the SA %08x has reached a %s bound of its life",
		 m->plan->x->name, sa->plan->state->line, sa->plan->state->spi,
		 age == ADIT_AGE_HARD ? "hard" : "soft");
}

/* The highest number sent, or taken. */
static uint64_t
top_of(const struct adit_sa *live)
{
	return live->dir == ADIT_OUT ? live->seq : live->window.top;
}

bool
manual_came(struct manual *m, adit_ms now, const struct adit_verdict *v, FILE *err)
{
	struct manual_sa *sa = m->numbers.file ? m->by_slot[v->sa.slot] : NULL;

	if (!sa || sa->plan->id.generation != v->sa.generation || v->seq <= sa->number->last)
		return true;
	numbers_go_ahead(sa->number, v->seq, sa->plan->state->esn, now);
	return numbers_write(&m->numbers, err);
}

bool
manual_tick(struct manual *m, struct adit_node *node, adit_ms now, FILE *err)
{
	bool due = false;

	for (size_t i = 0; i < m->path_count; i++)
		m->paths[i].is_alive = false;
	for (size_t i = 0; i < m->plan->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->plan->id);

		if (!live)
			continue;
		tell_age(m, sa, adit_sa_age(live, now));
		note_sent(sa, live, now);
		if (m->numbers.file && numbers_is_due(sa->number, top_of(live), live->esn, now)) {
			numbers_go_ahead(sa->number, top_of(live), live->esn, now);
			due = true;
		}
	}
	return !due || numbers_write(&m->numbers, err);
}

static void
tell_last(const struct manual *m, const struct manual_sa *sa, uint64_t seq)
{
	char high[40] = "";

	if (sa->plan->state->esn)
		snprintf(high, sizeof high, " replay-oseq-hi %" PRIu64, seq >> 32);
	log_line(LOG_INFO,
		 "%s:%u: %" PRIu64 " was the last number: the next start needs replay-oseq %" PRIu64
		 "%s",
		 m->plan->x->name, sa->plan->state->line, seq, seq & UINT32_MAX, high);
}

bool
manual_end(struct manual *m, struct adit_node *node)
{
	bool ok;

	for (size_t i = 0; i < m->plan->sa_count; i++) {
		struct manual_sa *sa = &m->sas[i];
		const struct adit_sa *live = adit_sad_get(&node->sad, sa->plan->id);

		if (live && m->numbers.file)
			sa->number->last = top_of(live);
		else if (live && sa->plan->dir == ADIT_OUT && sa->plan->state->aead->salt_len)
			tell_last(m, sa, live->seq);
	}
	ok = !m->numbers.file || numbers_write(&m->numbers, stderr);
	numbers_close(&m->numbers);
	return ok;
}
