/* A stream of anybody's making, in pieces whose lengths the first byte seeds: messages come out the
 * same as in one piece. */
#include <string.h>

#include "adit/stream.h"

enum { BUF = 128 };

static size_t
count(const uint8_t *p, size_t n, size_t piece)
{
	uint8_t buf[BUF];
	struct adit_stream_rx rx;
	struct adit_stream_message m;
	size_t messages = 0, at = 0;

	if (adit_stream_rx_init(&rx, (struct adit_buf){buf, BUF}, true) != ADIT_OK)
		return 0;
	while (at < n) {
		size_t used, have = n - at < piece ? n - at : piece;
		enum adit_status st =
			adit_stream_input(&rx, (struct adit_span){p + at, have}, &used, &m);

		at += used;
		if (st == ADIT_ERR_MALFORMED)
			break;
		messages += st == ADIT_OK;
	}
	return messages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t stream[4096];

	if (size == 0 || size > sizeof stream - ADIT_STREAM_PREFIX_LEN)
		return 0;
	memcpy(stream, adit_stream_prefix, ADIT_STREAM_PREFIX_LEN);
	memcpy(stream + ADIT_STREAM_PREFIX_LEN, data + 1, size - 1);
	size += ADIT_STREAM_PREFIX_LEN - 1;
	if (count(stream, size, 1 + data[0] % 64) != count(stream, size, size))
		__builtin_trap();
	return 0;
}
