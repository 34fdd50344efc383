/* The form of an exported SA, byte by byte, and that each field of it comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/state.h"
#include "support/lane.h"

enum { HEADER = 16, IV = 8, ICV = 16, PLAIN_AT = HEADER + IV };

static const uint8_t seal_key[20] = {42};
static union adit_keyctx seal_kc, kc;
static const struct adit_state_seal seal = {&adit_mbedtls_aes128_gcm16, seal_kc.mem};
static const uint8_t header[HEADER] = {'a', 'd', 'i', 't', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
static struct adit_selectors selectors;
static uint32_t bits[ADIT_REPLAY_WORDS(64)];
static uint8_t bytes[ADIT_STATE_MAX];
static size_t n;

/* Seals or opens the plaintext of len bytes in `bytes`. */
static void
crypt(void (*run)(const struct adit_aead *, void *, struct adit_aead_op *, size_t), size_t len)
{
	struct adit_aead_op op = {0};

	op.iv = bytes + HEADER;
	op.aad = (struct adit_span){bytes, HEADER};
	op.data = bytes + PLAIN_AT;
	op.len = len;
	op.icv = bytes + PLAIN_AT + len;
	run(seal.aead, seal.kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
}

static const struct adit_ip inside[2] = {{4, {10, 1, 2, 3}}, {4, {10, 4, 5, 6}}};

/* Each field another value than it has by itself, and than its neighbour. */
static struct adit_sa_params
all_set(void)
{
	struct adit_sa_params p = lane_params(4, ADIT_BEET, &adit_mbedtls_aes128_gcm16);
	struct adit_ts *ts = &selectors.local[0];

	p.dir = ADIT_IN;
	p.local = lane_v4[1];
	p.remote = lane_v4[0];
	p.udp_encap = true;
	p.local_port = 0x1112;
	p.remote_port = 0x1314;
	p.esn = true;
	p.replay_window = 64;
	p.flags = ADIT_SA_SET_DSCP | ADIT_SA_DECAP_DSCP;
	p.dscp = 46;
	p.hop_limit = 9;
	p.mtu = 0x0506;
	p.soft = (struct adit_lifetime){0x2122, 0x2324, 0x2526};
	p.hard = (struct adit_lifetime){0x3132, 0x3334, 0x3536};
	p.now = 1000;
	p.inner_local = inside[0];
	p.inner_remote = inside[1];
	memset(&selectors, 0, sizeof selectors);
	selectors.local_n = 1;
	selectors.remote_n = 2;
	*ts = adit_ts_prefix(&inside[0], 24);
	ts->protocol = ADIT_PROTO_UDP;
	ts->port_first = 0x4142;
	ts->port_last = 0x4344;
	selectors.remote[0] = adit_ts_prefix(&inside[1], 32);
	selectors.remote[1] = adit_ts_prefix(&lane_v6[1], 128);
	p.selectors = &selectors;
	return p;
}

/* An SA of them that received 0x102 and 0x100, made in memory that was used before. */
static void
make_all_set(struct adit_sa *sa, struct adit_sa_more *more, struct adit_sa_params *p)
{
	memset(sa, 0xa5, sizeof *sa);
	memset(more, 0xa5, sizeof *more);
	p->more = more;
	assert_int_equal(adit_sa_init(sa, p, (struct adit_buf){kc.mem, sizeof kc}, bits,
				      ADIT_REPLAY_WORDS(64)),
			 ADIT_OK);
	adit_replay_commit(&sa->window, 0x100);
	adit_replay_commit(&sa->window, 0x102);
	sa->n = (struct adit_sa_counters){0x5152, 0x5354, 0x5556};
}

/* The plaintext of its export, in hexadecimal. */
#define REST4 "000000000000000000000000"
#define REST6 "0000000000000000000000000000"
static const char form[] =
	"020332 00001234"                                    /* in, BEET, ESP; SPI */
	"04c0000202" REST4 "04c0000201" REST4                /* local, remote */
	"01 1112 1314"                                       /* UDP, ports */
	"0014 0080 0000 14"                                  /* AES-GCM, 20 bytes of key */
	"01 00000040 06 2e 09 0506 0000"                     /* ESN ... TFC */
	"0000000000002122 0000000000002324 0000000000002526" /* soft */
	"0000000000003132 0000000000003334 0000000000003536" /* hard */
	"040a010203" REST4 "040a040506" REST4                /* inside */
	"0000000000000102 0000000000006162"                  /* number, age */
	"0000000000005152 0000000000005354 0000000000005556" /* counters */
	"01"                                                 /* with selectors */
	"0b30557a9fc4e90e33587da2c7ec11365b80a5ca"           /* key */
	"01 02"                                              /* so many selectors */
	"04 11 4142 4344 0a010200" REST4 "0a0102ff" REST4 "04 00 0000 ffff 0a040506" REST4
	"0a040506" REST4 "06 00 0000 ffff fd02" REST6 "fd02" REST6
	"00000005 00000000"; /* seen: the highest, and the last but one before */

static size_t
put_form(uint8_t *to)
{
	static const char digits[] = "0123456789abcdef";
	size_t k = 0;

	for (const char *p = form; *p; p++) {
		const char *digit = strchr(digits, *p);

		if (*p == ' ')
			continue;
		assert_non_null(digit);
		if (k % 2)
			to[k / 2] = (uint8_t)(to[k / 2] << 4 | (digit - digits));
		else
			to[k / 2] = (uint8_t)(digit - digits);
		k++;
	}
	return k / 2;
}

static void
test_the_form_of_an_export_is_that_of_its_version(void **state)
{
	struct adit_sa_params p = all_set();
	uint8_t want[ADIT_STATE_MAX];
	size_t len = put_form(want);
	struct adit_sa_more more;
	struct adit_sa sa;

	(void)state;
	make_all_set(&sa, &more, &p);
	assert_int_equal(adit_state_export(&sa, &p, &seal, 7, p.now + 0x6162,
					   (struct adit_buf){bytes, ADIT_STATE_MAX}, &n),
			 ADIT_OK);
	assert_memory_equal(bytes, header, sizeof header);
	assert_int_equal(n, PLAIN_AT + len + ICV);
	crypt(seal.aead->open, len);
	assert_memory_equal(bytes + PLAIN_AT, want, len);
	adit_sa_wipe(&sa);
}

static void
expect_ts(const struct adit_ts *a, const struct adit_ts *b)
{
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->port_first, b->port_first);
	assert_int_equal(a->port_last, b->port_last);
	assert_memory_equal(a->first, b->first, sizeof a->first);
	assert_memory_equal(a->last, b->last, sizeof a->last);
}

