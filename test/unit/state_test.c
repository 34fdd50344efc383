/* SAs that go through bytes and back: nothing is lost, no number comes twice, nothing forged is
 * taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/esp.h"
#include "adit/icmp.h"
#include "adit/mbedtls.h"
#include "adit/state.h"

enum { WORDS = ADIT_REPLAY_WORDS(128), WINDOW = 128, AGE = 5000 };

static const uint8_t seal_key[20] = {42};
static union adit_keyctx seal_kc;
static const struct adit_state_seal seal = {&adit_mbedtls_aes128_gcm16, seal_kc.mem};

struct made {
	struct adit_sa sa;
	struct adit_sa_more more;
	union adit_keyctx kc;
	uint32_t bits[WORDS];
};

static struct adit_selectors selectors;

static struct adit_sa_params
params(enum adit_direction dir)
{
	static const uint8_t key[52] = {1, 2, 3};
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.mode = ADIT_TUNNEL;
	p.spi = 0x1234;
	p.local = (struct adit_ip){4, {192, 0, 2, 1}};
	p.remote = (struct adit_ip){4, {192, 0, 2, 2}};
	p.udp_encap = true;
	p.local_port = 4500;
	p.remote_port = 1024;
	p.aead = &adit_mbedtls_aes128_ctr_sha256;
	p.key = (struct adit_span){key, sizeof key};
	p.esn = true;
	p.replay_window = WINDOW;
	p.flags = ADIT_SA_SET_DSCP;
	p.dscp = 46;
	p.hop_limit = 9;
	p.mtu = 1400;
	p.tfc = 200;
	p.soft.bytes = 7;
	p.hard.packets = 1u << 30;
	p.hard.time = 77777;
	p.now = 100000;
	selectors.local_n = 1;
	selectors.remote_n = 1;
	selectors.local[0] = adit_ts_prefix(&p.local, 24);
	selectors.remote[0] = adit_ts_prefix(&p.remote, 8);
	p.selectors = &selectors;
	return p;
}

static void
make(struct made *m, const struct adit_sa_params *params)
{
	struct adit_sa_params p = *params;

	p.more = &m->more;
	assert_int_equal(adit_sa_init(&m->sa, &p, (struct adit_buf){m->kc.mem, sizeof m->kc},
				      m->bits, WORDS),
			 ADIT_OK);
}

static size_t export(const struct made *m, const struct adit_sa_params *p, uint8_t *out)
{
	size_t n;

	assert_int_equal(adit_state_export(&m->sa, p, &seal, 1, p->now + AGE,
					   (struct adit_buf){out, ADIT_STATE_MAX}, &n),
			 ADIT_OK);
	return n;
}

static enum adit_status
import(const uint8_t *p, size_t n, uint64_t jump, struct adit_sa_state *s)
{
	const struct adit_state_jump j = {jump, jump};

	return adit_state_import((struct adit_span){p, n}, &seal, &adit_mbedtls_compat, &j, AGE, s);
}

static void
test_what_an_sa_is_comes_back(void **state)
{
	(void)state;
	for (unsigned d = 0; d < 2; d++) {
		struct adit_sa_params p = params(d ? ADIT_IN : ADIT_OUT);
		struct adit_path moved = {{{4, {198, 51, 100, 1}}, 4501},
					  {{4, {198, 51, 100, 2}}, 2048}};
		struct made a, b;
		struct adit_sa_state s;
		uint8_t out[ADIT_STATE_MAX];
		size_t n;

		make(&a, &p);
		assert_int_equal(adit_sa_set_path(&a.sa, &moved), ADIT_OK);
		a.sa.n = (struct adit_sa_counters){11, 12, 13};
		n = export(&a, &p, out);
		assert_int_equal(import(out, n, 0, &s), ADIT_OK);
		assert_true(adit_ip_equal(&s.params.local, &moved.local.ip));
		assert_true(adit_ip_equal(&s.params.remote, &moved.remote.ip));
		make(&b, &s.params);
		adit_state_resume(&b.sa, &s);
		assert_memory_equal(a.sa.outer, b.sa.outer, sizeof a.sa.outer);
		assert_memory_equal(&a.sa.n, &b.sa.n, sizeof a.sa.n);
		assert_memory_equal(&a.more.hard, &b.more.hard, sizeof a.more.hard);
		assert_memory_equal(&a.more.soft, &b.more.soft, sizeof a.more.soft);
		/* As old as before, by another clock. */
		assert_true(b.more.since + AGE == AGE);
		assert_int_equal(a.sa.mtu, b.sa.mtu);
		assert_int_equal(a.sa.tfc, b.sa.tfc);
		assert_int_equal(a.sa.flags, b.sa.flags);
		assert_int_equal(a.sa.mode, b.sa.mode);
		adit_sa_wipe(&a.sa);
		adit_sa_wipe(&b.sa);
	}
}

