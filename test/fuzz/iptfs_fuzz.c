/* IP-TFS payloads of anybody's making, in any order. Each record of the input is a step of the
 * number, a length and so many bytes. */
#include <string.h>

#include "adit/iptfs.h"

enum { SLOTS = 4, SLOT = 256, PARTIAL = 700 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t partial[PARTIAL], bytes[SLOTS * SLOT], payload[SLOT];
	static struct adit_iptfs_slot slots[SLOTS];
	const struct adit_iptfs_rx_mem mem = {{partial, PARTIAL}, slots, SLOTS, bytes, SLOT};
	struct adit_iptfs_rx rx;
	uint64_t seq = 100;

	if (adit_iptfs_rx_init(&rx, &mem) != ADIT_OK)
		return 0;
	while (size >= 2) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;
		struct adit_pkt pkt = {payload, SLOT, 0, n}, out;

		seq = seq + data[0] % 8 - 2;
		memcpy(payload, data + 2, n);
		data += 2 + n;
		size -= 2 + n;
		if (adit_iptfs_input(&rx, seq, &pkt) == ADIT_ERR_FULL)
			adit_iptfs_give_up(&rx);
		while (adit_iptfs_get(&rx, &out) == ADIT_OK)
			if (out.len == 0 || out.off + out.len > out.cap)
				__builtin_trap();
	}
	return 0;
}
