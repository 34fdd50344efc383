/* Floods of first messages. Attack corpus: DOS-02, DOS-05, DOS-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "support/pair.h"
#include "wire/ike_payload.h"
#include "wire/ike_sa_payload.h"

#define TEST(name) cmocka_unit_test(name)
enum { HANDSHAKES = 16, NONCE_AT_LEAST = 16, HEADER = 28, NATD = 28 };

static struct pair pair;
static struct adit_ike_sa sas[HANDSHAKES];
static struct adit_ike_handshake handshakes[HANDSHAKES];
static unsigned serial;

/* b with a large pool. */
static void
open_with(uint16_t per_prefix)
{
	const struct adit_ike_mem mem = {sas,        HANDSHAKES, pair.b.children,
					 PAIR_SLOTS, handshakes, HANDSHAKES};

	pair_defaults(&pair, 1);
	memset(&pair.b.peer.remote, 0, sizeof pair.b.peer.remote);
	memset(&pair.b.peer.local, 0, sizeof pair.b.peer.local);
	pair.b.cfg.cookie_threshold = 1;
	pair.b.cfg.half_open_per_prefix = per_prefix;
	pair_open(&pair);
	assert_int_equal(adit_ike_init(&pair.b.ike, &pair.b.cfg, &mem), ADIT_OK);
}

static struct adit_ip
v4(uint8_t last)
{
	return (struct adit_ip){4, {203, 0, 113, last}};
}

static struct adit_ip
v6(uint8_t net, uint8_t last)
{
	struct adit_ip ip = {6, {0x20, 1, 0xd, 0xb8}};

	ip.b[7] = net;
	ip.b[15] = last;
	return ip;
}

/* A first request of a's, as new, that comes from `from`. */
static void
make_first(struct pair_datagram *d)
{
	struct adit_ike_id id = pair_start(&pair);

	assert_int_not_equal(id.generation, 0);
	assert_true(pair_take(&pair, &pair.a, d));
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
	pair_events(&pair.a);
	/* Another attempt than the one before. */
	adit_store32(d->bytes, ++serial);
}

static enum adit_status
give_from(const struct adit_ip *from, const struct pair_datagram *d)
{
	struct adit_path path = {pair.b.end, {*from, 500}};
	struct pair_datagram copy = *d;

	path.local.ip.version = from->version;
	return adit_ike_input(&pair.b.ike, pair.now, &path, copy.bytes, copy.len);
}

/* Puts the cookie of an answer in front of the request. */
static void
add_cookie(struct pair_datagram *d, const struct pair_datagram *answer)
{
	size_t more = answer->len - HEADER;

	assert_int_equal(answer->bytes[16], ADIT_PAYLOAD_NOTIFY);
	memmove(d->bytes + HEADER + more, d->bytes + HEADER, d->len - HEADER);
	memcpy(d->bytes + HEADER, answer->bytes + HEADER, more);
	d->bytes[HEADER] = d->bytes[16];
	d->bytes[16] = ADIT_PAYLOAD_NOTIFY;
	d->len += more;
	adit_store32(d->bytes + 24, (uint32_t)d->len);
}

/* A first request from somebody who answers for his address. */
static enum adit_status
attempt(const struct adit_ip *from)
{
	struct pair_datagram d, answer;
	enum adit_status st;

	make_first(&d);
	st = give_from(from, &d);
	if (st != ADIT_ERR_COOKIE)
		return st;
	assert_true(pair_take(&pair, &pair.b, &answer));
	add_cookie(&d, &answer);
	return give_from(from, &d);
}

/* DOS-02 (RFC 8019 4.2). */
static void
test_one_address_has_a_share_of_the_pool(void **state)
{
	const struct adit_ip one = v4(1), other = v4(2);

	(void)state;
	open_with(0);
	/* The first one is not asked for a cookie. */
	for (unsigned i = 0; i < 2 * HANDSHAKES; i++)
		assert_int_equal(attempt(&one), i < 1 + HANDSHAKES / 4 ? ADIT_OK : ADIT_ERR_FULL);
	assert_int_equal(pair.b.ike.half_open, 1 + HANDSHAKES / 4);
	assert_int_equal(attempt(&other), ADIT_OK);
	/* The place is free again when its time is over. */
	pair.now += 30000;
	adit_ike_tick(&pair.b.ike, pair.now);
	pair_events(&pair.b);
	assert_int_equal(pair.b.ike.half_open, 0);
	assert_int_equal(attempt(&one), ADIT_OK);
}

