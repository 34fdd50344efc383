/* ESP packets: room, sizes, forgeries, padding, numbers, headers. Bytes are compared with other
 * implementations' in test/vectors. Attack corpus: ESP-01 to ESP-11, ESP-15, ESP-16, ESP-18. */
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

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { BUF = 4096, ROOM = 256, SPI = 0x1234 };

static const struct adit_aead *const aeads[] = {&adit_mbedtls_aes128_gcm16,
						&adit_mbedtls_chacha20_poly1305,
						&adit_mbedtls_aes256_cbc_sha512};

/* Two SAs of one direction, a packet between them. */
struct pipe {
	struct adit_sa out, in;
	union adit_keyctx kc_out, kc_in;
	uint32_t window[ADIT_REPLAY_WORDS(64)];
	uint8_t buf[BUF];
	struct adit_pkt pkt;
	struct adit_esp_rx rx;
};

struct form {
	const struct adit_aead *aead;
	enum adit_mode mode;
	uint8_t outer; /* IP version */
	bool udp, esn;
};

static const struct adit_ip v4_a = {4, {192, 0, 2, 1}}, v4_b = {4, {192, 0, 2, 2}};
static const struct adit_ip v6_a = {6, {0xfd, 1}}, v6_b = {6, {0xfd, 2}};

static void
make_pipe(struct pipe *w, const struct form *f)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX] = {9, 8, 7};
	struct adit_sa_params p;

	memset(w, 0, sizeof *w);
	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.mode = f->mode;
	p.spi = SPI;
	p.local = f->outer == 4 ? v4_a : v6_a;
	p.remote = f->outer == 4 ? v4_b : v6_b;
	p.udp_encap = f->udp;
	p.aead = f->aead;
	p.key = (struct adit_span){key, adit_aead_key_len(f->aead)};
	p.esn = f->esn;
	p.replay_window = 64;
	assert_int_equal(adit_sa_init(&w->out, &p,
				      (struct adit_buf){w->kc_out.mem, sizeof w->kc_out}, NULL, 0),
			 ADIT_OK);
	p.dir = ADIT_IN;
	p.local = f->outer == 4 ? v4_b : v6_b;
	p.remote = f->outer == 4 ? v4_a : v6_a;
	assert_int_equal(adit_sa_init(&w->in, &p, (struct adit_buf){w->kc_in.mem, sizeof w->kc_in},
				      w->window, COUNT(w->window)),
			 ADIT_OK);
	w->pkt = (struct adit_pkt){w->buf, sizeof w->buf, ROOM, 0};
}

static void
end_pipe(struct pipe *w)
{
	adit_sa_wipe(&w->out);
	adit_sa_wipe(&w->in);
}

/* A UDP packet of n bytes with the ends of the pipe as addresses. */
static void
put_packet(struct pipe *w, uint8_t version, size_t n)
{
	uint8_t *p;

	w->pkt.off = ROOM;
	w->pkt.len = n;
	p = adit_pkt_data(&w->pkt);
	memset(p, 0xee, n);
	if (version == 4) {
		memset(p, 0, 20);
		p[0] = 0x45;
		adit_store16(p + 2, (uint16_t)n);
		p[8] = 64;
		p[9] = ADIT_PROTO_UDP;
		memcpy(p + 12, v4_a.b, 4);
		memcpy(p + 16, v4_b.b, 4);
		adit_ipv4_set_checksum(p);
	} else {
		memset(p, 0, 40);
		p[0] = 0x60;
		adit_store16(p + 4, (uint16_t)(n - 40));
		p[6] = ADIT_PROTO_UDP;
		p[7] = 64;
		memcpy(p + 8, v6_a.b, 16);
		memcpy(p + 24, v6_b.b, 16);
	}
}

static size_t
header_of(uint8_t version)
{
	return version == 4 ? 20 : 40;
}

static const struct form forms[] = {
	{NULL, ADIT_TUNNEL, 4, false, false},   {NULL, ADIT_TUNNEL, 6, false, true},
	{NULL, ADIT_TUNNEL, 4, true, true},     {NULL, ADIT_TUNNEL, 6, true, false},
	{NULL, ADIT_TRANSPORT, 4, false, true}, {NULL, ADIT_TRANSPORT, 6, false, false},
	{NULL, ADIT_TRANSPORT, 4, true, false},
};

