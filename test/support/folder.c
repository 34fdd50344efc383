/* A folder of a test's own, and the files in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

enum { PATHS = 4 };

static char folder[32];

bool
folder_make(void)
{
	strcpy(folder, "/tmp/adit-test-XXXXXX");
	return mkdtemp(folder) != NULL;
}

const char *
folder_name(void)
{
	return folder;
}

const char *
folder_path(const char *name)
{
	static char paths[PATHS][128];
	static unsigned at;
	char *path = paths[at++ % PATHS];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

void
folder_put(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(folder_path(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

size_t
folder_get(const char *name, void *to, size_t cap)
{
	FILE *f = fopen(folder_path(name), "rb");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, cap, f);
	fclose(f);
	return n;
}

int
folder_remove(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)unlink(folder_path(names[i]));
	return rmdir(folder);
}
