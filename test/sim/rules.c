/* The rules: what holds whatever happens, checked after every step. */
#include <string.h>

#include "sim/world.h"

/* Bytes and messages to an address that has proved nothing, for each that came from it. */
enum {
	AMPLIFICATION = 1,
	IKE_HEADER = 28,
	NEXT_AT = 16,
	NOTIFY = 41,
	EXCHANGE_AT = 18,
	FLAGS_AT = 19,
	ID_AT = 20,
	SA_INIT = 34,
	KE_CALLS = 2,
	CALLS = 24
};

/* Which rule of README.md a violation breaks, by the words before its colon; 0: none of them. */
unsigned
sim_rule_of(const char *violation)
{
	static const struct {
		unsigned rule;
		const char *words;
	} all[] = {
		{1, "only what was sent:"},
		{1, "only what was sent to it:"},
		{1, "only from whom the SA says:"},
		{1, "only what its SA is for:"},
		{1, "only what is protected gets in:"},
		{1, "nothing changed:"},
		{1, "only what a peer sent is heard:"},
		{2, "nothing in clear:"},
		{2, "what is to pass passes:"},
		{2, "what is barred is dropped:"},
		{3, "nothing twice:"},
		{3, "nothing heard twice:"},
		{4, "no nonce twice:"},
		{5, "both ends agree:"},
		{5, "the peer has a name:"},
		{6, "all comes right:"},
		{6, "nothing is left:"},
		{7, "no amplification:"},
		{7, "cookies hold strangers off:"},
		{8, "all is counted:"},
		{9, "a message has one form:"},
		{10, "no storm:"},
		{10, "time goes on:"},
		{11, "states are states:"},
		{11, "a handshake has one owner:"},
		{11, "secrets of a handshake end with it:"},
		{11, "half-open ones are counted:"},
		{11, "a child has a parent:"},
		{11, "no orphans:"},
		{12, "what is deleted is gone:"},
		{12, "an SA ends by its own ends:"},
		{13, "only who has the secret:"},
		{14, "work is bounded:"},
		{15, "asked often enough:"},
		{16, "a path is learnt from its own packets:"},
		{16, "a path is no narrower than each may be:"},
		{16, "who sends too much is told how much:"},
		{17, "fragments make what was cut:"},
		{18, "who disagrees never comes up:"},
		{19, "what is new is no repeat:"},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strncmp(violation, all[i].words, strlen(all[i].words)) == 0)
			return all[i].rule;
	return 0;
}

void
sim_rules_sealed(struct sim_world *w, const struct sim_nonce *used)
{
	bool is_new;

	(void)sim_map_at(&w->nonces, used->key, used->nonce, &is_new);
	if (!is_new)
		sim_broken(w, "no nonce twice: node %u has used one again",
			   w->running ? w->running->index : 0);
}

static uint64_t
selectors_digest(const struct adit_selectors *sel, bool turned)
{
	const struct adit_ts *a = turned ? sel->remote : sel->local;
	const struct adit_ts *b = turned ? sel->local : sel->remote;
	uint64_t h = paper_digest(1, (const uint8_t *)a,
				  (turned ? sel->remote_n : sel->local_n) * sizeof *a);

	return paper_digest(h, (const uint8_t *)b,
			    (turned ? sel->local_n : sel->remote_n) * sizeof *b);
}

int
sim_node_of(const struct sim_station *s, const struct adit_ike_sa *sa)
{
	unsigned n = 0;

	if (sa->remote_id.len < 2 || sa->remote_id.data[0] != 'n')
		return -1;
	for (unsigned i = 1; i < sa->remote_id.len; i++)
		n = 10 * n + (sa->remote_id.data[i] - '0');
	return n < s->w->plan.nodes ? (int)n : -1;
}

int
sim_peer_of(struct sim_station *s, struct adit_sa_id in)
{
	struct adit_sa_id other;
	uint32_t word;
	uint16_t slot;

	if (!adit_sad_other(&s->node.sad, in, &other, &word))
		return -1;
	slot = (uint16_t)(word >> 16);
	if (slot >= s->mem.ike.child_count || s->mem.ike.children[slot].state == ADIT_CHILD_FREE)
		return -1;
	return sim_node_of(s, &s->mem.ike.sas[s->mem.ike.children[slot].owner]);
}

/* What one end holds of a Child SA, as the other end must hold it. UDP encapsulation is each end's
 * own choice (RFC 7296 2.23). */
static uint64_t
half_digest(const struct adit_ike_event *ev, bool turned)
{
	const struct adit_sa_params *a = turned ? &ev->in : &ev->out;
	const struct adit_sa_params *b = turned ? &ev->out : &ev->in;
	uint64_t h = paper_digest(a->mode + 16u * a->esn, a->key.p, a->key.n);

	h = paper_digest(h, b->key.p, b->key.n);
	h = paper_digest(h, (const uint8_t *)a->aead->name, strlen(a->aead->name));
	return h ^ selectors_digest(ev->out.selectors, turned);
}