/* Runs on every form with every kind of AEAD; in transport mode with the inner version outside. */
static void
for_each_form(void (*run)(struct pipe *, const struct form *, uint8_t inner))
{
	for (size_t a = 0; a < COUNT(aeads); a++)
		for (size_t i = 0; i < COUNT(forms); i++)
			for (uint8_t inner = 4; inner <= 6; inner += 2) {
				struct form f = forms[i];
				struct pipe w;

				f.aead = aeads[a];
				if (f.mode == ADIT_TRANSPORT && inner != f.outer)
					continue;
				make_pipe(&w, &f);
				run(&w, &f, inner);
				end_pipe(&w);
			}
}

/* --- There and back. */

static void
run_sizes(struct pipe *w, const struct form *f, uint8_t inner)
{
	uint8_t before[BUF];

	(void)f;
	for (size_t n = header_of(inner) + 8; n < header_of(inner) + 80; n++) {
		put_packet(w, inner, n);
		/* Mended behind a NAT: have no checksum that could change. */
		adit_store16(adit_pkt_data(&w->pkt) + header_of(inner) + 6, 0);
		memcpy(before, adit_pkt_data(&w->pkt), n);
		assert_int_equal(adit_esp_encap(&w->out, &w->pkt), ADIT_OK);
		assert_int_equal(adit_esp_decap(&w->in, &w->pkt, &w->rx), ADIT_OK);
		assert_int_equal(w->rx.seq, n - header_of(inner) - 7);
		assert_int_equal(w->pkt.len, n);
		assert_memory_equal(adit_pkt_data(&w->pkt), before, n);
	}
	assert_int_equal(w->in.n.packets, 72);
	assert_int_equal(w->in.n.bytes, w->out.n.bytes);
}

static void
test_packets_of_every_size_come_back_as_they_were(void **state)
{
	(void)state;
	for_each_form(run_sizes);
}

/* --- ESP-11: room. */

static void
run_room(struct pipe *w, const struct form *f, uint8_t inner)
{
	size_t n = header_of(inner) + 21, head = adit_esp_headroom(&w->out);
	size_t tail = adit_esp_tailroom(&w->out);
	struct adit_pkt tight = {w->buf, head + n + tail, head, n};
	uint8_t before[BUF];
	bool refused_less_tail = false;

	(void)f;
	put_packet(w, inner, n);
	memmove(w->buf + head, adit_pkt_data(&w->pkt), n);
	memset(w->buf + tight.cap, 0x5a, 64);
	memcpy(before, w->buf, sizeof before);
	for (size_t less = 1; less <= tail; less++) {
		struct adit_pkt p = {w->buf, tight.cap - less, head, n};
		enum adit_status st = adit_esp_encap_at(&w->out, 1, &p);

		if (st == ADIT_OK) {
			memcpy(w->buf, before, sizeof before);
			continue;
		}
		refused_less_tail = true;
		assert_int_equal(st, ADIT_ERR_ROOM);
		assert_int_equal(p.len, n);
		assert_memory_equal(w->buf, before, sizeof before);
	}
	assert_true(refused_less_tail);
	if (head > 0) {
		struct adit_pkt p = {w->buf + 1, tight.cap, head - 1, n};

		assert_int_equal(adit_esp_encap_at(&w->out, 1, &p), ADIT_ERR_ROOM);
		assert_memory_equal(w->buf, before, sizeof before);
	}
	assert_int_equal(adit_esp_encap_at(&w->out, 1, &tight), ADIT_OK);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(w->buf[head + n + tail + i], 0x5a);
}

static void
test_esp_11_headroom_and_tailroom_are_enough_and_exact_in_front(void **state)
{
	(void)state;
	for_each_form(run_room);
}