static void
expect_lifetime(const struct adit_lifetime *a, const struct adit_lifetime *b)
{
	assert_int_equal(a->packets, b->packets);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->time, b->time);
}

static void
expect_params(const struct adit_sa_params *a, const struct adit_sa_params *b)
{
	assert_int_equal(a->dir, b->dir);
	assert_int_equal(a->protocol, ADIT_PROTO_ESP);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->spi, b->spi);
	assert_true(adit_ip_equal(&a->local, &b->local));
	assert_true(adit_ip_equal(&a->remote, &b->remote));
	assert_int_equal(a->udp_encap, b->udp_encap);
	assert_int_equal(a->local_port, b->local_port);
	assert_int_equal(a->remote_port, b->remote_port);
	assert_ptr_equal(a->aead, b->aead);
	assert_int_equal(a->key.n, b->key.n);
	assert_memory_equal(a->key.p, b->key.p, b->key.n);
	assert_int_equal(a->esn, b->esn);
	assert_int_equal(a->replay_window, b->replay_window);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->dscp, b->dscp);
	assert_int_equal(a->hop_limit, b->hop_limit);
	assert_int_equal(a->mtu, b->mtu);
	assert_int_equal(a->tfc, b->tfc);
	expect_lifetime(&a->soft, &b->soft);
	expect_lifetime(&a->hard, &b->hard);
	assert_true(adit_ip_equal(&a->inner_local, &b->inner_local));
	assert_true(adit_ip_equal(&a->inner_remote, &b->inner_remote));
}

static void
test_each_field_comes_back(void **state)
{
	const struct adit_state_jump none = {0, 0};
	struct adit_sa_params p = all_set();
	struct adit_sa_state s;
	size_t len;

	(void)state;
	memcpy(bytes, header, sizeof header);
	memset(bytes + HEADER, 0x77, IV);
	len = put_form(bytes + PLAIN_AT);
	crypt(seal.aead->seal, len);
	n = PLAIN_AT + len + ICV;
	memset(&s, 0xa5, sizeof s);
	assert_int_equal(adit_state_import((struct adit_span){bytes, n}, &seal,
					   &adit_mbedtls_compat, &none, 0x6162 + 3, &s),
			 ADIT_OK);
	expect_params(&s.params, &p);
	assert_ptr_equal(s.params.key.p, s.key);
	assert_ptr_equal(s.params.selectors, &s.selectors);
	assert_int_equal(s.params.now, 3);
	assert_int_equal(s.params.seq, 0x102);
	assert_false(s.params.manual || s.params.seq_known);
	assert_null(s.params.more);
	assert_int_equal(s.selectors.local_n, 1);
	assert_int_equal(s.selectors.remote_n, 2);
	expect_ts(&s.selectors.local[0], &selectors.local[0]);
	expect_ts(&s.selectors.remote[0], &selectors.remote[0]);
	expect_ts(&s.selectors.remote[1], &selectors.remote[1]);
	assert_int_equal(s.n.packets, 0x5152);
	assert_int_equal(s.n.bytes, 0x5354);
	assert_int_equal(s.n.drops, 0x5556);
	assert_true(s.has_bits);
	assert_int_equal(s.bits[0], 5); /* the highest, and the one before the one before */
	assert_int_equal(s.bits[1], 0);
	assert_int_equal(s.number, 7);
	adit_state_wipe(&s);
}

