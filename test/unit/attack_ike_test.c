/* The IKE engine under attack: strangers without keys, and a peer that has them and misbehaves.
 * The letters and numbers are those of the corpus of bad inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/slots.h"
#include "ikev2/turn.h"
#include "support/pair.h"

static struct pair pair;

static void
connect(uint64_t seed)
{
	pair_defaults(&pair, seed);
	assert_true(pair_connect(&pair));
	pair.a.event_count = pair.b.event_count = 0;
}

/* b's SA is as it was: it answers, and nothing was told. */
static void
assert_unharmed(void)
{
	assert_int_equal(pair.b.event_count, 0);
	assert_int_equal(pair_in_use(&pair.b), 3);
	assert_int_equal(pair.b.sas[0].state, ADIT_IKE_UP);
}

static enum adit_status
give_raw(const uint8_t *p, size_t n, uint16_t port)
{
	struct pair_datagram d;

	memset(&d, 0, sizeof d);
	d.path.local = pair.a.end;
	d.path.remote = pair.b.end;
	d.path.remote.port = port;
	memcpy(d.bytes, p, n);
	d.len = n;
	return pair_give(&pair, &pair.b, &d);
}

static size_t
put_header(uint8_t *p, uint8_t first, uint8_t version, uint8_t exchange, uint8_t flags, uint32_t id,
	   size_t len)
{
	const struct adit_ike_sa *sa = &pair.a.sas[0];

	memset(p, 0, 28);
	memcpy(p, sa->spi_i, 8);
	memcpy(p + 8, sa->spi_r, 8);
	p[16] = first;
	p[17] = version;
	p[18] = exchange;
	p[19] = flags;
	adit_store32(p + 20, id);
	adit_store32(p + 24, (uint32_t)len);
	return len;
}

/* --- Without keys. */

/* HDR-01, HDR-09: every short length, on both ports. */
static void
test_short_datagrams_are_dropped(void **state)
{
	static const uint8_t zeros[64];

	(void)state;
	connect(1);
	for (size_t n = 0; n < 28; n++) {
		assert_int_equal(give_raw(zeros, n, 500), ADIT_ERR_SHORT);
		assert_int_not_equal(give_raw(zeros, n + 4, 4500), ADIT_OK);
	}
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(give_raw(zeros, n, 4500), ADIT_ERR_SHORT);
	assert_int_equal(give_raw((const uint8_t[]){0xff}, 1, 4500), ADIT_OK);
	assert_int_equal(give_raw((const uint8_t[]){1, 2, 3, 4, 5}, 5, 4500), ADIT_ERR_MALFORMED);
	assert_unharmed();
}

/* HDR-02. */
static void
test_wrong_length_fields_are_dropped(void **state)
{
	static const uint32_t lengths[] = {0, 27, 28, 39, 41, 0x7fffffff, 0xffffffff};
	uint8_t p[40];

	(void)state;
	connect(2);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memset(p, 0, sizeof p);
		put_header(p, 46, 0x20, 37, 0x08, 2, lengths[i]);
		assert_int_equal(give_raw(p, sizeof p, 500), ADIT_ERR_MALFORMED);
	}
	assert_unharmed();
}

/* HDR-03: only a request of a higher major version is answered, with INVALID_MAJOR_VERSION. */
static void
test_other_major_versions_are_refused(void **state)
{
	struct pair_datagram d;
	uint8_t p[36] = {0}; /* as long as the answer, else there is none */

	(void)state;
	connect(3);
	for (unsigned major = 0; major < 16; major++) {
		if (major == 2)
			continue;
		put_header(p, 0, (uint8_t)(major << 4), 34, 0x08, 0, sizeof p);
		assert_int_equal(give_raw(p, sizeof p, 500), ADIT_ERR_VERSION);
		assert_int_equal(pair_take(&pair, &pair.b, &d), major > 2);
		if (major > 2)
			assert_int_equal(d.bytes[28 + 7], 5);
		put_header(p, 0, (uint8_t)(major << 4), 34, 0x20, 0, sizeof p);
		assert_int_equal(give_raw(p, sizeof p, 500), ADIT_ERR_VERSION);
		assert_false(pair_take(&pair, &pair.b, &d));
	}
	assert_unharmed();
}