/* An SA outside a SAD has no copy of its selectors. */
static void
test_selectors_that_an_sa_reads_in_the_state_stay_there_alone(void **state)
{
	struct adit_sa_params p = params(ADIT_IN);
	struct adit_flow flow = {.local = p.local, .remote = p.remote, .protocol = 17};
	struct adit_selectors elsewhere;
	struct made a, b;
	struct adit_sa_state s;
	uint8_t out[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	make(&a, &p);
	n = export(&a, &p, out);
	for (unsigned copied = 0; copied < 2; copied++) {
		const uint8_t *bytes = (const uint8_t *)&s;

		assert_int_equal(import(out, n, 0, &s), ADIT_OK);
		elsewhere = s.selectors;
		if (copied)
			s.params.selectors = &elsewhere;
		make(&b, &s.params);
		adit_state_resume(&b.sa, &s);
		assert_true(adit_selectors_match(b.sa.selectors, &flow));
		for (size_t i = 0; i < sizeof s; i++)
			if (copied || i < offsetof(struct adit_sa_state, selectors) ||
			    i >= offsetof(struct adit_sa_state, bits))
				assert_int_equal(bytes[i], 0);
		adit_sa_wipe(&b.sa);
	}
	adit_sa_wipe(&a.sa);
}

/* Whoever puts an older export in place of the last one would have numbers used twice: the caller
 * can hold the number against one that it keeps elsewhere. */
static void
test_the_number_of_the_export_comes_back(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_sa_state s;
	struct made a;
	uint8_t out[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	make(&a, &p);
	assert_int_equal(adit_state_export(&a.sa, &p, &seal, 0x0102030405060708, p.now,
					   (struct adit_buf){out, sizeof out}, &n),
			 ADIT_OK);
	assert_int_equal(import(out, n, 1, &s), ADIT_OK);
	assert_true(s.number == 0x0102030405060708);
	adit_state_wipe(&s);
	adit_sa_wipe(&a.sa);
}

/* Zero was ESP when the SA was made; the export says so, and tells AH from the SA as well. */
static void
test_the_protocol_of_the_sa_comes_back(void **state)
{
	static const uint8_t protocols[] = {ADIT_PROTO_ESP, ADIT_PROTO_AH};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sa_params p = params(ADIT_OUT);
		struct adit_sa_state s;
		uint8_t out[ADIT_STATE_MAX];
		struct made a;
		size_t n;

		p.protocol = protocols[i] == ADIT_PROTO_AH ? ADIT_PROTO_AH : 0;
		p.udp_encap = false;
		p.tfc = 0;
		p.aead = &adit_mbedtls_null_sha256;
		p.key.n = 32;
		make(&a, &p);
		p.protocol = 0;
		n = export(&a, &p, out);
		assert_int_equal(import(out, n, 1, &s), ADIT_OK);
		assert_int_equal(s.params.protocol, protocols[i]);
		adit_state_wipe(&s);
		adit_sa_wipe(&a.sa);
	}
}

/* The MTU that it was told later, and not one that it learnt, which may be over by then. */
static void
test_the_mtu_that_was_set_comes_back(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT);
	struct adit_sa_state s;
	struct made a;
	uint8_t out[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	make(&a, &p);
	adit_sa_set_mtu(&a.sa, 1300);
	assert_true(adit_sa_learn_mtu(&a.sa, 1000, p.now));
	n = export(&a, &p, out);
	assert_int_equal(import(out, n, 1, &s), ADIT_OK);
	assert_int_equal(s.params.mtu, 1300);
	adit_state_wipe(&s);
	adit_sa_wipe(&a.sa);
}

static void
test_outbound_numbers_jump_and_inbound_ones_before_the_jump_are_seen(void **state)
{
	struct adit_sa_params out = params(ADIT_OUT), in = params(ADIT_IN);
	struct made a, b;
	struct adit_sa_state s;
	uint8_t buf[ADIT_STATE_MAX];
	uint64_t first;
	size_t n;

	(void)state;
	make(&a, &out);
	a.sa.seq = 1000;
	n = export(&a, &out, buf);
	assert_int_equal(import(buf, n, 500, &s), ADIT_OK);
	make(&b, &s.params);
	adit_state_resume(&b.sa, &s);
	assert_int_equal(adit_sa_take_seq(&b.sa, 1, &first), ADIT_OK);
	assert_int_equal(first, 1501);
	make(&a, &in);
	adit_replay_commit(&a.sa.window, 1000);
	n = export(&a, &in, buf);
	assert_int_equal(import(buf, n, 500, &s), ADIT_OK);
	make(&b, &s.params);
	adit_state_resume(&b.sa, &s);
	for (uint64_t seq = 1; seq <= 1500; seq++)
		assert_int_not_equal(adit_replay_check(&b.sa.window, seq), ADIT_OK);
	assert_int_equal(adit_replay_check(&b.sa.window, 1501), ADIT_OK);
}

static void
test_without_a_jump_the_window_is_as_it_was_bit_by_bit(void **state)
{
	struct adit_sa_params in = params(ADIT_IN);

	(void)state;
	for (uint64_t top = 1; top < 700; top += 13) {
		struct made a, b;
		struct adit_sa_state s;
		uint8_t buf[ADIT_STATE_MAX];
		size_t n;

		make(&a, &in);
		for (uint64_t seq = 1; seq <= top; seq++)
			if (seq * 7 % 3 == 0 || seq == top)
				adit_replay_commit(&a.sa.window, seq);
		n = export(&a, &in, buf);
		assert_int_equal(import(buf, n, 0, &s), ADIT_OK);
		make(&b, &s.params);
		adit_state_resume(&b.sa, &s);
		for (uint64_t seq = 0; seq < top + 300; seq++)
			assert_int_equal(adit_replay_check(&a.sa.window, seq),
					 adit_replay_check(&b.sa.window, seq));
	}
}

static void
test_a_jump_past_the_last_number_is_refused(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT);
	struct made a;
	struct adit_sa_state s;
	uint8_t buf[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	p.esn = false;
	p.seq = UINT32_MAX - 10;
	make(&a, &p);
	n = export(&a, &p, buf);
	assert_int_equal(import(buf, n, 9, &s), ADIT_OK);
	assert_int_equal(import(buf, n, 10, &s), ADIT_ERR_EXHAUSTED);
	assert_int_equal(import(buf, n, UINT64_MAX, &s), ADIT_ERR_EXHAUSTED);
}

static void
test_every_flipped_bit_and_every_truncation_is_refused(void **state)
{
	struct adit_sa_params p = params(ADIT_IN);
	struct made a;
	struct adit_sa_state s, zero;
	uint8_t buf[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	memset(&zero, 0, sizeof zero);
	make(&a, &p);
	n = export(&a, &p, buf);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(import(buf, n, 1, &s), ADIT_OK);
		assert_memory_equal(&s, &zero, sizeof s);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t short_n = 0; short_n < n; short_n++)
		assert_int_not_equal(import(buf, short_n, 1, &s), ADIT_OK);
	buf[5]++;
	assert_int_equal(import(buf, n, 1, &s), ADIT_ERR_VERSION);
	buf[5]--;
	buf[0]++;
	assert_int_equal(import(buf, n, 1, &s), ADIT_ERR_MALFORMED);
}

static void
test_room_and_arguments_are_checked(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT), other = p;
	const struct adit_state_seal block = {&adit_mbedtls_aes128_cbc_sha256, seal_kc.mem};
	const struct adit_crypto none = {.aead = (const struct adit_aead *const[]){NULL}};
	const struct adit_state_jump jump = {0, 0};
	struct made a;
	struct adit_sa_state s;
	uint8_t buf[ADIT_STATE_MAX];
	size_t n, got;

	(void)state;
	make(&a, &p);
	n = export(&a, &p, buf);
	for (size_t cap = 0; cap < n; cap++) {
		assert_int_equal(adit_state_export(&a.sa, &p, &seal, 1, 0,
						   (struct adit_buf){buf, cap}, &got),
				 ADIT_ERR_ROOM);
		assert_int_equal(got, 0);
	}
	other.spi++;
	assert_int_equal(adit_state_export(&a.sa, &other, &seal, 1, 0,
					   (struct adit_buf){buf, sizeof buf}, &got),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_state_export(&a.sa, &p, &block, 1, 0,
					   (struct adit_buf){buf, sizeof buf}, &got),
			 ADIT_ERR_ARG);
	n = export(&a, &p, buf);
	assert_int_equal(adit_state_import((struct adit_span){buf, n}, &seal, &none, &jump, 0, &s),
			 ADIT_ERR_UNSUPPORTED);
}

