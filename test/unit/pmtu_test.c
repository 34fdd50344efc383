/* What an SA believes of its path's MTU. Attack corpus: ESP-17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/icmp.h"
#include "adit/mbedtls.h"
#include "adit/replay.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { SPI = 0x1234, NOW = 1000, SENT = 5000, SLOTS = 1024, SIZE = 1500 };

static const struct adit_ip v4_a = {4, {192, 0, 2, 1}}, v4_b = {4, {192, 0, 2, 2}};
static const struct adit_ip v6_a = {6, {0xfd, 1}}, v6_b = {6, {0xfd, 2}};
static const uint8_t key[ADIT_AEAD_KEY_MAX] = {9, 8, 7};

struct one {
	struct adit_sa sa;
	struct adit_sa_more more;
	union adit_keyctx kc;
	struct adit_icmp_error e;
};

static struct adit_sa_params
params(uint8_t version)
{
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.spi = SPI;
	p.local = version == 4 ? v4_a : v6_a;
	p.remote = version == 4 ? v4_b : v6_b;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, adit_aead_key_len(p.aead)};
	p.seq = SENT;
	return p;
}

static void
make_sa(struct one *o, struct adit_sa_params p)
{
	struct adit_buf kc = {o->kc.mem, sizeof o->kc};

	memset(o, 0, sizeof *o);
	p.more = &o->more;
	assert_int_equal(adit_sa_init(&o->sa, &p, kc, NULL, 0), ADIT_OK);
	/* What a router would say of the last packet. */
	o->e.too_big = true;
	o->e.mtu = 1400;
	o->e.quoted_len = SIZE;
	o->e.sent.local = p.local;
	o->e.sent.remote = p.remote;
	o->e.sent.protocol = p.udp_encap ? ADIT_PROTO_UDP : ADIT_PROTO_ESP;
	o->e.sent.local_port = o->e.sent.remote_port = p.udp_encap ? 4500 : 0;
	o->e.has_spi = o->e.has_seq = true;
	o->e.spi = SPI;
	o->e.seq = SENT;
}

static void
end(struct one *o)
{
	adit_sa_wipe(&o->sa);
}

static void
test_a_smaller_mtu_is_learnt_and_a_larger_one_is_not(void **state)
{
	struct one o;

	(void)state;
	make_sa(&o, params(4));
	assert_int_equal(o.sa.mtu, UINT16_MAX);
	assert_true(adit_sa_learn_mtu(&o.sa, 1400, NOW));
	assert_int_equal(o.sa.mtu, 1400);
	assert_false(adit_sa_learn_mtu(&o.sa, 1400, NOW));
	assert_false(adit_sa_learn_mtu(&o.sa, 1401, NOW));
	assert_false(adit_sa_learn_mtu(&o.sa, UINT32_MAX, NOW));
	assert_false(adit_sa_learn_mtu(&o.sa, 0x10000 + 1300, NOW));
	assert_int_equal(o.sa.mtu, 1400);
	assert_true(adit_sa_learn_mtu(&o.sa, 1399, NOW));
	assert_int_equal(o.sa.mtu, 1399);
	end(&o);
}

static void
test_attack_ESP_17_tiny_mtu_stops_at_the_floor(void **state)
{
	static const struct {
		uint8_t version;
		uint32_t mtu;
		uint16_t then;
	} cases[] = {{4, 0, 1500},    {4, 1, 1500},    {4, 67, 1500},   {4, 68, 576},
		     {4, 575, 576},   {4, 576, 576},   {4, 577, 577},   {4, 1279, 1279},
		     {6, 0, 1500},    {6, 68, 1500},   {6, 576, 1500},  {6, 1279, 1500},
		     {6, 1280, 1280}, {6, 1281, 1281}, {6, 65536, 1500}};
	struct one o;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct adit_sa_params p = params(cases[i].version);

		p.mtu = 1500;
		make_sa(&o, p);
		o.e.mtu = cases[i].mtu;
		assert_int_equal(adit_icmp_apply_sa(&o.sa, &o.e, NOW) == ADIT_OK,
				 cases[i].then != 1500);
		assert_int_equal(o.sa.mtu, cases[i].then);
		end(&o);
	}
}

