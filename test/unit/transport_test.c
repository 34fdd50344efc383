/* Transport mode: where ESP goes between the headers of a packet, and what a NAT leaves to mend
 * (RFC 4303 3.1.1, RFC 3948 3.1.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/esp.h"
#include "adit/mbedtls.h"
#include "base/endian.h"
#include "wire/ip.h"

enum { WORDS = ADIT_REPLAY_WORDS(64), BUF = 1024, ROOM = 128, UDP = 17, TCP = 6, ESP = 50 };
enum { HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };

static const struct adit_ip v4_a = {4, {192, 0, 2, 1}}, v4_b = {4, {192, 0, 2, 2}};
static const struct adit_ip v6_a = {6, {0xfd, 1}}, v6_b = {6, {0xfd, 2}};

struct world {
	struct adit_sa out, in;
	union adit_keyctx kc[2];
	uint32_t bits[WORDS];
	uint8_t buf[BUF];
	struct adit_pkt pkt;
	struct adit_esp_rx rx;
};

static void
make(struct world *w, uint8_t version, bool udp)
{
	static const uint8_t key[20] = {5, 6, 7};
	struct adit_sa_params p;

	memset(w, 0, sizeof *w);
	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.mode = ADIT_TRANSPORT;
	p.spi = 0x5678;
	p.local = version == 4 ? v4_a : v6_a;
	p.remote = version == 4 ? v4_b : v6_b;
	p.udp_encap = udp;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, sizeof key};
	assert_int_equal(adit_sa_init(&w->out, &p, (struct adit_buf){w->kc[0].mem, sizeof w->kc[0]},
				      NULL, 0),
			 ADIT_OK);
	p.dir = ADIT_IN;
	p.local = version == 4 ? v4_b : v6_b;
	p.remote = version == 4 ? v4_a : v6_a;
	assert_int_equal(adit_sa_init(&w->in, &p, (struct adit_buf){w->kc[1].mem, sizeof w->kc[1]},
				      w->bits, WORDS),
			 ADIT_OK);
	w->pkt = (struct adit_pkt){w->buf, BUF, ROOM, 0};
}

static void
end(struct world *w)
{
	adit_sa_wipe(&w->out);
	adit_sa_wipe(&w->in);
}

/* An upper layer of n bytes with a true checksum, behind what the packet holds by now. */
static void
put_upper(struct world *w, uint8_t protocol, size_t n)
{
	uint8_t *p = adit_pkt_data(&w->pkt), *upper = p + w->pkt.len;
	size_t field = protocol == TCP ? 16 : 6;

	memset(upper, 0x5a, n);
	if (protocol == UDP)
		adit_store16(upper + 4, (uint16_t)n);
	adit_store16(upper + field, 0);
	w->pkt.len += n;
	if (p[0] >> 4 == 4) {
		adit_store16(p + ADIT_IPV4_TOTAL, (uint16_t)w->pkt.len);
		adit_ipv4_set_checksum(p);
	} else {
		adit_store16(p + ADIT_IPV6_PAYLOAD, (uint16_t)(w->pkt.len - ADIT_IPV6_LEN));
	}
	adit_store16(upper + field, adit_upper_checksum(p, p[0] >> 4, protocol, upper, n));
}

/* options: bytes of them, a multiple of 4. */
static void
put_ipv4(struct world *w, uint8_t protocol, size_t options)
{
	uint8_t *p = w->buf + ROOM;

	w->pkt.off = ROOM;
	memset(p, 0, ADIT_IPV4_LEN);
	memset(p + ADIT_IPV4_LEN, 1, options); /* no operation */
	p[0] = (uint8_t)(0x45 + options / 4);
	p[ADIT_IPV4_TTL] = 63;
	p[ADIT_IPV4_PROTOCOL] = protocol;
	memcpy(p + ADIT_IPV4_SOURCE, v4_a.b, 4);
	memcpy(p + ADIT_IPV4_DESTINATION, v4_b.b, 4);
	w->pkt.len = ADIT_IPV4_LEN + options;
}

/* chain: next header numbers, the upper layer's last; each but that is a header of 8 bytes. */
static void
put_ipv6(struct world *w, const uint8_t *chain, size_t n)
{
	uint8_t *p = w->buf + ROOM;

	w->pkt.off = ROOM;
	memset(p, 0, ADIT_IPV6_LEN);
	p[0] = 0x60;
	p[ADIT_IPV6_NEXT] = chain[0];
	p[ADIT_IPV6_HOPS] = 63;
	memcpy(p + ADIT_IPV6_SOURCE, v6_a.b, 16);
	memcpy(p + ADIT_IPV6_DESTINATION, v6_b.b, 16);
	w->pkt.len = ADIT_IPV6_LEN;
	for (size_t i = 1; i < n; i++) {
		uint8_t *ext = p + w->pkt.len;

		memset(ext, 0, 8);
		ext[0] = chain[i];
		w->pkt.len += 8;
	}
}

static void
assert_there_and_back(struct world *w)
{
	uint8_t before[BUF];
	size_t len = w->pkt.len;

	memcpy(before, adit_pkt_data(&w->pkt), len);
	assert_int_equal(adit_esp_encap(&w->out, &w->pkt), ADIT_OK);
	assert_int_equal(adit_esp_decap(&w->in, &w->pkt, &w->rx), ADIT_OK);
	assert_int_equal(w->pkt.len, len);
	assert_memory_equal(adit_pkt_data(&w->pkt), before, len);
}