/* HDR-05, HDR-06: every exchange and every flag, in clear, under the SPIs of a live SA. */
static void
test_unprotected_messages_do_nothing_to_a_live_sa(void **state)
{
	struct pair_datagram d;
	uint8_t p[36];

	(void)state;
	connect(4);
	for (unsigned exchange = 0; exchange < 256; exchange++)
		for (unsigned flags = 0; flags < 256; flags++) {
			memset(p, 0, sizeof p);
			/* A notify: INVALID_SPI. */
			put_header(p, 41, 0x20, (uint8_t)exchange, (uint8_t)flags, 2, sizeof p);
			p[31] = 8;
			p[35] = 11;
			assert_int_not_equal(give_raw(p, sizeof p, 500), ADIT_OK);
			assert_false(pair_take(&pair, &pair.b, &d));
		}
	assert_unharmed();
}

/* HDR-04 and SA-less strangers. */
static void
test_unknown_spis_are_silent(void **state)
{
	struct pair_datagram d;
	uint8_t p[64];

	(void)state;
	connect(5);
	for (unsigned exchange = 34; exchange < 38; exchange++) {
		memset(p, 0, sizeof p);
		put_header(p, 0, 0x20, (uint8_t)exchange, 0x08, 0, 28);
		memset(p, 0x5a, 16);
		assert_int_equal(give_raw(p, 28, 500), ADIT_ERR_NO_SA);
		memset(p, 0, 16);
		assert_int_equal(give_raw(p, 28, 500), ADIT_ERR_MALFORMED);
		assert_false(pair_take(&pair, &pair.b, &d));
	}
	assert_unharmed();
}

/* A protected message with any one bit changed, header included. */
static void
test_forged_messages_are_refused(void **state)
{
	struct pair_datagram d, bad;

	(void)state;
	connect(6);
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	for (size_t i = 0; i < d.len * 8; i++) {
		bad = d;
		bad.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_not_equal(pair_give(&pair, &pair.b, &bad), ADIT_OK);
		assert_false(pair_take(&pair, &pair.b, &bad) && bad.bytes[18] != 37 &&
			     bad.bytes[28 + 7] != 5);
	}
	assert_unharmed();
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
}

/* NOTIFY-05: a responder that asks for cookies for ever. */
static bool
wire_cookies(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	static uint8_t serial;

	if (from == &p->a)
		return true;
	memset(d->bytes + 8, 0, 8);
	d->bytes[16] = 41;
	d->len = 28 + 8 + 4;
	memcpy(d->bytes + 28, (const uint8_t[]){0, 0, 0, 12, 0, 0, 0x40, 0x06, 1, 2, 3, ++serial},
	       12);
	adit_store32(d->bytes + 24, (uint32_t)d->len);
	return true;
}

static void
test_endless_cookies_are_given_up(void **state)
{
	(void)state;
	pair_defaults(&pair, 7);
	pair_open(&pair);
	pair.wire = wire_cookies;
	pair_start(&pair);
	pair_run(&pair);
	assert_true(pair.sent <= 12);
	pair.wire = NULL;
	pair_pass(&pair, 300000);
	assert_int_equal(pair.a.sas[0].state == ADIT_IKE_UP || pair_in_use(&pair.a) == 0, 1);
}

/* A flood of first messages fills no more than the pool, and a known peer stays. */
static void
test_a_flood_of_first_messages_is_bounded(void **state)
{
	static struct pair flood;
	struct pair_datagram d;
	unsigned cookies = 0;

	(void)state;
	connect(8);
	for (uint64_t i = 0; i < 50; i++) {
		pair_defaults(&flood, 1000 + i);
		pair_open(&flood);
		pair_start(&flood);
		assert_true(pair_take(&flood, &flood.a, &d));
		cookies += pair_give(&pair, &pair.b, &d) == ADIT_ERR_COOKIE;
		while (pair_take(&pair, &pair.b, &d))
			;
	}
	assert_int_equal(cookies, 48);
	assert_int_equal(pair.b.ike.half_open, 2);
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair.a.sas[0].job, ADIT_JOB_NONE);
}