static void
run_payload_max(struct pipe *w, const struct form *f, uint8_t inner)
{
	if (f->mode == ADIT_TRANSPORT && inner != f->outer)
		return;
	for (size_t mtu = 200; mtu < 240; mtu++) {
		size_t max = adit_esp_payload_max(&w->out, mtu);

		put_packet(w, inner, max);
		assert_int_equal(adit_esp_encap_at(&w->out, 1, &w->pkt), ADIT_OK);
		assert_true(w->pkt.len <= mtu);
		put_packet(w, inner, max + 1);
		assert_int_equal(adit_esp_encap_at(&w->out, 1, &w->pkt), ADIT_OK);
		assert_true(w->pkt.len > mtu);
	}
	assert_int_equal(adit_esp_payload_max(&w->out, 0), 0);
	assert_int_equal(adit_esp_payload_max(&w->out, 30), 0);
}

static void
test_payload_max_is_exact(void **state)
{
	(void)state;
	for_each_form(run_payload_max);
}

/* --- ESP-01, ESP-02: damage. */

static size_t
esp_at(const struct pipe *w, const struct form *f)
{
	return f->mode == ADIT_TUNNEL ? w->out.outer_len : header_of(f->outer) + (f->udp ? 8u : 0u);
}

static void
run_damage(struct pipe *w, const struct form *f, uint8_t inner)
{
	static uint8_t sealed[BUF];
	struct adit_pkt good;

	put_packet(w, inner, header_of(inner) + 24);
	assert_int_equal(adit_esp_encap(&w->out, &w->pkt), ADIT_OK);
	good = w->pkt;
	memcpy(sealed, w->buf, sizeof sealed);
	for (size_t n = 0; n < good.len; n++) {
		w->pkt = good;
		w->pkt.len = n;
		assert_int_not_equal(adit_esp_decap(&w->in, &w->pkt, &w->rx), ADIT_OK);
		memcpy(w->buf, sealed, sizeof sealed);
	}
	/* From the IV on, every bit is authenticated and nothing else. */
	for (size_t bit = 8 * (esp_at(w, f) + 8); bit < 8 * good.len; bit++) {
		w->pkt = good;
		w->buf[good.off + bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(adit_esp_decap(&w->in, &w->pkt, &w->rx), ADIT_ERR_ICV);
		memcpy(w->buf, sealed, sizeof sealed);
	}
	assert_int_equal(w->in.window.top, 0);
	w->pkt = good;
	assert_int_equal(adit_esp_decap(&w->in, &w->pkt, &w->rx), ADIT_OK);
}

static void
test_esp_01_02_damaged_packets_are_refused_and_move_no_window(void **state)
{
	(void)state;
	for_each_form(run_damage);
}

/* --- What is inside: sealed by hand with a plaintext of ours. */

static const struct form plain_tunnel = {&adit_mbedtls_aes128_gcm16, ADIT_TUNNEL, 4, false, false};
static const struct form plain_transport = {&adit_mbedtls_aes128_gcm16, ADIT_TRANSPORT, 4, false,
					    false};

static enum adit_status
receive_plaintext(struct pipe *w, uint64_t seq, const uint8_t *plain, size_t n)
{
	const struct adit_aead *aead = w->out.aead;
	uint8_t *p = w->buf + ROOM, *esp = p + 20;
	struct adit_aead_op op;

	memset(p, 0, 20);
	p[0] = 0x45;
	adit_store16(p + 2, (uint16_t)(20 + 8 + 8 + n + 16));
	p[8] = 64;
	p[9] = ADIT_PROTO_ESP;
	memcpy(p + 12, v4_a.b, 4);
	memcpy(p + 16, v4_b.b, 4);
	adit_ipv4_set_checksum(p);
	adit_store32(esp, SPI);
	adit_store32(esp + 4, (uint32_t)seq);
	adit_store64(esp + 8, seq);
	memcpy(esp + 16, plain, n);
	memset(&op, 0, sizeof op);
	op.iv = esp + 8;
	op.aad = (struct adit_span){esp, 8};
	op.data = esp + 16;
	op.len = n;
	op.icv = esp + 16 + n;
	aead->seal(aead, &w->kc_out, &op, 1);
	w->pkt = (struct adit_pkt){w->buf, sizeof w->buf, ROOM, 20 + 8 + 8 + n + 16};
	return adit_esp_decap(&w->in, &w->pkt, &w->rx);
}

static void
test_esp_04_padding_must_be_1_2_3_and_fit(void **state)
{
	uint8_t plain[64];
	struct pipe w;
	uint64_t seq = 1;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 28);
	memcpy(plain, adit_pkt_data(&w.pkt), 28);
	for (unsigned pad = 0; pad < 256; pad++) {
		memcpy(plain + 28, "\1\2\3\4", 4);
		plain[32] = (uint8_t)pad;
		plain[33] = ADIT_NEXT_IPV4;
		/* Four bytes of padding: 4 is the truth, less leaves some behind the packet. */
		assert_int_equal(receive_plaintext(&w, seq++, plain, 34),
				 pad == 4 || pad == 0 ? ADIT_OK : ADIT_ERR_PADDING);
	}
	memcpy(plain + 28, "\1\2\3\5\4\4", 6);
	assert_int_equal(receive_plaintext(&w, seq++, plain, 34), ADIT_ERR_PADDING);
	memcpy(plain + 28, "\0\1\2\3\4\4", 6);
	assert_int_equal(receive_plaintext(&w, seq++, plain, 34), ADIT_ERR_PADDING);
	/* Authentic, so its number is used up. */
	assert_int_equal(receive_plaintext(&w, seq - 1, plain, 34), ADIT_ERR_REPLAY);
	end_pipe(&w);
}