/* Whether the other end of an IKE SA is the impostor, by the SPIs. */
static bool
is_with_impostor(const struct sim_station *s, const struct adit_ike_sa *sa)
{
	const struct sim_station *impostor = &s->w->stations[s->w->plan.nodes];
	const struct adit_ike_mem *m = &impostor->mem.ike;

	for (unsigned i = 0; i < m->sa_count; i++)
		if (m->sas[i].state != ADIT_IKE_FREE &&
		    memcmp(m->sas[i].spi_i, sa->spi_i, sizeof sa->spi_i) == 0 &&
		    memcmp(m->sas[i].spi_r, sa->spi_r, sizeof sa->spi_r) == 0)
			return true;
	return false;
}

/* Who says to be somebody else than he is to be, or knows another secret, is nobody's peer; who
 * wants other selectors gets no Child SA. */
static void
check_agreed(struct sim_station *s, const struct adit_ike_event *ev, bool child)
{
	const struct sim_plan *plan = &s->w->plan;
	int peer = sim_node_of(s, &s->mem.ike.sas[ev->ike.slot]);

	if (!s->impostor && peer >= 0 && sim_plan_disagree(plan, s->index, (unsigned)peer) &&
	    (child || plan->quarrel != SIM_WRONG_SELECTORS))
		sim_broken(s->w, "who disagrees never comes up: node %u has an SA with node %d",
			   s->index, peer);
}

void
sim_rules_ike_up(struct sim_station *s, const struct adit_ike_event *ev)
{
	check_agreed(s, ev, false);
}

void
sim_rules_child_up(struct sim_station *s, const struct adit_ike_event *ev)
{
	struct sim_world *w = s->w;
	int peer = sim_node_of(s, &s->mem.ike.sas[ev->ike.slot]);
	uint64_t spis = (uint64_t)ev->spi_in << 32 | ev->spi_out;
	uint64_t turned = (uint64_t)ev->spi_out << 32 | ev->spi_in;
	const uint64_t *other;

	w->handshakes++;
	sim_say(w, "n%u: child %08x/%08x with n%d: mode %d, esn %d, encap %d, %s", s->index,
		ev->spi_in, ev->spi_out, peer, ev->in.mode, ev->in.esn, ev->in.udp_encap,
		ev->in.aead->name);
	if (peer < 0 || (unsigned)peer == s->index) {
		sim_broken(w, "the peer has a name: node %u has a Child SA with nobody", s->index);
		return;
	}
	if (s->impostor)
		return;
	if (is_with_impostor(s, &s->mem.ike.sas[ev->ike.slot]))
		sim_broken(w, "only who has the secret: node %u takes another for node %d",
			   s->index, peer);
	check_agreed(s, ev, true);
	*sim_map_at(&w->halves, (uint64_t)s->index << 32 | (unsigned)peer, spis, NULL) =
		half_digest(ev, false);
	other = sim_map_find(&w->halves, (uint64_t)peer << 32 | s->index, turned);
	if (other && *other != half_digest(ev, true))
		sim_broken(w,
			   "both ends agree: nodes %u and %d hold other keys or selectors of %08x",
			   s->index, peer, ev->spi_in);
}

/* A message of one number has one form: repeats are the same bytes (RFC 7296 2.1). Of IKE_SA_INIT
 * that holds for the responder's answer alone: a request comes again with a cookie. What begins
 * with a notify is no message of an SA. */
void
sim_rules_message(struct sim_station *s, struct adit_span msg)
{
	static const uint8_t none[8];
	uint64_t key, *kept;
	bool is_new;

	if (msg.n < IKE_HEADER)
		return;
	if ((msg.p[EXCHANGE_AT] == SA_INIT && memcmp(msg.p + 8, none, 8) == 0) ||
	    msg.p[NEXT_AT] == NOTIFY)
		return;
	key = paper_digest(s->index, msg.p, 16) ^ msg.p[FLAGS_AT];
	kept = sim_map_at(&s->w->messages, key, paper_digest(7, msg.p + ID_AT, 4), &is_new);
	if (is_new)
		*kept = paper_digest(8, msg.p, msg.n);
	else if (*kept != paper_digest(8, msg.p, msg.n))
		sim_broken(s->w, "a message has one form: node %u answers or asks anew", s->index);
}

void
sim_rules_frame_out(struct sim_station *s, const struct sim_frame *f)
{
	sim_app_watch(s, f);
	if (!sim_is_spoofed(&f->to.ip))
		return;
	s->spoofed_out += f->len;
	s->spoofed_messages_out++;
	if (s->spoofed_out > AMPLIFICATION * s->spoofed_in ||
	    s->spoofed_messages_out > s->spoofed_messages_in)
		sim_broken(
			s->w,
			"no amplification: node %u sent %llu bytes in %u messages for %llu in %u",
			s->index, (unsigned long long)s->spoofed_out, s->spoofed_messages_out,
			(unsigned long long)s->spoofed_in, s->spoofed_messages_in);
}

