/* What a program prints, kept from the terminal and read by the test. */
#include <stdio.h>
#include <unistd.h>

#include "said.h"

static FILE *file;
static int streams[2];

void
said_begin(void)
{
	file = tmpfile();
	if (!file)
		return;
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		streams[i] = dup(i + 1);
		dup2(fileno(file), i + 1);
	}
}

const char *
said_end(void)
{
	static char text[8192];
	size_t n;

	if (!file)
		return "";
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		dup2(streams[i], i + 1);
		close(streams[i]);
	}
	rewind(file);
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = 0;
	fclose(file);
	file = NULL;
	return text;
}
