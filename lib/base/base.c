/* Addresses, wiping and constant-time comparison. */
#include <string.h>

#include "adit/base.h"

bool
adit_ip_equal(const struct adit_ip *a, const struct adit_ip *b)
{
	return a->version == b->version && memcmp(a->b, b->b, a->version == 4 ? 4 : 16) == 0;
}

bool
adit_endpoint_equal(const struct adit_endpoint *a, const struct adit_endpoint *b)
{
	return a->port == b->port && adit_ip_equal(&a->ip, &b->ip);
}

void
adit_wipe(void *p, size_t n)
{
	/* Writes through a volatile pointer are observable, so they stay. */
	volatile uint8_t *at = p;

	while (n--)
		*at++ = 0;
}

bool
adit_equal_ct(const uint8_t *a, const uint8_t *b, size_t n)
{
	volatile uint8_t differ = 0;

	for (size_t i = 0; i < n; i++)
		differ = (uint8_t)(differ | (a[i] ^ b[i]));
	return differ == 0;
}