/* --- With keys: a writes what it likes. */

static void
send_protected(uint8_t exchange, bool response, uint32_t id, const uint8_t *payloads, size_t n,
	       uint8_t first, struct pair_datagram *out)
{
	struct adit_ike_sa *sa = &pair.a.sas[0];
	static struct adit_ike_message message;
	struct adit_ike_writer m;

	adit_ikev2_begin(sa, &m, &message, exchange, response, id);
	m.w.base[28] = first;
	adit_write_span(&m.w, (struct adit_span){payloads, n});
	assert_int_equal(adit_ikev2_end(&pair.a.ike, sa, &m, &message), ADIT_OK);
	memset(out, 0, sizeof *out);
	out->path.local = pair.a.end;
	out->path.remote = pair.b.end;
	out->len = message.len;
	memcpy(out->bytes, message.bytes, message.len);
}

/* The error notify in b's answer, deciphered with a's keys; 0: an answer without; -1: none. */
static int
answer_of(struct pair_datagram *d, uint8_t *data)
{
	struct adit_ike_sa *sa = &pair.a.sas[0];
	struct adit_protect protect;
	struct adit_ike_chain outer, inner;
	struct adit_ike_notify n;
	struct adit_span chain;
	uint8_t first;

	if (!pair_take(&pair, &pair.b, d))
		return -1;
	memset(&protect, 0, sizeof protect);
	assert_int_equal(adit_ike_get_chain((struct adit_span){d->bytes + 28, d->len - 28},
					    d->bytes[16], &outer),
			 ADIT_OK);
	assert_int_equal(
		adit_protect_key(&protect, sa->suite.aead, (struct adit_span){sa->keys.r, 20}),
		ADIT_OK);
	assert_int_equal(adit_protect_open(&protect, d->bytes, &outer, &first, &chain), ADIT_OK);
	adit_protect_wipe(&protect);
	assert_int_equal(adit_ike_get_chain(chain, first, &inner), ADIT_OK);
	if (!adit_ike_find_error(&inner, &n))
		return 0;
	if (data && n.data.n)
		*data = n.data.p[0];
	return n.type;
}

static int
ask(uint8_t exchange, uint32_t id, const uint8_t *payloads, size_t n, uint8_t first, uint8_t *data)
{
	struct pair_datagram d;

	send_protected(exchange, false, id, payloads, n, first, &d);
	(void)!pair_give(&pair, &pair.b, &d);
	return answer_of(&d, data);
}

/* CHAIN-04. */
static void
test_unknown_critical_payload_is_named(void **state)
{
	static const uint8_t critical[] = {0, 0x80, 0, 4}, plain[] = {0, 0, 0, 4};
	uint32_t id = 2;
	uint8_t type = 0;

	(void)state;
	connect(20);
	for (unsigned t = 1; t < 256; t++) {
		if (t >= 33 && t <= 48)
			continue;
		assert_int_equal(ask(37, id++, critical, 4, (uint8_t)t, &type), 1);
		assert_int_equal(type, t);
		assert_int_equal(ask(37, id++, plain, 4, (uint8_t)t, NULL), 0);
	}
	assert_unharmed();
}

/* CHAIN-04 in a first request, where there is no SA yet (RFC 7296 2.5). */
static void
test_unknown_critical_payload_in_a_first_request_is_named(void **state)
{
	struct pair_datagram d;
	uint8_t p[37] = {0};

	(void)state;
	connect(28);
	put_header(p, 200, 0x20, 34, 0x08, 0, sizeof p);
	p[7] ^= 1;
	memset(p + 8, 0, 8);
	memcpy(p + 28, (const uint8_t[]){0, 0x80, 0, 9}, 4);
	assert_int_equal(give_raw(p, sizeof p, 500), ADIT_ERR_CRITICAL);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_int_equal(d.len, 37);
	assert_int_equal(d.bytes[16], 41);
	assert_int_equal(d.bytes[19], 0x20);
	assert_int_equal(adit_load16(d.bytes + 34), ADIT_N_UNSUPPORTED_CRITICAL_PAYLOAD);
	assert_int_equal(d.bytes[36], 200);
	assert_unharmed();
}

