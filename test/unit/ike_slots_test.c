/* Slots of the engine and what can come to them: SPIs of its own making, pools that are full,
 * handles that come round, and messages that an SA in that state has no use for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/keymat.h"
#include "ike/slots.h"
#include "ikev2/turn.h"
#include "support/pair.h"

enum { INFORMATIONAL = ADIT_EXCHANGE_INFORMATIONAL };

static struct pair pair;

static void
connect(uint64_t seed)
{
	pair_defaults(&pair, seed);
	assert_true(pair_connect(&pair));
	pair.a.event_count = pair.b.event_count = 0;
}

static struct pair_side *
other(struct pair_side *side)
{
	return side == &pair.a ? &pair.b : &pair.a;
}

/* A protected message of these payloads, under the keys of the sender's first SA. */
static struct pair_datagram protected(struct pair_side *from, uint8_t exchange, bool response,
				      uint32_t id, uint8_t first, const uint8_t *payloads, size_t n)
{
	static struct adit_ike_message message;
	struct adit_ike_sa *sa = &from->sas[0];
	struct pair_datagram d;
	struct adit_ike_writer m;

	adit_ikev2_begin(sa, &m, &message, exchange, response, id);
	m.w.base[28] = first;
	adit_write_span(&m.w, (struct adit_span){payloads, n});
	assert_int_equal(adit_ikev2_end(&from->ike, sa, &m, &message), ADIT_OK);
	memset(&d, 0, sizeof d);
	d.path.local = from->end;
	d.path.remote = other(from)->end;
	d.len = message.len;
	memcpy(d.bytes, message.bytes, message.len);
	return d;
}

/* Given without taking events, so that what ended is still there. */
static enum adit_status
give_quietly(struct pair_side *to, const struct pair_datagram *d)
{
	struct adit_path seen = {d->path.remote, d->path.local};
	struct pair_datagram copy = *d;

	return adit_ike_input(&to->ike, pair.now, &seen, copy.bytes, copy.len);
}

/* --- SPIs. */

static void
test_without_a_source_of_spis_they_are_random_ones(void **state)
{
	(void)state;
	pair_defaults(&pair, 1);
	memset(&pair.a.cfg.spis, 0, sizeof pair.a.cfg.spis);
	memset(&pair.b.cfg.spis, 0, sizeof pair.b.cfg.spis);
	assert_true(pair_connect(&pair));
	assert_true(pair.a.in.spi >= 0x80000000u && pair.b.in.spi >= 0x80000000u);
	assert_int_not_equal(pair.a.in.spi, pair.b.in.spi);
	/* One that came to nothing is given back to nobody. */
	pair_defaults(&pair, 2);
	pair.a.cfg.spis.release = NULL;
	pair.b.peer.psk.n--;
	pair_open(&pair);
	pair_start(&pair);
	pair_pass(&pair, 600000);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_AUTH);
	assert_int_equal(pair.a.spis, 1);
}

static enum adit_status
no_spi(void *ctx, uint32_t *spi)
{
	(void)ctx;
	(void)spi;
	return ADIT_ERR_FULL;
}

/* Random bytes for all but SPIs of four. */
static enum adit_status
fill_all_but_four(void *ctx, uint8_t *out, size_t n)
{
	return n == 4 ? ADIT_ERR_RANDOM : pair_rng_fill(ctx, out, n);
}

static void
test_without_an_spi_there_is_no_child(void **state)
{
	(void)state;
	pair_defaults(&pair, 3);
	pair.b.cfg.spis.alloc = no_spi;
	pair_open(&pair);
	pair_start(&pair);
	pair_pass(&pair, 1000);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), 1);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->notify, ADIT_N_NO_ADDITIONAL_SAS);
	pair_defaults(&pair, 4);
	pair.a.cfg.spis.alloc = no_spi;
	pair_connect(&pair);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_FULL);
	assert_int_equal(pair_in_use(&pair.a), 0);
	/* Without randomness there is no random one. */
	pair_defaults(&pair, 5);
	memset(&pair.a.cfg.spis, 0, sizeof pair.a.cfg.spis);
	pair.a.cfg.rng.fill = fill_all_but_four;
	pair_connect(&pair);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_RANDOM);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

/* --- Slots. */

