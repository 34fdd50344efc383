/* A fuzz input read as a script: bytes in order, zeros behind its end. */
#ifndef ADIT_FUZZ_SCRIPT_H
#define ADIT_FUZZ_SCRIPT_H

#include "adit/base.h"

struct script {
	const uint8_t *p;
	size_t n;
};

static inline uint8_t
script_byte(struct script *s)
{
	if (s->n == 0)
		return 0;
	s->n--;
	return *s->p++;
}

static inline uint16_t
script_word(struct script *s)
{
	uint16_t high = script_byte(s);

	return (uint16_t)(high << 8 | script_byte(s));
}

/* So many bytes, or what there is. */
static inline struct adit_span
script_span(struct script *s, size_t n)
{
	struct adit_span bytes = {s->p, n < s->n ? n : s->n};

	s->p += bytes.n;
	s->n -= bytes.n;
	return bytes;
}

#endif