static void
test_a_link_below_the_floor_is_not_raised_to_it(void **state)
{
	struct adit_sa_params p = params(4);
	struct one o;

	(void)state;
	p.mtu = 400;
	make_sa(&o, p);
	assert_false(adit_sa_learn_mtu(&o.sa, 300, NOW));
	assert_int_equal(o.sa.mtu, 400);
	end(&o);
}

static void
test_what_was_learnt_is_forgotten_after_ten_minutes(void **state)
{
	static const uint16_t links[] = {0, 1500};
	struct one o;

	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct adit_sa_params p = params(6);
		uint16_t link = links[i] ? links[i] : UINT16_MAX;

		p.mtu = links[i];
		make_sa(&o, p);
		adit_sa_age_mtu(&o.sa, NOW);
		assert_int_equal(o.sa.mtu, link);
		assert_true(adit_sa_learn_mtu(&o.sa, 1400, NOW));
		adit_sa_age_mtu(&o.sa, NOW + 599999);
		assert_int_equal(o.sa.mtu, 1400);
		/* A second, smaller one begins anew. */
		assert_true(adit_sa_learn_mtu(&o.sa, 1300, NOW + 599999));
		adit_sa_age_mtu(&o.sa, NOW + 600000);
		assert_int_equal(o.sa.mtu, 1300);
		adit_sa_age_mtu(&o.sa, NOW + 599999 + 600000);
		assert_int_equal(o.sa.mtu, link);
		assert_true(adit_sa_learn_mtu(&o.sa, 1400, NOW + 1200000));
		end(&o);
	}
}

static void
test_a_set_mtu_replaces_what_was_learnt(void **state)
{
	struct one o;

	(void)state;
	make_sa(&o, params(4));
	assert_true(adit_sa_learn_mtu(&o.sa, 1400, NOW));
	adit_sa_set_mtu(&o.sa, 1450);
	adit_sa_age_mtu(&o.sa, NOW + ADIT_PMTU_AGE_MS);
	assert_int_equal(o.sa.mtu, 1450);
	assert_true(adit_sa_learn_mtu(&o.sa, 1400, NOW));
	adit_sa_age_mtu(&o.sa, NOW + ADIT_PMTU_AGE_MS);
	assert_int_equal(o.sa.mtu, 1450);
	end(&o);
}

static void
test_an_sa_without_room_for_it_does_not_learn(void **state)
{
	struct one o;

	(void)state;
	make_sa(&o, params(4));
	o.sa.more = NULL;
	assert_int_equal(adit_icmp_apply_sa(&o.sa, &o.e, NOW), ADIT_ERR_STATE);
	assert_int_equal(o.sa.mtu, UINT16_MAX);
	adit_sa_age_mtu(&o.sa, NOW);
	end(&o);
}

/* One thing about an error that is otherwise right. */
typedef void (*change)(struct one *o);

static void
other_spi(struct one *o)
{
	o->e.spi++;
}

static void
no_spi(struct one *o)
{
	o->e.has_spi = false;
}

static void
other_remote(struct one *o)
{
	o->e.sent.remote.b[3] ^= 1;
}

static void
other_local(struct one *o)
{
	o->e.sent.local.b[3] ^= 1;
}

static void
other_protocol(struct one *o)
{
	o->e.sent.protocol = ADIT_PROTO_AH;
}

static void
other_wrapping(struct one *o)
{
	o->e.sent.protocol = o->sa.udp_encap ? ADIT_PROTO_ESP : ADIT_PROTO_UDP;
}

static void
other_version(struct one *o)
{
	o->e.sent.local = v6_a;
	o->e.sent.remote = v6_b;
}

static void
other_direction(struct one *o)
{
	o->sa.dir = ADIT_IN;
}

static void
other_error(struct one *o)
{
	o->e.too_big = false;
}

static void
next_number(struct one *o)
{
	o->e.seq = SENT + 1;
}

static void
far_number(struct one *o)
{
	o->e.seq = UINT32_MAX;
}

static void
number_zero(struct one *o)
{
	o->e.seq = 0;
}

static void
no_number(struct one *o)
{
	o->e.has_seq = false;
}

static void
long_ago(struct one *o)
{
	o->sa.seq = SENT + (uint64_t)ADIT_ICMP_SEQ_BACK + 1;
}

static void
nothing_sent(struct one *o)
{
	o->sa.seq = 0;
	o->e.seq = 0;
}

