/* Structure for mutators: puts lengths, checksums and chains of a mutated input right, so that it
 * gets further than to the first check. It stands alone, for it goes into an AFL++ mutator too. */
#ifndef ADIT_FUZZ_SHAPE_H
#define ADIT_FUZZ_SHAPE_H

#include <stddef.h>
#include <stdint.h>

/* The n bytes at p, an input of target NAME_fuzz, in place. pick: random bits; some of them leave
 * something wrong. A target of which nothing is known here keeps its bytes. */
void shape_input(const char *name, uint8_t *p, size_t n, uint32_t pick);

#endif