/* A peer that answers with nonsense gets a Delete, so that it doesn't keep what we gave up. */
static void
test_a_response_of_nonsense_ends_both_sides(void **state)
{
	static const uint8_t critical[] = {0, 0x80, 0, 4};
	struct pair_datagram d;

	(void)state;
	connect(29);
	assert_int_equal(adit_ike_probe(&pair.b.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	send_protected(37, true, 0, critical, sizeof critical, 200, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_CRITICAL);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 1);
	assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_CRITICAL);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

/* CHAIN-01, CHAIN-02, CHAIN-10, inside of an authentic message. */
static void
test_malformed_inside_is_invalid_syntax(void **state)
{
	static const uint8_t bad[][8] = {
		{0, 0, 0, 0},  {0, 0, 0, 3},    {0, 0, 0, 5},  {0, 0, 255, 255},
		{41, 0, 0, 4}, {0, 0, 0, 4, 0}, {46, 0, 0, 4}, {41, 0, 0, 8, 0, 0, 0, 0},
	};
	static const size_t lens[] = {4, 4, 4, 4, 4, 5, 4, 8};
	uint32_t id = 2;

	(void)state;
	connect(21);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ask(37, id++, bad[i], lens[i], 41, NULL), 7);
	assert_unharmed();
}

/* HDR-05 with keys: what is no exchange of ours is refused, and the SA stays. */
static void
test_unknown_exchanges_are_invalid_syntax(void **state)
{
	uint32_t id = 2;

	(void)state;
	connect(22);
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		if (exchange == 34 || exchange == 37)
			continue;
		assert_int_equal(ask((uint8_t)exchange, id++, NULL, 0, 0, NULL), 7);
	}
	assert_unharmed();
}

static void
test_create_child_sa_is_no_additional_sas(void **state)
{
	uint8_t p[4 + 4 + 20];

	(void)state;
	connect(23);
	memset(p, 0, sizeof p);
	memcpy(p, (const uint8_t[]){40, 0, 0, 4, 0, 0, 0, 24}, 8);
	assert_int_equal(ask(36, 2, p, sizeof p, 33, NULL), 35);
	assert_unharmed();
}

/* NOTIFY-06's cousin: deletes of SPIs that are not of this SA, of AH, of odd sizes. */
static void
test_deletes_of_other_spis_delete_nothing(void **state)
{
	static const uint8_t esp[] = {0, 0, 0, 12, 3, 4, 0, 1, 1, 2, 3, 4};
	static const uint8_t ah[] = {0, 0, 0, 12, 2, 4, 0, 1, 1, 2, 3, 4};
	static const uint8_t odd[] = {0, 0, 0, 12, 3, 8, 0, 1, 1, 2, 3, 4};
	static const uint8_t many[] = {0, 0, 0, 12, 3, 4, 255, 255, 1, 2, 3, 4};
	static const uint8_t ike[] = {0, 0, 0, 12, 1, 4, 0, 1, 1, 2, 3, 4};

	(void)state;
	connect(24);
	assert_int_equal(ask(37, 2, esp, sizeof esp, 42, NULL), 0);
	assert_int_equal(ask(37, 3, ah, sizeof ah, 42, NULL), 0);
	assert_int_equal(ask(37, 4, odd, sizeof odd, 42, NULL), 7);
	assert_int_equal(ask(37, 5, many, sizeof many, 42, NULL), 7);
	assert_int_equal(ask(37, 6, ike, sizeof ike, 42, NULL), 7);
	assert_unharmed();
}

/* The window is one: old, future and repeated requests. */
static void
test_message_ids_outside_the_window_are_dropped(void **state)
{
	struct pair_datagram d, first, again;

	(void)state;
	connect(25);
	send_protected(37, false, 3, NULL, 0, 0, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_MESSAGE_ID);
	send_protected(37, false, 0, NULL, 0, 0, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_MESSAGE_ID);
	send_protected(37, false, 0xffffffff, NULL, 0, 0, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_MESSAGE_ID);
	assert_false(pair_take(&pair, &pair.b, &first));
	send_protected(37, false, 2, NULL, 0, 0, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &first));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &again));
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.bytes, again.bytes, first.len);
	assert_unharmed();
}

