/* SAs keyed by hand between two nodes, kept over crashes: exported every SIM_KEEP_EVERY packets,
 * imported with a jump of twice as many numbers. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum { POLICY = 2, SPI = 0x1000 };

struct sim_kept {
	uint8_t bytes[2][ADIT_STATE_MAX]; /* out, in */
	size_t len[2];
	uint64_t number;  /* of the next export; on stable storage too */
	uint64_t packets; /* numbers of both SAs at the last export */
	struct adit_sa_params params[2];
	struct adit_sa_id id[2];
	uint8_t key[2][ADIT_AEAD_KEY_MAX];
	uint64_t seal_kc[8];
};

static struct adit_state_seal
seal_of(struct sim_station *s)
{
	const uint8_t key[20] = {(uint8_t)s->index, 0x5e, 0xa1};
	struct adit_state_seal seal = {&paper_stream, s->kept->seal_kc};

	(void)paper_stream.setkey(&paper_stream, s->kept->seal_kc,
				  (struct adit_span){key, sizeof key});
	return seal;
}

static void
make_params(struct sim_station *s, int way)
{
	const struct sim_plan *plan = &s->w->plan;
	struct adit_sa_params *p = &s->kept->params[way];
	const struct adit_aead *aead = plan->block_cipher ? &paper_block : &paper_stream;
	unsigned sender = way == 0 ? s->index : 1 - s->index;
	struct sim_random r = {plan->seed + sender};

	sim_fill(&r, s->kept->key[way], adit_aead_key_len(aead));
	p->dir = way == 0 ? ADIT_OUT : ADIT_IN;
	p->spi = SPI + sender;
	p->local = s->address;
	p->remote = sim_outer_address(plan, 1 - s->index, false);
	p->aead = aead;
	p->key = (struct adit_span){s->kept->key[way], adit_aead_key_len(aead)};
	p->esn = plan->esn;
	p->replay_window = plan->replay_window;
	p->manual = p->seq_known = true;
	p->seq = plan->seq_start;
	p->selectors = &s->first[POLICY].selectors;
}

static enum adit_status
install(struct sim_station *s, int way, const struct adit_sa_params *p)
{
	struct adit_sad_note note = {POLICY, ADIT_BY_SPI, 0, 0};
	enum adit_status st = adit_sad_add_noted(&s->node.sad, p, &note, &s->kept->id[way]);

	if (st == ADIT_OK && way == 0)
		st = adit_spd_link(&s->node.spd, &s->node.sad, s->kept->id[way]);
	return st;
}

/* From what was kept. Numbers that may have been used since are jumped over. */
static enum adit_status
revive(struct sim_station *s, int way)
{
	static const struct adit_state_jump jump = {2 * SIM_KEEP_EVERY, 2 * SIM_KEEP_EVERY};
	const struct adit_span bytes = {s->kept->bytes[way], s->kept->len[way]};
	const struct adit_state_seal seal = seal_of(s);
	static struct adit_sa_state state;
	enum adit_status st =
		adit_state_import(bytes, &seal, &paper_crypto, &jump, sim_station_now(s), &state);

	if (st != ADIT_OK)
		return st;
	state.params.manual = state.params.seq_known = true;
	st = install(s, way, &state.params);
	if (st == ADIT_OK)
		adit_state_resume(adit_sad_get(&s->node.sad, s->kept->id[way]), &state);
	return st;
}

static void
export_both(struct sim_station *s)
{
	struct sim_kept *k = s->kept;
	const struct adit_state_seal seal = seal_of(s);

	for (int way = 0; way < 2; way++) {
		const struct adit_sa *sa = adit_sad_get(&s->node.sad, k->id[way]);
		size_t n;

		if (sa && adit_state_export(
				  sa, &k->params[way], &seal, k->number++, sim_station_now(s),
				  (struct adit_buf){k->bytes[way], ADIT_STATE_MAX}, &n) == ADIT_OK)
			k->len[way] = n;
		else
			sim_broken(s->w, "an SA of node %u can't be exported", s->index);
	}
}

static uint64_t
packets(struct sim_station *s)
{
	const struct adit_sa *out = adit_sad_get(&s->node.sad, s->kept->id[0]);
	const struct adit_sa *in = adit_sad_get(&s->node.sad, s->kept->id[1]);

	return out && in ? out->seq + in->window.top : 0;
}

void
sim_manual_install(struct sim_station *s)
{
	bool again = s->kept != NULL;
	uint32_t calm[SIM_CALL_COUNT];

	/* Whether a node comes up at all is not what is tried here. */
	memcpy(calm, s->fail_for, sizeof calm);
	memset(s->fail_for, 0, sizeof s->fail_for);
	if (!again) {
		s->kept = calloc(1, sizeof *s->kept);
		if (!s->kept)
			abort();
	}
	s->w->running = s;
	for (int way = 0; way < 2; way++) {
		enum adit_status st;

		if (!again)
			make_params(s, way);
		st = again ? revive(s, way) : install(s, way, &s->kept->params[way]);
		if (st == ADIT_OK && again && way == 1)
			sim_arrivals_resumed(
				s, s->kept->params[way].spi,
				adit_sad_get(&s->node.sad, s->kept->id[way])->window.top);
		if (st != ADIT_OK)
			sim_broken(s->w, "an SA by hand of node %u: %s", s->index,
				   adit_status_name(st));
	}
	export_both(s);
	s->kept->packets = packets(s);
	memcpy(s->fail_for, calm, sizeof calm);
	s->w->running = NULL;
}

void
sim_manual_keep(struct sim_station *s)
{
	uint32_t calm[SIM_CALL_COUNT];

	if (packets(s) - s->kept->packets < SIM_KEEP_EVERY)
		return;
	memcpy(calm, s->fail_for, sizeof calm);
	memset(s->fail_for, 0, sizeof s->fail_for);
	export_both(s);
	s->kept->packets = packets(s);
	memcpy(s->fail_for, calm, sizeof calm);
}

void
sim_manual_free(struct sim_station *s)
{
	free(s->kept);
	s->kept = NULL;
}
