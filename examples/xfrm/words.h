/* The words of a file of commands as a shell would see them: quotes, # comments, backslash and
 * newline; a command ends with its line. */
#ifndef XFRM_WORDS_H
#define XFRM_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { WORD_MAX = 300 }; /* longer than the longest key in hex */

struct words {
	const char *name; /* of the file, for what is said on err */
	const char *p, *end;
	unsigned line;      /* where p is */
	unsigned word_line; /* where `word` began */
	bool again;         /* the next call gives `word` once more */
	bool broken;        /* something was said already */
	char word[WORD_MAX];
	FILE *err;
};

void words_begin(struct words *w, const char *name, const char *text, size_t n, FILE *err);
/* Goes to the next line that has words. false: there is none. */
bool words_command(struct words *w);
/* The next word of this line; NULL: its end, or broken. It is good until the next call. */
const char *words_next(struct words *w);
/* The next call gives the same word. */
void words_back(struct words *w);
/* Says what is wrong as "file:line: text", and sets broken. Always false. */
bool words_fail(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
