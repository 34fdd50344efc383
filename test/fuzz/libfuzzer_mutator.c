/* libFuzzer's mutations, three of four of them put into shape. The target is known by the name of
 * the program. */
#include <string.h>

#include "fuzz/shape.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);

static char target[64];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *slash = strrchr((*argv)[0], '/'), *name = slash ? slash + 1 : (*argv)[0];
	const char *end = strstr(name, "_fuzz");

	(void)argc;
	if (end && (size_t)(end - name) < sizeof target)
		memcpy(target, name, (size_t)(end - name));
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	n = LLVMFuzzerMutate(data, n, most);
	if (seed % 4)
		shape_input(target, data, n, seed / 4);
	return n;
}
