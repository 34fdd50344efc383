/* IKE and ESP over TCP: messages through a stream that is cut anyhow (RFC 9329). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/stream.h"
#include "base/endian.h"

enum { BUF = 64, STREAM = 512 };

static size_t
frame(uint8_t *out, enum adit_natt_kind kind, const char *text)
{
	struct adit_pkt pkt = {out, STREAM, ADIT_STREAM_HEADROOM, strlen(text)};

	memcpy(adit_pkt_data(&pkt), text, pkt.len);
	assert_int_equal(adit_stream_frame(kind, &pkt), ADIT_OK);
	memmove(out, adit_pkt_data(&pkt), pkt.len);
	return pkt.len;
}

/* Prefix; IKE "hello"; nothing; keep-alive; one that is too long; ESP "esp!packet". */
static size_t
make_stream(uint8_t *s)
{
	size_t n = ADIT_STREAM_PREFIX_LEN;

	memcpy(s, adit_stream_prefix, n);
	n += frame(s + n, ADIT_NATT_IKE, "hello");
	adit_store16(s + n, 2);
	n += 2;
	adit_store16(s + n, 3);
	s[n + 2] = ADIT_NATT_KEEPALIVE_BYTE;
	n += 3;
	adit_store16(s + n, BUF + 10);
	memset(s + n + 2, 'x', BUF + 8);
	n += BUF + 10;
	return n + frame(s + n, ADIT_NATT_ESP, "esp!packet");
}

static void
test_messages_come_out_however_the_stream_is_cut(void **state)
{
	uint8_t s[STREAM], buf[BUF];
	size_t n = make_stream(s);

	(void)state;
	for (size_t piece = 1; piece <= n; piece++) {
		struct adit_stream_rx rx;
		struct adit_stream_message m;
		unsigned got = 0;

		assert_int_equal(adit_stream_rx_init(&rx, (struct adit_buf){buf, BUF}, true),
				 ADIT_OK);
		for (size_t at = 0; at < n;) {
			size_t used, have = n - at < piece ? n - at : piece;
			enum adit_status st =
				adit_stream_input(&rx, (struct adit_span){s + at, have}, &used, &m);

			at += used;
			if (st == ADIT_ERR_PENDING) {
				assert_int_equal(used, have);
				continue;
			}
			assert_int_equal(st, ADIT_OK);
			assert_int_equal(m.kind, got ? ADIT_NATT_ESP : ADIT_NATT_IKE);
			assert_int_equal(m.bytes.n, got ? 10 : 5);
			assert_memory_equal(m.bytes.p, got ? "esp!packet" : "hello", m.bytes.n);
			got++;
		}
		assert_int_equal(got, 2);
		assert_int_equal(rx.nothing, 2);
		assert_int_equal(rx.too_long, 1);
	}
}

static void
test_a_wrong_prefix_or_length_kills_the_stream(void **state)
{
	uint8_t s[STREAM], buf[BUF];
	struct adit_stream_rx rx;
	struct adit_stream_message m;
	size_t used;

	(void)state;
	for (size_t i = 0; i < ADIT_STREAM_PREFIX_LEN; i++) {
		make_stream(s);
		s[i] ^= 0x20;
		assert_int_equal(adit_stream_rx_init(&rx, (struct adit_buf){buf, BUF}, true),
				 ADIT_OK);
		assert_int_equal(adit_stream_input(&rx, (struct adit_span){s, i + 1}, &used, &m),
				 ADIT_ERR_MALFORMED);
	}
	for (uint16_t len = 0; len < 2; len++) {
		adit_store16(s, len);
		assert_int_equal(adit_stream_rx_init(&rx, (struct adit_buf){buf, BUF}, false),
				 ADIT_OK);
		assert_int_equal(adit_stream_input(&rx, (struct adit_span){s, 2}, &used, &m),
				 ADIT_ERR_MALFORMED);
		/* It stays dead. */
		assert_int_equal(adit_stream_input(&rx, (struct adit_span){s, 9}, &used, &m),
				 ADIT_ERR_MALFORMED);
		assert_int_equal(used, 0);
	}
}

static void
test_without_a_prefix_the_first_byte_is_a_message_s(void **state)
{
	uint8_t s[STREAM], buf[BUF];
	size_t used, n = frame(s, ADIT_NATT_IKE, "hello");
	struct adit_stream_rx rx;
	struct adit_stream_message m;

	(void)state;
	assert_int_equal(adit_stream_rx_init(&rx, (struct adit_buf){buf, BUF}, false), ADIT_OK);
	assert_int_equal(adit_stream_input(&rx, (struct adit_span){s, n}, &used, &m), ADIT_OK);
	assert_int_equal(used, n);
	assert_int_equal(m.bytes.n, 5);
	assert_memory_equal(m.bytes.p, "hello", 5);
}

static void
test_framing_keeps_to_room_and_length(void **state)
{
	static uint8_t buf[70000];
	struct adit_pkt pkt = {buf, sizeof buf, 5, 10};

	(void)state;
	memset(buf, 1, sizeof buf);
	assert_int_equal(adit_stream_frame(ADIT_NATT_IKE, &pkt), ADIT_ERR_ROOM);
	pkt.off = 6;
	pkt.len = UINT16_MAX - 5;
	assert_int_equal(adit_stream_frame(ADIT_NATT_IKE, &pkt), ADIT_ERR_TOO_LONG);
	pkt.len--;
	assert_int_equal(adit_stream_frame(ADIT_NATT_IKE, &pkt), ADIT_OK);
	assert_int_equal(pkt.len, UINT16_MAX);
	pkt.off = 6;
	assert_int_equal(adit_stream_frame(ADIT_NATT_KEEPALIVE, &pkt), ADIT_ERR_ARG);
	memset(buf, 0, 20);
	assert_int_equal(adit_stream_frame(ADIT_NATT_ESP, &pkt), ADIT_ERR_ARG);
}

static void
test_a_datagram_of_the_natt_port_is_one_of_four_things(void **state)
{
	static const uint8_t ike[] = {0, 0, 0, 0, 1}, esp[] = {0, 0, 0, 1}, ff[] = {0xff, 0xff};

	(void)state;
	assert_int_equal(adit_natt_kind((struct adit_span){NULL, 0}), ADIT_NATT_NOTHING);
	assert_int_equal(adit_natt_kind((struct adit_span){ff, 1}), ADIT_NATT_KEEPALIVE);
	assert_int_equal(adit_natt_kind((struct adit_span){ff, 2}), ADIT_NATT_NOTHING);
	assert_int_equal(adit_natt_kind((struct adit_span){ike, 3}), ADIT_NATT_NOTHING);
	assert_int_equal(adit_natt_kind((struct adit_span){ike, 5}), ADIT_NATT_IKE);
	assert_int_equal(adit_natt_kind((struct adit_span){esp, 4}), ADIT_NATT_ESP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_come_out_however_the_stream_is_cut),
		cmocka_unit_test(test_a_wrong_prefix_or_length_kills_the_stream),
		cmocka_unit_test(test_without_a_prefix_the_first_byte_is_a_message_s),
		cmocka_unit_test(test_framing_keeps_to_room_and_length),
		cmocka_unit_test(test_a_datagram_of_the_natt_port_is_one_of_four_things),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
