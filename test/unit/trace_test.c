/* What the engine tells of itself: each message once, deciphered, with what was chosen and the
 * keys, so that somebody who reads along can follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/trace.h"
#include "support/pair.h"
#include "wire/ike_payload.h"

enum { RECORDS = 64 };

/* Records with their spans copied. */
struct log {
	struct adit_trace_record records[RECORDS];
	uint8_t payloads[RECORDS][1024];
	uint8_t keys[RECORDS][4][64]; /* sk_ei, sk_er, sk_ai, sk_ar */
	struct adit_path paths[RECORDS];
	unsigned n;
};

static struct pair pair;
static struct log logs[2];

static void
record(void *ctx, const struct adit_trace_record *rec)
{
	struct log *log = ctx;
	struct adit_trace_record *to = &log->records[log->n];
	const struct adit_span keys[] = {rec->sk_ei, rec->sk_er, rec->sk_ai, rec->sk_ar};

	assert_in_range(log->n, 0, RECORDS - 1);
	*to = *rec;
	assert_in_range(rec->payloads.n, 0, sizeof log->payloads[0]);
	if (rec->payloads.n)
		memcpy(log->payloads[log->n], rec->payloads.p, rec->payloads.n);
	to->payloads.p = log->payloads[log->n];
	for (unsigned i = 0; i < 4; i++)
		if (keys[i].n)
			memcpy(log->keys[log->n][i], keys[i].p, keys[i].n);
	if (rec->path)
		log->paths[log->n] = *rec->path;
	log->n++;
}

static void
begin(uint64_t seed)
{
	pair_defaults(&pair, seed);
	memset(logs, 0, sizeof logs);
	pair.a.trace = (struct adit_trace){&logs[0], record};
	pair.b.trace = (struct adit_trace){&logs[1], record};
	pair.a.cfg.trace = &pair.a.trace;
	pair.b.cfg.trace = &pair.b.trace;
	pair_open(&pair);
}

