/* A mutator for AFL++ beside its own ones: a few changes, then into shape. FUZZ_TARGET names the
 * target. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/shape.h"

enum { CHANGES = 8 };

struct mutator {
	uint32_t random;
	const char *target;
	uint8_t *out;
	size_t cap;
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(struct mutator *m, uint8_t *in, size_t n, uint8_t **out, uint8_t *add,
		       size_t add_n, size_t most);
void afl_custom_deinit(struct mutator *m);

void *
afl_custom_init(void *afl, unsigned seed)
{
	struct mutator *m = calloc(1, sizeof *m);

	(void)afl;
	if (m) {
		m->random = seed | 1;
		m->target = getenv("FUZZ_TARGET");
	}
	return m;
}

static uint32_t
next(struct mutator *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 17;
	m->random ^= m->random << 5;
	return m->random;
}

/* Another value, a byte less, a byte more, or some of another input's bytes. */
static size_t
change(struct mutator *m, size_t n, const uint8_t *add, size_t add_n)
{
	size_t at = n ? next(m) % n : 0, len = 1 + next(m) % 32;

	switch (next(m) % 5) {
	case 0:
		m->out[at] ^= (uint8_t)(1 << next(m) % 8);
		break;
	case 1:
		m->out[at] = (uint8_t)next(m);
		break;
	case 2:
		if (n > 1)
			memmove(m->out + at, m->out + at + 1, --n - at);
		break;
	case 3:
		if (n < m->cap) {
			memmove(m->out + at + 1, m->out + at, n++ - at);
			m->out[at] = (uint8_t)next(m);
		}
		break;
	default:
		if (len > n - at)
			len = n - at;
		if (add_n >= len)
			memcpy(m->out + at, add + next(m) % (add_n - len + 1), len);
		break;
	}
	return n;
}

size_t
afl_custom_fuzz(struct mutator *m, uint8_t *in, size_t n, uint8_t **out, uint8_t *add, size_t add_n,
		size_t most)
{
	if (m->cap < most) {
		free(m->out);
		m->out = malloc(most);
		m->cap = m->out ? most : 0;
	}
	*out = m->out;
	if (n == 0 || n > m->cap)
		return 0;
	memcpy(m->out, in, n);
	for (uint32_t i = 1 + next(m) % CHANGES; i > 0; i--)
		n = change(m, n, add, add_n);
	if (m->target)
		shape_input(m->target, m->out, n, next(m));
	return n;
}

void
afl_custom_deinit(struct mutator *m)
{
	free(m->out);
	free(m);
}