/* Who only writes another's address has no cookie, and takes no place of his who has one. */
static void
test_nobody_is_kept_out_by_requests_in_his_name(void **state)
{
	const struct adit_ip one = v4(1);
	struct pair_datagram d, answer;

	(void)state;
	open_with(2);
	pair.b.cfg.cookie_threshold = HANDSHAKES;
	for (unsigned i = 0; i < HANDSHAKES; i++) {
		make_first(&d);
		assert_int_equal(give_from(&one, &d), i < 2 ? ADIT_OK : ADIT_ERR_COOKIE);
		while (pair_take(&pair, &pair.b, &answer))
			continue;
	}
	assert_int_equal(pair.b.ike.half_open, 2);
	assert_int_equal(attempt(&one), ADIT_OK);
	assert_int_equal(attempt(&one), ADIT_OK);
	assert_int_equal(attempt(&one), ADIT_ERR_FULL);
	assert_int_equal(pair.b.ike.half_open, 4);
}

/* However high the threshold: the last free SA is for somebody who has a cookie. */
static void
test_strangers_without_cookies_do_not_get_the_last_sa(void **state)
{
	const struct adit_ike_mem mem = {sas,        3,          pair.b.children,
					 PAIR_SLOTS, handshakes, HANDSHAKES};
	struct pair_datagram d, answer;
	struct adit_ip ip;

	(void)state;
	open_with(0);
	pair.b.cfg.cookie_threshold = HANDSHAKES;
	assert_int_equal(adit_ike_init(&pair.b.ike, &pair.b.cfg, &mem), ADIT_OK);
	for (uint8_t i = 1; i < 10; i++) {
		ip = v4(i);
		make_first(&d);
		assert_int_equal(give_from(&ip, &d), i < 3 ? ADIT_OK : ADIT_ERR_COOKIE);
		while (pair_take(&pair, &pair.b, &answer))
			continue;
	}
	assert_int_equal(attempt(&ip), ADIT_OK);
}

static void
test_the_hosts_of_one_ipv6_net_have_one_share(void **state)
{
	struct adit_ip ip;

	(void)state;
	open_with(3);
	for (uint8_t i = 0; i < 8; i++) {
		ip = v6(1, i);
		assert_int_equal(attempt(&ip), i < 1 + 3 ? ADIT_OK : ADIT_ERR_FULL);
	}
	ip = v6(2, 1);
	assert_int_equal(attempt(&ip), ADIT_OK);
	ip = v4(1);
	assert_int_equal(attempt(&ip), ADIT_OK);
}

