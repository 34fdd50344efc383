/* Bundles of SAs: each packet goes through all of them, in their order, or not at all; chains that
 * are too long, rings, and SAs around that are gone. And ages, and single packets out of tunnels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "data/ipsec.h"
#include "support/lane.h"
#include "support/site.h"

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static struct site a, b;

enum { LAYERS_MAX = ADIT_NEST_MAX + 1, FIRST_SPI = 5000 };
static struct adit_sa_id layer_a[LAYERS_MAX + 1], layer_b[LAYERS_MAX + 1];

static struct adit_sa_id
add(struct site *s, struct adit_sa_params p)
{
	const struct adit_sad_note note = {0, ADIT_BY_SPI, 0, 0};
	struct adit_sa_id id;

	if (!p.aead)
		p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = lane_params(4, ADIT_TUNNEL, p.aead).key;
	p.replay_window = 64;
	assert_int_equal(adit_sad_add_noted(&s->sad, &p, &note, &id), ADIT_OK);
	return id;
}

/* ESP in a tunnel, and that in `layers` SAs in transport mode, AH and ESP in turn. */
static void
open_bundle(unsigned layers)
{
	struct adit_sa_params p;
	size_t cursor = 0;

	site_open(&a, &ip_a);
	site_open(&b, &ip_b);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	site_join(&a, &b, 0, NULL);
	assert_non_null(adit_sad_next(&a.sad, &cursor, &layer_a[0]));
	cursor = 0;
	assert_non_null(adit_sad_next(&b.sad, &cursor, &layer_b[0]));
	for (unsigned i = 1; i <= layers; i++) {
		memset(&p, 0, sizeof p);
		p.protocol = i & 1 ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
		p.mode = ADIT_TRANSPORT;
		p.aead = &adit_mbedtls_null_sha256;
		p.spi = FIRST_SPI + i;
		p.dir = ADIT_OUT;
		p.local = ip_a;
		p.remote = ip_b;
		layer_a[i] = add(&a, p);
		p.dir = ADIT_IN;
		p.local = ip_b;
		p.remote = ip_a;
		layer_b[i] = add(&b, p);
		assert_int_equal(adit_sad_bundle(&a.sad, layer_a[i - 1], layer_a[i]), ADIT_OK);
		assert_int_equal(adit_sad_bundle(&b.sad, layer_b[i - 1], layer_b[i]), ADIT_OK);
	}
}

static void
close_both(void)
{
	site_close(&a);
	site_close(&b);
}

static enum adit_verdict_kind
send_one(void)
{
	site_udp(&a, 1, 2);
	return site_out(&a);
}

static void
test_packets_go_through_all_layers_and_back(void **state)
{
	(void)state;
	for (unsigned layers = 0; layers <= ADIT_NEST_MAX; layers++) {
		open_bundle(layers);
		assert_int_equal(send_one(), ADIT_VERDICT_SEND);
		assert_int_equal(site_data(&a)[9], layers & 1 ? ADIT_PROTO_AH : ADIT_PROTO_ESP);
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
		assert_int_equal(b.v.sa.slot, layer_b[0].slot);
		close_both();
	}
}

static void
test_a_chain_that_is_too_long_sends_nothing(void **state)
{
	(void)state;
	open_bundle(LAYERS_MAX);
	assert_int_equal(send_one(), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_NO_SA);
	assert_true(adit_ipsec_payload_max(&a.ipsec, layer_a[0]) > 0);
	close_both();
}

static void
test_a_ring_of_sas_sends_nothing_and_ends(void **state)
{
	(void)state;
	open_bundle(2);
	assert_int_equal(adit_sad_bundle(&a.sad, layer_a[2], layer_a[1]), ADIT_OK);
	assert_int_equal(send_one(), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_NO_SA);
	(void)adit_ipsec_payload_max(&a.ipsec, layer_a[0]);
	close_both();
}

