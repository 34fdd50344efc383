/* Memory that stays until the end: what a file says, and what is planned of it. */
#ifndef XFRM_KEEP_H
#define XFRM_KEEP_H

#include <stddef.h>

/* Zeroed memory that stays until keep_nothing(); ends the process where there is none. */
void *keep(size_t n);
char *keep_text(const char *text);
/* Wipes and frees all of it. */
void keep_nothing(void);

#endif