static void
test_attempts_are_bounded_by_sas_and_by_handshakes(void **state)
{
	struct adit_ike_id id;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pair_defaults(&pair, 6 + i);
		pair_open(&pair);
		{
			const struct adit_ike_mem mem = {pair.a.sas,        i ? 1 : PAIR_SLOTS,
							 pair.a.children,   PAIR_SLOTS,
							 pair.a.handshakes, i ? PAIR_SLOTS : 1};

			assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_OK);
		}
		assert_int_not_equal(pair_start(&pair).generation, 0);
		assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id),
				 ADIT_ERR_FULL);
		pair_run(&pair);
		assert_true(pair_is_up(&pair));
		/* What is up needs no handshake any more, but its slot. */
		assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id),
				 i ? ADIT_ERR_FULL : ADIT_OK);
	}
}

/* 0 means "none" in a handle: the count goes round without it. */
static void
test_generations_come_round_without_zero(void **state)
{
	struct adit_ike_id id;

	(void)state;
	pair_defaults(&pair, 8);
	pair_open(&pair);
	pair.a.sas[0].generation = UINT16_MAX;
	pair.a.children[0].generation = UINT16_MAX;
	id = pair_start(&pair);
	assert_int_equal(id.generation, 1);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_CHILD_UP)->child.generation, 1);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
}

/* --- Messages that come to an SA that has no use for them. */

static void
test_a_dead_sa_hears_nothing(void **state)
{
	const uint8_t end[] = {0, 0, 0, 8, ADIT_IKE_PROTO_IKE, 0, 0, 0};
	struct pair_datagram d, late;

	(void)state;
	connect(10);
	d = protected(&pair.a, INFORMATIONAL, false, 2, ADIT_PAYLOAD_DELETE, end, sizeof end);
	late = protected(&pair.a, INFORMATIONAL, false, 3, 0, NULL, 0);
	assert_int_equal(give_quietly(&pair.b, &d), ADIT_OK);
	assert_int_equal(pair.b.sas[0].state, ADIT_IKE_DEAD);
	assert_int_equal(give_quietly(&pair.b, &late), ADIT_ERR_NO_SA);
	pair_events(&pair.b);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
}

/* A child that is down already, untold, does not go down once more with its IKE SA, nor by another
 * Delete. */
static void
test_a_child_goes_down_once(void **state)
{
	uint8_t del[] = {0, 0, 0, 12, ADIT_IKE_PROTO_ESP, 4, 0, 1, 0, 0, 0, 0};
	const uint8_t end[] = {0, 0, 0, 8, ADIT_IKE_PROTO_IKE, 0, 0, 0};
	struct pair_datagram d;

	(void)state;
	connect(11);
	adit_store32(del + 8, pair.a.in.spi);
	for (uint32_t id = 2; id < 4; id++) {
		d = protected(&pair.a, INFORMATIONAL, false, id, ADIT_PAYLOAD_DELETE, del,
			      sizeof del);
		assert_int_equal(give_quietly(&pair.b, &d), ADIT_OK);
	}
	d = protected(&pair.a, INFORMATIONAL, false, 4, ADIT_PAYLOAD_DELETE, end, sizeof end);
	assert_int_equal(give_quietly(&pair.b, &d), ADIT_OK);
	pair_events(&pair.b);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 1);
}

static void
test_both_sides_delete_the_child_at_once(void **state)
{
	struct pair_datagram a, b;

	(void)state;
	connect(12);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, (struct adit_child_id){0, 1}),
			 ADIT_OK);
	assert_int_equal(adit_ike_delete_child(&pair.b.ike, pair.now, (struct adit_child_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &a));
	assert_true(pair_take(&pair, &pair.b, &b));
	assert_int_equal(pair_give(&pair, &pair.b, &a), ADIT_OK);
	assert_int_equal(pair_give(&pair, &pair.a, &b), ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair.a.sas[0].state, ADIT_IKE_UP);
	assert_int_equal(pair.b.sas[0].state, ADIT_IKE_UP);
}

