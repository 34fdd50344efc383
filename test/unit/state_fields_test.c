/* Exported SAs written by somebody who holds the sealing key and has other ideas: each field that
 * can't be is refused; and exports that can't be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/state.h"
#include "support/lane.h"

enum { HEADER = 16, IV = 8, ICV = 16, PLAIN_AT = HEADER + IV, MORE = 64 };

static const uint8_t seal_key[36] = {42};
static union adit_keyctx seal_kc;
static struct adit_state_seal seal = {&adit_mbedtls_aes128_gcm16, seal_kc.mem};
static struct lane lane;
static struct adit_selectors selectors;
static uint8_t bytes[ADIT_STATE_MAX + MORE];
static size_t n;

static void
key_seal(const struct adit_aead *aead)
{
	seal.aead = aead;
	assert_int_equal(aead->setkey(aead, seal_kc.mem,
				      (struct adit_span){seal_key, adit_aead_key_len(aead)}),
			 ADIT_OK);
}

static void
end_seal(void)
{
	seal.aead->wipe(seal.aead, seal_kc.mem);
}

static struct adit_sa_params
open_lane(bool with_selectors)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);

	memset(&selectors, 0, sizeof selectors);
	selectors.local_n = selectors.remote_n = 1;
	selectors.local[0] = adit_ts_prefix(&p.local, 24);
	selectors.remote[0] = adit_ts_prefix(&p.remote, 24);
	if (with_selectors)
		p.selectors = &selectors;
	lane_open(&lane, &p);
	return p;
}

static struct adit_sa_params
inbound(struct adit_sa_params p)
{
	struct adit_ip local = p.local;

	p.dir = ADIT_IN;
	p.local = p.remote;
	p.remote = local;
	return p;
}

static void
export_sa(const struct adit_sa *sa, const struct adit_sa_params *p)
{
	assert_int_equal(
		adit_state_export(sa, p, &seal, 7, 0, (struct adit_buf){bytes, ADIT_STATE_MAX}, &n),
		ADIT_OK);
}

static enum adit_status
import_sa(const uint8_t *p, size_t len, struct adit_sa_state *s)
{
	const struct adit_state_jump jump = {1, 1};

	return adit_state_import((struct adit_span){p, len}, &seal, &adit_mbedtls_compat, &jump, 0,
				 s);
}

/* The same with another plaintext, sealed anew. */
static size_t
reseal(uint8_t *out, const uint8_t *plain, size_t len)
{
	struct adit_aead_op op = {0};

	memcpy(out, bytes, PLAIN_AT);
	memcpy(out + PLAIN_AT, plain, len);
	op.iv = out + HEADER;
	op.aad = (struct adit_span){out, HEADER};
	op.data = out + PLAIN_AT;
	op.len = len;
	op.icv = out + PLAIN_AT + len;
	seal.aead->seal(seal.aead, seal.kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	return PLAIN_AT + len + ICV;
}

static size_t
open_bytes(uint8_t *plain)
{
	struct adit_aead_op op = {0};
	size_t len = n - PLAIN_AT - ICV;

	memcpy(plain, bytes + PLAIN_AT, len);
	op.iv = bytes + HEADER;
	op.aad = (struct adit_span){bytes, HEADER};
	op.data = plain;
	op.len = len;
	op.icv = bytes + n - ICV;
	seal.aead->open(seal.aead, seal.kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	return len;
}

/* 0xc0 makes of AES-128 the AES-192 whose key is longer. Whatever a field says: what comes is an SA
 * that can be made or refused, or a status. */
static unsigned
sweep(unsigned *by_status)
{
	static const uint8_t values[] = {0, 1, 2, 3, 0x7f, 0x80, 0xc0, 0xff};
	static const struct adit_sa_state zero;
	uint8_t plain[ADIT_STATE_MAX], changed[ADIT_STATE_MAX + MORE];
	size_t len = open_bytes(plain);
	struct adit_sa_state s;
	unsigned run = 0;

	for (size_t at = 0; at < len; at++)
		for (size_t k = 0; k < sizeof values; k++) {
			uint8_t was = plain[at];
			enum adit_status st;

			plain[at] = values[k];
			st = import_sa(changed, reseal(changed, plain, len), &s);
			plain[at] = was;
			by_status[st]++;
			run++;
			if (st != ADIT_OK) {
				assert_memory_equal(&s, &zero, sizeof s);
				continue;
			}
			/* adit_sa_init is the judge of all else. */
			{
				struct adit_sa_more more;
				union adit_keyctx kc;
				struct adit_sa sa;

				s.params.more = &more;
				if (adit_sa_init(&sa, &s.params,
						 (struct adit_buf){kc.mem, sizeof kc}, lane.bits,
						 sizeof lane.bits / sizeof lane.bits[0]) ==
				    ADIT_OK) {
					adit_state_resume(&sa, &s);
					adit_sa_wipe(&sa);
				}
			}
			adit_state_wipe(&s);
		}
	return run;
}

static void
test_each_field_that_can_not_be_is_refused(void **state)
{
	unsigned by_status[ADIT_STATUS_COUNT] = {0};
	struct adit_sa_params p;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	p = open_lane(true);
	export_sa(&lane.out, &p);
	assert_true(sweep(by_status) > 1000);
	p = inbound(p);
	export_sa(&lane.in, &p);
	assert_true(sweep(by_status) > 1000);
	lane_close(&lane);
	assert_true(by_status[ADIT_OK] > 100);
	assert_true(by_status[ADIT_ERR_MALFORMED] > 50);
	assert_true(by_status[ADIT_ERR_UNSUPPORTED] > 10); /* transforms that there are not */
	assert_true(by_status[ADIT_ERR_ROOM] > 0);         /* more selectors than are kept */
	assert_int_equal(by_status[ADIT_ERR_ICV], 0);
	end_seal();
}

static void
test_states_cut_short_or_too_long_are_refused(void **state)
{
	uint8_t plain[ADIT_STATE_MAX + MORE] = {0}, changed[ADIT_STATE_MAX + 2 * MORE];
	struct adit_sa_params p;
	struct adit_sa_state s;
	size_t len;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	p = inbound(open_lane(false));
	export_sa(&lane.in, &p);
	len = open_bytes(plain);
	for (size_t short_len = 0; short_len < len; short_len++) {
		enum adit_status st = import_sa(changed, reseal(changed, plain, short_len), &s);

		assert_true(st == ADIT_ERR_MALFORMED || st == ADIT_ERR_SHORT);
	}
	assert_int_equal(import_sa(changed, reseal(changed, plain, len + 1), &s),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(import_sa(changed, reseal(changed, plain, ADIT_STATE_MAX), &s),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(import_sa(changed, reseal(changed, plain, len), &s), ADIT_OK);
	assert_null(s.params.selectors);
	adit_state_wipe(&s);
	lane_close(&lane);
	end_seal();
}

static void
test_params_of_another_sa_are_refused(void **state)
{
	struct adit_sa_params good;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	good = open_lane(false);
	for (unsigned i = 0; i < 6; i++) {
		struct adit_sa_params p = good;

		switch (i) {
		case 0:
			p.spi++;
			break;
		case 1:
			p.aead = &adit_mbedtls_aes256_gcm16;
			break;
		case 2:
			p.dir = ADIT_IN;
			break;
		case 3:
			p.esn = true;
			break;
		default:
			p.key.n += i == 4 ? 1 : (size_t)-1;
			break;
		}
		n = 1;
		assert_int_equal(adit_state_export(&lane.out, &p, &seal, 7, 0,
						   (struct adit_buf){bytes, ADIT_STATE_MAX}, &n),
				 ADIT_ERR_ARG);
		assert_int_equal(n, 0);
	}
	lane_close(&lane);
	assert_int_equal(adit_state_export(&lane.out, &good, &seal, 7, 0,
					   (struct adit_buf){bytes, ADIT_STATE_MAX}, &n),
			 ADIT_ERR_ARG); /* an SA that was wiped */
	end_seal();
}

/* RFC 8750 in a seal: the number is the IV, and not there twice. */
static void
test_a_seal_with_an_implicit_iv_opens_what_it_sealed(void **state)
{
	struct adit_sa_params p;
	struct adit_sa_state s;
	size_t explicit_n;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	p = open_lane(true);
	export_sa(&lane.out, &p);
	explicit_n = n;
	end_seal();
	key_seal(&adit_mbedtls_chacha20_poly1305_iiv);
	export_sa(&lane.out, &p);
	assert_int_equal(n, explicit_n - IV);
	assert_int_equal(import_sa(bytes, n, &s), ADIT_OK);
	assert_int_equal(s.params.spi, p.spi);
	bytes[15] ^= 1; /* of the number */
	assert_int_equal(import_sa(bytes, n, &s), ADIT_ERR_ICV);
	adit_state_wipe(&s);
	lane_close(&lane);
	end_seal();
}

/* An SA with no limit of length, and one without the rest of what an SA may have. */
static void
test_an_sa_without_limits_comes_back_without(void **state)
{
	struct adit_sa_params p;
	struct adit_sa_state s;
	union adit_keyctx kc;
	struct adit_sa sa;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	for (unsigned mtu = 0; mtu <= 1400; mtu += 1400) {
		p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
		p.mtu = (uint16_t)mtu;
		assert_int_equal(
			adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, NULL, 0),
			ADIT_OK);
		export_sa(&sa, &p);
		assert_int_equal(import_sa(bytes, n, &s), ADIT_OK);
		assert_int_equal(s.params.mtu, mtu);
		assert_null(s.params.selectors);
		adit_state_wipe(&s);
		adit_sa_wipe(&sa);
	}
	end_seal();
}

static enum adit_status
no_iv(const struct adit_aead *aead, void *kc, uint64_t number, uint8_t *iv)
{
	(void)aead;
	(void)kc;
	(void)number;
	(void)iv;
	return ADIT_ERR_CRYPTO;
}

static void
test_a_seal_that_fails_leaves_nothing_behind(void **state)
{
	struct adit_aead faulty = adit_mbedtls_aes128_gcm16;
	struct adit_sa_params p;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	p = open_lane(true);
	faulty.make_iv = no_iv;
	seal.aead = &faulty;
	memset(bytes, 0x55, sizeof bytes);
	assert_int_equal(adit_state_export(&lane.out, &p, &seal, 7, 0,
					   (struct adit_buf){bytes, ADIT_STATE_MAX}, &n),
			 ADIT_ERR_CRYPTO);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < ADIT_STATE_MAX; i++)
		assert_int_equal(bytes[i], 0);
	seal.aead = &adit_mbedtls_aes128_gcm16;
	lane_close(&lane);
	end_seal();
}

/* A seal that works in blocks can't hold what is of any length. */
static void
test_a_seal_of_blocks_is_refused_by_import_too(void **state)
{
	const struct adit_state_seal blocks = {&adit_mbedtls_aes128_cbc_sha256, seal_kc.mem};
	const struct adit_state_jump jump = {0, 0};
	struct adit_sa_state s;

	(void)state;
	assert_int_equal(adit_state_import((struct adit_span){bytes, 400}, &blocks,
					   &adit_mbedtls_compat, &jump, 0, &s),
			 ADIT_ERR_ARG);
}

/* A window that was kept goes to an inbound SA alone. */
static void
test_a_window_is_given_to_no_outbound_sa(void **state)
{
	const struct adit_state_jump none = {0, 0};
	struct adit_sa_params p;
	struct adit_sa_state s;

	(void)state;
	key_seal(&adit_mbedtls_aes128_gcm16);
	p = inbound(open_lane(false));
	adit_replay_commit(&lane.in.window, 5);
	export_sa(&lane.in, &p);
	assert_int_equal(adit_state_import((struct adit_span){bytes, n}, &seal,
					   &adit_mbedtls_compat, &none, 0, &s),
			 ADIT_OK);
	assert_true(s.has_bits);
	adit_state_resume(&lane.out, &s);
	assert_int_equal(lane.out.seq, 0);
	lane_close(&lane);
	end_seal();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_field_that_can_not_be_is_refused),
		cmocka_unit_test(test_states_cut_short_or_too_long_are_refused),
		cmocka_unit_test(test_params_of_another_sa_are_refused),
		cmocka_unit_test(test_a_seal_with_an_implicit_iv_opens_what_it_sealed),
		cmocka_unit_test(test_an_sa_without_limits_comes_back_without),
		cmocka_unit_test(test_a_seal_that_fails_leaves_nothing_behind),
		cmocka_unit_test(test_a_seal_of_blocks_is_refused_by_import_too),
		cmocka_unit_test(test_a_window_is_given_to_no_outbound_sa),
	};

	return cmocka_run_group_tests_name("state_fields", tests, NULL, NULL);
}
