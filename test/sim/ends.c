/* What a node takes for its peers' word, and how SAs end: when one of their own two ends says so,
 * and then at both. It is seen in the node's trace, where messages stand that it has found
 * authentic. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum { SPI_LEN = 8, PAYLOAD = 4, DELETE = 42, AUTH = 39, AUTH_HEAD = 4, TOLD_MAX = 8 };
enum { SA_INIT = 34, IKE_AUTH = 35, INFORMATIONAL = 37, PROTO_IKE = 1, PROTO_ESP = 3 };
enum { HEADER = 28, FLAGS_AT = 19, FLAG_RESPONSE = 32 };

struct sim_ends {
	struct adit_trace trace;
	/* What the packet of this step said. */
	bool forged;
	int slot;    /* of the IKE SA that it came on; -1: of none */
	int speaker; /* its node; -1: not known yet */
	uint8_t spi_i[SPI_LEN], spi_r[SPI_LEN];
	bool whole; /* the IKE SA ends */
	uint32_t gone[TOLD_MAX];
	unsigned gone_n;
	uint32_t failures; /* calls that are to fail yet */
	/* Before this step, of each slot: whether it was up, and with whom. */
	struct before {
		bool up;
		uint8_t job;
		uint16_t generation;
		uint32_t expected;
		int peer;
	} * before;
	/* Of each slot: the last request, and how often it was sent. */
	struct asked {
		uint64_t request;
		uint32_t times;
	} * asked;
};

static void
read_delete(struct sim_ends *e, const uint8_t *p, size_t n)
{
	size_t count = n >= 4 ? (size_t)p[2] << 8 | p[3] : 0;

	if (n >= 4 && p[0] == PROTO_IKE)
		e->whole = true;
	for (size_t i = 0; p[0] == PROTO_ESP && i < count && 8 + 4 * i <= n; i++)
		if (e->gone_n < TOLD_MAX) {
			const uint8_t *spi = p + 4 + 4 * i;

			e->gone[e->gone_n++] = (uint32_t)spi[0] << 24 | (uint32_t)spi[1] << 16 |
					       (uint32_t)spi[2] << 8 | spi[3];
		}
}

static void
read_payloads(struct sim_ends *e, const struct adit_trace_record *rec)
{
	const uint8_t *p = rec->payloads.p;
	size_t left = rec->payloads.n;
	uint8_t type = rec->first_payload;

	while (type && left >= PAYLOAD) {
		size_t n = (size_t)p[2] << 8 | p[3];

		if (n < PAYLOAD || n > left)
			return;
		if (type == DELETE && n > PAYLOAD && !rec->sent)
			read_delete(e, p + PAYLOAD, n - PAYLOAD);
		if (type == AUTH && n > PAYLOAD + AUTH_HEAD && rec->sent)
			((uint8_t *)(uintptr_t)p)[n - 1] ^= 1;
		type = p[0];
		p += n;
		left -= n;
	}
}

static bool
is_told_of(const struct sim_ends *e, const struct adit_ike_sa *sa)
{
	return sa->state != ADIT_IKE_FREE && memcmp(sa->spi_i, e->spi_i, SPI_LEN) == 0 &&
	       memcmp(sa->spi_r, e->spi_r, SPI_LEN) == 0;
}

/* Each number once in each direction. */
static void
check_new(struct sim_station *s, const struct adit_trace_record *rec)
{
	uint64_t spis =
		paper_digest(11, rec->spi_i, SPI_LEN) ^ paper_digest(12, rec->spi_r, SPI_LEN);
	bool is_new;

	(void)sim_map_at(&s->w->messages, spis + s->index,
			 (uint64_t)rec->response << 32 | rec->message_id, &is_new);
	if (!is_new)
		sim_broken(s->w, "nothing heard twice: node %u takes message %u again", s->index,
			   rec->message_id);
}

static void
record(void *ctx, const struct adit_trace_record *rec)
{
	struct sim_station *s = ctx;
	struct sim_ends *e = s->ends;

	if (rec->kind != ADIT_TRACE_MESSAGE)
		return;
	if (!rec->sent)
		sim_tally_record(rec);
	/* Not sealed yet: it can be spoilt here. */
	if (s->impostor && rec->sent && rec->exchange == IKE_AUTH)
		read_payloads(e, rec);
	if (rec->sent || rec->exchange == SA_INIT)
		return;
	if (e->forged)
		sim_broken(s->w, "only what a peer sent is heard: node %u takes a forged message",
			   s->index);
	check_new(s, rec);
	memcpy(e->spi_i, rec->spi_i, SPI_LEN);
	memcpy(e->spi_r, rec->spi_r, SPI_LEN);
	for (unsigned i = 0; i < s->mem.ike.sa_count; i++)
		if (is_told_of(e, &s->mem.ike.sas[i])) {
			e->slot = (int)i;
			e->speaker = sim_node_of(s, &s->mem.ike.sas[i]);
		}
	if (rec->exchange == INFORMATIONAL && !rec->response)
		read_payloads(e, rec);
}

