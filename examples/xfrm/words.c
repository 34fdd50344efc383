/* The words of a file of commands. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "words.h"

void
words_begin(struct words *w, const char *name, const char *text, size_t n, FILE *err)
{
	memset(w, 0, sizeof *w);
	w->name = name;
	w->p = text;
	w->end = text + n;
	w->line = w->word_line = 1;
	w->err = err;
}

bool
words_fail(struct words *w, const char *format, ...)
{
	va_list args;

	if (w->broken)
		return false; /* the first thing that is wrong is told */
	w->broken = true;
	fprintf(w->err, "%s:%u: ", w->name, w->word_line);
	va_start(args, format);
	vfprintf(w->err, format, args);
	va_end(args);
	fputc('\n', w->err);
	return false;
}

static bool
at_end(const struct words *w)
{
	return w->p == w->end;
}

/* A backslash that ends a line joins it with the next. */
static bool
skip_joint(struct words *w)
{
	size_t left = (size_t)(w->end - w->p);

	if (left >= 2 && memcmp(w->p, "\\\n", 2) == 0)
		w->p += 2;
	else if (left >= 3 && memcmp(w->p, "\\\r\n", 3) == 0)
		w->p += 3;
	else
		return false;
	w->line++;
	return true;
}

static void
skip_blanks(struct words *w)
{
	while (!at_end(w)) {
		if (*w->p == ' ' || *w->p == '\t' || *w->p == '\r')
			w->p++;
		else if (*w->p == '#')
			while (!at_end(w) && *w->p != '\n')
				w->p++;
		else if (!skip_joint(w))
			return;
	}
}

bool
words_command(struct words *w)
{
	w->again = false;
	for (skip_blanks(w); !at_end(w) && *w->p == '\n'; skip_blanks(w)) {
		w->p++;
		w->line++;
	}
	w->word_line = w->line;
	return !at_end(w);
}

static bool
put(struct words *w, size_t *n, char c)
{
	if (c == '\0')
		return words_fail(w, "a zero byte: this is no text");
	if (*n == WORD_MAX - 1)
		return words_fail(w, "a word is longer than any that is known here");
	w->word[(*n)++] = c;
	return true;
}

/* Between quotes everything is itself. */
static bool
take_quoted(struct words *w, size_t *n)
{
	char quote = *w->p++;

	for (; !at_end(w) && *w->p != quote && *w->p != '\n'; w->p++)
		if (!put(w, n, *w->p))
			return false;
	if (at_end(w) || *w->p != quote)
		return words_fail(w, "a quotation mark is not closed");
	w->p++;
	return true;
}

static bool
take_word(struct words *w)
{
	size_t n = 0;

	while (!at_end(w) && !strchr(" \t\r\n", *w->p)) {
		if (*w->p == '\'' || *w->p == '"') {
			if (!take_quoted(w, &n))
				return false;
		} else if (!skip_joint(w)) {
			if (strchr("\\$`;|&<>", *w->p))
				return words_fail(
					w, "'%c' means something to a shell, and nothing here",
					*w->p);
			if (!put(w, &n, *w->p++))
				return false;
		}
	}
	w->word[n] = '\0';
	return true;
}

const char *
words_next(struct words *w)
{
	if (w->broken)
		return NULL;
	if (w->again) {
		w->again = false;
		return w->word;
	}
	skip_blanks(w);
	if (at_end(w) || *w->p == '\n')
		return NULL;
	w->word_line = w->line;
	return take_word(w) ? w->word : NULL;
}

void
words_back(struct words *w)
{
	w->again = true;
}