static void
test_ipv4_options_stay_in_front(void **state)
{
	struct world w;

	(void)state;
	make(&w, 4, false);
	for (size_t options = 0; options <= 40; options += 4) {
		put_ipv4(&w, UDP, options);
		put_upper(&w, UDP, 33);
		assert_there_and_back(&w);
		put_ipv4(&w, TCP, options);
		put_upper(&w, TCP, 48);
		assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
		assert_int_equal(adit_pkt_data(&w.pkt)[ADIT_IPV4_PROTOCOL], ESP);
		assert_int_equal(adit_load32(adit_pkt_data(&w.pkt) + ADIT_IPV4_LEN + options),
				 0x5678);
	}
	end(&w);
}

/* Where ESP stands among extension headers: `before` of the chain's are in front of it. */
static void
assert_place(const uint8_t *chain, size_t n, size_t before)
{
	struct world w;
	const uint8_t *p;

	make(&w, 6, false);
	put_ipv6(&w, chain, n);
	put_upper(&w, UDP, 40);
	assert_there_and_back(&w);
	assert_int_equal(w.rx.next_header, chain[before]);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	p = adit_pkt_data(&w.pkt);
	assert_int_equal(adit_load32(p + ADIT_IPV6_LEN + 8 * before), 0x5678);
	assert_int_equal(before ? p[ADIT_IPV6_LEN + 8 * (before - 1)] : p[ADIT_IPV6_NEXT], ESP);
	end(&w);
}

static void
test_esp_goes_behind_what_is_read_on_the_way(void **state)
{
	const uint8_t none[] = {UDP}, hop[] = {HOP, UDP}, last[] = {DESTINATION, UDP};
	const uint8_t all[] = {HOP, DESTINATION, ROUTING, DESTINATION, UDP};
	const uint8_t whole[] = {ROUTING, FRAGMENT, UDP};

	(void)state;
	assert_place(none, sizeof none, 0);
	assert_place(hop, sizeof hop, 1);
	assert_place(last, sizeof last, 0);
	assert_place(all, sizeof all, 3);
	assert_place(whole, sizeof whole, 2);
}

static void
test_real_fragments_are_refused_unchanged(void **state)
{
	const uint8_t chain[] = {FRAGMENT, UDP};
	uint8_t before[BUF];
	struct world w;

	(void)state;
	make(&w, 6, false);
	put_ipv6(&w, chain, sizeof chain);
	put_upper(&w, UDP, 40);
	adit_pkt_data(&w.pkt)[ADIT_IPV6_LEN + 3] = 1; /* more fragments */
	memcpy(before, w.buf, BUF);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_ERR_FRAGMENT);
	assert_memory_equal(w.buf, before, BUF);
	assert_int_equal(w.out.seq, 0);
	end(&w);
}

/* A NAT gives an outer packet another source; what comes out must be true to its own addresses. */
static void
run_nat(uint8_t protocol, size_t n)
{
	struct world w;
	uint8_t *p;

	make(&w, 4, true);
	put_ipv4(&w, protocol, 0);
	put_upper(&w, protocol, n);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	p = adit_pkt_data(&w.pkt);
	adit_store32(p + ADIT_IPV4_SOURCE, 0xcb007109);
	adit_store16(p + ADIT_IPV4_LEN, 61000);
	adit_ipv4_set_checksum(p);
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
	p = adit_pkt_data(&w.pkt);
	assert_int_equal(w.pkt.len, ADIT_IPV4_LEN + n);
	assert_int_equal(p[ADIT_IPV4_PROTOCOL], protocol);
	assert_int_equal(adit_load32(p + ADIT_IPV4_SOURCE), 0xcb007109);
	/* A sum over a true checksum is zero. */
	assert_int_equal(adit_upper_checksum(p, 4, protocol, p + ADIT_IPV4_LEN, n), 0);
	end(&w);
}

static void
test_checksums_are_true_behind_a_nat(void **state)
{
	(void)state;
	for (size_t n = 20; n < 60; n++) {
		run_nat(TCP, n);
		run_nat(UDP, n);
	}
}

/* Linux and others drop a zero UDP checksum over IPv6. */
static void
test_udp_over_ipv6_has_a_true_checksum(void **state)
{
	const uint8_t chain[] = {UDP};
	struct world w;
	const uint8_t *p;

	(void)state;
	make(&w, 6, true);
	for (size_t n = 20; n < 60; n++) {
		put_ipv6(&w, chain, sizeof chain);
		put_upper(&w, UDP, n);
		assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
		p = adit_pkt_data(&w.pkt);
		assert_int_not_equal(adit_load16(p + ADIT_IPV6_LEN + 6), 0);
		assert_int_equal(adit_upper_checksum(p, 6, UDP, p + ADIT_IPV6_LEN,
						     w.pkt.len - ADIT_IPV6_LEN),
				 0);
		assert_int_equal(adit_load16(p + ADIT_IPV6_LEN + 4), w.pkt.len - ADIT_IPV6_LEN);
	}
	end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_options_stay_in_front),
		cmocka_unit_test(test_esp_goes_behind_what_is_read_on_the_way),
		cmocka_unit_test(test_real_fragments_are_refused_unchanged),
		cmocka_unit_test(test_checksums_are_true_behind_a_nat),
		cmocka_unit_test(test_udp_over_ipv6_has_a_true_checksum),
	};

	return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