void
sim_ends_make(struct sim_station *s)
{
	struct sim_ends *e = calloc(1, sizeof *e);

	if (!e)
		abort();
	e->before = calloc(s->mem.ike.sa_count, sizeof *e->before);
	e->asked = calloc(s->mem.ike.sa_count, sizeof *e->asked);
	if (!e->before || !e->asked)
		abort();
	e->trace = (struct adit_trace){s, record};
	s->ends = e;
	if (!s->w->plan.light)
		s->cfg.ike.trace = &e->trace;
}

void
sim_ends_free(struct sim_station *s)
{
	if (s->ends) {
		free(s->ends->before);
		free(s->ends->asked);
	}
	free(s->ends);
	s->ends = NULL;
}

void
sim_ends_asked(struct sim_station *s, struct adit_span msg)
{
	struct sim_ends *e = s->ends;

	if (s->w->plan.light || msg.n < HEADER || msg.p[FLAGS_AT] & FLAG_RESPONSE)
		return;
	for (unsigned i = 0; i < s->mem.ike.sa_count; i++) {
		const struct adit_ike_sa *sa = &s->mem.ike.sas[i];
		uint64_t request =
			paper_digest(9, msg.p, SPI_LEN) ^ paper_digest(10, msg.p + FLAGS_AT, 5);

		if (sa->state == ADIT_IKE_FREE || memcmp(sa->spi_i, msg.p, SPI_LEN) != 0)
			continue;
		if (e->asked[i].request != request)
			e->asked[i] = (struct asked){request, 0};
		e->asked[i].times++;
	}
}

void
sim_ends_event(struct sim_station *s, const struct adit_ike_event *ev)
{
	uint32_t most = s->w->plan.retransmit_tries + 1;

	if (s->w->plan.light || ev->kind != ADIT_EVENT_IKE_DOWN || ev->reason != ADIT_ERR_TIMEOUT)
		return;
	if (s->ends->asked[ev->ike.slot].times < most)
		sim_broken(s->w, "asked often enough: node %u gives up after %u times of %u",
			   s->index, s->ends->asked[ev->ike.slot].times, most);
}

/* An SA may end, too, because a call of ours fails. */
static uint32_t
failures(const struct sim_station *s)
{
	uint32_t n = 0;

	for (int i = 0; i < SIM_CALL_COUNT; i++)
		n += s->fail_for[i];
	return n;
}

void
sim_ends_before(struct sim_station *s, bool forged)
{
	struct sim_ends *e = s->ends;

	if (s->w->plan.light)
		return;
	e->forged = forged;
	e->slot = e->speaker = -1;
	e->whole = false;
	e->gone_n = 0;
	e->failures = failures(s);
	for (unsigned i = 0; i < s->mem.ike.sa_count; i++) {
		const struct adit_ike_sa *sa = &s->mem.ike.sas[i];

		e->before[i].up = sa->state == ADIT_IKE_UP;
		e->before[i].job = sa->job;
		e->before[i].expected = sa->expected;
		e->before[i].generation = sa->generation;
		e->before[i].peer = e->before[i].up ? sim_node_of(s, sa) : -1;
	}
}

static void
check_gone(struct sim_station *s, const struct adit_ike_sa *sa)
{
	const struct sim_ends *e = s->ends;
	const struct adit_ike_mem *m = &s->mem.ike;

	if (e->whole && sa->state != ADIT_IKE_DEAD)
		sim_broken(s->w, "what is deleted is gone: node %u keeps an IKE SA", s->index);
	for (unsigned i = 0; i < m->child_count; i++)
		for (unsigned k = 0; k < e->gone_n; k++)
			if (m->children[i].state != ADIT_CHILD_FREE &&
			    m->children[i].state != ADIT_CHILD_DEAD &&
			    &m->sas[m->children[i].owner] == sa &&
			    m->children[i].spi_out == e->gone[k])
				sim_broken(s->w, "what is deleted is gone: node %u keeps %08x",
					   s->index, e->gone[k]);
}

/* Whether a message counted as the peer's next, or as its answer. */
static bool
is_moved(const struct before *b, const struct adit_ike_sa *sa)
{
	return b->up && b->generation == sa->generation && sa->state == ADIT_IKE_UP &&
	       (sa->expected != b->expected || (b->job && !sa->job));
}

void
sim_ends_after(struct sim_station *s)
{
	struct sim_ends *e = s->ends;
	const struct adit_ike_mem *m = &s->mem.ike;

	if (s->w->plan.light)
		return;
	if (e->slot >= 0 && e->speaker < 0)
		e->speaker = sim_node_of(s, &m->sas[e->slot]);
	for (unsigned i = 0; i < m->sa_count; i++) {
		const struct adit_ike_sa *sa = &m->sas[i];
		bool ended = sa->state == ADIT_IKE_FREE || sa->state == ADIT_IKE_DEAD ||
			     sa->generation != e->before[i].generation;

		if (e->forged && is_moved(&e->before[i], sa))
			sim_broken(
				s->w,
				"only what a peer sent is heard: node %u counts a forged message",
				s->index);
		if (e->slot >= 0 && is_told_of(e, sa))
			check_gone(s, sa);
		if (e->before[i].up && ended && (int)i != e->slot && e->failures == failures(s) &&
		    (e->speaker < 0 || e->before[i].peer != e->speaker))
			sim_broken(
				s->w,
				"an SA ends by its own ends: node %u has none more with node %d, "
				"by what node %d said",
				s->index, e->before[i].peer, e->speaker);
	}
}
