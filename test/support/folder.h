/* A folder of a test's own, and the files in it. */
#ifndef TEST_SUPPORT_FOLDER_H
#define TEST_SUPPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Makes it, empty. There is one at a time. */
bool folder_make(void);
const char *folder_name(void);
/* The path of a file in it; as it is until the fourth call from here. */
const char *folder_path(const char *name);
void folder_put(const char *name, const void *bytes, size_t n);
/* At most cap bytes of a file: how many. */
size_t folder_get(const char *name, void *to, size_t cap);
/* Takes n files away, those that are there, and the folder: 0, or -1 with more in it. */
int folder_remove(const char *const *names, size_t n);

#endif
