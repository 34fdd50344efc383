/* The sequence numbers of manual SAs, kept in a file across restarts. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../xfrm/digits.h"
#include "log.h"
#include "numbers.h"
#include "values.h"

enum { LINE_MAX_LEN = 256, LINE_WORDS = 8 };
enum { LIST_LEAST = 16 };
enum { SPI_TEXT_MAX = 10 }; /* 0x and eight digits */

struct number *
numbers_find(struct numbers *n, const struct number *like)
{
	for (size_t i = 0; i < n->count; i++) {
		struct number *record = &n->list[i];

		if (record->spi == like->spi && record->protocol == like->protocol &&
		    record->dir == like->dir && adit_ip_equal(&record->dst, &like->dst))
			return record;
	}
	return NULL;
}

struct number *
numbers_add(struct numbers *n, const struct number *record)
{
	if (n->count == n->cap) {
		struct number *more;

		n->cap = n->cap ? 2 * n->cap : LIST_LEAST;
		more = keep(n->cap * sizeof *more);
		if (n->count)
			memcpy(more, n->list, n->count * sizeof *more);
		n->list = more;
	}
	n->list[n->count] = *record;
	return &n->list[n->count++];
}

/* --- A line. */

/* The words of `ip xfrm` for the last number that was sent, and for the last that came. */
static const char word_out[] = "replay-oseq", word_in[] = "replay-seq";

