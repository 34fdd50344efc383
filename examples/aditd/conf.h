/* strongSwan's configuration syntax: sections, settings, comments, includes. */
#ifndef ADITD_CONF_H
#define ADITD_CONF_H

#include <stdio.h>

/* A setting (value not NULL) or a section. Files and lines are kept for the errors. */
struct conf {
	char *name, *value;
	const char *file;
	int line;
	struct conf *children, *next;
};

/* Reads a file with all that it includes. NULL: what is wrong was written to err as
 * "file:line: text". */
struct conf *conf_read(const char *file, FILE *err);
/* The same from n bytes of memory, called `name` in errors; "include" is refused. */
struct conf *conf_read_memory(const char *name, const char *text, size_t n, FILE *err);
void conf_free(struct conf *root);

/* The section of that name, or NULL: there is one at most, and a setting of the same name is none.
 */
struct conf *conf_section(const struct conf *in, const char *name);

#endif
