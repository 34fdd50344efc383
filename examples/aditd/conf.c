/* strongSwan's configuration syntax (strongswan.conf(5)): `name { ... }`, `name = value`, #
 * comments, "quoted values", `include pattern`. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "values.h"

#define DEPTH_MAX 16 /* of sections, and of includes */

struct parser {
	const char *p, *end, *file;
	int line, depth;
	bool may_include;
	FILE *err;
};

static bool parse_section(struct parser *s, struct conf *section, bool inner);
static bool parse_text(struct parser *s, struct conf *section);

static bool
fail(const struct parser *s, const char *format, ...)
{
	va_list args;

	/* Line 0: the file itself, before anything of it was read. */
	if (s->line > 0)
		fprintf(s->err, "%s:%d: ", s->file, s->line);
	va_start(args, format);
	vfprintf(s->err, format, args);
	va_end(args);
	fputc('\n', s->err);
	return false;
}

static bool
at_end(const struct parser *s)
{
	return s->p == s->end;
}

static char
take(struct parser *s)
{
	if (*s->p == '\n')
		s->line++;
	return *s->p++;
}

/* Blanks and comments; newlines too where `lines`. */
static void
skip(struct parser *s, bool lines)
{
	while (!at_end(s)) {
		if (*s->p == '#')
			while (!at_end(s) && *s->p != '\n')
				s->p++;
		else if (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || (lines && *s->p == '\n'))
			(void)take(s);
		else
			return;
	}
}

static char *
copy(const char *p, size_t n)
{
	char *s = malloc(n + 1);

	if (!s)
		abort();
	memcpy(s, p, n);
	s[n] = 0;
	return s;
}

static struct conf *
add(struct conf *section, const struct parser *s, char *name)
{
	struct conf **at = &section->children, *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	while (*at)
		at = &(*at)->next;
	c->name = name;
	c->file = s->file;
	c->line = s->line;
	*at = c;
	return c;
}

static bool
is_name_char(char c)
{
	return c && !strchr(" \t\r\n{}=#\":", c);
}

/* Bytes up to the quote that ends the text at p; n where none does. */
static size_t
quoted_len(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			return i;
		if (p[i] == '\\')
			i++;
	}
	return n;
}

/* What a backslash and c stand for. */
static char
unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

static char *
quoted(struct parser *s)
{
	size_t len, n = 0;
	char *out;

	(void)take(s); /* the opening quote */
	len = quoted_len(s->p, (size_t)(s->end - s->p));
	if (len == (size_t)(s->end - s->p)) {
		fail(s, "a quoted value does not end");
		return NULL;
	}
	out = copy(s->p, len);
	while (*s->p != '"') {
		char c = take(s);

		if (c != '\\') {
			out[n++] = c;
			continue;
		}
		c = take(s);
		if (c != '\n') /* a line that goes on in the next one */
			out[n++] = unescape(c);
	}
	out[n] = 0;
	(void)take(s);
	return out;
}

/* Text without quotes, to the end of the line, a comment or the section; a backslash takes the
 * meaning of the character behind it. */
static char *
unquoted(struct parser *s)
{
	const char *start = s->p, *end;
	size_t kept = 0, n = 0;
	char *out;

	for (end = start; end < s->end && !strchr("\n#}", *end); end++)
		if (*end == '\\' && end + 1 < s->end)
			end++;
	out = copy(start, (size_t)(end - start));
	while (s->p < end) {
		char c = take(s);
		bool blank = strchr(" \t\r", c) != NULL;

		if (c == '\\' && s->p < end && (c = take(s)) == '\n')
			continue;
		out[n++] = c;
		kept = blank ? kept : n;
	}
	out[kept] = 0;
	return out;
}

/* What stands behind '='. */
static char *
value(struct parser *s)
{
	char *v;

	skip(s, false);
	if (at_end(s) || *s->p != '"')
		return unquoted(s);
	v = quoted(s);
	if (!v)
		return NULL;
	skip(s, false);
	if (at_end(s) || *s->p == '\n' || *s->p == '}')
		return v;
	free(v);
	fail(s, "text behind a quoted value");
	return NULL;
}