static void
test_without_the_sa_around_nothing_is_sent(void **state)
{
	(void)state;
	open_bundle(1);
	assert_int_equal(adit_sad_remove(&a.sad, layer_a[1]), ADIT_OK);
	assert_int_equal(send_one(), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_NO_SA);
	/* An SA that is gone takes no packet of any size. */
	assert_int_equal(adit_ipsec_payload_max(&a.ipsec, layer_a[1]), 0);
	close_both();
}

/* What came without the SA around, or through another one, is not let in by the inner one. */
static void
test_a_packet_that_came_without_its_bundle_is_refused(void **state)
{
	const struct adit_sa_id none = {0, 0};

	(void)state;
	open_bundle(1);
	assert_int_equal(adit_sad_bundle(&a.sad, layer_a[0], none), ADIT_OK);
	assert_int_equal(send_one(), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_POLICY);
	close_both();
	open_bundle(2);
	/* b thinks the inner one stands in the outermost. The packet is not decapsulated beyond the
	 * layers that are in order. */
	assert_int_equal(adit_sad_bundle(&b.sad, layer_b[0], layer_b[2]), ADIT_OK);
	assert_int_equal(send_one(), ADIT_VERDICT_SEND);
	(void)site_carry(&a, &b);
	assert_int_equal(b.v.sa.slot, layer_b[1].slot);
	assert_int_equal(site_data(&b)[9], ADIT_PROTO_ESP);
	close_both();
	open_bundle(1);
	assert_int_equal(send_one(), ADIT_VERDICT_SEND);
	assert_int_equal(adit_sad_remove(&b.sad, layer_b[1]), ADIT_OK);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_NO_SA);
	close_both();
}

/* A layer that fails lets nothing out: neither what was put in nor what the layers before made. */
static void
test_a_layer_that_fails_stops_the_packet(void **state)
{
	(void)state;
	open_bundle(1);
	a.sas[layer_a[1].slot].seq = UINT32_MAX;
	assert_int_equal(send_one(), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_EXHAUSTED);
	close_both();
	open_bundle(1);
	a.entries[layer_a[1].slot].more.hard.packets = 1;
	a.sas[layer_a[1].slot].bounded = true;
	assert_int_equal(send_one(), ADIT_VERDICT_SEND);
	assert_int_equal(send_one(), ADIT_VERDICT_DISCARD);
	assert_int_equal(a.v.status, ADIT_ERR_EXHAUSTED);
	close_both();
	/* In the other direction: the inner layer is over, after the outer one was taken off. */
	open_bundle(1);
	b.entries[layer_b[0].slot].more.hard.packets = 1;
	b.sas[layer_b[0].slot].bounded = true;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(send_one(), ADIT_VERDICT_SEND);
		assert_int_equal(site_carry(&a, &b),
				 i ? ADIT_VERDICT_DISCARD : ADIT_VERDICT_DELIVER);
	}
	assert_int_equal(b.v.status, ADIT_ERR_EXHAUSTED);
	close_both();
}

/* Too big for the outer layer is known before the first one has changed anything. */
static void
test_too_big_for_a_layer_is_said_of_the_packet_as_it_was(void **state)
{
	uint8_t before[SITE_BUF];

	(void)state;
	open_bundle(1);
	adit_sa_set_mtu(adit_sad_get(&a.sad, layer_a[1]), 130);
	site_udp(&a, 1, 2);
	memcpy(before, site_data(&a), a.pkt.len);
	site_data(&a)[6] = 0x40;
	lane_ipv4_checksum(site_data(&a));
	memcpy(before, site_data(&a), a.pkt.len);
	assert_int_equal(site_out(&a), ADIT_VERDICT_TOO_BIG);
	assert_memory_equal(before, site_data(&a), a.pkt.len);
	assert_int_equal(a.v.mtu, adit_ipsec_payload_max(&a.ipsec, layer_a[0]));
	assert_false(a.v.may_cut);
	adit_sa_set_mtu(adit_sad_get(&a.sad, layer_a[1]), 1000);
	assert_int_equal(send_one(), ADIT_VERDICT_SEND);
	close_both();
}

