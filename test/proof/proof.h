/* The words of the proofs. A proof is a main() whose inputs are any values at all; CBMC looks at
 * every path through it, and at each step of the code under proof. */
#ifndef ADIT_TEST_PROOF_H
#define ADIT_TEST_PROOF_H

#include <stdlib.h>

#include "adit/base.h"

/* Taken for granted, because the header of the code under proof asks it of the caller. */
#define GIVEN(cond) __CPROVER_assume(cond)
/* Shown for every input. */
#define SHOW(cond) __CPROVER_assert(cond, #cond)
/* Shown for some input, so that nothing is shown of an empty set: run.sh wants this assertion, and
 * no other, to fail. Of broken code it wants any other to fail. */
#ifdef PROOF_BROKEN
#define REACHED(what) (void)0
#else
#define REACHED(what) __CPROVER_assert(false, "reached: " what)
#endif

/* Any value: functions without a body. */
bool nondet_bool(void);
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
size_t nondet_size(void);
int nondet_int(void);

/* At most 255: CBMC then knows the high bits to be zero. */
static inline size_t
any_up_to(size_t max)
{
	uint8_t n = nondet_u8();

	GIVEN(n <= max);
	return n;
}

/* n bytes of any value. */
static inline uint8_t *
any_bytes(size_t n)
{
	uint8_t *p = malloc(n);

	GIVEN(p != NULL);
	return p;
}

/* Any bytes of any length up to max, at most 255. They end where their object ends: one step
 * beyond is seen. */
static inline struct adit_buf
any_buf(size_t max)
{
	uint8_t *p = any_bytes(max);
	uint8_t at = nondet_u8();

	GIVEN(at <= max);
	return (struct adit_buf){p + at, (uint8_t)(max - at)};
}

static inline struct adit_span
any_span(size_t max)
{
	struct adit_buf b = any_buf(max);

	return (struct adit_span){b.p, b.cap};
}

/* The same, or none at all: NULL. */
static inline struct adit_span
any_span_or_null(size_t max)
{
	return nondet_bool() ? any_span(max) : (struct adit_span){NULL, 0};
}

/* Whether a view lies within other bytes, and may be read. */
static inline bool
is_within(struct adit_span part, struct adit_span all)
{
	return part.n == 0 || (part.n <= all.n && __CPROVER_r_ok(part.p, part.n) &&
			       __CPROVER_same_object(part.p, all.p) && part.p >= all.p &&
			       part.p + part.n <= all.p + all.n);
}

#endif
