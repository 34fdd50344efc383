/* Reads JSON test vectors. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/json.h"

struct text {
	const char *path, *start, *p;
};

static void
die(const struct text *t, const char *why)
{
	fprintf(stderr, "%s: at byte %ld: %s\n", t->path, (long)(t->p - t->start), why);
	exit(1);
}

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static void
skip_space(struct text *t)
{
	while (*t->p == ' ' || *t->p == '\t' || *t->p == '\n' || *t->p == '\r')
		t->p++;
}

static bool
take(struct text *t, char c)
{
	skip_space(t);
	if (*t->p != c)
		return false;
	t->p++;
	return true;
}

/* A \uXXXX as UTF-8; surrogates, which no vector has, become "?". */
static size_t
take_unicode(struct text *t, char *out)
{
	char digits[5] = {0};
	unsigned long c;

	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)t->p[i]))
			die(t, "bad \\u");
		digits[i] = t->p[i];
	}
	t->p += 4;
	c = strtoul(digits, NULL, 16);
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c >= 0xd800 && c < 0xe000) {
		out[0] = '?';
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 63));
	out[2] = (char)(0x80 | (c & 63));
	return 3;
}

static size_t
take_escape(struct text *t, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (*t->p == 'u') {
		t->p++;
		return take_unicode(t, out);
	}
	at = *t->p ? strchr(from, *t->p) : NULL;
	if (at == NULL)
		die(t, "bad escape");
	t->p++;
	out[0] = to[at - from];
	return 1;
}

static char *
take_string(struct text *t)
{
	const char *end = t->p;
	char *out;
	size_t n = 0;

	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	out = need(malloc((size_t)(end - t->p) + 1));
	while (*t->p && *t->p != '"') {
		if (*t->p == '\\') {
			t->p++;
			n += take_escape(t, out + n);
		} else {
			out[n++] = *t->p++;
		}
	}
	out[n] = 0;
	if (!take(t, '"'))
		die(t, "a string without an end");
	return out;
}

static struct json *take_value(struct text *t);

static void
take_members(struct text *t, struct json *j, char close)
{
	struct json **tail = &j->first;

	if (take(t, close))
		return;
	do {
		char *key = NULL;

		if (j->kind == JSON_OBJECT) {
			if (!take(t, '"'))
				die(t, "no key");
			key = take_string(t);
			if (!take(t, ':'))
				die(t, "no colon");
		}
		*tail = take_value(t);
		(*tail)->key = key;
		tail = &(*tail)->next;
	} while (take(t, ','));
	if (!take(t, close))
		die(t, "neither comma nor end");
}

static enum json_kind
take_word(struct text *t)
{
	static const char *const words[] = {"null", "false", "true"};

	for (unsigned i = 0; i < 3; i++)
		if (strncmp(t->p, words[i], strlen(words[i])) == 0) {
			t->p += strlen(words[i]);
			return (enum json_kind)i;
		}
	die(t, "no value");
	return JSON_NULL;
}

static struct json *
take_value(struct text *t)
{
	struct json *j = need(calloc(1, sizeof *j));
	char *end;

	skip_space(t);
	if (take(t, '{')) {
		j->kind = JSON_OBJECT;
		take_members(t, j, '}');
	} else if (take(t, '[')) {
		j->kind = JSON_ARRAY;
		take_members(t, j, ']');
	} else if (take(t, '"')) {
		j->kind = JSON_STRING;
		j->text = take_string(t);
	} else if (*t->p == '-' || isdigit((unsigned char)*t->p)) {
		j->kind = JSON_NUMBER;
		j->number = strtod(t->p, &end);
		t->p = end;
	} else {
		j->kind = take_word(t);
	}
	return j;
}

static char *
slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *buf = NULL;
	size_t n = 0, got;

	if (f == NULL)
		return NULL;
	do {
		buf = need(realloc(buf, n + 65536 + 1));
		got = fread(buf + n, 1, 65536, f);
		n += got;
	} while (got > 0);
	fclose(f);
	buf[n] = 0;
	return buf;
}

struct json *
json_load(const char *path)
{
	char *buf = slurp(path);
	struct text t = {path, buf, buf};
	struct json *j;

	if (buf == NULL)
		return NULL;
	j = take_value(&t);
	skip_space(&t);
	if (*t.p)
		die(&t, "more behind the end");
	free(buf);
	return j;
}

void
json_free(struct json *j)
{
	while (j != NULL) {
		struct json *next = j->next;

		json_free(j->first);
		free(j->text);
		free(j->key);
		free(j);
		j = next;
	}
}

const struct json *
json_get(const struct json *j, const char *key)
{
	if (j == NULL || j->kind != JSON_OBJECT)
		return NULL;
	for (j = j->first; j != NULL; j = j->next)
		if (strcmp(j->key, key) == 0)
			return j;
	return NULL;
}

const struct json *
json_at(const struct json *j, size_t i)
{
	for (j = j ? j->first : NULL; j != NULL && i > 0; i--)
		j = j->next;
	return j;
}

size_t
json_count(const struct json *j)
{
	size_t n = 0;

	for (j = j ? j->first : NULL; j != NULL; j = j->next)
		n++;
	return n;
}

const char *
json_text(const struct json *j)
{
	return j != NULL && j->kind == JSON_STRING ? j->text : "";
}

long long
json_long(const struct json *j)
{
	return j != NULL && j->kind == JSON_NUMBER ? (long long)j->number : 0;
}

bool
json_true(const struct json *j)
{
	return j != NULL && j->kind == JSON_TRUE;
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

uint8_t *
json_hex(const struct json *j, size_t *n)
{
	const char *s = json_text(j);
	uint8_t *out;

	*n = strlen(s) / 2;
	if (j == NULL || j->kind != JSON_STRING || strlen(s) % 2 != 0)
		return NULL;
	out = need(malloc(*n + 1));
	for (size_t i = 0; i < *n; i++) {
		int high = digit(s[2 * i]), low = digit(s[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(out);
			return NULL;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
	return out;
}

const char *
json_shared(const char *name)
{
	static char path[4096];
	const char *root = getenv("ADIT_SHARED");

	snprintf(path, sizeof path, "%s/%s", root != NULL ? root : "../shared", name);
	return path;
}
