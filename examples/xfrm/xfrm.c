/* A file of "ip xfrm" commands. */
#include "xfrm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"

/* One more of `size` bytes at the end of an array, zeroed; not by realloc, which would leave keys
 * behind. */
static void *
grow(void *array, size_t count, size_t size)
{
	uint8_t *more = calloc(count + 1, size);

	if (!more)
		abort();
	if (count) {
		memcpy(more, array, count * size);
		adit_wipe(array, count * size);
	}
	free(array);
	return more;
}

static bool
is_same_state(const struct xfrm_state *a, const struct xfrm_state *b)
{
	return a->spi == b->spi && a->protocol == b->protocol && adit_ip_equal(&a->dst, &b->dst);
}

static bool
add_state(struct xfrm *x, struct words *w)
{
	struct xfrm_state *s;

	x->states = grow(x->states, x->state_count, sizeof *x->states);
	s = &x->states[x->state_count++];
	if (!state_read(w, s))
		return false;
	for (size_t i = 0; i + 1 < x->state_count; i++)
		if (is_same_state(&x->states[i], s))
			return words_fail(w,
					  "dst, proto and spi of this state are in line %u already",
					  x->states[i].line);
	return true;
}

/* Behind those of the same priority and all that come before them. */
static bool
add_policy(struct xfrm *x, struct words *w, uint8_t version)
{
	struct xfrm_policy p;
	size_t at = x->policy_count;

	if (!policy_read(w, version, &p))
		return false;
	x->policies = grow(x->policies, x->policy_count, sizeof *x->policies);
	while (at > 0 && x->policies[at - 1].priority > p.priority) {
		x->policies[at] = x->policies[at - 1];
		at--;
	}
	x->policies[at] = p;
	x->policy_count++;
	return true;
}

static bool
is_word(struct words *w, const char *expected)
{
	const char *word = words_next(w);

	if (word && strcmp(word, expected) == 0)
		return true;
	if (word)
		words_back(w);
	return false;
}

/* `flush` is how such scripts begin. */
static bool
read_flush(struct words *w, size_t count)
{
	const char *word;

	if (count)
		return words_fail(w, "flush stands before what is added");
	word = words_next(w);
	return !word || words_fail(w, "flush stands alone, without %s", word);
}

static bool
read_command(struct xfrm *x, struct words *w)
{
	uint8_t version = 4;
	bool is_state;

	if (is_word(w, "ip") && is_word(w, "-6"))
		version = 6;
	(void)is_word(w, "-4");
	(void)is_word(w, "xfrm");
	is_state = is_word(w, "state");
	if (!is_state && !is_word(w, "policy"))
		return words_fail(w, "[ip] [xfrm] state or policy was expected, not %s",
				  w->again ? w->word : "the end of the line");
	if (is_word(w, "flush"))
		return read_flush(w, is_state ? x->state_count : x->policy_count);
	if (!is_word(w, "add"))
		return words_fail(w, "add (or, before all of it, flush) was expected, not %s",
				  w->again ? w->word : "the end of the line");
	return is_state ? add_state(x, w) : add_policy(x, w, version);
}

struct xfrm *
xfrm_read_memory(const char *name, const char *text, size_t n, FILE *err)
{
	struct xfrm *x = calloc(1, sizeof *x);
	struct words w;
	bool ok = true;

	if (!x || !(x->name = malloc(strlen(name) + 1)))
		abort();
	memcpy(x->name, name, strlen(name) + 1);
	words_begin(&w, x->name, text, n, err);
	while (ok && words_command(&w))
		ok = read_command(x, &w);
	adit_wipe(w.word, sizeof w.word);
	if (ok)
		return x;
	xfrm_free(x);
	return NULL;
}

static bool
read_all(FILE *f, char **text, size_t *n)
{
	size_t cap = 4096;

	*n = 0;
	*text = malloc(cap);
	for (;;) {
		char *more;

		if (!*text)
			abort();
		*n += fread(*text + *n, 1, cap - *n, f);
		if (*n < cap)
			return !ferror(f);
		more = malloc(2 * cap);
		if (more)
			memcpy(more, *text, cap);
		adit_wipe(*text, cap);
		free(*text);
		*text = more;
		cap *= 2;
	}
}

struct xfrm *
xfrm_read(const char *file, FILE *err)
{
	FILE *f = fopen(file, "rb");
	struct xfrm *x = NULL;
	char *text = NULL;
	size_t n = 0;

	if (f && read_all(f, &text, &n))
		x = xfrm_read_memory(file, text, n, err);
	else
		fprintf(err, "%s: %s\n", file, strerror(errno));
	if (text)
		adit_wipe(text, n);
	free(text);
	if (f)
		fclose(f);
	return x;
}

void
xfrm_free(struct xfrm *x)
{
	if (!x)
		return;
	if (x->states)
		adit_wipe(x->states, x->state_count * sizeof *x->states);
	free(x->states);
	free(x->policies);
	free(x->name);
	free(x);
}

static bool
is_end(const struct adit_ip *asked, const struct adit_ip *ip)
{
	return !asked->version || adit_ip_equal(asked, ip);
}

bool
xfrm_template_match(const struct xfrm_template *t, const struct xfrm_state *s)
{
	return t->protocol == s->protocol && t->mode == s->mode && is_end(&t->src, &s->src) &&
	       is_end(&t->dst, &s->dst) && (!t->reqid || t->reqid == s->reqid) &&
	       (!t->spi || t->spi == s->spi);
}