/* What a frame may cost, whoever it is from: one key exchange of two operations, and of all else as
 * much as the largest handshake message takes. */
void
sim_rules_work(struct sim_station *s, const uint64_t *before)
{
	uint64_t ke = s->calls[SIM_CALL_KE] - before[SIM_CALL_KE], all = 0;

	for (int i = 0; i < SIM_CALL_SEND; i++)
		all += s->calls[i] - before[i];
	if (ke > KE_CALLS || all > CALLS)
		sim_broken(s->w,
			   "work is bounded: a frame cost node %u %llu key exchanges, %llu calls",
			   s->index, (unsigned long long)ke, (unsigned long long)all);
}

static uint64_t
sum(const uint64_t *counters)
{
	uint64_t n = 0;

	for (int i = 0; i < ADIT_STATUS_COUNT; i++)
		n += counters[i];
	return n;
}

static void
check_counters(struct sim_station *s)
{
	const struct adit_node *node = &s->node;
	uint64_t in = sum(node->ipsec.in) + sum(adit_ike_counters(&node->ike));

	if (in != s->datagrams + s->packets_in)
		sim_broken(s->w, "all is counted: node %u took %llu and counted %llu", s->index,
			   (unsigned long long)(s->datagrams + s->packets_in),
			   (unsigned long long)in);
	if (sum(node->ipsec.out) != s->packets_out)
		sim_broken(s->w, "all is counted: node %u was given %llu to send and counted %llu",
			   s->index, (unsigned long long)s->packets_out,
			   (unsigned long long)sum(node->ipsec.out));
}

/* IKE SAs, their handshakes and how many are half open; and how many of these have strangers
 * begun who never showed a cookie. */
static void
check_sas(struct sim_station *s)
{
	const struct adit_ike_mem *m = &s->mem.ike;
	unsigned half_open = 0, strangers = 0, used = 0;
	unsigned threshold = s->w->plan.cookie_threshold;

	for (unsigned i = 0; i < m->sa_count; i++) {
		const struct adit_ike_sa *sa = &m->sas[i];

		if (sa->state > ADIT_IKE_DEAD)
			sim_broken(s->w, "states are states: node %u", s->index);
		if (sa->state == ADIT_IKE_FREE)
			continue;
		used++;
		half_open += sa->state == ADIT_IKE_INIT_DONE;
		strangers += sa->state == ADIT_IKE_INIT_DONE && sim_is_spoofed(&sa->path.remote.ip);
		if (sa->handshake && (sa->handshake > m->handshake_count ||
				      m->handshakes[sa->handshake - 1].owner != i + 1))
			sim_broken(s->w, "a handshake has one owner: node %u", s->index);
		if (sa->state == ADIT_IKE_UP && sa->handshake)
			sim_broken(s->w, "secrets of a handshake end with it: node %u", s->index);
	}
	if (used > s->sas_high)
		s->sas_high = used;
	if (half_open != s->node.ike.half_open)
		sim_broken(s->w, "half-open ones are counted: node %u", s->index);
	if (strangers > threshold)
		sim_broken(s->w,
			   "cookies hold strangers off: node %u keeps %u of them, %u are allowed",
			   s->index, strangers, threshold);
}

static void
check_children(struct sim_station *s)
{
	const struct adit_ike_mem *m = &s->mem.ike;
	unsigned children = 0;

	for (unsigned i = 0; i < m->child_count; i++) {
		const struct adit_ike_child *c = &m->children[i];

		if (c->state == ADIT_CHILD_FREE)
			continue;
		children++;
		if (c->owner >= m->sa_count || m->sas[c->owner].state == ADIT_IKE_FREE)
			sim_broken(s->w, "a child has a parent: node %u", s->index);
	}
	if (s->node.sad.used > 2 * children + (s->kept ? 2 : 0))
		sim_broken(s->w, "no orphans: node %u has %u SAs of %u children", s->index,
			   s->node.sad.used, children);
}

void
sim_rules_after(struct sim_station *s)
{
	check_counters(s);
	if (s->w->plan.light)
		return;
	check_sas(s);
	check_children(s);
}

void
sim_rules_empty(struct sim_station *s)
{
	const struct adit_ike_mem *m = &s->mem.ike;
	unsigned left = 0;

	for (unsigned i = 0; i < m->sa_count; i++)
		left += m->sas[i].state != ADIT_IKE_FREE;
	for (unsigned i = 0; i < m->child_count; i++)
		left += m->children[i].state != ADIT_CHILD_FREE;
	for (unsigned i = 0; i < m->handshake_count; i++)
		left += m->handshakes[i].owner != 0;
	if (left || s->node.sad.used != (s->kept ? 2u : 0u))
		sim_broken(s->w, "nothing is left: node %u has %u slots and %u SAs in use",
			   s->index, left, s->node.sad.used);
	if (adit_node_deadline(&s->node) != ADIT_NEVER)
		sim_broken(s->w, "nothing is left: node %u has a timer", s->index);
}