/* RFC 7296 2.11: an answer goes to where the question came from; that alone moves no peer. */
static void
test_an_answer_goes_to_where_it_was_asked(void **state)
{
	struct pair_datagram d, first, again;

	(void)state;
	connect(29);
	send_protected(37, false, 2, NULL, 0, 0, &d);
	d.path.local.port = 4501;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &first));
	assert_int_equal(first.path.remote.port, 4501);
	d.path.local.port = 4502;
	d.path.local.ip.b[3] ^= 1;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &again));
	assert_int_equal(again.path.remote.port, 4502);
	assert_memory_equal(&again.path.remote.ip, &d.path.local.ip, sizeof d.path.local.ip);
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.bytes, again.bytes, first.len);
	assert_int_equal(pair.b.sas[0].path.remote.port, pair.a.end.port);
	assert_unharmed();
}

static void
test_a_response_to_no_request_is_dropped(void **state)
{
	struct pair_datagram d;

	(void)state;
	connect(26);
	for (uint32_t id = 0; id < 4; id++) {
		send_protected(37, true, id, NULL, 0, 0, &d);
		assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_MESSAGE_ID);
	}
	assert_unharmed();
}

/* HDR-08: a message of one SA under the SPIs of another. */
static void
test_messages_do_not_cross_sas(void **state)
{
	struct pair_datagram d;

	(void)state;
	connect(27);
	pair_start(&pair);
	pair_run(&pair);
	assert_int_equal(pair.b.sas[1].state, ADIT_IKE_UP);
	send_protected(37, false, 2, NULL, 0, 0, &d);
	memcpy(d.bytes, pair.a.sas[1].spi_i, 8);
	memcpy(d.bytes + 8, pair.a.sas[1].spi_r, 8);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_ICV);
}

/* A peer's INFORMATIONAL that overtakes its IKE_AUTH response is not answered with an error. */
static void
test_a_request_before_auth_is_done_is_dropped(void **state)
{
	struct pair_datagram d, reply;

	(void)state;
	pair_defaults(&pair, 28);
	assert_true(pair_first_exchange(&pair));
	send_protected(37, false, 1, NULL, 0, 0, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_UNEXPECTED);
	assert_false(pair_take(&pair, &pair.b, &reply));
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_datagrams_are_dropped),
		cmocka_unit_test(test_wrong_length_fields_are_dropped),
		cmocka_unit_test(test_other_major_versions_are_refused),
		cmocka_unit_test(test_unprotected_messages_do_nothing_to_a_live_sa),
		cmocka_unit_test(test_unknown_spis_are_silent),
		cmocka_unit_test(test_forged_messages_are_refused),
		cmocka_unit_test(test_endless_cookies_are_given_up),
		cmocka_unit_test(test_a_flood_of_first_messages_is_bounded),
		cmocka_unit_test(test_unknown_critical_payload_is_named),
		cmocka_unit_test(test_unknown_critical_payload_in_a_first_request_is_named),
		cmocka_unit_test(test_a_response_of_nonsense_ends_both_sides),
		cmocka_unit_test(test_malformed_inside_is_invalid_syntax),
		cmocka_unit_test(test_unknown_exchanges_are_invalid_syntax),
		cmocka_unit_test(test_create_child_sa_is_no_additional_sas),
		cmocka_unit_test(test_deletes_of_other_spis_delete_nothing),
		cmocka_unit_test(test_message_ids_outside_the_window_are_dropped),
		cmocka_unit_test(test_an_answer_goes_to_where_it_was_asked),
		cmocka_unit_test(test_a_response_to_no_request_is_dropped),
		cmocka_unit_test(test_messages_do_not_cross_sas),
		cmocka_unit_test(test_a_request_before_auth_is_done_is_dropped),
	};

	return cmocka_run_group_tests_name("attack_ike", tests, NULL, NULL);
}
