/* The sequence numbers of manual SAs, kept in a file across restarts: with a key that stays, no
 * number may be used twice (RFC 8221 section 4), and none that came may come again (RFC 4303
 * 3.4.3). The file says a number that is ahead of those in use: it is written before they are, and
 * a restart goes on behind it. */
#ifndef ADITD_NUMBERS_H
#define ADITD_NUMBERS_H

#include <stdio.h>

#include "adit/sa.h"

/* How far ahead the file is, and what must at least be left of that. */
#define NUMBERS_AHEAD 65536
#define NUMBERS_LEFT 32768
/* How far it is ahead of what came: what the peer sends of these is lost after a restart that no
 * end came before. So it is about as far as comes in this time, and between these numbers. */
#define NUMBERS_IN_MS 1000
#define NUMBERS_IN_LEAST 256
#define NUMBERS_IN_MOST 65536

struct number {
	enum adit_direction dir;
	struct adit_ip dst;
	uint8_t protocol;
	uint32_t spi;
	uint64_t last; /* no number behind it was ever used, or was taken from the peer */
	uint64_t step; /* inbound: how far that was ahead when it was said, */
	adit_ms at;    /* and when that was */
};

struct numbers {
	const char *file;
	int lock; /* FILE.lock, open; -1: not locked */
	struct number *list;
	size_t count, cap;
};

/* Reads the file; one that isn't there says that no number was ever used. false: what is wrong was
 * written to err; numbers that can't be read are none to guess. */
bool numbers_read(struct numbers *n, const char *file, FILE *err);
/* The same of a file that is to be written, too: it is a regular file or none, and nobody else's
 * until numbers_close() or the end of the process. */
bool numbers_open(struct numbers *n, const char *file, FILE *err);
/* Without a file it does nothing. */
void numbers_close(struct numbers *n);
/* The record of the SA that `like` tells but for its number, or NULL. */
struct number *numbers_find(struct numbers *n, const struct number *like);
/* A new record behind `last`. */
struct number *numbers_add(struct numbers *n, const struct number *record);
/* Writes the file anew and waits until it is on the disk: whole, or as it was. Without records
 * there is nothing to write. */
bool numbers_write(const struct numbers *n, FILE *err);

/* Says that an SA that has used `seq` may go on, with esn or without, as far as is ahead. */
void numbers_go_ahead(struct number *record, uint64_t seq, bool esn, adit_ms now);
/* Whether it is time to do that, and to write the file. */
bool numbers_is_due(const struct number *record, uint64_t seq, bool esn, adit_ms now);

#endif