static void
short_packet(struct one *o)
{
	o->e.quoted_len = o->e.mtu;
}

static void
known_already(struct one *o)
{
	adit_sa_set_mtu(&o->sa, 1400);
}

static void
other_local_port(struct one *o)
{
	o->e.sent.local_port++;
}

static void
other_remote_port(struct one *o)
{
	o->e.sent.remote_port++;
}

static void
test_errors_about_other_packets_change_nothing(void **state)
{
	static const struct {
		change with;
		enum adit_status st;
		bool udp_alone;
	} cases[] = {
		{other_spi, ADIT_ERR_MISMATCH, false},
		{no_spi, ADIT_ERR_MISMATCH, false},
		{other_remote, ADIT_ERR_MISMATCH, false},
		{other_local, ADIT_ERR_MISMATCH, false},
		{other_protocol, ADIT_ERR_MISMATCH, false},
		{other_wrapping, ADIT_ERR_MISMATCH, false},
		{other_version, ADIT_ERR_MISMATCH, false},
		{other_direction, ADIT_ERR_MISMATCH, false},
		{other_local_port, ADIT_ERR_MISMATCH, true},
		{other_remote_port, ADIT_ERR_MISMATCH, true},
		{other_error, ADIT_ERR_UNSUPPORTED, false},
		{next_number, ADIT_ERR_OLD, false},
		{far_number, ADIT_ERR_OLD, false},
		{number_zero, ADIT_ERR_OLD, false},
		{no_number, ADIT_ERR_OLD, false},
		{long_ago, ADIT_ERR_OLD, false},
		{nothing_sent, ADIT_ERR_OLD, false},
		{short_packet, ADIT_ERR_MALFORMED, false},
		{known_already, ADIT_ERR_STATE, false},
	};
	struct one o;

	(void)state;
	for (unsigned udp = 0; udp <= 1; udp++) {
		struct adit_sa_params p = params(4);

		p.udp_encap = udp;
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct adit_sa was;

			if (cases[i].udp_alone && !udp)
				continue;
			make_sa(&o, p);
			cases[i].with(&o);
			was = o.sa;
			assert_int_equal(adit_icmp_apply_sa(&o.sa, &o.e, NOW), cases[i].st);
			assert_memory_equal(&o.sa, &was, sizeof was);
			end(&o);
		}
		/* And without a change it is believed. */
		make_sa(&o, p);
		assert_int_equal(adit_icmp_apply_sa(&o.sa, &o.e, NOW), ADIT_OK);
		assert_int_equal(o.sa.mtu, 1400);
		end(&o);
	}
}

static void
test_numbers_used_lately_are_believed_extended_ones_too(void **state)
{
	static const struct {
		uint64_t sent;
		uint32_t seq;
	} cases[] = {
		{SENT, 1},
		{SENT, SENT},
		{(uint64_t)ADIT_ICMP_SEQ_BACK + 1, 1},
		{0x100000005, 5},
		{0x100000005, 0},
		{0x100000005, 0xffffffff}, /* before the low half turned */
		{0x700000000, 0xfff00000},
	};
	struct one o;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct adit_sa_params p = params(4);

		p.esn = true;
		p.seq = cases[i].sent;
		make_sa(&o, p);
		o.e.seq = cases[i].seq;
		assert_int_equal(adit_icmp_apply_sa(&o.sa, &o.e, NOW), ADIT_OK);
		end(&o);
	}
}

/* A database of SLOTS slots. */
struct base {
	struct adit_sad sad;
	struct adit_sad_word words[SLOTS];
	struct adit_sa sas[SLOTS];
	struct adit_sad_entry entries[SLOTS];
	union adit_keyctx kc[SLOTS];
	uint32_t bits[SLOTS * ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT)];
};
static struct base base;

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;

	while (n--)
		*out++ = (*next)++;
	return ADIT_OK;
}

static void
make_base(uint8_t *seed)
{
	const struct adit_rng rng = {seed, fill};
	struct adit_sad_mem mem;

	memset(&base, 0, sizeof base);
	memset(&mem, 0, sizeof mem);
	mem.words = base.words;
	mem.sas = base.sas;
	mem.entries = base.entries;
	mem.count = SLOTS;
	mem.keyctx = base.kc[0].mem;
	mem.keyctx_size = sizeof base.kc[0];
	mem.replay_bits = base.bits;
	mem.replay_words = ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT);
	assert_int_equal(adit_sad_init(&base.sad, &mem, &rng), ADIT_OK);
}

