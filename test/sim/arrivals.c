/* Which packets the SAs of all nodes have sealed, and which of them a node has taken: what is new
 * and not left of the window is no repeat. */
#include "base/endian.h"
#include "sim/world.h"
#include "wire/ip.h"

enum { ESP_LEAST = 8, SEQ_AT = 4 };

/* What is remembered: of a packet's bytes the number, and whether a node took it; of a node's SA
 * the highest number taken, and the last of those that count as seen since the node came back. */
enum { SEALED = 1, TOP, FLOOR, TAKEN };

static bool
esp_of(const struct sim_frame *f, struct adit_span *esp)
{
	size_t head = 0;

	if (f->protocol == ADIT_PROTO_ESP)
		head = f->bytes[0] >> 4 == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;
	else if (f->protocol != ADIT_PROTO_UDP)
		return false;
	if (f->len < head + ESP_LEAST)
		return false;
	*esp = (struct adit_span){f->bytes + head, f->len - head};
	return true;
}

static uint64_t *
of_packet(struct sim_world *w, struct adit_span esp, unsigned what)
{
	return sim_map_at(&w->arrivals, paper_digest(31, esp.p, esp.n), what, NULL);
}

static uint64_t *
of_sa(struct sim_station *s, uint32_t spi, unsigned what)
{
	return sim_map_at(&s->w->arrivals, (uint64_t)s->index << 32 | spi, what, NULL);
}

void
sim_arrivals_sealed(struct sim_station *s, const struct adit_sa *sa, const struct sim_frame *f)
{
	struct adit_span esp;

	if (s->w->plan.light || !esp_of(f, &esp))
		return;
	/* The SA may have used further numbers since. */
	*of_packet(s->w, esp, SEALED) =
		sa->seq - (uint32_t)((uint32_t)sa->seq - adit_load32(esp.p + SEQ_AT));
}

void
sim_arrivals_resumed(struct sim_station *s, uint32_t spi, uint64_t number)
{
	*of_sa(s, spi, FLOOR) = number;
}

/* Of what the node did not look into, it can't have taken the number. */
static bool
may_be_taken(enum adit_status st)
{
	return st != ADIT_ERR_NO_SA && st != ADIT_ERR_MISMATCH && st != ADIT_ERR_ICV &&
	       st != ADIT_ERR_CRYPTO;
}

static void
judge(struct sim_station *s, uint32_t spi, uint64_t number, enum adit_status st)
{
	uint64_t top = *of_sa(s, spi, TOP), floor = *of_sa(s, spi, FLOOR);

	if (number <= floor || (st == ADIT_ERR_OLD && number + s->w->plan.replay_window <= top))
		return;
	sim_broken(s->w,
		   "what is new is no repeat: node %u drops number %llu of %08x, which it never "
		   "took, as %s",
		   s->index, (unsigned long long)number, spi, adit_status_name(st));
}

void
sim_arrivals_taken(struct sim_station *s, const struct sim_frame *f, enum adit_status st)
{
	struct adit_span esp;
	uint64_t number, *taken, *top;
	uint32_t spi;

	if (s->w->plan.light || s->impostor || !esp_of(f, &esp))
		return;
	number = *of_packet(s->w, esp, SEALED);
	if (number == 0)
		return;
	spi = adit_load32(esp.p);
	taken = of_packet(s->w, esp, TAKEN + s->index);
	if (st == ADIT_ERR_REPLAY || st == ADIT_ERR_OLD) {
		if (!*taken)
			judge(s, spi, number, st);
		return;
	}
	if (!may_be_taken(st))
		return;
	*taken = 1;
	top = of_sa(s, spi, TOP);
	*top = number > *top ? number : *top;
}
