/* Memory that stays until the end. */
#include "keep.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adit/base.h"

/* In front of every piece of memory that stays. */
struct kept {
	struct kept *next;
	size_t n;
	max_align_t memory[];
};

static struct kept *all_kept;

void *
keep(size_t n)
{
	struct kept *k = calloc(1, sizeof *k + n);

	if (!k)
		abort();
	k->n = n;
	k->next = all_kept;
	all_kept = k;
	return k->memory;
}

char *
keep_text(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(keep(n), text, n);
}

void
keep_nothing(void)
{
	while (all_kept) {
		struct kept *k = all_kept;

		all_kept = k->next;
		adit_wipe(k->memory, k->n);
		free(k);
	}
}
