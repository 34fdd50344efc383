/* Numbers as people write them. */
#ifndef XFRM_DIGITS_H
#define XFRM_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

/* The whole text is a number up to `most`: decimal digits, or 0x once and hexadecimal ones. No
 * sign, no blanks, and a zero in front is no octal. */
bool digits_read(const char *text, uint64_t most, uint64_t *out);

#endif