/* The least first request that b takes: one proposal, a short nonce, no NAT detection. */
static void
make_shortest(struct pair_datagram *d)
{
	static const struct adit_transform transforms[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const uint8_t value[32] = {9};
	const struct adit_ike_ke ke = {ADIT_KE_CURVE25519, {value, sizeof value}};
	struct adit_ike_header h;
	struct adit_ike_sa_writer s;
	struct adit_ike_writer m;

	memset(&h, 0, sizeof h);
	adit_store32(h.spi_i, ++serial);
	h.exchange = ADIT_EXCHANGE_SA_INIT;
	h.flags = ADIT_IKE_FLAG_INITIATOR;
	adit_ike_put_start(&m, (struct adit_buf){d->bytes, sizeof d->bytes}, &h);
	adit_ike_put_sa(&s, &m);
	adit_ike_put_proposal(&s, 1, ADIT_IKE_PROTO_IKE, (struct adit_span){NULL, 0});
	for (size_t i = 0; i < 3; i++)
		adit_ike_put_transform(&s, &transforms[i]);
	adit_ike_put_sa_end(&s);
	adit_ike_put_ke(&m, &ke);
	adit_ike_put_nonce(&m, (struct adit_span){value, NONCE_AT_LEAST});
	assert_int_equal(adit_ike_put_end(&m, &d->len), ADIT_OK);
}

/* DOS-05: whatever of a first request is left or changed, no answer is longer than its question,
 * and there is at most one. */
static void
test_no_answer_is_longer_than_its_question(void **state)
{
	const struct adit_ip from = v4(1);
	struct pair_datagram shortest, d, answer;

	(void)state;
	open_with(0);
	pair.b.cfg.cookie_threshold = HANDSHAKES;
	make_shortest(&shortest);
	assert_int_equal(give_from(&from, &shortest), ADIT_ERR_COOKIE);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_true(answer.len <= shortest.len);
	for (size_t n = HEADER; n <= shortest.len; n++)
		for (unsigned bit = 0; bit < 8 * 2; bit++) {
			d = shortest;
			d.len = n;
			adit_store32(d.bytes + 24, (uint32_t)n);
			d.bytes[16 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			(void)give_from(&from, &d);
			if (pair_take(&pair, &pair.b, &answer))
				assert_true(answer.len <= n);
			assert_false(pair_take(&pair, &pair.b, &answer));
		}
	make_first(&d);
	assert_int_equal(give_from(&from, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_true(answer.len <= d.len);
}

/* A peer whose first request is short is served all the same, in one more round. */
static void
test_a_short_request_is_taken_with_a_cookie(void **state)
{
	const struct adit_ip from = v4(1);
	struct pair_datagram d, answer;

	(void)state;
	open_with(0);
	pair.b.cfg.cookie_threshold = HANDSHAKES;
	make_shortest(&d);
	assert_int_equal(give_from(&from, &d), ADIT_ERR_COOKIE);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_int_equal(pair.b.ike.half_open, 0);
	add_cookie(&d, &answer);
	assert_int_equal(give_from(&from, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_int_equal(answer.bytes[18], ADIT_EXCHANGE_SA_INIT);
	assert_true(answer.len <= 3 * d.len);
	assert_int_equal(pair.b.ike.half_open, 1);
}

static unsigned hashes;

static enum adit_status
counted_start(void *ctx)
{
	hashes++;
	return adit_mbedtls_sha1.start(ctx);
}

/* DOS-08: what is hashed of a message does not grow with what it repeats. What reading costs by
 * byte is in make bench. */
static void
test_many_addresses_to_detect_cost_no_more_hashes(void **state)
{
	const struct adit_ip from = v4(1);
	struct adit_hash sha1 = adit_mbedtls_sha1;
	struct adit_crypto crypto = adit_mbedtls_compat;
	unsigned few = 0;

	(void)state;
	sha1.start = counted_start;
	crypto.sha1 = &sha1;
	for (int many = 0; many < 2; many++) {
		struct pair_datagram d, more;

		open_with(0);
		pair.b.cfg.crypto = &crypto;
		make_first(&d);
		memset(&more, 0, sizeof more);
		more.len = HEADER + NATD;
		more.bytes[16] = ADIT_PAYLOAD_NOTIFY;
		adit_store16(more.bytes + HEADER + 2, NATD);
		adit_store16(more.bytes + HEADER + 6, ADIT_N_NAT_DETECTION_SOURCE_IP);
		while (many && d.len + NATD <= ADIT_IKE_MESSAGE_MAX)
			add_cookie(&d, &more);
		hashes = 0;
		assert_int_equal(give_from(&from, &d), ADIT_OK);
		if (!many)
			few = hashes;
	}
	assert_true(few > 0);
	assert_int_equal(hashes, few);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_address_has_a_share_of_the_pool),
		TEST(test_nobody_is_kept_out_by_requests_in_his_name),
		TEST(test_strangers_without_cookies_do_not_get_the_last_sa),
		TEST(test_the_hosts_of_one_ipv6_net_have_one_share),
		TEST(test_no_answer_is_longer_than_its_question),
		TEST(test_a_short_request_is_taken_with_a_cookie),
		TEST(test_many_addresses_to_detect_cost_no_more_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
