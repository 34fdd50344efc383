/* What constant time is not: the controls of both measurements. */
#ifndef TEST_CT_LEAKY_H
#define TEST_CT_LEAKY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compares, and leaves at the first difference. */
bool leaky_equal(const uint8_t *a, const uint8_t *b, size_t n);
/* Looks one byte up in a table, as ciphers with tables do. */
uint8_t leaky_lookup(uint8_t at);

#endif
