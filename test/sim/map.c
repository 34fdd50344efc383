/* A hash table of two words to one. */
#include <stdlib.h>

#include "sim/map.h"
#include "sim/random.h"

enum { FIRST = 1024 };

static struct sim_slot *
slots_of(size_t count)
{
	struct sim_slot *slots = calloc(count, sizeof *slots);

	if (!slots)
		abort();
	return slots;
}

void
sim_map_clear(struct sim_map *m)
{
	if (!m->slots) {
		m->count = FIRST;
		m->slots = slots_of(FIRST);
	}
	m->epoch++;
	m->used = 0;
}

void
sim_map_free(struct sim_map *m)
{
	free(m->slots);
	m->slots = NULL;
}

static struct sim_slot *
place(const struct sim_map *m, uint64_t k0, uint64_t k1)
{
	size_t i = (size_t)sim_mix(k0 ^ k1 * 0x9e3779b97f4a7c15u);

	for (;; i++) {
		struct sim_slot *s = &m->slots[i & (m->count - 1)];

		if (s->epoch != m->epoch || (s->key[0] == k0 && s->key[1] == k1))
			return s;
	}
}

static void
grow(struct sim_map *m)
{
	struct sim_map old = *m;

	m->count *= 2;
	m->slots = slots_of(m->count);
	for (size_t i = 0; i < old.count; i++)
		if (old.slots[i].epoch == old.epoch)
			*place(m, old.slots[i].key[0], old.slots[i].key[1]) = old.slots[i];
	free(old.slots);
}

uint64_t *
sim_map_at(struct sim_map *m, uint64_t k0, uint64_t k1, bool *is_new)
{
	struct sim_slot *s;

	if (m->used * 2 >= m->count)
		grow(m);
	s = place(m, k0, k1);
	if (is_new)
		*is_new = s->epoch != m->epoch;
	if (s->epoch != m->epoch) {
		*s = (struct sim_slot){{k0, k1}, 0, m->epoch};
		m->used++;
	}
	return &s->value;
}

uint64_t *
sim_map_find(const struct sim_map *m, uint64_t k0, uint64_t k1)
{
	struct sim_slot *s = place(m, k0, k1);

	return s->epoch == m->epoch ? &s->value : NULL;
}
