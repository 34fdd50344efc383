/* AH: what it covers, what it lets change, and that it comes off again (RFC 4302). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/ah.h"
#include "adit/mbedtls.h"
#include "base/endian.h"
#include "wire/ip.h"

enum {
	WORDS = ADIT_REPLAY_WORDS(64),
	BUF = 2048,
	ROOM = 128,
	UPPER = 64,
	UDP = 17,
	AH_V4 = 12 + 16
};

static const struct adit_ip v4_a = {4, {192, 0, 2, 1}}, v4_b = {4, {192, 0, 2, 2}};
static const struct adit_ip v6_a = {6, {0xfd, 1}}, v6_b = {6, {0xfd, 2}}, v6_c = {6, {0xfd, 3}};

struct world {
	struct adit_sa out, in;
	union adit_keyctx kc[2];
	uint32_t bits[WORDS];
	uint8_t buf[BUF], plain[BUF];
	size_t plain_len;
	struct adit_pkt pkt;
	struct adit_esp_rx rx;
};

static struct adit_sa_params
params(uint8_t version, enum adit_mode mode)
{
	static const uint8_t key[64] = {9, 8, 7};
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.protocol = ADIT_PROTO_AH;
	p.mode = mode;
	p.spi = 0x4321;
	p.local = version == 4 ? v4_a : v6_a;
	p.remote = version == 4 ? v4_b : v6_b;
	p.aead = &adit_mbedtls_null_sha256;
	p.key = (struct adit_span){key, 32};
	return p;
}

static void
make(struct world *w, struct adit_sa_params p)
{
	struct adit_ip local = p.local;

	memset(w, 0, sizeof *w);
	p.dir = ADIT_OUT;
	assert_int_equal(adit_sa_init(&w->out, &p, (struct adit_buf){w->kc[0].mem, sizeof w->kc[0]},
				      NULL, 0),
			 ADIT_OK);
	p.dir = ADIT_IN;
	p.local = p.remote;
	p.remote = local;
	assert_int_equal(adit_sa_init(&w->in, &p, (struct adit_buf){w->kc[1].mem, sizeof w->kc[1]},
				      w->bits, WORDS),
			 ADIT_OK);
}

static void
end(struct world *w)
{
	adit_sa_wipe(&w->out);
	adit_sa_wipe(&w->in);
}

/* A packet of header[n], whose lengths are set here, and UPPER bytes of UDP. */
static void
put(struct world *w, const uint8_t *header, size_t n)
{
	uint8_t *p = w->buf + ROOM;
	struct adit_ip_view v;

	memset(w->buf, 0xcc, sizeof w->buf);
	memcpy(p, header, n);
	memset(p + n, 0x5a, UPPER);
	w->pkt = (struct adit_pkt){w->buf, BUF, ROOM, n + UPPER};
	v.version = p[0] >> 4;
	adit_ip_set_length(p, &v, w->pkt.len);
	memcpy(w->plain, p, w->pkt.len);
	w->plain_len = w->pkt.len;
}

static size_t
ipv4_header(uint8_t *h, const uint8_t *options, size_t n)
{
	memset(h, 0, ADIT_IPV4_LEN);
	h[0] = (uint8_t)(0x45 + n / 4);
	h[ADIT_IPV4_TTL] = 64;
	h[ADIT_IPV4_PROTOCOL] = UDP;
	memcpy(h + ADIT_IPV4_SOURCE, v4_a.b, 4);
	memcpy(h + ADIT_IPV4_DESTINATION, v4_b.b, 4);
	if (n)
		memcpy(h + ADIT_IPV4_LEN, options, n);
	return ADIT_IPV4_LEN + n;
}

static size_t
ipv6_header(uint8_t *h, uint8_t next, const uint8_t *extensions, size_t n)
{
	memset(h, 0, ADIT_IPV6_LEN);
	h[0] = 0x60;
	h[ADIT_IPV6_NEXT] = n ? next : UDP;
	h[ADIT_IPV6_HOPS] = 64;
	memcpy(h + ADIT_IPV6_SOURCE, v6_a.b, 16);
	memcpy(h + ADIT_IPV6_DESTINATION, v6_b.b, 16);
	if (n)
		memcpy(h + ADIT_IPV6_LEN, extensions, n);
	return ADIT_IPV6_LEN + n;
}

static void
assert_comes_back(struct world *w)
{
	assert_int_equal(adit_ah_decap(&w->in, &w->pkt, &w->rx), ADIT_OK);
	assert_int_equal(w->pkt.len, w->plain_len);
	assert_memory_equal(adit_pkt_data(&w->pkt), w->plain, w->plain_len);
}