/* A line without its end is one whose number may have lost digits. */
static bool
split(char *line, char *word[LINE_WORDS])
{
	size_t len = strlen(line), n = 0;
	char *rest;

	if (len == 0 || line[len - 1] != '\n')
		return false;
	line[len - 1] = '\0';
	for (char *w = strtok_r(line, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		if (n == LINE_WORDS)
			return false;
		word[n++] = w;
	}
	return n == LINE_WORDS;
}

static bool
read_address(const char *text, struct adit_ip *out)
{
	out->version = strchr(text, ':') ? 6 : 4;
	return inet_pton(out->version == 4 ? AF_INET : AF_INET6, text, out->b) == 1;
}

static bool
read_protocol(const char *text, uint8_t *out)
{
	*out = strcmp(text, "ah") == 0 ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
	return *out == ADIT_PROTO_AH || strcmp(text, "esp") == 0;
}

static bool
read_spi(const char *text, uint32_t *out)
{
	uint64_t n;

	if (strncmp(text, "0x", 2) != 0 || strlen(text) > SPI_TEXT_MAX ||
	    !digits_read(text, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool
read_last(const char *word, const char *text, struct number *out)
{
	out->dir = strcmp(word, word_out) == 0 ? ADIT_OUT : ADIT_IN;
	return (out->dir == ADIT_OUT || strcmp(word, word_in) == 0) &&
	       text[strspn(text, "0123456789")] == '\0' &&
	       digits_read(text, UINT64_MAX, &out->last);
}

/* "dst 10.0.0.2 proto esp spi 0x00001001 replay-oseq 65536" and the end of the line. */
static bool
read_line(char *line, struct number *out)
{
	char *word[LINE_WORDS];

	memset(out, 0, sizeof *out);
	return split(line, word) && strcmp(word[0], "dst") == 0 &&
	       read_address(word[1], &out->dst) && strcmp(word[2], "proto") == 0 &&
	       read_protocol(word[3], &out->protocol) && strcmp(word[4], "spi") == 0 &&
	       read_spi(word[5], &out->spi) && read_last(word[6], word[7], out);
}

/* --- The file. */

/* Every line is one record: that of index i stands in line i + 1. */
static bool
take_line(struct numbers *n, char *line, FILE *err)
{
	const struct number *twice;
	struct number record;

	if (!read_line(line, &record)) {
		fprintf(err, "%s:%zu: not a line of sequence numbers\n", n->file, n->count + 1);
		return false;
	}
	twice = numbers_find(n, &record);
	if (twice) {
		fprintf(err, "%s:%zu: the SA of line %zu once more: which number is the last?\n",
			n->file, n->count + 1, (size_t)(twice - n->list) + 1);
		return false;
	}
	(void)numbers_add(n, &record);
	return true;
}

bool
numbers_read(struct numbers *n, const char *file, FILE *err)
{
	FILE *f = fopen(file, "r");
	char line[LINE_MAX_LEN];
	bool ok = true;

	memset(n, 0, sizeof *n);
	n->file = file;
	n->lock = -1;
	if (!f && errno == ENOENT)
		return true;
	if (!f)
		return fprintf(err, "%s: %s\n", file, strerror(errno)), false;
	while (ok && fgets(line, sizeof line, f))
		ok = take_line(n, line, err);
	if (ok && ferror(f)) {
		fprintf(err, "%s: %s\n", file, strerror(errno));
		ok = false;
	} else if (ok && n->count == 0) {
		fprintf(err,
			"%s: it is empty, and does not tell which numbers were used: put it back, "
			"or, with new keys alone, remove it\n",
			file);
		ok = false;
	}
	fclose(f);
	return ok;
}

/* A name beside that of the file, to be freed. */
static char *
beside(const char *file, const char *end)
{
	char *name = NULL;

	if (asprintf(&name, "%s%s", file, end) < 0)
		abort();
	return name;
}

/* What is at the place of the file is going to be replaced. Behind a link the old number would
 * stay, and be found by its other name. */
static bool
check_place(const char *file, FILE *err)
{
	struct stat st;

	if (lstat(file, &st) < 0) {
		if (errno == ENOENT)
			return true;
		fprintf(err, "%s: %s\n", file, strerror(errno));
		return false;
	}
	if (S_ISREG(st.st_mode) && st.st_nlink == 1)
		return true;
	fprintf(err, "%s: numbers are kept in a regular file alone, without links to it\n", file);
	return false;
}

/* On a file beside, since the file itself is always a new one. The lock ends with the process. */
static bool
lock(struct numbers *n, FILE *err)
{
	char *name = beside(n->file, ".lock");

	n->lock = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (n->lock >= 0 && flock(n->lock, LOCK_EX | LOCK_NB) == 0) {
		free(name);
		return true;
	}
	if (errno == EWOULDBLOCK)
		fprintf(err, "%s: another process keeps its numbers there (it has locked %s)\n",
			n->file, name);
	else
		fprintf(err, "%s: %s\n", name, strerror(errno));
	free(name);
	return false;
}

bool
numbers_open(struct numbers *n, const char *file, FILE *err)
{
	struct numbers locked = {.file = file, .lock = -1};

	if (check_place(file, err) && lock(&locked, err) && numbers_read(n, file, err)) {
		n->lock = locked.lock;
		return true;
	}
	numbers_close(&locked);
	return false;
}

void
numbers_close(struct numbers *n)
{
	if (n->file && n->lock >= 0)
		close(n->lock);
	n->lock = -1;
}

static bool
write_all(const struct numbers *n, FILE *f)
{
	for (size_t i = 0; i < n->count; i++)
		fprintf(f, "dst %s proto %s spi 0x%08" PRIx32 " %s %" PRIu64 "\n",
			text_ip(&n->list[i].dst),
			n->list[i].protocol == ADIT_PROTO_AH ? "ah" : "esp", n->list[i].spi,
			n->list[i].dir == ADIT_OUT ? word_out : word_in, n->list[i].last);
	return fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
}

/* The new name is on the disk when its folder is. */
static bool
sync_folder(const char *file)
{
	char *copy = strdup(file);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(copy);
	return ok;
}

/* What an end in the midst of it has left goes; anything else there stays, and is an error. */
static FILE *
open_fresh(const char *name)
{
	struct stat st;
	FILE *f = NULL;
	int fd;

	if (lstat(name, &st) == 0 && S_ISREG(st.st_mode))
		unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* At any moment the file is the old one or the new one, whole. */
static bool
replace(const struct numbers *n, const char *fresh)
{
	FILE *f = open_fresh(fresh);
	bool ok;
	int why;

	if (!f)
		return false;
	ok = write_all(n, f);
	ok = fclose(f) == 0 && ok;
	if (ok && rename(fresh, n->file) == 0)
		return sync_folder(n->file);
	why = errno;
	unlink(fresh);
	errno = why;
	return false;
}

bool
numbers_write(const struct numbers *n, FILE *err)
{
	char *fresh = beside(n->file, ".new");
	/* An empty file would tell nothing to the next start. */
	bool ok = n->count == 0 || replace(n, fresh);

	if (!ok)
		fprintf(err, "%s, by way of %s: %s\n", n->file, fresh, strerror(errno));
	free(fresh);
	return ok;
}

/* --- How far. */

/* Twice as far where the last step did not last, half as far where it lasted. */
static uint64_t
next_step(const struct number *record, uint64_t seq, adit_ms now)
{
	uint64_t step = record->step;

	if (now - record->at >= NUMBERS_IN_MS)
		step /= 2;
	else if (seq > record->last)
		step *= 2;
	if (step < NUMBERS_IN_LEAST)
		return NUMBERS_IN_LEAST;
	return step < NUMBERS_IN_MOST ? step : NUMBERS_IN_MOST;
}

void
numbers_go_ahead(struct number *record, uint64_t seq, bool esn, adit_ms now)
{
	uint64_t most = esn ? UINT64_MAX : UINT32_MAX, ahead = NUMBERS_AHEAD;

	if (record->dir == ADIT_IN) {
		ahead = next_step(record, seq, now);
		record->step = ahead;
		record->at = now;
	}
	record->last = seq > most - ahead ? most : seq + ahead;
}

bool
numbers_is_due(const struct number *record, uint64_t seq, bool esn, adit_ms now)
{
	if (seq > record->last)
		return true;
	if (record->dir == ADIT_IN)
		return record->last - seq > NUMBERS_IN_LEAST && now - record->at >= NUMBERS_IN_MS;
	return record->last < (esn ? UINT64_MAX : UINT32_MAX) && record->last - seq < NUMBERS_LEFT;
}