static struct adit_sa_id
add(uint32_t spi, uint8_t last)
{
	struct adit_sa_params p = params(4);
	struct adit_sa_id id;

	p.spi = spi;
	p.remote.b[3] = last;
	assert_int_equal(adit_sad_add(&base.sad, &p, 0, &id), ADIT_OK);
	return id;
}

/* Applies until there is an answer, and counts the calls. */
static enum adit_status
apply(const struct adit_icmp_error *e, struct adit_sa_id *id, unsigned *calls)
{
	size_t cursor = 0;
	enum adit_status st;

	*calls = 0;
	do {
		st = adit_icmp_apply(&base.sad, e, NOW, &cursor, id);
		assert_true(++*calls <= SLOTS / ADIT_ICMP_WALK + 1);
	} while (st == ADIT_ERR_PENDING);
	assert_true(cursor <= SLOTS);
	return st;
}

static void
test_the_one_sa_of_many_is_found_in_bounded_steps(void **state)
{
	struct adit_sa_id ids[300], found;
	struct one o;
	uint8_t seed = 1;
	unsigned calls;

	(void)state;
	make_base(&seed);
	make_sa(&o, params(4));
	/* Peers may choose the same SPI. */
	for (unsigned i = 0; i < COUNT(ids); i++)
		ids[i] = add(SPI + i / 2, (uint8_t)(10 + i % 2));
	for (unsigned i = 0; i < COUNT(ids); i++) {
		o.e.spi = SPI + i / 2;
		o.e.sent.remote.b[3] = (uint8_t)(10 + i % 2);
		assert_int_equal(apply(&o.e, &found, &calls), ADIT_OK);
		assert_int_equal(found.slot, ids[i].slot);
		assert_ptr_equal(adit_sad_get(&base.sad, found), adit_sad_get(&base.sad, ids[i]));
		assert_int_equal(adit_sad_get(&base.sad, found)->mtu, 1400);
		/* Once more it is nothing new. */
		assert_int_equal(apply(&o.e, &found, &calls), ADIT_ERR_STATE);
	}
	o.e.spi = SPI - 1;
	assert_int_equal(apply(&o.e, &found, &calls), ADIT_ERR_NO_SA);
	assert_int_equal(calls, SLOTS / ADIT_ICMP_WALK + 1);
	o.e.has_spi = false;
	assert_int_equal(apply(&o.e, &found, &calls), ADIT_ERR_NO_SA);
	assert_int_equal(calls, 1);
	end(&o);
	for (unsigned i = 0; i < COUNT(ids); i++)
		assert_int_equal(adit_sad_remove(&base.sad, ids[i]), ADIT_OK);
}

static void
test_an_sa_that_is_gone_learns_nothing(void **state)
{
	struct adit_sa_id id, found;
	struct one o;
	uint8_t seed = 1;
	unsigned calls;

	(void)state;
	make_base(&seed);
	make_sa(&o, params(4));
	id = add(SPI, 2);
	assert_int_equal(adit_sad_remove(&base.sad, id), ADIT_OK);
	assert_int_equal(apply(&o.e, &found, &calls), ADIT_ERR_NO_SA);
	end(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_smaller_mtu_is_learnt_and_a_larger_one_is_not),
		cmocka_unit_test(test_attack_ESP_17_tiny_mtu_stops_at_the_floor),
		cmocka_unit_test(test_a_link_below_the_floor_is_not_raised_to_it),
		cmocka_unit_test(test_what_was_learnt_is_forgotten_after_ten_minutes),
		cmocka_unit_test(test_a_set_mtu_replaces_what_was_learnt),
		cmocka_unit_test(test_an_sa_without_room_for_it_does_not_learn),
		cmocka_unit_test(test_errors_about_other_packets_change_nothing),
		cmocka_unit_test(test_numbers_used_lately_are_believed_extended_ones_too),
		cmocka_unit_test(test_the_one_sa_of_many_is_found_in_bounded_steps),
		cmocka_unit_test(test_an_sa_that_is_gone_learns_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
