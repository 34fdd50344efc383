/* NAT detection. The hash's value is tested with recordings; here what it covers and what follows
 * from it. Attack corpus: NOTIFY-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "ike/natd.h"

static const struct adit_hash *const sha1 = &adit_mbedtls_sha1;
static const struct adit_path from = {{{4, {10, 0, 0, 1}}, 500}, {{4, {10, 0, 0, 2}}, 500}};
static const struct adit_path to = {{{4, {10, 0, 0, 2}}, 500}, {{4, {10, 0, 0, 1}}, 500}};

struct message {
	uint8_t bytes[4096];
	struct adit_ike_writer m;
	struct adit_ike_header h;
	struct adit_ike_chain chain;
};

static void
begin(struct message *msg)
{
	memset(msg, 0, sizeof *msg);
	memset(msg->h.spi_i, 7, sizeof msg->h.spi_i);
	adit_ike_put_start(&msg->m, (struct adit_buf){msg->bytes, sizeof msg->bytes}, &msg->h);
}

static struct adit_natd
arrives(struct message *msg, const struct adit_path *path)
{
	struct adit_natd nat;
	size_t len = 0;

	assert_int_equal(adit_ike_put_end(&msg->m, &len), ADIT_OK);
	assert_int_equal(adit_ike_get_header((struct adit_span){msg->bytes, len}, &msg->h),
			 ADIT_OK);
	assert_int_equal(adit_ike_get_chain((struct adit_span){msg->bytes + 28, len - 28},
					    msg->h.first_payload, &msg->chain),
			 ADIT_OK);
	assert_int_equal(adit_natd_detect(sha1, &msg->chain, &msg->h, path, &nat), ADIT_OK);
	return nat;
}

static struct adit_natd
sent_and_seen(const struct adit_path *path)
{
	struct message msg;

	begin(&msg);
	assert_int_equal(adit_natd_put(&msg.m, sha1, &msg.h, &from), ADIT_OK);
	return arrives(&msg, path);
}

static void
test_natd_without_a_nat(void **state)
{
	struct adit_natd nat = sent_and_seen(&to);

	(void)state;
	assert_true(nat.supported);
	assert_false(nat.local);
	assert_false(nat.remote);
}

static void
test_natd_sees_a_nat_before_the_peer(void **state)
{
	struct adit_path ports = to, address = to;
	struct adit_natd nat;

	(void)state;
	ports.remote.port = 1024;
	nat = sent_and_seen(&ports);
	assert_true(nat.remote);
	assert_false(nat.local);
	address.remote.ip.b[3] = 9;
	nat = sent_and_seen(&address);
	assert_true(nat.remote);
	assert_false(nat.local);
}

static void
test_natd_sees_a_nat_before_us(void **state)
{
	struct adit_path path = to;
	struct adit_natd nat;

	(void)state;
	path.local.ip.b[0] = 192;
	nat = sent_and_seen(&path);
	assert_false(nat.remote);
	assert_true(nat.local);
}

static void
test_natd_without_notifies_is_not_supported(void **state)
{
	struct message msg;
	struct adit_natd nat;

	(void)state;
	begin(&msg);
	nat = arrives(&msg, &to);
	assert_false(nat.supported);
	assert_false(nat.local);
	assert_false(nat.remote);
}

static enum adit_status
refuse(void *ctx)
{
	(void)ctx;
	return ADIT_ERR_CRYPTO;
}

static void
test_natd_that_can_not_hash_sees_no_nat(void **state)
{
	struct adit_hash broken = adit_mbedtls_sha1;
	struct adit_natd nat = {true, true, true};
	struct message msg;

	(void)state;
	begin(&msg);
	(void)arrives(&msg, &to);
	broken.start = refuse;
	assert_int_equal(adit_natd_detect(&broken, &msg.chain, &msg.h, &to, &nat), ADIT_ERR_CRYPTO);
	assert_false(nat.supported || nat.local || nat.remote);
}

static void
test_natd_notify_08_hashes_of_a_wrong_size_are_ignored(void **state)
{
	static const uint8_t junk[64];
	struct message msg;

	(void)state;
	for (size_t n = 0; n < sizeof junk; n++) {
		if (n == ADIT_NATD_LEN)
			continue;
		begin(&msg);
		adit_ike_put_notify_data(&msg.m, ADIT_N_NAT_DETECTION_SOURCE_IP,
					 (struct adit_span){junk, n});
		adit_ike_put_notify_data(&msg.m, ADIT_N_NAT_DETECTION_DESTINATION_IP,
					 (struct adit_span){junk, n});
		assert_false(arrives(&msg, &to).supported);
	}
}

static void
test_natd_one_fitting_source_of_many_is_enough(void **state)
{
	static const uint8_t other[ADIT_NATD_LEN];
	struct message msg;
	struct adit_natd nat;

	(void)state;
	begin(&msg);
	for (unsigned i = 0; i < 20; i++)
		adit_ike_put_notify_data(&msg.m, ADIT_N_NAT_DETECTION_SOURCE_IP,
					 (struct adit_span){other, sizeof other});
	assert_int_equal(adit_natd_put(&msg.m, sha1, &msg.h, &from), ADIT_OK);
	adit_ike_put_notify_data(&msg.m, ADIT_N_NAT_DETECTION_SOURCE_IP,
				 (struct adit_span){other, sizeof other});
	nat = arrives(&msg, &to);
	assert_true(nat.supported);
	assert_false(nat.remote);
}

static void
test_natd_hash_covers_every_field(void **state)
{
	uint8_t spi_i[8] = {1}, spi_r[8] = {2}, a[ADIT_NATD_LEN], b[ADIT_NATD_LEN];
	struct adit_endpoint end = {{6, {0xfd}}, 500};

	(void)state;
	assert_int_equal(adit_natd_hash(sha1, spi_i, spi_r, &end, a), ADIT_OK);
	spi_i[7] = 1;
	assert_int_equal(adit_natd_hash(sha1, spi_i, spi_r, &end, b), ADIT_OK);
	assert_memory_not_equal(a, b, sizeof a);
	spi_i[7] = 0;
	spi_r[7] = 1;
	assert_int_equal(adit_natd_hash(sha1, spi_i, spi_r, &end, b), ADIT_OK);
	assert_memory_not_equal(a, b, sizeof a);
	spi_r[7] = 0;
	end.ip.b[15] = 1;
	assert_int_equal(adit_natd_hash(sha1, spi_i, spi_r, &end, b), ADIT_OK);
	assert_memory_not_equal(a, b, sizeof a);
	end.ip.b[15] = 0;
	assert_int_equal(adit_natd_hash(sha1, spi_i, spi_r, &end, b), ADIT_OK);
	assert_memory_equal(a, b, sizeof a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_natd_without_a_nat),
		cmocka_unit_test(test_natd_sees_a_nat_before_the_peer),
		cmocka_unit_test(test_natd_sees_a_nat_before_us),
		cmocka_unit_test(test_natd_without_notifies_is_not_supported),
		cmocka_unit_test(test_natd_that_can_not_hash_sees_no_nat),
		cmocka_unit_test(test_natd_notify_08_hashes_of_a_wrong_size_are_ignored),
		cmocka_unit_test(test_natd_one_fitting_source_of_many_is_enough),
		cmocka_unit_test(test_natd_hash_covers_every_field),
	};

	return cmocka_run_group_tests_name("natd", tests, NULL, NULL);
}