static char *
read_file(const char *file, size_t *n)
{
	FILE *f = fopen(file, "rb");
	size_t cap = 4096;
	char *text;

	if (!f)
		return NULL;
	text = malloc(cap);
	*n = 0;
	while (text) {
		*n += fread(text + *n, 1, cap - *n, f);
		if (*n < cap)
			break;
		cap *= 2;
		text = realloc(text, cap);
	}
	if (!text)
		abort();
	if (ferror(f)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static bool
include_one(const struct parser *from, const char *file, struct conf *section)
{
	struct parser s = *from;
	char *text;
	size_t n;
	bool ok;

	if (s.depth == DEPTH_MAX)
		return fail(from, "includes are nested too deeply");
	text = read_file(file, &n);
	if (!text)
		return fail(from, "%s: %s", file, strerror(errno));
	s.p = text;
	s.end = text + n;
	s.file = keep_text(file);
	s.line = 1;
	s.depth++;
	ok = parse_text(&s, section);
	free(text);
	return ok;
}

/* The pattern behind the folder of the file that includes, to which it is relative. `quote`: what
 * the folder's name has of a pattern is meant as it stands. */
static char *
beside(const char *file, const char *pattern, bool quote)
{
	const char *slash = strrchr(file, '/');
	size_t len = *pattern != '/' && slash ? (size_t)(slash - file + 1) : 0, n = 0;
	size_t size = strlen(pattern) + 1;
	char *path = malloc(2 * len + size);

	if (!path)
		abort();
	for (size_t i = 0; i < len; i++) {
		if (quote && strchr("*?[\\", file[i]))
			path[n++] = '\\';
		path[n++] = file[i];
	}
	memcpy(path + n, pattern, size);
	return path;
}

/* The files of a pattern, in their order; none is no error. */
static bool
include_all(struct parser *s, const char *pattern, struct conf *section)
{
	char *path = beside(s->file, pattern, true);
	glob_t found;
	bool ok = true;

	if (glob(path, 0, NULL, &found) == 0) {
		for (size_t i = 0; ok && i < found.gl_pathc; i++)
			ok = include_one(s, found.gl_pathv[i], section);
		globfree(&found);
	}
	free(path);
	return ok;
}

static bool
include(struct parser *s, struct conf *section)
{
	char *pattern = value(s), *path;
	bool ok;

	if (!pattern)
		return false;
	if (!s->may_include || !*pattern) {
		ok = fail(s, "include is not possible here");
	} else if (strpbrk(pattern, "*?[")) {
		ok = include_all(s, pattern, section);
	} else {
		path = beside(s->file, pattern, false);
		ok = include_one(s, path, section);
		free(path);
	}
	free(pattern);
	return ok;
}

/* `{ ... }` behind the name of a section that stood on `line`. */
static bool
parse_braces(struct parser *s, struct conf *section, char *name, int line)
{
	struct conf *c = conf_section(section, name);

	if (s->depth == DEPTH_MAX) {
		free(name);
		return fail(s, "sections are nested too deeply");
	}
	(void)take(s); /* the brace */
	if (c) {
		free(name); /* a section that comes again goes on */
	} else {
		c = add(section, s, name);
		c->line = line;
	}
	s->depth++;
	if (!parse_section(s, c, true))
		return false;
	s->depth--;
	return true;
}

static char *
take_name(struct parser *s)
{
	const char *start = s->p;

	while (!at_end(s) && is_name_char(*s->p))
		s->p++;
	if (s->p > start)
		return copy(start, (size_t)(s->p - start));
	fail(s, "a name was expected, not '%c'", isprint((unsigned char)*s->p) ? *s->p : '?');
	return NULL;
}

static bool
parse_one(struct parser *s, struct conf *section)
{
	char *name = take_name(s);
	int line = s->line;
	struct conf *c;

	if (!name)
		return false;
	if (strcmp(name, "include") == 0) {
		free(name);
		return include(s, section);
	}
	skip(s, false);
	if (!at_end(s) && *s->p == ':') {
		free(name);
		return fail(s, "references to other sections are not supported");
	}
	if (!at_end(s) && *s->p == '=') {
		s->p++;
		c = add(section, s, name);
		c->value = value(s);
		return c->value != NULL;
	}
	skip(s, true);
	if (!at_end(s) && *s->p == '{')
		return parse_braces(s, section, name, line);
	fail(s, "'=' or '{' was expected behind %s", name);
	free(name);
	return false;
}

/* A zero byte would cut a text short without a word. */
static bool
parse_text(struct parser *s, struct conf *section)
{
	if (s->end > s->p && memchr(s->p, 0, (size_t)(s->end - s->p)))
		return fail(s, "a zero byte: this is no text");
	return parse_section(s, section, false);
}

static bool
parse_section(struct parser *s, struct conf *section, bool inner)
{
	for (;;) {
		skip(s, true);
		if (at_end(s))
			return !inner || fail(s, "a section does not end: '}' is missing");
		if (*s->p == '}') {
			(void)take(s);
			return inner || fail(s, "'}' without '{'");
		}
		if (!parse_one(s, section))
			return false;
	}
}

static struct conf *
new_root(const char *file)
{
	struct conf *root = calloc(1, sizeof *root);

	if (!root)
		abort();
	root->file = keep_text(file);
	return root;
}

struct conf *
conf_read(const char *file, FILE *err)
{
	struct parser s = {NULL, NULL, file, 0, 0, true, err};
	struct conf *root = new_root(file);

	if (include_one(&s, file, root))
		return root;
	conf_free(root);
	return NULL;
}

struct conf *
conf_read_memory(const char *name, const char *text, size_t n, FILE *err)
{
	struct parser s = {text, text + n, name, 1, 0, false, err};
	struct conf *root = new_root(name);

	if (parse_text(&s, root))
		return root;
	conf_free(root);
	return NULL;
}

/* File names are shared by many settings and stay. */
void
conf_free(struct conf *c)
{
	while (c) {
		struct conf *next = c->next;

		conf_free(c->children);
		free(c->name);
		free(c->value);
		free(c);
		c = next;
	}
}

struct conf *
conf_section(const struct conf *in, const char *name)
{
	struct conf *c = in->children;

	while (c && (c->value || strcmp(c->name, name) != 0))
		c = c->next;
	return c;
}