/* A program with fewer traffic selectors has a smaller struct: nothing is written behind it, and
 * nothing of it is left as it was. */
static void
test_a_build_with_another_struct_is_refused_within_its_bounds(void **state)
{
	const struct adit_sa_params p = params(ADIT_OUT);
	const struct adit_state_jump jump = {0, 0};
	struct made a;
	struct adit_sa_state s;
	const size_t less = sizeof s - 8;
	uint8_t buf[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	make(&a, &p);
	n = export(&a, &p, buf);
	memset(&s, 0xa5, sizeof s);
	assert_int_equal(adit_state_import_(less, (struct adit_span){buf, n}, &seal,
					    &adit_mbedtls_compat, &jump, AGE, &s),
			 ADIT_ERR_CONFIG);
	for (size_t i = 0; i < sizeof s; i++)
		assert_int_equal(((const uint8_t *)&s)[i], i < less ? 0 : 0xa5);
	assert_int_equal(import(buf, n, 0, &s), ADIT_OK);
	adit_state_wipe(&s);
}

static int
key_the_seal(void **state)
{
	const struct adit_span key = {seal_key, sizeof seal_key};

	(void)state;
	return seal.aead->setkey(seal.aead, seal.kc, key) == ADIT_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_sa_is_comes_back),
		cmocka_unit_test(test_selectors_that_an_sa_reads_in_the_state_stay_there_alone),
		cmocka_unit_test(test_the_number_of_the_export_comes_back),
		cmocka_unit_test(test_the_protocol_of_the_sa_comes_back),
		cmocka_unit_test(test_the_mtu_that_was_set_comes_back),
		cmocka_unit_test(
			test_outbound_numbers_jump_and_inbound_ones_before_the_jump_are_seen),
		cmocka_unit_test(test_without_a_jump_the_window_is_as_it_was_bit_by_bit),
		cmocka_unit_test(test_a_jump_past_the_last_number_is_refused),
		cmocka_unit_test(test_every_flipped_bit_and_every_truncation_is_refused),
		cmocka_unit_test(test_room_and_arguments_are_checked),
		cmocka_unit_test(test_a_build_with_another_struct_is_refused_within_its_bounds),
	};

	return cmocka_run_group_tests_name("state", tests, key_the_seal, NULL);
}