static void
test_esp_05_next_header_must_be_what_is_inside(void **state)
{
	uint8_t plain[30];
	struct pipe w;
	uint64_t seq = 1;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 28);
	memcpy(plain, adit_pkt_data(&w.pkt), 28);
	plain[28] = 0;
	for (unsigned next = 0; next < 256; next++) {
		enum adit_status want = ADIT_ERR_UNSUPPORTED;

		plain[29] = (uint8_t)next;
		if (next == ADIT_NEXT_IPV4)
			want = ADIT_OK;
		else if (next == ADIT_NEXT_IPV6)
			want = ADIT_ERR_MALFORMED;
		else if (next == ADIT_NEXT_NONE)
			want = ADIT_ERR_DUMMY;
		else
			want = ADIT_ERR_UNSUPPORTED;
		if (want == ADIT_ERR_MALFORMED) {
			assert_int_not_equal(receive_plaintext(&w, seq++, plain, 30), ADIT_OK);
			continue;
		}
		assert_int_equal(receive_plaintext(&w, seq++, plain, 30), want);
	}
	end_pipe(&w);
}

static void
test_esp_06_inner_packets_must_be_whole_and_what_is_behind_them_is_cut(void **state)
{
	uint8_t plain[64] = {0};
	struct pipe w;
	uint64_t seq = 1;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 28);
	memcpy(plain, adit_pkt_data(&w.pkt), 28);
	plain[61] = ADIT_NEXT_IPV4;
	for (unsigned total = 0; total < 256; total++) {
		enum adit_status st;

		plain[3] = (uint8_t)total;
		st = receive_plaintext(&w, seq++, plain, 62);
		assert_int_equal(st == ADIT_OK, total >= 20 && total <= 60);
		if (st == ADIT_OK)
			assert_int_equal(w.pkt.len, total);
	}
	plain[3] = 28;
	for (unsigned first = 0; first < 256; first++) {
		plain[0] = (uint8_t)first;
		assert_int_equal(receive_plaintext(&w, seq++, plain, 62) == ADIT_OK,
				 first >= 0x45 && first <= 0x47);
	}
	end_pipe(&w);
}

/* --- Numbers. */

static void
test_esp_07_a_packet_is_delivered_once(void **state)
{
	uint8_t sealed[BUF];
	struct adit_pkt good;
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	good = w.pkt;
	memcpy(sealed, w.buf, sizeof sealed);
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
	memcpy(w.buf, sealed, sizeof sealed);
	w.pkt = good;
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_REPLAY);
	assert_memory_equal(w.buf, sealed, sizeof sealed);
	end_pipe(&w);
}

