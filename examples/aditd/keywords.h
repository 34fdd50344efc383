/* Sections as lists of keywords, each with the function that takes it. */
#ifndef ADITD_KEYWORDS_H
#define ADITD_KEYWORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"

/* A keyword with the function that takes it; a list ends with a NULL name. */
struct keyword {
	const char *name;
	bool (*take)(void *ctx, const struct conf *c, FILE *err);
};

/* Writes "file:line: keyword: why" to err; false. */
bool complain(FILE *err, const struct conf *c, const char *why);

/* For the end of a taking function: runs a value's parser, which returns NULL or what is wrong. */
#define TAKE(err, c, call)                                                                      \
	do {                                                                                    \
		const char *why_ = (c)->value ? (call) : "a value was expected, not a section"; \
		return !why_ || complain((err), (c), why_);                                     \
	} while (0)

/* Takes all of a section; what is not in words is an error. false: something was wrong, and all of
 * it was said. */
bool take_all(const struct conf *section, const struct keyword *words, void *ctx, FILE *err);
/* A taking function for what is not built: it may be given as long as that turns it off. */
bool only_off(void *ctx, const struct conf *c, FILE *err);

#endif
