/* IPv4 and IPv6 headers: all offsets lie within the packet, and flows are read the same from both
 * sides. */
#include <stdlib.h>
#include <string.h>

#include "adit/sa.h"
#include "wire/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct adit_flow out, in;
	struct adit_ip_view v;

	if (adit_ip_get(data, n, &v) != ADIT_OK) {
		if (adit_flow_read(&out, ADIT_OUT, data, n) == ADIT_OK)
			abort();
		return 0;
	}
	if (v.total > n || v.upper_at > v.total || v.transport_at > v.upper_at ||
	    v.upper_next >= v.upper_at || v.transport_next >= v.transport_at)
		abort();
	if (data[v.upper_next] != v.upper)
		abort();
	if (adit_flow_read(&out, ADIT_OUT, data, n) != ADIT_OK ||
	    adit_flow_read(&in, ADIT_IN, data, n) != ADIT_OK)
		abort();
	if (!adit_ip_equal(&out.local, &in.remote) || !adit_ip_equal(&out.remote, &in.local) ||
	    out.protocol != in.protocol || out.has_ports != in.has_ports)
		abort();
	return 0;
}