static void
test_a_packet_comes_back_in_each_mode_and_family(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		uint8_t inner = i & 1 ? 4 : 6, outer = i & 2 ? 4 : 6, h[64];
		struct adit_sa_params p = params(outer, i & 4 ? ADIT_TUNNEL : ADIT_TRANSPORT);
		struct world w;
		size_t n = inner == 4 ? ipv4_header(h, NULL, 0) : ipv6_header(h, 0, NULL, 0);

		p.esn = (i & 8) != 0;
		p.flags = (uint8_t)(i & 16 ? ADIT_SA_ALIGN8 : 0);
		make(&w, p);
		put(&w, h, n);
		if (p.mode == ADIT_TRANSPORT && inner != outer) {
			assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_ERR_MALFORMED);
			assert_int_equal(w.pkt.len, w.plain_len);
		} else {
			size_t before = w.pkt.len;

			assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
			assert_int_equal(w.pkt.len, before + adit_ah_headroom(&w.out));
			if (p.mode == ADIT_TRANSPORT)
				assert_int_equal(
					(w.pkt.len - before) % (p.flags || outer == 6 ? 8 : 4), 0);
			assert_comes_back(&w);
			assert_int_equal(w.in.n.packets, 1);
		}
		end(&w);
	}
}

static void
test_every_flipped_bit_is_refused_but_those_that_routers_change(void **state)
{
	static const uint8_t ipv4_may[] = {ADIT_IPV4_TOS,          ADIT_IPV4_FRAGMENT,
					   ADIT_IPV4_FRAGMENT + 1, ADIT_IPV4_TTL,
					   ADIT_IPV4_CHECKSUM,     ADIT_IPV4_CHECKSUM + 1};
	struct world w;
	uint8_t h[64], sealed[BUF];
	size_t len;

	(void)state;
	make(&w, params(4, ADIT_TRANSPORT));
	put(&w, h, ipv4_header(h, NULL, 0));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	len = w.pkt.len;
	memcpy(sealed, adit_pkt_data(&w.pkt), len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct adit_pkt pkt = w.pkt;
		size_t at = bit / 8;
		bool may = memchr(ipv4_may, (int)at, sizeof ipv4_may) != NULL;
		enum adit_status st;

		memcpy(adit_pkt_data(&pkt), sealed, len);
		adit_pkt_data(&pkt)[at] ^= (uint8_t)(1u << (bit % 8));
		st = adit_ah_decap_at(&w.in, &pkt, &w.rx);
		if (!may)
			assert_int_not_equal(st, ADIT_OK);
		else if (st != ADIT_OK) /* it says that there are fragments */
			assert_int_equal(st, ADIT_ERR_FRAGMENT);
	}
	assert_int_equal(w.in.window.top, 0);
	end(&w);
}

static void
test_a_refused_packet_is_as_it_was_and_moves_no_window(void **state)
{
	struct world w;
	uint8_t h[64], wrong[BUF];

	(void)state;
	make(&w, params(6, ADIT_TUNNEL));
	put(&w, h, ipv4_header(h, NULL, 0));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	adit_pkt_data(&w.pkt)[w.pkt.len - 1] ^= 1;
	memcpy(wrong, adit_pkt_data(&w.pkt), w.pkt.len);
	assert_int_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_ICV);
	assert_memory_equal(adit_pkt_data(&w.pkt), wrong, w.pkt.len);
	assert_int_equal(w.in.window.top, 0);
	assert_int_equal(w.in.n.drops, 1);
	adit_pkt_data(&w.pkt)[w.pkt.len - 1] ^= 1;
	assert_comes_back(&w);
	end(&w);
}

static void
test_a_second_copy_is_a_replay(void **state)
{
	struct world w;
	uint8_t h[64], copy[BUF];
	struct adit_pkt again;

	(void)state;
	make(&w, params(4, ADIT_TRANSPORT));
	put(&w, h, ipv4_header(h, NULL, 0));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	memcpy(copy, w.buf, BUF);
	again = w.pkt;
	assert_comes_back(&w);
	memcpy(w.buf, copy, BUF);
	assert_int_equal(adit_ah_decap(&w.in, &again, &w.rx), ADIT_ERR_REPLAY);
	end(&w);
}

