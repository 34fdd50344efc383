/* The joint of the two databases that outbound and inbound processing work on. */
#include <string.h>

#include "adit/ipsec.h"
#include "sa/sad.h"

void
adit_ipsec_init(struct adit_ipsec *ipsec, struct adit_sad *sad, struct adit_spd *spd)
{
	memset(ipsec, 0, sizeof *ipsec);
	ipsec->sad = sad;
	ipsec->spd = spd;
}

const char *
adit_verdict_name(enum adit_verdict_kind kind)
{
	static const char *const names[] = {"DISCARD", "BYPASS", "SEND",    "NEED_SA",
					    "TOO_BIG", "QUEUE",  "DELIVER", "AGGFRAG"};

	return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

/* Handles come from the words, which lie close: a million slots are looked over in passing. */
struct adit_sa *
adit_ipsec_aged(struct adit_ipsec *ipsec, size_t *cursor, size_t budget, struct adit_sa_id *id,
		enum adit_age *age)
{
	const struct adit_sad_mem *mem = &ipsec->sad->mem;
	size_t end = mem->count - *cursor < budget ? mem->count : *cursor + budget;

	while (*cursor < end) {
		uint32_t slot = (uint32_t)(*cursor)++;

		if (!adit_sad_is_used(ipsec->sad, slot))
			continue;
		*age = adit_sa_age(&mem->sas[slot], ipsec->now);
		if (*age == ADIT_AGE_GOOD)
			continue;
		id->slot = slot;
		id->generation = mem->words[slot].generation;
		return &mem->sas[slot];
	}
	if (*cursor >= mem->count)
		*cursor = 0;
	return NULL;
}