/* A Delete of the IKE SA, and then nonsense: the SA ends all the same. */
static void
test_nonsense_behind_a_delete_does_not_undo_it(void **state)
{
	const uint8_t chain[] = {
		ADIT_PAYLOAD_DELETE, 0, 0, 8, ADIT_IKE_PROTO_IKE, 0, 0, 0, 0, 0, 0, 8,
		ADIT_IKE_PROTO_IKE,  4, 0, 1};
	struct pair_datagram d;

	(void)state;
	connect(13);
	d = protected(&pair.a, INFORMATIONAL, false, 2, ADIT_PAYLOAD_DELETE, chain, sizeof chain);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_MALFORMED);
	assert_true(pair_take(&pair, &pair.b, &d));
	pair_events(&pair.b);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

/* Responses of a peer that holds the keys and makes no sense. */
static void
test_a_senseless_answer_to_a_delete_ends_the_sa(void **state)
{
	const uint8_t nonce[] = {0, 0, 0, 20, 1,  2,  3,  4,  5,  6,
				 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	struct pair_datagram d;

	(void)state;
	connect(14);
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d)); /* the true answer is lost */
	d = protected(&pair.b, INFORMATIONAL, true, 2, ADIT_PAYLOAD_NONCE, nonce, sizeof nonce);
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_ERR_UNEXPECTED);
	pair_run(&pair); /* b is told that this is the end */
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_UNEXPECTED);
	assert_int_equal(pair_in_use(&pair.b), 0);
	connect(15);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	d = protected(&pair.b, INFORMATIONAL, true, 2, ADIT_PAYLOAD_NONCE, nonce, sizeof nonce);
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_ERR_UNEXPECTED);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 1);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

static void
test_an_initiator_that_waits_takes_no_requests(void **state)
{
	struct pair_datagram d, request;

	(void)state;
	pair_defaults(&pair, 16);
	pair_open(&pair);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	/* A request under its half of the SPIs, from whoever has seen its first message. */
	request = d;
	request.path = (struct adit_path){pair.b.end, pair.a.end};
	request.bytes[18] = INFORMATIONAL;
	request.bytes[19] = 0;
	assert_int_equal(pair_give(&pair, &pair.a, &request), ADIT_ERR_UNEXPECTED);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	/* And one of the peer, before it has shown who it is. */
	request = protected(&pair.b, INFORMATIONAL, false, 0, 0, NULL, 0);
	assert_int_equal(pair_give(&pair, &pair.a, &request), ADIT_ERR_UNEXPECTED);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

/* An unknown critical payload is named to who sends a first request, and to nobody else. */
static void
test_a_critical_payload_outside_a_first_request_gets_no_answer(void **state)
{
	static const uint8_t critical[] = {0, 0x80, 0, 4};
	static const struct {
		uint8_t exchange, id;
		bool known;
	} rows[] = {{ADIT_EXCHANGE_SA_INIT, 0, true},
		    {INFORMATIONAL, 0, false},
		    {ADIT_EXCHANGE_SA_INIT, 1, false}};
	struct pair_datagram d, out;

	(void)state;
	connect(17);
	for (unsigned i = 0; i < 3; i++) {
		d = protected(&pair.a, rows[i].exchange, false, rows[i].id, 0, NULL, 0);
		d.bytes[16] = 200;
		memcpy(d.bytes + 28, critical, 4);
		d.len = 32;
		adit_store32(d.bytes + 24, 32);
		if (!rows[i].known)
			memset(d.bytes + 8, 0, 8);
		assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_CRITICAL);
		assert_false(pair_take(&pair, &pair.b, &out));
	}
	assert_int_equal(pair.b.sas[0].state, ADIT_IKE_UP);
}

/* INVALID_MAJOR_VERSION goes the way that the request came: to a responder as its initiator. */
static void
test_another_version_is_answered_with_the_other_flag(void **state)
{
	struct pair_datagram d, out;

	(void)state;
	connect(18);
	for (unsigned i = 0; i < 2; i++) {
		d = protected(&pair.a, INFORMATIONAL, false, 2, 0, NULL, 0);
		d.bytes[17] = 0x30;
		d.bytes[19] = i ? ADIT_IKE_FLAG_INITIATOR : 0;
		assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_VERSION);
		assert_true(pair_take(&pair, &pair.b, &out));
		assert_int_equal(out.bytes[19],
				 i ? ADIT_IKE_FLAG_RESPONSE
				   : ADIT_IKE_FLAG_RESPONSE | ADIT_IKE_FLAG_INITIATOR);
		assert_int_equal(adit_load16(out.bytes + 34), ADIT_N_INVALID_MAJOR_VERSION);
	}
}