/* --- Packets of IP-TFS, one by one. */

static void
test_inner_packets_are_held_against_their_sa(void **state)
{
	struct adit_pkt wrong = {b.buf, 10, 11, 0};

	(void)state;
	open_bundle(0);
	site_udp(&b, 1, 2);
	adit_ipsec_inner(&b.ipsec, layer_b[0], &b.pkt, &b.v);
	assert_int_equal(b.v.kind, ADIT_VERDICT_DELIVER);
	site_udp(&b, 3, 2);
	adit_ipsec_inner(&b.ipsec, layer_b[0], &b.pkt, &b.v);
	assert_int_equal(b.v.status, ADIT_ERR_SELECTOR);
	/* An SA without selectors takes what its policy let in. */
	b.sas[layer_b[0].slot].selectors = NULL;
	adit_ipsec_inner(&b.ipsec, layer_b[0], &b.pkt, &b.v);
	assert_int_equal(b.v.kind, ADIT_VERDICT_DELIVER);
	adit_ipsec_inner(&b.ipsec, layer_b[0], &wrong, &b.v);
	assert_int_equal(b.v.status, ADIT_ERR_ARG);
	b.pkt.len = 19;
	adit_ipsec_inner(&b.ipsec, layer_b[0], &b.pkt, &b.v);
	assert_int_equal(b.v.status, ADIT_ERR_SHORT);
	layer_b[0].generation += 2;
	adit_ipsec_inner(&b.ipsec, layer_b[0], &b.pkt, &b.v);
	assert_int_equal(b.v.status, ADIT_ERR_STALE);
	assert_int_equal(b.ipsec.in[ADIT_OK], 2);
	assert_int_equal(b.ipsec.in[ADIT_ERR_SELECTOR], 1);
	assert_int_equal(b.ipsec.in[ADIT_ERR_ARG], 1);
	assert_int_equal(b.ipsec.in[ADIT_ERR_SHORT], 1);
	assert_int_equal(b.ipsec.in[ADIT_ERR_STALE], 1);
	close_both();
}

/* --- Ages. */

/* However small the steps, each SA that is over is told, and the walk begins anew at its end. */
static void
test_ages_are_found_in_steps_of_any_size(void **state)
{
	(void)state;
	for (size_t budget = 1; budget <= 2 * SITE_SAS; budget++) {
		enum adit_age age;
		struct adit_sa_id id;
		size_t cursor = 0, told = 0, calls = 0;

		open_bundle(1);
		a.entries[layer_a[0].slot].more.hard.time = 10;
		a.entries[layer_a[0].slot].more.since = 0;
		a.sas[layer_a[0].slot].bounded = true;
		a.ipsec.now = 1000;
		do {
			struct adit_sa *sa = adit_ipsec_aged(&a.ipsec, &cursor, budget, &id, &age);

			calls++;
			if (!sa)
				continue;
			assert_int_equal(id.slot, layer_a[0].slot);
			assert_int_equal(age, ADIT_AGE_HARD);
			told++;
		} while (cursor != 0);
		assert_int_equal(told, 1);
		assert_in_range(calls, 1, SITE_SAS + 2);
		close_both();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_go_through_all_layers_and_back),
		cmocka_unit_test(test_a_chain_that_is_too_long_sends_nothing),
		cmocka_unit_test(test_a_ring_of_sas_sends_nothing_and_ends),
		cmocka_unit_test(test_without_the_sa_around_nothing_is_sent),
		cmocka_unit_test(test_a_packet_that_came_without_its_bundle_is_refused),
		cmocka_unit_test(test_a_layer_that_fails_stops_the_packet),
		cmocka_unit_test(test_too_big_for_a_layer_is_said_of_the_packet_as_it_was),
		cmocka_unit_test(test_inner_packets_are_held_against_their_sa),
		cmocka_unit_test(test_ages_are_found_in_steps_of_any_size),
	};

	return cmocka_run_group_tests_name("ipsec_nest", tests, NULL, NULL);
}
