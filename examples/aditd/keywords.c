/* Sections as lists of keywords, each with the function that takes it. */
#include <string.h>

#include "keywords.h"

bool
complain(FILE *err, const struct conf *c, const char *why)
{
	fprintf(err, "%s:%d: %s: %s\n", c->file, c->line, c->name, why);
	return false;
}

bool
take_all(const struct conf *section, const struct keyword *words, void *ctx, FILE *err)
{
	bool ok = true;

	for (const struct conf *c = section->children; c; c = c->next) {
		const struct keyword *w = words;

		while (w->name && strcmp(w->name, c->name) != 0)
			w++;
		if (w->name)
			ok = w->take(ctx, c, err) && ok;
		else
			ok = complain(err, c, "not supported here");
	}
	return ok;
}

bool
only_off(void *ctx, const struct conf *c, FILE *err)
{
	(void)ctx;
	if (c->value && (strcmp(c->value, "no") == 0 || strcmp(c->value, "0") == 0 ||
			 strcmp(c->value, "never") == 0))
		return true;
	return complain(err, c, "not supported yet: only no, 0 or never can be given");
}
