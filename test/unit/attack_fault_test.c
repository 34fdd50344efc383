/* The attack corpus' rows about faults of what the caller gives, API-01 to API-03: a cipher that
 * fails at its n-th call, and a socket that does. fault_test.c has the random source, and the
 * cipher within IKE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/pair.h"
#include "support/site.h"

enum { BURST = 2 * ADIT_BURST + 1 };

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static struct site a, b;
static struct pair pair;

/* --- API-01, API-02: a cipher that fails at its n-th call. */

static unsigned countdown;
static struct adit_aead faulty;

static bool
is_now(void)
{
	return countdown && --countdown == 0;
}

static enum adit_status
setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_aes128_gcm16.setkey(aead, kc, key);
}

static enum adit_status
make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_aes128_gcm16.make_iv(aead, kc, n, iv);
}

static void
seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	adit_mbedtls_aes128_gcm16.seal(aead, kc, ops, n);
	for (size_t i = 0; i < n; i++)
		if (is_now())
			ops[i].status = ADIT_ERR_CRYPTO;
}

static void
open_(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	adit_mbedtls_aes128_gcm16.open(aead, kc, ops, n);
	for (size_t i = 0; i < n; i++)
		if (is_now())
			ops[i].status = ADIT_ERR_CRYPTO;
}

static void
open_faulty_sites(void)
{
	struct adit_sa_params p;

	faulty = adit_mbedtls_aes128_gcm16;
	faulty.setkey = setkey;
	faulty.make_iv = make_iv;
	faulty.seal = seal;
	faulty.open = open_;
	countdown = 0;
	memset(&p, 0, sizeof p);
	p.aead = &faulty;
	site_open(&a, &ip_a);
	site_open(&b, &ip_b);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	site_join(&a, &b, 0, &p);
}

static void
close_sites(void)
{
	countdown = 0;
	site_close(&a);
	site_close(&b);
}

static uint8_t mem[BURST][SITE_BUF];
static struct adit_pkt pkts[BURST];
static struct adit_verdict verdicts[BURST];

static void
fill_burst(void)
{
	site_udp(&a, 1, 2);
	for (size_t i = 0; i < BURST; i++) {
		memcpy(mem[i], a.buf, SITE_BUF);
		pkts[i] = a.pkt;
		pkts[i].buf = mem[i];
	}
}

/* Sends a burst and receives what was sent; one call on the way fails. */
static unsigned
live_burst(void)
{
	unsigned delivered = 0;
	size_t n = 0;

	fill_burst();
	adit_ipsec_out(&a.ipsec, pkts, verdicts, BURST);
	for (size_t i = 0; i < BURST; i++) {
		if (verdicts[i].kind == ADIT_VERDICT_SEND) {
			pkts[n++] = pkts[i];
			continue;
		}
		assert_int_equal(verdicts[i].kind, ADIT_VERDICT_DISCARD);
		assert_int_equal(verdicts[i].status, ADIT_ERR_CRYPTO);
		/* Fails closed: neither plaintext nor half of a packet is left. */
		for (size_t k = 0; k < pkts[i].len; k++)
			assert_int_equal(adit_pkt_data(&pkts[i])[k], 0);
	}
	adit_ipsec_in(&b.ipsec, pkts, verdicts, n);
	for (size_t i = 0; i < n; i++) {
		delivered += verdicts[i].kind == ADIT_VERDICT_DELIVER;
		if (verdicts[i].kind != ADIT_VERDICT_DELIVER)
			assert_int_equal(verdicts[i].status, ADIT_ERR_CRYPTO);
	}
	return delivered;
}

static void
test_api_01_a_cipher_that_fails_at_any_call_costs_one_packet(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= 3 * BURST; k++) {
		open_faulty_sites();
		countdown = k;
		assert_int_equal(live_burst(), BURST - 1);
		assert_int_equal(countdown, 0);
		assert_int_equal(live_burst(), BURST); /* and the next ones go through */
		assert_int_equal(a.ipsec.out[ADIT_ERR_CRYPTO] + b.ipsec.in[ADIT_ERR_CRYPTO], 1);
		assert_int_equal(a.sas[0].seq, 2 * BURST); /* no number is used twice */
		close_sites();
	}
}