static void
connect(uint64_t seed)
{
	begin(seed);
	pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

/* The n-th record of a kind; NULL: there are fewer. */
static const struct adit_trace_record *
nth(const struct log *log, enum adit_trace_kind kind, unsigned n)
{
	for (unsigned i = 0; i < log->n; i++)
		if (log->records[i].kind == kind && n-- == 0)
			return &log->records[i];
	return NULL;
}

static void
expect_message(const struct log *log, unsigned n, bool sent, uint8_t exchange, bool response,
	       uint32_t id, uint8_t first)
{
	const struct adit_trace_record *rec = nth(log, ADIT_TRACE_MESSAGE, n);

	assert_non_null(rec);
	assert_int_equal(rec->sent, sent);
	assert_int_equal(rec->exchange, exchange);
	assert_int_equal(rec->response, response);
	assert_int_equal(rec->initiator, !response);
	assert_int_equal(rec->message_id, id);
	assert_int_equal(rec->first_payload, first);
	assert_non_null(rec->path);
}

static void
test_each_message_is_told_once_on_both_sides(void **state)
{
	(void)state;
	connect(1);
	for (unsigned i = 0; i < 2; i++) {
		expect_message(&logs[i], 0, i == 0, 34, false, 0, ADIT_PAYLOAD_SA);
		expect_message(&logs[i], 1, i == 1, 34, true, 0, ADIT_PAYLOAD_SA);
		expect_message(&logs[i], 2, i == 0, 35, false, 1, ADIT_PAYLOAD_IDI);
		expect_message(&logs[i], 3, i == 1, 35, true, 1, ADIT_PAYLOAD_IDR);
		assert_null(nth(&logs[i], ADIT_TRACE_MESSAGE, 4));
		assert_null(nth(&logs[i], ADIT_TRACE_REFUSED, 0));
		assert_null(nth(&logs[i], ADIT_TRACE_RESENT, 0));
	}
}

/* What was enciphered is told in clear: the initiator's address as its identity. */
static void
test_protected_messages_are_told_deciphered(void **state)
{
	(void)state;
	connect(2);
	for (unsigned i = 0; i < 2; i++) {
		const struct adit_trace_record *rec = nth(&logs[i], ADIT_TRACE_MESSAGE, 2);
		struct adit_span chain = rec->payloads, body;
		uint8_t type = rec->first_payload;
		struct adit_id id;

		assert_true(adit_payload_next(&type, &chain, &body));
		assert_int_equal(adit_ike_get_id(body, &id), ADIT_OK);
		assert_int_equal(id.type, ADIT_ID_IPV4_ADDR);
		assert_memory_equal(id.data.p, pair.a.end.ip.b, 4);
	}
}

static void
test_what_was_chosen_and_the_keys_are_the_same_on_both_sides(void **state)
{
	const struct adit_trace_record *a, *b;

	(void)state;
	connect(3);
	for (unsigned i = 0; i < 2; i++) {
		a = nth(&logs[0], ADIT_TRACE_CHOSEN, i);
		b = nth(&logs[1], ADIT_TRACE_CHOSEN, i);
		assert_non_null(a);
		assert_non_null(b);
		assert_ptr_equal(a->aead, b->aead);
		assert_ptr_equal(a->prf, b->prf);
		/* The second one is of ESP, which has no PRF, and may have long numbers. */
		assert_int_equal(a->esn, i == 1 && pair.a.in.esn);
		assert_int_equal(b->esn, a->esn);
		assert_int_equal(a->prf == NULL, i == 1);
		assert_memory_equal(a->spi_r, b->spi_r, 8);
	}
	assert_ptr_equal(a->aead, pair.a.in.aead);
	a = nth(&logs[0], ADIT_TRACE_IKE_KEYS, 0);
	b = nth(&logs[1], ADIT_TRACE_IKE_KEYS, 0);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_equal(a->aead, nth(&logs[0], ADIT_TRACE_CHOSEN, 0)->aead);
	assert_ptr_equal(a->prf, nth(&logs[0], ADIT_TRACE_CHOSEN, 0)->prf);
	assert_ptr_equal(a->ke, nth(&logs[0], ADIT_TRACE_CHOSEN, 0)->ke);
	assert_int_equal(a->sk_ei.n, a->aead->encr_key_len);
	assert_int_equal(a->sk_ai.n, a->aead->integ_key_len);
	assert_memory_equal(logs[0].keys[a - logs[0].records], logs[1].keys[b - logs[1].records],
			    sizeof logs[0].keys[0]);
	assert_memory_not_equal(logs[0].keys[a - logs[0].records][0],
				logs[0].keys[a - logs[0].records][1], a->sk_ei.n);
}

static bool
lose_first(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)from;
	(void)d;
	return p->sent > 1;
}

static void
test_what_is_sent_again_is_told_as_that(void **state)
{
	(void)state;
	begin(4);
	pair.wire = lose_first;
	pair_start(&pair);
	pair_pass(&pair, 10000);
	assert_true(pair_is_up(&pair));
	assert_non_null(nth(&logs[0], ADIT_TRACE_RESENT, 0));
	assert_true(nth(&logs[0], ADIT_TRACE_RESENT, 0)->sent);
	assert_null(nth(&logs[0], ADIT_TRACE_RESENT, 1));
	assert_null(nth(&logs[1], ADIT_TRACE_RESENT, 0));
	assert_null(nth(&logs[0], ADIT_TRACE_MESSAGE, 4));
}

static void
test_what_is_refused_is_told_with_its_status(void **state)
{
	const struct adit_path path = {pair.b.end, pair.a.end};
	uint8_t rubbish[40] = {1};

	(void)state;
	begin(5);
	assert_int_equal(adit_ike_input(&pair.b.ike, 0, &path, rubbish, sizeof rubbish),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(logs[1].n, 1);
	assert_int_equal(logs[1].records[0].kind, ADIT_TRACE_REFUSED);
	assert_int_equal(logs[1].records[0].status, ADIT_ERR_MALFORMED);
	assert_ptr_equal(logs[1].records[0].path, &path);
}

/* An answer that belongs to no SA, here the demand for a cookie. */
static void
test_stateless_answers_are_told_too(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(6);
	pair.b.cfg.cookie_threshold = 1;
	pair.b.ike.half_open = 1;
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_COOKIE);
	expect_message(&logs[1], 1, true, 34, true, 0, ADIT_PAYLOAD_NOTIFY);
}

