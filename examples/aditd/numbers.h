/* The sequence numbers of manual SAs, kept in a file across restarts (RFC 8221 section 4: with a
 * key that stays, no number may be used twice). The file says a number that is ahead of those in
 * use: it is written before they are, and a restart goes on behind it. */
#ifndef ADITD_NUMBERS_H
#define ADITD_NUMBERS_H

#include <stdio.h>

#include "adit/sa.h"

/* How far ahead the file is, and what must at least be left of that. */
#define NUMBERS_AHEAD 65536
#define NUMBERS_LEFT 32768

struct number {
	struct adit_ip dst;
	uint8_t protocol;
	uint32_t spi;
	uint64_t last; /* no number behind it was ever used */
};

struct numbers {
	const char *file;
	struct number *list;
	size_t count;
};

/* Reads the file; one that isn't there is empty. false: what is wrong was written to err; numbers
 * that can't be read are none to guess. */
bool numbers_read(struct numbers *n, const char *file, FILE *err);
/* The record of an SA, or NULL. */
struct number *numbers_find(struct numbers *n, const struct adit_ip *dst, uint8_t protocol,
			    uint32_t spi);
/* A new record behind `last`. */
struct number *numbers_add(struct numbers *n, const struct number *record);
/* Writes the file anew and waits until it is on the disk. */
bool numbers_write(const struct numbers *n, FILE *err);

/* How far an SA that has used `seq` may go on, with esn or without. */
uint64_t numbers_ahead(uint64_t seq, bool esn);
/* Whether it is time to write a new number. */
bool numbers_is_due(const struct number *record, uint64_t seq, bool esn);

#endif