static void
test_ipv4_options_that_routers_fill_may_change_and_others_not(void **state)
{
	/* Record route, NOP, router alert. */
	static const uint8_t options[12] = {7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0};
	struct world w;
	uint8_t h[64];

	(void)state;
	make(&w, params(4, ADIT_TRANSPORT));
	put(&w, h, ipv4_header(h, options, sizeof options));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	adit_pkt_data(&w.pkt)[20 + 2] = 8;
	adit_pkt_data(&w.pkt)[20 + 4] = 192;
	assert_int_equal(adit_ah_decap_at(&w.in,
					  &(struct adit_pkt){w.buf, BUF, w.pkt.off, w.pkt.len},
					  &w.rx),
			 ADIT_OK);
	put(&w, h, ipv4_header(h, options, sizeof options));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	adit_pkt_data(&w.pkt)[20 + 11] = 1;
	assert_int_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_ICV);
	end(&w);
}

static void
test_ipv4_options_that_are_none_are_refused_before_anything_is_written(void **state)
{
	static const uint8_t wrong[][4] = {
		{7, 0, 0, 0}, {7, 1, 0, 0}, {7, 5, 4, 0}, {1, 1, 1, 68}, {131, 4, 4, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct world w;
		uint8_t h[64];

		make(&w, params(4, ADIT_TRANSPORT));
		put(&w, h, ipv4_header(h, wrong[i], 4));
		assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_ERR_MALFORMED);
		assert_memory_equal(adit_pkt_data(&w.pkt), w.plain, w.plain_len);
		assert_int_equal(w.out.seq, 0);
		end(&w);
	}
}

/* As the packet looks when it has gone through all of its list. */
static void
arrive(uint8_t *p)
{
	uint8_t *route = p + ADIT_IPV6_LEN, *destination = p + ADIT_IPV6_DESTINATION;

	for (size_t n = (size_t)route[1] / 2; route[3] > 0; route[3]--) {
		uint8_t *next = route + 8 + 16 * (n - route[3]), was[16];

		memcpy(was, destination, 16);
		memcpy(destination, next, 16);
		memcpy(next, was, 16);
	}
}

static void
test_a_routing_header_is_foretold(void **state)
{
	uint8_t route[8 + 32] = {UDP, 4, 0, 2}, h[128];
	struct adit_sa_params p = params(6, ADIT_TRANSPORT);
	struct world w;

	(void)state;
	memcpy(route + 8, v6_c.b, 16);
	memcpy(route + 24, v6_b.b, 16);
	make(&w, p);
	memcpy(h, route, sizeof route);
	put(&w, h, ipv6_header(h, 43, route, sizeof route));
	memcpy(w.buf + ROOM + ADIT_IPV6_DESTINATION, v6_a.b, 16);
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	arrive(adit_pkt_data(&w.pkt));
	assert_memory_equal(adit_pkt_data(&w.pkt) + ADIT_IPV6_DESTINATION, v6_b.b, 16);
	assert_int_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
	end(&w);
}

static void
test_a_route_of_unknown_type_is_refused_while_segments_are_left(void **state)
{
	uint8_t route[24] = {UDP, 2, 4, 1}, h[128];
	struct world w;

	(void)state;
	make(&w, params(6, ADIT_TRANSPORT));
	put(&w, h, ipv6_header(h, 43, route, sizeof route));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_ERR_UNSUPPORTED);
	route[3] = 0;
	put(&w, h, ipv6_header(h, 43, route, sizeof route));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	assert_comes_back(&w);
	end(&w);
}

static void
test_ipv6_options_are_covered_as_their_type_says(void **state)
{
	/* PadN of 0x01, then an option that may change, 0x3e. */
	static const uint8_t hop[8] = {UDP, 0, 0x3e, 2, 1, 2, 1, 0};

	(void)state;
	for (size_t at = 2; at < 8; at++) {
		struct world w;
		uint8_t h[128];
		bool may = at == 4 || at == 5;

		make(&w, params(6, ADIT_TRANSPORT));
		put(&w, h, ipv6_header(h, 0, hop, sizeof hop));
		assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
		adit_pkt_data(&w.pkt)[ADIT_IPV6_LEN + at] ^= 0x40;
		if (may)
			assert_int_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
		else
			assert_int_not_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
		end(&w);
	}
}

static void
test_lengths_that_are_not_the_sa_s_are_refused(void **state)
{
	(void)state;
	for (unsigned len = 0; len < 256; len++) {
		struct world w;
		uint8_t h[64];

		make(&w, params(4, ADIT_TRANSPORT));
		put(&w, h, ipv4_header(h, NULL, 0));
		assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
		if (len == AH_V4 / 4 - 2) {
			end(&w);
			continue;
		}
		adit_pkt_data(&w.pkt)[ADIT_IPV4_LEN + 1] = (uint8_t)len;
		assert_int_not_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
		end(&w);
	}
}