/* Message n of the log deletes one SA, which has that SPI. */
static void
expect_delete(const struct log *log, unsigned n, uint32_t spi)
{
	const struct adit_trace_record *rec = nth(log, ADIT_TRACE_MESSAGE, n);
	struct adit_span chain, body;
	struct adit_ike_delete d;
	uint8_t type;

	assert_non_null(rec);
	chain = rec->payloads;
	type = rec->first_payload;
	assert_int_equal(type, ADIT_PAYLOAD_DELETE);
	assert_true(adit_payload_next(&type, &chain, &body));
	assert_int_equal(adit_ike_get_delete(body, &d), ADIT_OK);
	assert_int_equal(d.protocol, ADIT_IKE_PROTO_ESP);
	assert_int_equal(d.count, 1);
	assert_int_equal(adit_load32(d.spis.p), spi);
}

/* Each side deletes what it receives on (RFC 7296 1.4.1). */
static void
test_a_delete_is_answered_with_the_sa_of_the_other_direction(void **state)
{
	uint32_t spi_a, spi_b;

	(void)state;
	connect(7);
	spi_a = pair.a.children[0].spi_in;
	spi_b = pair.b.children[0].spi_in;
	assert_int_not_equal(spi_a, spi_b);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now,
					       pair_last(&pair.a, ADIT_EVENT_CHILD_UP)->child),
			 ADIT_OK);
	pair_run(&pair);
	expect_message(&logs[0], 4, true, 37, false, 2, ADIT_PAYLOAD_DELETE);
	expect_delete(&logs[0], 4, spi_a);
	expect_message(&logs[0], 5, false, 37, true, 2, ADIT_PAYLOAD_DELETE);
	expect_delete(&logs[0], 5, spi_b);
}

/* Of the flags only these are defined; the others are sent as zero, and the minor version too
 * (RFC 7296 3.1). */
static bool
look_at_the_header(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	const size_t marker = d->path.local.port == 4500 ? 4 : 0;
	const uint8_t flags = d->bytes[marker + 19];

	(void)p;
	assert_int_equal(d->bytes[marker + 17], 0x20);
	assert_int_equal(flags & ~(ADIT_IKE_FLAG_INITIATOR | ADIT_IKE_FLAG_RESPONSE), 0);
	assert_int_equal((flags & ADIT_IKE_FLAG_INITIATOR) != 0, from == &pair.a);
	return true;
}