static int
key_the_seal(void **state)
{
	const struct adit_span key = {seal_key, sizeof seal_key};

	(void)state;
	return seal.aead->setkey(seal.aead, seal.kc, key) == ADIT_OK ? 0 : -1;
}

/* What is in the form and can't be: a status of its own, and nothing of the SA. */
static void
test_a_form_that_can_not_be_has_its_status(void **state)
{
	enum { DIR = 0, ENCR = 46, BITS = 48, KEY_LEN = 52, ESN = 53, TOP = 147 };
	static const struct {
		size_t at;
		uint8_t value;
		enum adit_status st;
	} rows[] = {{DIR, 0, ADIT_ERR_MALFORMED},
		    {DIR, 3, ADIT_ERR_MALFORMED},
		    {ENCR + 1, 99, ADIT_ERR_UNSUPPORTED},
		    {BITS + 1, 192, ADIT_ERR_MALFORMED},
		    {KEY_LEN, 255, ADIT_ERR_MALFORMED},
		    {ESN, 2, ADIT_ERR_MALFORMED},
		    {ESN, 0, ADIT_OK},
		    {TOP, 1, ADIT_OK}};
	const struct adit_state_jump none = {0, 0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct adit_sa_state s;
		size_t len;

		memcpy(bytes, header, sizeof header);
		memset(bytes + HEADER, 0x77, IV);
		len = put_form(bytes + PLAIN_AT);
		bytes[PLAIN_AT + rows[i].at] = rows[i].value;
		crypt(seal.aead->seal, len);
		assert_int_equal(adit_state_import((struct adit_span){bytes, PLAIN_AT + len + ICV},
						   &seal, &adit_mbedtls_compat, &none, 5000, &s),
				 rows[i].st);
		adit_state_wipe(&s);
	}
}

/* Numbers of 32 bits end at 2^32 - 1, whatever stands in the form. */
static void
test_a_number_past_the_last_is_malformed(void **state)
{
	enum { ESN = 53, TOP = 147 };
	const struct adit_state_jump none = {0, 0};

	(void)state;
	for (unsigned esn = 0; esn < 2; esn++) {
		struct adit_sa_state s;
		size_t len;

		memcpy(bytes, header, sizeof header);
		memset(bytes + HEADER, 0x77, IV);
		len = put_form(bytes + PLAIN_AT);
		bytes[PLAIN_AT + ESN] = (uint8_t)esn;
		bytes[PLAIN_AT + TOP + 3] = 1;
		crypt(seal.aead->seal, len);
		assert_int_equal(adit_state_import((struct adit_span){bytes, PLAIN_AT + len + ICV},
						   &seal, &adit_mbedtls_compat, &none, 5000, &s),
				 esn ? ADIT_OK : ADIT_ERR_MALFORMED);
		adit_state_wipe(&s);
	}
}

/* Each direction has a jump of its own. */
static void
test_an_inbound_sa_jumps_by_what_is_said_of_inbound_ones(void **state)
{
	static const struct adit_state_jump jumps[] = {{9, 0}, {0, 9}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sa_state s;
		size_t len;

		memcpy(bytes, header, sizeof header);
		memset(bytes + HEADER, 0x77, IV);
		len = put_form(bytes + PLAIN_AT);
		crypt(seal.aead->seal, len);
		assert_int_equal(adit_state_import((struct adit_span){bytes, PLAIN_AT + len + ICV},
						   &seal, &adit_mbedtls_compat, &jumps[i], 5000,
						   &s),
				 ADIT_OK);
		assert_int_equal(s.params.seq, 0x102 + jumps[i].in);
		assert_int_equal(s.has_bits, i == 0);
		adit_state_wipe(&s);
	}
}

/* An IV and an ICV make a form, but an empty one. */
static void
test_an_empty_form_is_malformed_and_less_is_short(void **state)
{
	const struct adit_state_jump none = {0, 0};
	struct adit_sa_state s;

	(void)state;
	memcpy(bytes, header, sizeof header);
	memset(bytes + HEADER, 0x77, IV);
	crypt(seal.aead->seal, 0);
	for (size_t less = 0; less < 2; less++)
		assert_int_equal(adit_state_import((struct adit_span){bytes, PLAIN_AT + ICV - less},
						   &seal, &adit_mbedtls_compat, &none, 5000, &s),
				 less ? ADIT_ERR_SHORT : ADIT_ERR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_form_of_an_export_is_that_of_its_version),
		cmocka_unit_test(test_each_field_comes_back),
		cmocka_unit_test(test_a_form_that_can_not_be_has_its_status),
		cmocka_unit_test(test_a_number_past_the_last_is_malformed),
		cmocka_unit_test(test_an_inbound_sa_jumps_by_what_is_said_of_inbound_ones),
		cmocka_unit_test(test_an_empty_form_is_malformed_and_less_is_short),
	};

	return cmocka_run_group_tests_name("state_form", tests, key_the_seal, NULL);
}