/* An authentic message whose padding is longer than all it has (RFC 7296 3.14): the peer is told
 * that it makes no sense, and not to come again. */
static void
test_padding_longer_than_the_message_is_invalid_syntax(void **state)
{
	struct adit_ike_sa *sa = &pair.a.sas[0];
	struct adit_aead_op op = {0};
	struct pair_datagram d;
	union adit_keyctx kc;
	const struct adit_aead *aead;
	struct adit_span key;

	(void)state;
	connect(19);
	d = protected(&pair.a, INFORMATIONAL, false, 2, 0, NULL, 0);
	aead = sa->suite.aead;
	assert_int_equal(aead->integ, ADIT_AUTH_NONE);
	key = adit_keymat_aead_key(&sa->keys, aead, true);
	assert_int_equal(aead->setkey(aead, &kc, key), ADIT_OK);
	op.iv = d.bytes + 32;
	op.aad = (struct adit_span){d.bytes, 32};
	op.data = d.bytes + 32 + aead->iv_len;
	op.len = d.len - 32 - aead->iv_len - aead->icv_len;
	op.icv = d.bytes + d.len - aead->icv_len;
	aead->open(aead, &kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	op.data[op.len - 1] = 255;
	aead->seal(aead, &kc, &op, 1);
	aead->wipe(aead, &kc);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_PADDING);
	assert_int_equal(pair.b.sas[0].state, ADIT_IKE_UP);
	assert_true(pair_take(&pair, &pair.b, &d));
	{
		struct adit_ike_chain outer, inner;
		struct adit_protect p = {0};
		struct adit_ike_notify n;
		struct adit_span chain;
		uint8_t first;

		assert_int_equal(adit_ike_get_chain((struct adit_span){d.bytes + 28, d.len - 28},
						    d.bytes[16], &outer),
				 ADIT_OK);
		assert_int_equal(
			adit_protect_key(&p, aead, adit_keymat_aead_key(&sa->keys, aead, false)),
			ADIT_OK);
		assert_int_equal(adit_protect_open(&p, d.bytes, &outer, &first, &chain), ADIT_OK);
		adit_protect_wipe(&p);
		assert_int_equal(adit_ike_get_chain(chain, first, &inner), ADIT_OK);
		assert_true(adit_ike_find_error(&inner, &n));
		assert_int_equal(n.type, ADIT_N_INVALID_SYNTAX);
	}
}

/* --- Peers that want other groups. */