static void
test_esp_07_the_same_packet_twice_in_a_burst_is_delivered_once(void **state)
{
	static uint8_t twin[BUF];
	struct adit_pkt pkts[2];
	struct adit_esp_rx rx[2];
	enum adit_status st[2];
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	memcpy(twin, w.buf, sizeof twin);
	pkts[0] = pkts[1] = w.pkt;
	pkts[1].buf = twin;
	adit_esp_decap_burst(&w.in, pkts, rx, st, 2);
	assert_int_equal(st[0], ADIT_OK);
	assert_int_equal(st[1], ADIT_ERR_REPLAY);
	assert_int_equal(w.in.n.packets, 1);
	assert_int_equal(w.in.n.drops, 1);
	end_pipe(&w);
}

static void
test_esp_09_numbers_end_before_they_wrap(void **state)
{
	struct form f = plain_tunnel;
	struct pipe w;

	(void)state;
	make_pipe(&w, &f);
	w.out.seq = UINT32_MAX - 1u;
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_ERR_EXHAUSTED);
	assert_int_equal(w.pkt.len, 100);
	assert_int_equal(adit_esp_encap_at(&w.out, (uint64_t)UINT32_MAX + 1, &w.pkt),
			 ADIT_ERR_EXHAUSTED);
	assert_int_equal(adit_esp_encap_at(&w.out, 0, &w.pkt), ADIT_ERR_EXHAUSTED);
	end_pipe(&w);
	f.esn = true;
	make_pipe(&w, &f);
	w.out.seq = UINT64_MAX - 1;
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_ERR_EXHAUSTED);
	end_pipe(&w);
}

static void
test_a_refused_packet_uses_no_number(void **state)
{
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 100);
	w.pkt.len = 10;
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_ERR_SHORT);
	assert_int_equal(w.out.seq, 0);
	assert_int_equal(w.out.n.drops, 1);
	end_pipe(&w);
}

/* --- Which packets are an SA's. */

static void
test_esp_13_packets_of_another_spi_or_address_are_not_ours(void **state)
{
	struct adit_pkt good;
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	good = w.pkt;
	w.buf[good.off + 23] ^= 1; /* SPI */
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_MISMATCH);
	w.buf[good.off + 23] ^= 1;
	w.buf[good.off + 19] ^= 1; /* destination */
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_MISMATCH);
	w.buf[good.off + 19] ^= 1;
	w.buf[good.off + 9] = ADIT_PROTO_UDP;
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_MISMATCH);
	end_pipe(&w);
}

static void
test_esp_16_fragments_are_refused(void **state)
{
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	adit_pkt_data(&w.pkt)[6] = 0x20;
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_FRAGMENT);
	end_pipe(&w);
	make_pipe(&w, &plain_transport);
	put_packet(&w, 4, 100);
	adit_pkt_data(&w.pkt)[6] = 0x20;
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_ERR_FRAGMENT);
	end_pipe(&w);
}

static void
test_packets_outside_the_selectors_are_refused(void **state)
{
	struct adit_selectors s;
	struct pipe w;

	(void)state;
	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = adit_ts_prefix(&v4_b, 32);
	s.remote[0] = adit_ts_prefix(&v4_a, 32);
	make_pipe(&w, &plain_tunnel);
	w.in.selectors = &s;
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_OK);
	put_packet(&w, 4, 100);
	adit_pkt_data(&w.pkt)[15] ^= 1; /* source */
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	assert_int_equal(adit_esp_decap(&w.in, &w.pkt, &w.rx), ADIT_ERR_SELECTOR);
	end_pipe(&w);
}

/* --- ESP-15: RFC 6040, figure 4; RFC 4301 5.1.2. */