static void
test_what_is_reserved_in_the_header_is_zero(void **state)
{
	(void)state;
	begin(8);
	pair.wire = look_at_the_header;
	pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	assert_int_equal(
		adit_ike_delete(&pair.b.ike, pair.now, pair_last(&pair.b, ADIT_EVENT_IKE_UP)->ike),
		ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

/* With an integrity algorithm beside the cipher there are four keys, all of them different. */
static void
test_the_keys_of_a_cipher_with_a_mac_are_all_told(void **state)
{
	static const struct adit_transform cbc[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		{ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const struct adit_proposal proposal = {cbc, 4};
	const struct adit_trace_record *rec[2];

	(void)state;
	begin(9);
	pair.a.peer.proposals = pair.b.peer.proposals = &proposal;
	pair.a.peer.proposal_count = pair.b.peer.proposal_count = 1;
	pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	for (unsigned i = 0; i < 2; i++) {
		rec[i] = nth(&logs[i], ADIT_TRACE_IKE_KEYS, 0);
		assert_non_null(rec[i]);
		assert_int_equal(rec[i]->sk_ei.n, 16);
		assert_int_equal(rec[i]->sk_er.n, 16);
		assert_int_equal(rec[i]->sk_ai.n, 32);
		assert_int_equal(rec[i]->sk_ar.n, 32);
	}
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *key = logs[0].keys[rec[0] - logs[0].records][i];

		assert_memory_equal(key, logs[1].keys[rec[1] - logs[1].records][i], 64);
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(key, logs[0].keys[rec[0] - logs[0].records][k], 16);
	}
}

/* A request goes to where the peer is known to be, not to where it asked from last. */
static void
test_messages_are_told_with_the_path_that_they_take(void **state)
{
	const struct adit_trace_record *rec;
	struct pair_datagram d;

	(void)state;
	connect(10);
	for (unsigned i = 0; i < 4; i++) {
		rec = nth(&logs[1], ADIT_TRACE_MESSAGE, i);
		assert_true(adit_ip_equal(&logs[1].paths[rec - logs[1].records].remote.ip,
					  &pair.a.end.ip));
	}
	/* What was asked last came from somewhere else. */
	pair.b.sas[0].asked_from.remote.port = 999;
	assert_int_equal(
		adit_ike_probe(&pair.b.ike, pair.now, pair_last(&pair.b, ADIT_EVENT_IKE_UP)->ike),
		ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	rec = nth(&logs[1], ADIT_TRACE_MESSAGE, 4);
	assert_true(rec->sent && !rec->response);
	assert_int_equal(logs[1].paths[rec - logs[1].records].remote.port, d.path.remote.port);
	assert_int_equal(d.path.remote.port, 500);
}

/* Byte by byte, from the first payload to the last, and nothing behind it. */
static void
test_what_is_told_of_a_message_is_the_same_at_both_ends(void **state)
{
	(void)state;
	connect(11);
	assert_int_equal(
		adit_ike_delete(&pair.a.ike, pair.now, pair_last(&pair.a, ADIT_EVENT_IKE_UP)->ike),
		ADIT_OK);
	pair_run(&pair);
	for (unsigned i = 0; i < 6; i++) {
		const struct adit_trace_record *a = nth(&logs[0], ADIT_TRACE_MESSAGE, i);
		const struct adit_trace_record *b = nth(&logs[1], ADIT_TRACE_MESSAGE, i);
		struct adit_span chain, body;
		uint8_t type;

		assert_non_null(a);
		assert_non_null(b);
		assert_int_equal(a->sent, !b->sent);
		assert_int_equal(a->message_id, b->message_id);
		assert_int_equal(a->first_payload, b->first_payload);
		assert_memory_equal(a->spi_i, b->spi_i, 8);
		assert_memory_equal(a->spi_r, b->spi_r, 8);
		assert_int_equal(a->payloads.n, b->payloads.n);
		assert_memory_equal(a->payloads.p, b->payloads.p, a->payloads.n);
		chain = a->payloads;
		type = a->first_payload;
		while (adit_payload_next(&type, &chain, &body))
			continue;
		assert_int_equal(type, ADIT_PAYLOAD_NONE);
		assert_int_equal(chain.n, 0);
	}
	assert_null(nth(&logs[0], ADIT_TRACE_MESSAGE, 6));
}

static void
test_long_numbers_are_told_where_they_were_chosen(void **state)
{
	static const struct adit_transform esn[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}, {ADIT_TRANSFORM_SN, 1, 0}};
	static const struct adit_proposal proposal = {esn, 2};

	(void)state;
	begin(12);
	pair.a.child.proposals = pair.b.child.proposals = &proposal;
	pair.a.child.proposal_count = pair.b.child.proposal_count = 1;
	pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	assert_true(pair.a.in.esn);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(nth(&logs[i], ADIT_TRACE_CHOSEN, 0)->esn);
		assert_true(nth(&logs[i], ADIT_TRACE_CHOSEN, 1)->esn);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_message_is_told_once_on_both_sides),
		cmocka_unit_test(test_protected_messages_are_told_deciphered),
		cmocka_unit_test(test_what_was_chosen_and_the_keys_are_the_same_on_both_sides),
		cmocka_unit_test(test_what_is_sent_again_is_told_as_that),
		cmocka_unit_test(test_what_is_refused_is_told_with_its_status),
		cmocka_unit_test(test_stateless_answers_are_told_too),
		cmocka_unit_test(test_what_is_reserved_in_the_header_is_zero),
		cmocka_unit_test(test_a_delete_is_answered_with_the_sa_of_the_other_direction),
		cmocka_unit_test(test_the_keys_of_a_cipher_with_a_mac_are_all_told),
		cmocka_unit_test(test_messages_are_told_with_the_path_that_they_take),
		cmocka_unit_test(test_what_is_told_of_a_message_is_the_same_at_both_ends),
		cmocka_unit_test(test_long_numbers_are_told_where_they_were_chosen),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
