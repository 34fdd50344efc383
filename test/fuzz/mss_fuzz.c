/* MSS clamping: lengths stay, only SYNs change, checksums stay as right or wrong as they were, and
 * a second time there is nothing left to lower. The first byte chooses the MTU. */
#include <stdlib.h>
#include <string.h>

#include "adit/segment.h"
#include "wire/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MTU_STEP = 8 };

static void
check(bool good)
{
	if (!good)
		abort();
}

/* The sum over the segment; two sums that differ by 0xffff are one. */
static unsigned
sum(const uint8_t *p, const struct adit_ip_view *v)
{
	return adit_upper_checksum(p, v->version, v->upper, p + v->upper_at,
				   v->total - v->upper_at) %
	       0xffffu;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct adit_ip_view v;
	uint8_t *p;
	size_t mtu;

	if (n < 2)
		return 0;
	mtu = (size_t)data[0] * MTU_STEP;
	data++;
	n--;
	p = malloc(n);
	check(p != NULL);
	memcpy(p, data, n);
	if (!adit_mss_clamp(p, n, mtu)) {
		check(memcmp(p, data, n) == 0);
		free(p);
		return 0;
	}
	check(adit_ip_get(p, n, &v) == ADIT_OK && v.upper == ADIT_PROTO_TCP && v.first);
	check((p[v.upper_at + ADIT_TCP_FLAGS] & ADIT_TCP_SYN) != 0);
	check(memcmp(p, data, v.upper_at + ADIT_TCP_CHECKSUM) == 0);
	check(memcmp(p + v.upper_at + 18, data + v.upper_at + 18, 2) == 0);
	check(sum(p, &v) == sum(data, &v));
	check(!adit_mss_clamp(p, n, mtu));
	free(p);
	return 0;
}
