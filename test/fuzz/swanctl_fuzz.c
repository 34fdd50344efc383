/* Any text as swanctl.conf: it is a configuration, or an error is said. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../examples/aditd/conf.h"
#include "../../examples/aditd/swanctl.h"
#include "../../examples/aditd/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char said[4096];
	FILE *err = fmemopen(said, sizeof said, "w");
	struct swanctl *s = NULL;
	struct conf *root;

	if (!err)
		abort();
	root = conf_read_memory("fuzz", (const char *)p, n, err);
	if (root)
		s = swanctl_load(root, err);
	conf_free(root);
	/* fmemopen's file is full at the end of said; what counts is that something was written. */
	fflush(err);
	if (!s && ftell(err) == 0)
		abort();
	fclose(err);
	keep_nothing();
	return 0;
}