static const struct adit_transform x25519[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
					       {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
					       {ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
static const struct adit_transform ecp256[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
					       {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
					       {ADIT_TRANSFORM_KE, ADIT_KE_ECP_256, 0}};
static const struct adit_transform chacha[] = {
	{ADIT_TRANSFORM_ENCR, ADIT_ENCR_CHACHA20_POLY1305, 0},
	{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
	{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};

/* Of b's peers at a's address the first that takes the offer as it is; else the first that would
 * with another group, and is told of; one that takes nothing counts for nothing. */
static void
test_of_several_peers_one_that_fits_goes_before_one_that_wants_another_group(void **state)
{
	static const struct adit_proposal wants[] = {{x25519, 3}, {ecp256, 3}, {chacha, 3}};
	static const struct {
		uint8_t peers[3];
		uint8_t sent; /* datagrams until both are up */
	} rows[] = {{{1, 0, 2}, 4}, {{1, 1, 2}, 6}, {{2, 1, 1}, 6}, {{2, 1, 0}, 4}};
	struct adit_transform both[4];
	struct adit_proposal offer = {both, 4};

	(void)state;
	memcpy(both, x25519, sizeof x25519);
	both[3] = ecp256[2];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct adit_peer_config peers[3];

		pair_defaults(&pair, 30 + i);
		pair.a.peer.proposals = &offer;
		pair.a.peer.proposal_count = 1;
		for (unsigned k = 0; k < 3; k++) {
			peers[k] = pair.b.peer;
			peers[k].proposals = &wants[rows[i].peers[k]];
			peers[k].proposal_count = 1;
		}
		pair.b.cfg.peers = peers;
		pair.b.cfg.peer_count = 3;
		pair_open(&pair);
		pair_start(&pair);
		pair_run(&pair);
		assert_true(pair_is_up(&pair));
		assert_int_equal(pair.sent, rows[i].sent);
	}
}

/* --- Cookies. */

static void
test_without_randomness_there_is_no_cookie(void **state)
{
	struct pair_datagram d;

	(void)state;
	pair_defaults(&pair, 20);
	pair_open(&pair);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	pair.b.ike.half_open = 2;
	pair.b.rng.fails = true;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_RANDOM);
	assert_false(pair_take(&pair, &pair.b, &d));
}

/* A source that writes before it fails has said nothing. */
static enum adit_status
fail_for_one(void *ctx, uint8_t *out, size_t n)
{
	if (n != 1)
		return pair_rng_fill(ctx, out, n);
	*out = 0xff;
	return ADIT_ERR_RANDOM;
}

static void
test_without_randomness_messages_are_repeated_on_time(void **state)
{
	(void)state;
	pair_defaults(&pair, 6);
	pair.a.cfg.rng.fill = fail_for_one;
	pair.a.cfg.retransmit_timeout_ms = 700;
	pair_open(&pair);
	pair_start(&pair);
	assert_int_equal(pair.a.sas[0].retransmit_at, pair.now + 700);
}

static void
test_without_randomness_no_sa_is_taken(void **state)
{
	const struct adit_path path = {pair.a.end, pair.b.end};
	struct adit_ike_sa *sa;

	(void)state;
	pair_defaults(&pair, 7);
	pair.a.rng.fails = true;
	pair_open(&pair);
	assert_int_equal(adit_ike_take(&pair.a.ike, true, &path, &sa), ADIT_ERR_RANDOM);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

/* All but one bit of those that are no slot are random: which one says that it is not zero. */
static void
test_spis_of_ike_are_random_in_each_bit(void **state)
{
	const struct adit_path path = {pair.a.end, pair.b.end};
	uint8_t ever[8] = {0}, always[8];
	unsigned set = 0;

	(void)state;
	pair_defaults(&pair, 8);
	pair_open(&pair);
	memset(always, 0xff, sizeof always);
	for (unsigned i = 0; i < 100; i++) {
		struct adit_ike_sa *sa;

		assert_int_equal(adit_ike_take(&pair.a.ike, true, &path, &sa), ADIT_OK);
		for (unsigned k = 0; k < 8; k++) {
			ever[k] |= sa->spi_i[k];
			always[k] &= sa->spi_i[k];
		}
		adit_ike_free(&pair.a.ike, sa);
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		set += ever[bit / 8] >> bit % 8 & 1;
		assert_int_equal(always[bit / 8] >> bit % 8 & 1, bit == 7);
	}
	assert_in_range(set, 48, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_source_of_spis_they_are_random_ones),
		cmocka_unit_test(test_without_an_spi_there_is_no_child),
		cmocka_unit_test(test_attempts_are_bounded_by_sas_and_by_handshakes),
		cmocka_unit_test(test_generations_come_round_without_zero),
		cmocka_unit_test(test_a_dead_sa_hears_nothing),
		cmocka_unit_test(test_a_child_goes_down_once),
		cmocka_unit_test(test_both_sides_delete_the_child_at_once),
		cmocka_unit_test(test_nonsense_behind_a_delete_does_not_undo_it),
		cmocka_unit_test(test_a_senseless_answer_to_a_delete_ends_the_sa),
		cmocka_unit_test(test_an_initiator_that_waits_takes_no_requests),
		cmocka_unit_test(test_a_critical_payload_outside_a_first_request_gets_no_answer),
		cmocka_unit_test(test_another_version_is_answered_with_the_other_flag),
		cmocka_unit_test(test_padding_longer_than_the_message_is_invalid_syntax),
		cmocka_unit_test(
			test_of_several_peers_one_that_fits_goes_before_one_that_wants_another_group),
		cmocka_unit_test(test_without_randomness_there_is_no_cookie),
		cmocka_unit_test(test_without_randomness_messages_are_repeated_on_time),
		cmocka_unit_test(test_without_randomness_no_sa_is_taken),
		cmocka_unit_test(test_spis_of_ike_are_random_in_each_bit),
	};

	return cmocka_run_group_tests_name("ike_slots", tests, NULL, NULL);
}
