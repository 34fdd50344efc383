/* A hash table of two words to one, for what a world must remember of a whole run. */
#ifndef ADIT_SIM_MAP_H
#define ADIT_SIM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_slot {
	uint64_t key[2], value;
	uint64_t epoch; /* of the table when it was written; another: empty */
};

struct sim_map {
	struct sim_slot *slots;
	size_t count, used; /* count: a power of two */
	uint64_t epoch;
};

/* Forgets all; keeps the memory. Also the first call on a zero map. */
void sim_map_clear(struct sim_map *m);
void sim_map_free(struct sim_map *m);
/* The value of a key, which is zero where it is new. *is_new may be NULL. Valid until the next
 * call. */
uint64_t *sim_map_at(struct sim_map *m, uint64_t k0, uint64_t k1, bool *is_new);
/* NULL: not there. */
uint64_t *sim_map_find(const struct sim_map *m, uint64_t k0, uint64_t k1);

#endif
