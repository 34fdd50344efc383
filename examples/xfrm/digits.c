/* Numbers as people write them. */
#include "digits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
digits_read(const char *text, uint64_t most, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");

	/* strtoull alone would take a sign, blanks, and a second 0x. */
	if (n == 0 || digits[n] != '\0')
		return false;
	errno = 0;
	*out = strtoull(digits, NULL, hex ? 16 : 10);
	return errno == 0 && *out <= most;
}
