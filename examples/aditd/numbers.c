/* The sequence numbers of manual SAs, kept in a file across restarts. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "numbers.h"
#include "values.h"

#define LINE_MAX_LEN 256

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
	struct number *more = keep((n->count + 1) * sizeof *more);

	if (n->count)
		memcpy(more, n->list, n->count * sizeof *more);
	more[n->count] = *record;
	n->list = more;
	return &n->list[n->count++];
}

/* The words of `ip xfrm` for the last number that was sent, and for the last that came. */
static const char word_out[] = "replay-oseq", word_in[] = "replay-seq";

/* "dst 10.0.0.2 proto esp spi 0x00001001 replay-oseq 65536" */
static bool
read_line(const char *line, struct number *out)
{
	char dst[64], protocol[8], word[16], rest;

	memset(out, 0, sizeof *out);
	if (sscanf(line, "dst %63s proto %7s spi 0x%" SCNx32 " %15s %" SCNu64 " %c", dst, protocol,
		   &out->spi, word, &out->last, &rest) != 5)
		return false;
	out->dir = strcmp(word, word_out) == 0 ? ADIT_OUT : ADIT_IN;
	if (out->dir == ADIT_IN && strcmp(word, word_in) != 0)
		return false;
	out->dst.version = strchr(dst, ':') ? 6 : 4;
	out->protocol = strcmp(protocol, "ah") == 0 ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
	return inet_pton(out->dst.version == 4 ? AF_INET : AF_INET6, dst, out->dst.b) == 1 &&
	       (out->protocol == ADIT_PROTO_AH || strcmp(protocol, "esp") == 0);
}

bool
numbers_read(struct numbers *n, const char *file, FILE *err)
{
	FILE *f = fopen(file, "r");
	char line[LINE_MAX_LEN];
	unsigned at = 0;
	bool ok = true;

	memset(n, 0, sizeof *n);
	n->file = file;
	if (!f && errno == ENOENT)
		return true;
	if (!f)
		return fprintf(err, "%s: %s\n", file, strerror(errno)), false;
	while (ok && fgets(line, sizeof line, f)) {
		struct number record;

		at++;
		ok = read_line(line, &record);
		if (ok)
			(void)numbers_add(n, &record);
		else
			fprintf(err, "%s:%u: not a line of sequence numbers\n", file, at);
	}
	if (ok && ferror(f)) {
		fprintf(err, "%s: %s\n", file, strerror(errno));
		ok = false;
	}
	fclose(f);
	return ok;
}

static bool
write_all(const struct numbers *n, FILE *f)
{
	for (size_t i = 0; i < n->count; i++)
		fprintf(f, "dst %s proto %s spi 0x%08" PRIx32 " %s %" PRIu64 "\n",
			text_ip(&n->list[i].dst),
			n->list[i].protocol == ADIT_PROTO_AH ? "ah" : "esp", n->list[i].spi,
			n->list[i].dir == ADIT_OUT ? word_out : word_in, n->list[i].last);
	return fflush(f) == 0 && fsync(fileno(f)) == 0;
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

bool
numbers_write(const struct numbers *n, FILE *err)
{
	char *fresh = NULL;
	FILE *f;
	bool ok;

	if (asprintf(&fresh, "%s.new", n->file) < 0)
		abort();
	f = fopen(fresh, "w");
	ok = f && write_all(n, f);
	if (f)
		ok = fclose(f) == 0 && ok;
	ok = ok && rename(fresh, n->file) == 0 && sync_folder(n->file);
	if (!ok)
		fprintf(err, "%s: %s\n", n->file, strerror(errno));
	free(fresh);
	return ok;
}

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
