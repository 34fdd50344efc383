/* Reads JSON test vectors: a whole file becomes a tree; look-ups of what is absent give NULL or
 * zero, so that a chain of them needs one check at its end. */
#ifndef ADIT_TEST_JSON_H
#define ADIT_TEST_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_kind kind;
	double number;
	char *text;                /* STRING: with a NUL behind it */
	char *key;                 /* of a member of an object */
	struct json *first, *next; /* members or elements; the next one of these */
};

/* NULL: no such file. A file that is not JSON ends the program. */
struct json *json_load(const char *path);
void json_free(struct json *j);

/* j may be NULL in all of these. */
const struct json *json_get(const struct json *j, const char *key);
const struct json *json_at(const struct json *j, size_t i);
size_t json_count(const struct json *j);
const char *json_text(const struct json *j); /* "": not a string */
long long json_long(const struct json *j);   /* 0: not a number */
bool json_true(const struct json *j);

/* Bytes of a string of hex digits, in memory for the caller to free; *n of them. NULL: not one. */
uint8_t *json_hex(const struct json *j, size_t *n);

/* The path of `name` below ../shared, or below $ADIT_SHARED; valid until the next call. */
const char *json_shared(const char *name);

#endif