static void
test_esp_15_ecn_of_all_pairs(void **state)
{
	/* [inner][outer] over Not-ECT, ECT(1), ECT(0), CE; 9: dropped. */
	static const uint8_t want[4][4] = {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	for (uint8_t inner = 0; inner < 4; inner++)
		for (uint8_t outer = 0; outer < 4; outer++) {
			uint8_t *p;
			enum adit_status st;

			put_packet(&w, 4, 100);
			p = adit_pkt_data(&w.pkt);
			p[1] = (uint8_t)(0xb8 | inner);
			adit_ipv4_set_checksum(p);
			assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
			p = adit_pkt_data(&w.pkt);
			assert_int_equal(p[1], 0xb8 | inner); /* DSCP and ECN are copied out */
			p[1] = (uint8_t)(0xb8 | outer);
			adit_ipv4_set_checksum(p);
			st = adit_esp_decap(&w.in, &w.pkt, &w.rx);
			if (want[inner][outer] == 9) {
				assert_int_not_equal(st, ADIT_OK);
				continue;
			}
			assert_int_equal(st, ADIT_OK);
			assert_int_equal(adit_pkt_data(&w.pkt)[1], 0xb8 | want[inner][outer]);
		}
	end_pipe(&w);
}

static void
test_df_is_copied_to_the_outer_header(void **state)
{
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	put_packet(&w, 4, 100);
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	assert_int_equal(adit_pkt_data(&w.pkt)[6], 0);
	put_packet(&w, 4, 100);
	adit_pkt_data(&w.pkt)[6] = 0x40;
	assert_int_equal(adit_esp_encap(&w.out, &w.pkt), ADIT_OK);
	assert_int_equal(adit_pkt_data(&w.pkt)[6], 0x40);
	end_pipe(&w);
}

/* --- Bursts do as single calls do. */

static void
test_a_burst_is_its_packets_one_by_one(void **state)
{
	enum { N = 2 * ADIT_BURST + 3 };
	static uint8_t mem[N][1024];
	struct adit_pkt pkts[N];
	struct adit_esp_rx rx[N];
	enum adit_status st[N];
	struct pipe w;

	(void)state;
	make_pipe(&w, &plain_tunnel);
	for (size_t i = 0; i < N; i++) {
		put_packet(&w, 4, 40 + i);
		memcpy(mem[i] + ROOM, adit_pkt_data(&w.pkt), 40 + i);
		pkts[i] = (struct adit_pkt){mem[i], sizeof mem[i], ROOM, 40 + i};
	}
	pkts[5].len = 3; /* one that is refused */
	adit_esp_encap_burst(&w.out, pkts, st, N);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(st[i], i == 5 ? ADIT_ERR_SHORT : ADIT_OK);
	assert_int_equal(w.out.seq, N - 1);
	adit_esp_decap_burst(&w.in, pkts, rx, st, N);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(st[i], i == 5 ? ADIT_ERR_SHORT : ADIT_OK);
	assert_int_equal(w.in.n.packets, N - 1);
	assert_int_equal(w.in.n.drops, 1);
	end_pipe(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_of_every_size_come_back_as_they_were),
		cmocka_unit_test(test_esp_11_headroom_and_tailroom_are_enough_and_exact_in_front),
		cmocka_unit_test(test_payload_max_is_exact),
		cmocka_unit_test(test_esp_01_02_damaged_packets_are_refused_and_move_no_window),
		cmocka_unit_test(test_esp_04_padding_must_be_1_2_3_and_fit),
		cmocka_unit_test(test_esp_05_next_header_must_be_what_is_inside),
		cmocka_unit_test(
			test_esp_06_inner_packets_must_be_whole_and_what_is_behind_them_is_cut),
		cmocka_unit_test(test_esp_07_a_packet_is_delivered_once),
		cmocka_unit_test(test_esp_07_the_same_packet_twice_in_a_burst_is_delivered_once),
		cmocka_unit_test(test_esp_09_numbers_end_before_they_wrap),
		cmocka_unit_test(test_a_refused_packet_uses_no_number),
		cmocka_unit_test(test_esp_13_packets_of_another_spi_or_address_are_not_ours),
		cmocka_unit_test(test_esp_16_fragments_are_refused),
		cmocka_unit_test(test_packets_outside_the_selectors_are_refused),
		cmocka_unit_test(test_esp_15_ecn_of_all_pairs),
		cmocka_unit_test(test_df_is_copied_to_the_outer_header),
		cmocka_unit_test(test_a_burst_is_its_packets_one_by_one),
	};

	return cmocka_run_group_tests_name("esp", tests, NULL, NULL);
}
