/* No packet makes anything allocate once its SA is keyed: ESP both ways, IKE's SK payload, HMAC,
 * PRF and hashes are run with malloc and its kin counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/esp.h"
#include "adit/mbedtls.h"
#include "crypto/hash.h"
#include "crypto/prf.h"

/* The program's own malloc goes before the C library's for every library that it loads. Sanitizers
 * have theirs already, other C libraries have no such names: there the tests say skipped. */
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define COUNTING 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define COUNTING 0
#endif
#endif
#ifndef COUNTING
#define COUNTING 1
#endif

static unsigned long allocations;

#if COUNTING
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *
malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}
#endif

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
need_counting(void)
{
	if (!COUNTING) {
		printf("allocation counts: skipped: malloc is not ours here\n");
		skip();
	}
}

static void
test_allocations_are_counted(void **state)
{
	unsigned long before = allocations;
	void *volatile p;

	(void)state;
	need_counting();
	p = malloc(1);
	free(p);
	assert_true(allocations > before);
}

/* --- ESP. */

struct tunnel {
	struct adit_sa out, in;
	union adit_keyctx kc_out, kc_in;
	uint32_t window[ADIT_REPLAY_WORDS(64)];
};

static void
make_tunnel(struct tunnel *t, const struct adit_aead *aead)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX];
	struct adit_sa_params p;

	memset(t, 0, sizeof *t);
	memset(&p, 0, sizeof p);
	p.spi = 0x1000;
	p.local = (struct adit_ip){4, {192, 0, 2, 1}};
	p.remote = (struct adit_ip){4, {192, 0, 2, 2}};
	p.aead = aead;
	p.key = (struct adit_span){key, adit_aead_key_len(aead)};
	p.replay_window = 64;
	p.dir = ADIT_OUT;
	assert_int_equal(adit_sa_init(&t->out, &p,
				      (struct adit_buf){t->kc_out.mem, sizeof t->kc_out}, NULL, 0),
			 ADIT_OK);
	p.dir = ADIT_IN;
	p.local = (struct adit_ip){4, {192, 0, 2, 2}};
	p.remote = (struct adit_ip){4, {192, 0, 2, 1}};
	assert_int_equal(adit_sa_init(&t->in, &p, (struct adit_buf){t->kc_in.mem, sizeof t->kc_in},
				      t->window, COUNT(t->window)),
			 ADIT_OK);
}

/* An IPv4 packet of n bytes. */
static void
put_packet(struct adit_pkt *pkt, size_t n)
{
	uint8_t *p = adit_pkt_data(pkt);
	uint32_t sum = 0;

	memset(p, 0, n);
	p[0] = 0x45;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	p[8] = 64;
	p[9] = ADIT_PROTO_UDP;
	p[12] = p[16] = 10;
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	p[10] = (uint8_t)(~sum >> 8);
	p[11] = (uint8_t)~sum;
	pkt->len = n;
}

static void
there_and_back(struct tunnel *t, size_t n)
{
	uint8_t buf[2048];
	struct adit_pkt pkt = {buf, sizeof buf, 128, 0};
	struct adit_esp_rx rx;

	put_packet(&pkt, n);
	assert_int_equal(adit_esp_encap(&t->out, &pkt), ADIT_OK);
	assert_int_equal(adit_esp_decap(&t->in, &pkt, &rx), ADIT_OK);
	assert_int_equal(pkt.len, n);
}

static void
test_esp_packets_allocate_nothing(void **state)
{
	static const size_t sizes[] = {28, 64, 512, 1400};

	(void)state;
	need_counting();
	for (const struct adit_aead *const *a = adit_mbedtls_compat.aead; *a != NULL; a++) {
		struct tunnel t;
		unsigned long before;

		make_tunnel(&t, *a);
		before = allocations;
		for (size_t i = 0; i < COUNT(sizes); i++)
			there_and_back(&t, sizes[i]);
		assert_int_equal(allocations - before, 0);
		adit_sa_wipe(&t.out);
		adit_sa_wipe(&t.in);
	}
}

static void
test_forged_esp_packets_allocate_nothing(void **state)
{
	(void)state;
	need_counting();
	for (const struct adit_aead *const *a = adit_mbedtls_compat.aead; *a != NULL; a++) {
		uint8_t buf[2048];
		struct adit_pkt pkt = {buf, sizeof buf, 128, 0};
		struct adit_esp_rx rx;
		struct tunnel t;
		unsigned long before;

		make_tunnel(&t, *a);
		put_packet(&pkt, 100);
		assert_int_equal(adit_esp_encap(&t.out, &pkt), ADIT_OK);
		adit_pkt_data(&pkt)[pkt.len - 1] ^= 1;
		before = allocations;
		assert_int_equal(adit_esp_decap(&t.in, &pkt, &rx), ADIT_ERR_ICV);
		assert_int_equal(allocations - before, 0);
		adit_sa_wipe(&t.out);
		adit_sa_wipe(&t.in);
	}
}

/* --- MACs, PRFs, hashes: never, keyed or not. */

static void
test_macs_prfs_and_hashes_allocate_nothing(void **state)
{
	static const uint8_t bytes[300];
	const struct adit_span part = {bytes, sizeof bytes};
	unsigned long before;

	(void)state;
	need_counting();
	before = allocations;
	for (const struct adit_prf *const *p = adit_mbedtls_compat.prf; *p != NULL; p++) {
		uint8_t out[200];

		assert_int_equal(adit_prf_sum(*p, part, &part, 1, out), ADIT_OK);
		assert_int_equal(
			adit_prf_plus(*p, part, &part, 1, (struct adit_buf){out, sizeof out}),
			ADIT_OK);
		assert_int_equal(adit_hash_sum((*p)->mac->hash, &part, 1, out), ADIT_OK);
	}
	assert_int_equal(allocations - before, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocations_are_counted),
		cmocka_unit_test(test_esp_packets_allocate_nothing),
		cmocka_unit_test(test_forged_esp_packets_allocate_nothing),
		cmocka_unit_test(test_macs_prfs_and_hashes_allocate_nothing),
	};

	return cmocka_run_group_tests_name("provider_alloc", tests, NULL, NULL);
}
