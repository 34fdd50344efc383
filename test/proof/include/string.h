/* Stands before the C library's <string.h> in proofs. Copies and fills of a length that is no
 * constant look whether both sides are there, and leave any bytes (comparisons: any answer) but for
 * the first one, which versions and header lengths of IP are read from: more can happen so than
 * does. With PROOF_FILL_TRUE fills of whole words are what they are. With PROOF_BYTES_UNREAD only
 * the first byte is written: for code that decides nothing by the others. With PROOF_COMPARE_ANY
 * all comparisons give any answer. */
#ifndef ADIT_TEST_PROOF_STRING_H
#define ADIT_TEST_PROOF_STRING_H

#include_next <string.h>

static inline void *
proof_any(void *to, size_t n)
{
	__CPROVER_assert(__CPROVER_w_ok(to, n), "written bytes are there");
#ifndef PROOF_BYTES_UNREAD
	if (n)
		__CPROVER_havoc_slice(to, n);
#endif
	return to;
}

static inline void *
proof_fill(void *to, int c, size_t n)
{
#ifdef PROOF_FILL_TRUE
	__CPROVER_assert(n % 4 == 0 && __CPROVER_w_ok(to, n), "written bytes are there");
	for (size_t i = 0; i < n; i += 4)
		memset((char *)to + i, c, 4);
	return to;
#else
	(void)c;
	return proof_any(to, n);
#endif
}

static inline void *
proof_move(void *to, const void *from, size_t n)
{
	unsigned char first;

	__CPROVER_assert(__CPROVER_r_ok(from, n), "copied bytes are there");
	if (n == 0)
		return to;
	first = *(const unsigned char *)from;
	proof_any(to, n);
	*(unsigned char *)to = first;
	return to;
}

static inline void *
proof_copy(void *to, const void *from, size_t n)
{
	__CPROVER_assert(n == 0 || !__CPROVER_same_object(to, from) ||
				 (const char *)to + n <= (const char *)from ||
				 (const char *)from + n <= (const char *)to,
			 "copied bytes are apart");
	return proof_move(to, from, n);
}

static inline void *
proof_find(const void *p, int c, size_t n)
{
	const unsigned char *at = p;

	for (; n > 0; n--, at++)
		if (*at == (unsigned char)c)
			return (void *)at;
	return NULL;
}

static inline int
proof_compare(const void *a, const void *b, size_t n)
{
	int any;

	__CPROVER_assert(__CPROVER_r_ok(a, n) && __CPROVER_r_ok(b, n), "compared bytes are there");
	return n ? any : 0;
}

#define memcpy(to, from, n) \
	(__builtin_constant_p(n) ? memcpy(to, from, n) : proof_copy(to, from, n))
#define memmove(to, from, n) \
	(__builtin_constant_p(n) ? memmove(to, from, n) : proof_move(to, from, n))
#define memset(to, c, n) (__builtin_constant_p(n) ? memset(to, c, n) : proof_fill(to, c, n))
#ifdef PROOF_COMPARE_ANY
#define memcmp(a, b, n) proof_compare(a, b, n)
#else
#define memcmp(a, b, n) (__builtin_constant_p(n) ? memcmp(a, b, n) : proof_compare(a, b, n))
#endif
#define memchr(p, c, n) proof_find(p, c, n)

#endif