static void
test_api_01_a_key_that_is_refused_leaves_no_sa(void **state)
{
	struct adit_sa_params p;
	const struct adit_sad_note note = {0, ADIT_BY_SPI, 0, 0};
	struct adit_sa_id id;

	(void)state;
	open_faulty_sites();
	memset(&p, 0, sizeof p);
	p.aead = &faulty;
	p.dir = ADIT_IN;
	p.local = ip_a;
	p.remote = ip_b;
	for (unsigned i = 0; i < 3 * SITE_SAS; i++) {
		assert_int_equal(adit_sad_spi(&a.sad, &p.spi), ADIT_OK);
		countdown = 1;
		assert_int_equal(site_add(&a, p, &note, &id), ADIT_ERR_CRYPTO);
		assert_null(adit_sad_find(&a.sad, p.spi, NULL));
		adit_sad_spi_release(&a.sad, p.spi);
	}
	assert_int_equal(adit_sad_spi(&a.sad, &p.spi), ADIT_OK);
	assert_int_equal(site_add(&a, p, &note, &id), ADIT_OK);
	close_sites();
}

static void
test_api_02_a_cipher_that_fails_to_open_moves_no_window(void **state)
{
	(void)state;
	open_faulty_sites();
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	countdown = 1;
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_CRYPTO);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER); /* the same packet again */
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_int_equal(b.v.status, ADIT_ERR_REPLAY);
	close_sites();
}

/* --- API-03: a socket that is busy. */

struct end {
	struct pair_side *side;
	struct end *other;
	struct pair_datagram inbox[8];
	unsigned in;
};

static struct end ends[2];
static unsigned sends;

static adit_ms
now(void *ctx)
{
	(void)ctx;
	return pair.now;
}

static enum adit_status
receive(void *ctx, struct adit_path *path, struct adit_buf buf, size_t *n)
{
	struct end *e = ctx;

	*n = 0;
	if (!e->in)
		return ADIT_OK;
	path->local = e->inbox[0].path.remote;
	path->remote = e->inbox[0].path.local;
	*n = e->inbox[0].len;
	memcpy(buf.p, e->inbox[0].bytes, *n);
	memmove(e->inbox, e->inbox + 1, --e->in * sizeof e->inbox[0]);
	return ADIT_OK;
}

static enum adit_status
send(void *ctx, const struct adit_path *path, struct adit_span dgram)
{
	struct end *to = ((struct end *)ctx)->other;
	struct pair_datagram *d = &to->inbox[to->in];

	sends++;
	if (is_now())
		return ADIT_ERR_IO;
	if (to->in == 8)
		return ADIT_OK;
	d->path = *path;
	d->len = dgram.n;
	memcpy(d->bytes, dgram.p, dgram.n);
	to->in++;
	return ADIT_OK;
}

static void
event(void *ctx, const struct adit_ike_event *ev)
{
	struct pair_side *side = ((struct end *)ctx)->side;

	if (side->event_count < PAIR_EVENTS)
		side->events[side->event_count++] = *ev;
}

/* Half a minute of both ends, whose k-th sending fails; 0: none does. How many failed rounds? */
static unsigned
drive(unsigned k)
{
	static uint8_t buf[ADIT_IKE_MESSAGE_MAX + 4];
	unsigned failed = 0;

	pair_defaults(&pair, 7);
	pair_open(&pair);
	memset(ends, 0, sizeof ends);
	ends[0].side = &pair.a;
	ends[1].side = &pair.b;
	ends[0].other = &ends[1];
	ends[1].other = &ends[0];
	(void)pair_start(&pair);
	sends = 0;
	countdown = k;
	for (unsigned i = 0; i < 600; i++, pair.now += 50)
		for (unsigned side = 0; side < 2; side++) {
			struct adit_io io = {&ends[side], now, receive, send, event};
			adit_ms next;

			failed += adit_ike_run(&ends[side].side->ike, &io,
					       (struct adit_buf){buf, sizeof buf}, 4,
					       &next) == ADIT_ERR_IO;
		}
	countdown = 0;
	return failed;
}

static void
test_api_03_a_datagram_that_can_not_be_sent_is_sent_again(void **state)
{
	unsigned all;

	(void)state;
	assert_int_equal(drive(0), 0);
	all = sends;
	assert_true(all >= 4);
	for (unsigned k = 1; k <= all; k++) {
		assert_int_equal(drive(k), 1);
		assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 1);
		assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_UP), 1);
		assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_api_01_a_cipher_that_fails_at_any_call_costs_one_packet),
		cmocka_unit_test(test_api_01_a_key_that_is_refused_leaves_no_sa),
		cmocka_unit_test(test_api_02_a_cipher_that_fails_to_open_moves_no_window),
		cmocka_unit_test(test_api_03_a_datagram_that_can_not_be_sent_is_sent_again),
	};

	return cmocka_run_group_tests_name("attacks by faults", tests, NULL, NULL);
}