static void
test_every_truncation_is_refused(void **state)
{
	struct world w;
	uint8_t h[64];
	size_t len;

	(void)state;
	make(&w, params(4, ADIT_TRANSPORT));
	put(&w, h, ipv4_header(h, NULL, 0));
	assert_int_equal(adit_ah_encap(&w.out, &w.pkt), ADIT_OK);
	len = w.pkt.len;
	for (w.pkt.len = 0; w.pkt.len < len; w.pkt.len++) {
		assert_int_equal(adit_ah_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_SHORT);
		/* The header says that it is all there is. */
		if (w.pkt.len >= ADIT_IPV4_LEN) {
			struct adit_ip_view v = {.version = 4};
			uint8_t copy[BUF];

			memcpy(copy, w.buf, BUF);
			adit_ip_set_length(copy + w.pkt.off, &v, w.pkt.len);
			assert_int_not_equal(
				adit_ah_decap(&w.in,
					      &(struct adit_pkt){copy, BUF, w.pkt.off, w.pkt.len},
					      &w.rx),
				ADIT_OK);
		}
	}
	assert_int_equal(w.in.window.top, 0);
	end(&w);
}

static void
test_payload_max_is_exact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct adit_sa_params p = params(i & 1 ? (uint8_t)4 : (uint8_t)6,
						 i & 2 ? ADIT_TUNNEL : ADIT_TRANSPORT);

		p.flags = (uint8_t)(i & 4 ? ADIT_SA_ALIGN8 : 0);
		/* Whatever the path, IPv6 packets up to 1280 bytes are made. */
		for (uint16_t mtu = i & 1 ? 200 : 1500; mtu < (i & 1 ? 300 : 1600); mtu++) {
			uint8_t h[64];
			struct world w;
			size_t max;

			p.mtu = mtu;
			make(&w, p);
			max = adit_ah_payload_max(&w.out, mtu);
			for (size_t more = 0; more < 2; more++) {
				struct adit_ip_view v = {.version = p.local.version};

				put(&w, h,
				    v.version == 4 ? ipv4_header(h, NULL, 0)
						   : ipv6_header(h, 0, NULL, 0));
				/* Without DF transport mode leaves it to be cut behind AH. */
				if (v.version == 4)
					adit_pkt_data(&w.pkt)[6] = 0x40;
				w.pkt.len = max + more;
				adit_ip_set_length(adit_pkt_data(&w.pkt), &v, w.pkt.len);
				assert_int_equal(adit_ah_encap(&w.out, &w.pkt),
						 more ? ADIT_ERR_MTU : ADIT_OK);
			}
			end(&w);
		}
	}
}

static void
test_ah_in_udp_and_ciphers_that_encipher_are_refused(void **state)
{
	struct adit_sa_params p = params(4, ADIT_TRANSPORT);
	union adit_keyctx kc;
	struct adit_sa sa;

	(void)state;
	p.dir = ADIT_OUT;
	p.udp_encap = true;
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, NULL, 0),
			 ADIT_ERR_ARG);
	p.udp_encap = false;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key.n = 20;
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, NULL, 0),
			 ADIT_ERR_ARG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_comes_back_in_each_mode_and_family),
		cmocka_unit_test(test_every_flipped_bit_is_refused_but_those_that_routers_change),
		cmocka_unit_test(test_a_refused_packet_is_as_it_was_and_moves_no_window),
		cmocka_unit_test(test_a_second_copy_is_a_replay),
		cmocka_unit_test(test_ipv4_options_that_routers_fill_may_change_and_others_not),
		cmocka_unit_test(
			test_ipv4_options_that_are_none_are_refused_before_anything_is_written),
		cmocka_unit_test(test_a_routing_header_is_foretold),
		cmocka_unit_test(test_a_route_of_unknown_type_is_refused_while_segments_are_left),
		cmocka_unit_test(test_ipv6_options_are_covered_as_their_type_says),
		cmocka_unit_test(test_lengths_that_are_not_the_sa_s_are_refused),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_payload_max_is_exact),
		cmocka_unit_test(test_ah_in_udp_and_ciphers_that_encipher_are_refused),
	};

	return cmocka_run_group_tests_name("ah", tests, NULL, NULL);
}
