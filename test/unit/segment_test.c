/* Super-packets: each packet cut is held against one that a plain reference writes from nothing,
 * over many sizes; and the burst of a super-packet gives its stream back behind ESP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/replay.h"
#include "adit/segment.h"
#include "base/endian.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { BIG = 65535, OUT = 2048, OFF = 100, FILL = 0xa5, OUTS = 64, SPI = 0x1234 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };
enum { TCP = 6, UDP = 17 };

/* Kinds of super-packets. */
struct form {
	uint8_t version, protocol;
	size_t ip_more, upper_more; /* bytes of IP options or extension header, of TCP options */
};
static const struct form forms[] = {{4, TCP, 0, 0},  {4, TCP, 0, 12}, {4, TCP, 8, 40},
				    {6, TCP, 0, 12}, {6, TCP, 8, 0},  {4, UDP, 0, 0},
				    {6, UDP, 0, 0}};

/* What of a packet the reference is told. */
struct piece {
	size_t at, len; /* of the stream */
	uint32_t seq;
	uint16_t id;
	uint8_t flags;
};

static uint8_t super[BIG + 1];

static size_t
ip_len(const struct form *f)
{
	return (f->version == 4 ? 20u : 40u) + f->ip_more;
}

static size_t
head_len(const struct form *f)
{
	return ip_len(f) + (f->protocol == TCP ? 20 + f->upper_more : 8);
}

static uint8_t
stream(size_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16));
}

/* The Internet checksum as RFC 1071 tells it, a byte at a time. */
static uint32_t
sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i < n; i++) {
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (s > 0xffff)
			s -= 0xffff;
	}
	return s;
}

static uint16_t
complement(uint32_t s)
{
	while (s > 0xffff)
		s -= 0xffff;
	return (uint16_t)~s;
}

static void
put_ip(const struct form *f, uint8_t *p, size_t total, uint16_t id)
{
	size_t n = ip_len(f);

	memset(p, 0, n);
	if (f->version == 4) {
		p[0] = (uint8_t)(0x40 | n / 4);
		p[1] = 0x02; /* ECT(0) */
		adit_store16(p + 2, (uint16_t)total);
		adit_store16(p + 4, id);
		p[6] = 0x40;
		p[8] = 61;
		p[9] = f->protocol;
		memcpy(p + 12, "\x0a\x01\x02\x03\x0a\x04\x05\x06", 8);
		memset(p + 20, 1, f->ip_more);
		adit_store16(p + 10, complement(sum(p, n)));
		return;
	}
	adit_store32(p, 0x60212345);
	adit_store16(p + 4, (uint16_t)(total - 40));
	p[6] = f->ip_more ? 60 : f->protocol;
	p[7] = 61;
	memset(p + 8, 0xfd, 16);
	memset(p + 24, 0xfc, 16);
	if (f->ip_more)
		memcpy(p + 40, "\x06\x00\x01\x04\x00\x00\x00\x00", 8);
}

/* Writes a whole packet. */
static size_t
reference(const struct form *f, const struct piece *piece, uint8_t *p)
{
	size_t head = head_len(f), total = head + piece->len;
	uint8_t *upper = p + ip_len(f);
	size_t n = total - ip_len(f);
	uint32_t pseudo;
	uint16_t check;

	put_ip(f, p, total, piece->id);
	memset(upper, 0, head - ip_len(f));
	adit_store16(upper, 1000);
	adit_store16(upper + 2, 2000);
	if (f->protocol == TCP) {
		adit_store32(upper + 4, piece->seq);
		adit_store32(upper + 8, 0x77777777);
		upper[12] = (uint8_t)((20 + f->upper_more) / 4 << 4);
		upper[13] = piece->flags;
		adit_store16(upper + 14, 501);
		memset(upper + 20, 1, f->upper_more);
	} else {
		adit_store16(upper + 4, (uint16_t)n);
	}
	for (size_t i = 0; i < piece->len; i++)
		p[head + i] = stream(piece->at + i);
	pseudo = f->version == 4 ? sum(p + 12, 8) : sum(p + 8, 32);
	check = complement(pseudo + f->protocol + (uint32_t)n + sum(upper, n));
	if (check == 0 && f->protocol == UDP)
		check = 0xffff;
	adit_store16(upper + (f->protocol == TCP ? 16 : 6), check);
	return total;
}

/* A super-packet of `len` bytes of the stream, whose checksum is none. */
static size_t
make_super(const struct form *f, size_t len, uint8_t flags)
{
	const struct piece all = {0, len, 0xfffffff0, 0xfffe, flags};
	size_t n = reference(f, &all, super);

	adit_store16(super + ip_len(f) + (f->protocol == TCP ? 16 : 6), 0x1111);
	return n;
}

static struct adit_pkt
buffer(uint8_t *mem, size_t n)
{
	struct adit_pkt pkt = {mem, n, OFF, 0};

	memset(mem, FILL, n);
	return pkt;
}

/* Cuts a super-packet and holds each packet against the reference. */
static void
check_cut(const struct form *f, size_t len, uint16_t gso, uint8_t flags)
{
	static uint8_t mem[OFF + BIG + 64], want[BIG + 1];
	struct adit_segmenter s;
	size_t n = make_super(f, len, flags), count = len == 0 ? 1 : (len + gso - 1) / gso;

	assert_int_equal(adit_segment_begin(&s, super, n, gso), ADIT_OK);
	assert_int_equal(adit_segment_longest(&s), head_len(f) + (len < gso ? len : gso));
	for (size_t i = 0; i < count; i++) {
		struct adit_pkt out = {mem, sizeof mem, OFF, 0};
		struct piece piece = {i * gso, gso, (uint32_t)(0xfffffff0 + i * gso),
				      (uint16_t)(0xfffe + i), flags};
		size_t total;

		if (i == count - 1)
			piece.len = len - piece.at;
		else
			piece.flags &= (uint8_t) ~(FIN | PSH);
		if (i > 0)
			piece.flags &= (uint8_t)~CWR;
		assert_int_equal(adit_segment_left(&s), count - i);
		assert_int_equal(adit_segment_next(&s, &out), ADIT_OK);
		total = reference(f, &piece, want);
		assert_int_equal(out.off, OFF);
		assert_int_equal(out.len, total);
		assert_memory_equal(adit_pkt_data(&out), want, total);
	}
	assert_int_equal(adit_segment_left(&s), 0);
	assert_int_equal(adit_segment_longest(&s), 0);
	{
		struct adit_pkt out = buffer(mem, OUT);

		assert_int_equal(adit_segment_next(&s, &out), ADIT_ERR_STATE);
		assert_int_equal(out.len, 0);
	}
}

static void
test_every_size_is_cut_as_the_reference_says(void **state)
{
	static const uint16_t gsos[] = {7, 88, 536, 1000};

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++)
		for (size_t g = 0; g < COUNT(gsos); g++)
			for (size_t len = 0; len < (g == 0 ? 60u : 2200u); len += g == 0 ? 1 : 3)
				check_cut(&forms[f], len, gsos[g], ACK | PSH);
}

static void
test_sizes_around_multiples_are_cut_as_the_reference_says(void **state)
{
	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++)
		for (size_t k = 1; k <= 44; k++)
			for (size_t d = 0; d < 3; d++)
				check_cut(&forms[f], k * 1448 - 1 + d, 1448, ACK);
}

static void
test_the_largest_super_packet_is_cut(void **state)
{
	static const uint16_t gsos[] = {1, 1400, 1448, 9000, 65535};

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++)
		for (size_t g = 0; g < COUNT(gsos); g++)
			check_cut(&forms[f], BIG - head_len(&forms[f]), gsos[g], ACK | FIN);
}

static void
test_flags_stand_where_they_belong(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		if (flags & (SYN | RST | URG))
			continue;
		check_cut(&forms[0], 3000, 1000, (uint8_t)flags);
		check_cut(&forms[0], 500, 1000, (uint8_t)flags);
	}
}

static void
test_what_belongs_to_one_place_is_not_cut(void **state)
{
	static const uint8_t flags[] = {SYN, RST, URG};
	struct adit_segmenter s;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		n = make_super(&forms[0], 1001, flags[i] | ACK);
		assert_int_equal(adit_segment_begin(&s, super, n, 1000), ADIT_ERR_UNSUPPORTED);
		assert_int_equal(adit_segment_left(&s), 0);
		/* Whole, it may go. */
		check_cut(&forms[0], 1000, 1000, flags[i] | ACK);
	}
}

static void
assert_refused(size_t n, uint16_t gso, enum adit_status why)
{
	struct adit_segmenter s;
	struct adit_pkt out;
	uint8_t mem[OUT];

	out = buffer(mem, sizeof mem);
	assert_int_equal(adit_segment_begin(&s, super, n, gso), why);
	assert_int_equal(adit_segment_left(&s), 0);
	assert_int_equal(adit_segment_next(&s, &out), ADIT_ERR_STATE);
}

static void
test_packets_that_are_none_are_refused(void **state)
{
	static const struct form v4_tcp = {4, TCP, 0, 0}, v4_udp = {4, UDP, 0, 0};
	size_t n;

	(void)state;
	n = make_super(&v4_tcp, 3000, ACK);
	assert_refused(n, 0, ADIT_ERR_ARG);
	for (size_t cut = 0; cut < n; cut++)
		assert_refused(cut, 1000, ADIT_ERR_SHORT);
	/* TCP's header longer than the packet, shorter than a header. */
	for (unsigned words = 0; words < 5; words++) {
		super[20 + 12] = (uint8_t)(words << 4);
		assert_refused(n, 1000, ADIT_ERR_MALFORMED);
	}
	n = make_super(&v4_tcp, 3, ACK);
	super[20 + 12] = 6 << 4;
	assert_refused(n, 1000, ADIT_ERR_MALFORMED);
	/* UDP's length. */
	n = make_super(&v4_udp, 3000, 0);
	adit_store16(super + 24, 3007);
	assert_refused(n, 1000, ADIT_ERR_MALFORMED);
	adit_store16(super + 24, 3009);
	assert_refused(n, 1000, ADIT_ERR_MALFORMED);
	/* The transport's header isn't all there. */
	for (size_t len = 20; len < 28; len++) {
		make_super(&v4_udp, 0, 0);
		adit_store16(super + 2, (uint16_t)len);
		assert_refused(len, 1000, ADIT_ERR_MALFORMED);
	}
}

static void
test_what_can_not_be_cut_is_told_apart(void **state)
{
	static const struct form v4 = {4, TCP, 0, 0}, options = {4, TCP, 8, 0}, v6 = {6, TCP, 8, 0};
	size_t n;

	(void)state;
	n = make_super(&v4, 3000, ACK);
	super[9] = 1;
	assert_refused(n, 1000, ADIT_ERR_UNSUPPORTED);
	super[9] = TCP;
	super[6] = 0x20;
	assert_refused(n, 1000, ADIT_ERR_FRAGMENT);
	super[6] = 0;
	super[7] = 1;
	assert_refused(n, 1000, ADIT_ERR_FRAGMENT);
	/* A source route, an option without a length, one that has no end. */
	n = make_super(&options, 3000, ACK);
	memcpy(super + 20, "\x01\x83\x07\x04\x01\x02\x03\x04", 8);
	assert_refused(n, 1000, ADIT_ERR_UNSUPPORTED);
	memcpy(super + 20, "\x89\x07\x04\x01\x02\x03\x04\x00", 8);
	assert_refused(n, 1000, ADIT_ERR_UNSUPPORTED);
	memcpy(super + 20, "\x07\x00\x04\x01\x02\x03\x04\x00", 8);
	assert_refused(n, 1000, ADIT_ERR_UNSUPPORTED);
	memcpy(super + 20, "\x01\x01\x01\x01\x01\x01\x01\x07", 8);
	assert_refused(n, 1000, ADIT_ERR_UNSUPPORTED);
	/* A routing header: the checksum is over an address that isn't in front. */
	n = make_super(&v6, 3000, ACK);
	super[6] = 43;
	assert_refused(n, 1000, ADIT_ERR_UNSUPPORTED);
}

static void
test_a_packet_without_room_is_still_to_come(void **state)
{
	static const struct form v4 = {4, TCP, 0, 12};
	struct adit_segmenter s;
	uint8_t mem[OUT];
	size_t n = make_super(&v4, 2500, ACK), total = 20 + 32 + 1000;

	(void)state;
	assert_int_equal(adit_segment_begin(&s, super, n, 1000), ADIT_OK);
	for (size_t cap = 0; cap < OFF + total; cap++) {
		struct adit_pkt out = buffer(mem, sizeof mem);

		out.cap = cap;
		assert_int_equal(adit_segment_next(&s, &out), ADIT_ERR_ROOM);
		assert_int_equal(out.len, 0);
		assert_int_equal(mem[OFF], FILL);
		assert_int_equal(adit_segment_left(&s), 3);
	}
	{
		struct adit_pkt out = buffer(mem, sizeof mem);

		out.cap = OFF + total;
		assert_int_equal(adit_segment_next(&s, &out), ADIT_OK);
		assert_int_equal(out.len, total);
		assert_int_equal(mem[OFF - 1], FILL);
		assert_int_equal(mem[OFF + total], FILL);
	}
}

/* --- Behind ESP. */

/* IPv4's are those of the packets inside, as transport mode wants it. */
static const struct adit_ip v4_a = {4, {10, 1, 2, 3}}, v4_b = {4, {10, 4, 5, 6}};
static const struct adit_ip v6_a = {6, {0xfd, 1}}, v6_b = {6, {0xfd, 2}};

struct pipe {
	struct adit_sa out, in;
	union adit_keyctx kc_out, kc_in;
	uint32_t window[ADIT_REPLAY_WORDS(64)];
	uint8_t mem[OUTS][OUT];
	struct adit_pkt outs[OUTS];
	enum adit_status st[OUTS];
	size_t made;
};
static struct pipe pipe;

static void
make_pipe(struct pipe *w, enum adit_mode mode, uint8_t version)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX] = {9, 8, 7};
	struct adit_sa_params p;
	struct adit_buf kc_out = {w->kc_out.mem, sizeof w->kc_out};
	struct adit_buf kc_in = {w->kc_in.mem, sizeof w->kc_in};

	memset(w, 0, sizeof *w);
	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.mode = mode;
	p.spi = SPI;
	p.local = version == 4 ? v4_a : v6_a;
	p.remote = version == 4 ? v4_b : v6_b;
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, adit_aead_key_len(p.aead)};
	p.replay_window = 64;
	assert_int_equal(adit_sa_init(&w->out, &p, kc_out, NULL, 0), ADIT_OK);
	p.dir = ADIT_IN;
	p.local = version == 4 ? v4_b : v6_b;
	p.remote = version == 4 ? v4_a : v6_a;
	assert_int_equal(adit_sa_init(&w->in, &p, kc_in, w->window, COUNT(w->window)), ADIT_OK);
	for (size_t i = 0; i < OUTS; i++)
		w->outs[i] = (struct adit_pkt){w->mem[i], OUT, OFF, 0};
}

static void
end_pipe(struct pipe *w)
{
	adit_sa_wipe(&w->out);
	adit_sa_wipe(&w->in);
}

static enum adit_status
encap(struct pipe *w, size_t n, uint16_t gso, size_t max)
{
	const struct adit_super s = {super, n, gso};

	return adit_esp_encap_super(&w->out, &s, w->outs, w->st, max, &w->made);
}

/* Deciphers all that was made and puts the stream together again. */
static void
check_stream(struct pipe *w, const struct form *f, size_t len, uint16_t gso)
{
	size_t head = head_len(f), at = 0, first = w->outs[0].len;
	uint32_t before = (uint32_t)(w->out.seq - w->made);

	for (size_t i = 0; i < w->made; i++) {
		struct adit_pkt *pkt = &w->outs[i];
		struct adit_esp_rx rx;

		assert_int_equal(w->st[i], ADIT_OK);
		if (i + 1 < w->made)
			assert_int_equal(pkt->len, first);
		assert_int_equal(adit_esp_decap(&w->in, pkt, &rx), ADIT_OK);
		assert_int_equal(rx.seq, before + 1 + i);
		assert_int_equal(pkt->len, head + (len - at < gso ? len - at : gso));
		if (f->protocol == TCP)
			assert_int_equal(adit_load32(adit_pkt_data(pkt) + ip_len(f) + 4),
					 (uint32_t)(0xfffffff0 + at));
		for (size_t k = head; k < pkt->len; k++, at++)
			assert_int_equal(adit_pkt_data(pkt)[k], stream(at));
	}
	assert_int_equal(at, len);
}

static void
test_a_super_packet_gives_its_stream_back_behind_esp(void **state)
{
	static const size_t lens[] = {0, 1, 1399, 1400, 1401, 5600, 20001, 65000};
	struct pipe *w = &pipe;

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		make_pipe(w, ADIT_TUNNEL, f % 2 ? 6 : 4);
		for (size_t i = 0; i < COUNT(lens); i++) {
			size_t n = make_super(&forms[f], lens[i], ACK | PSH);
			uint64_t before = w->out.seq;

			for (size_t k = 0; k < OUTS; k++)
				w->outs[k].off = OFF;
			assert_int_equal(encap(w, n, 1400, OUTS), ADIT_OK);
			assert_int_equal(w->made, lens[i] == 0 ? 1 : (lens[i] + 1399) / 1400);
			assert_int_equal(w->out.seq, before + w->made);
			check_stream(w, &forms[f], lens[i], 1400);
		}
		end_pipe(w);
	}
}

static void
test_a_super_packet_goes_through_transport_mode_too(void **state)
{
	static const struct form v4 = {4, TCP, 0, 12};
	struct pipe *w = &pipe;
	size_t n;

	(void)state;
	make_pipe(w, ADIT_TRANSPORT, 4);
	n = make_super(&v4, 10000, ACK);
	assert_int_equal(encap(w, n, 1400, OUTS), ADIT_OK);
	assert_int_equal(w->made, 8);
	check_stream(w, &v4, 10000, 1400);
	end_pipe(w);
}

static void
test_too_few_or_too_small_buffers_use_no_number(void **state)
{
	static const struct form v4 = {4, TCP, 0, 0};
	struct pipe *w = &pipe;
	size_t n, least;

	(void)state;
	make_pipe(w, ADIT_TUNNEL, 4);
	n = make_super(&v4, 5600, ACK);
	assert_int_equal(encap(w, n, 1400, 3), ADIT_ERR_FULL);
	assert_int_equal(w->made, 0);
	/* Any of those needed. */
	least = OFF + 40 + 1400 + adit_esp_tailroom(&w->out);
	for (size_t i = 0; i < 4; i++) {
		w->outs[i].cap = least - 1;
		assert_int_equal(encap(w, n, 1400, OUTS), ADIT_ERR_ROOM);
		w->outs[i].cap = least;
		w->outs[i].off = adit_esp_headroom(&w->out) - 1;
		assert_int_equal(encap(w, n, 1400, OUTS), ADIT_ERR_ROOM);
		w->outs[i].off = OUT + 1;
		assert_int_equal(encap(w, n, 1400, OUTS), ADIT_ERR_ROOM);
		w->outs[i].off = OFF;
	}
	assert_int_equal(encap(w, 10, 1400, OUTS), ADIT_ERR_SHORT);
	assert_int_equal(encap(w, n, 0, OUTS), ADIT_ERR_ARG);
	assert_int_equal(w->out.seq, 0);
	assert_int_equal(w->made, 0);
	/* Others don't matter, and just enough is enough, before and behind. */
	w->outs[4].cap = 0;
	w->outs[1].off = adit_esp_headroom(&w->out);
	w->outs[1].cap = least - OFF + w->outs[1].off;
	assert_int_equal(encap(w, n, 1400, 4), ADIT_OK);
	assert_int_equal(w->made, 4);
	check_stream(w, &v4, 5600, 1400);
	end_pipe(w);
}

static void
test_packets_beyond_the_last_number_say_so_each(void **state)
{
	static const struct form v4 = {4, TCP, 0, 0};
	struct pipe *w = &pipe;
	size_t n;

	(void)state;
	make_pipe(w, ADIT_TUNNEL, 4);
	w->out.seq = UINT32_MAX - 2;
	n = make_super(&v4, 5600, ACK);
	assert_int_equal(encap(w, n, 1400, OUTS), ADIT_OK);
	assert_int_equal(w->made, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(w->st[i], i < 2 ? ADIT_OK : ADIT_ERR_EXHAUSTED);
	end_pipe(w);
}

static void
test_packets_over_the_path_mtu_say_so_each(void **state)
{
	static const struct form v4 = {4, TCP, 0, 0};
	struct pipe *w = &pipe;
	size_t n;

	(void)state;
	make_pipe(w, ADIT_TUNNEL, 4);
	adit_sa_set_mtu(&w->out, 1000);
	n = make_super(&v4, 1500, ACK);
	assert_int_equal(encap(w, n, 1400, OUTS), ADIT_OK);
	assert_int_equal(w->made, 2);
	assert_int_equal(w->st[0], ADIT_ERR_MTU);
	assert_int_equal(w->st[1], ADIT_OK);
	assert_int_equal(w->out.seq, 1);
	end_pipe(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_is_cut_as_the_reference_says),
		cmocka_unit_test(test_sizes_around_multiples_are_cut_as_the_reference_says),
		cmocka_unit_test(test_the_largest_super_packet_is_cut),
		cmocka_unit_test(test_flags_stand_where_they_belong),
		cmocka_unit_test(test_what_belongs_to_one_place_is_not_cut),
		cmocka_unit_test(test_packets_that_are_none_are_refused),
		cmocka_unit_test(test_what_can_not_be_cut_is_told_apart),
		cmocka_unit_test(test_a_packet_without_room_is_still_to_come),
		cmocka_unit_test(test_a_super_packet_gives_its_stream_back_behind_esp),
		cmocka_unit_test(test_a_super_packet_goes_through_transport_mode_too),
		cmocka_unit_test(test_too_few_or_too_small_buffers_use_no_number),
		cmocka_unit_test(test_packets_beyond_the_last_number_say_so_each),
		cmocka_unit_test(test_packets_over_the_path_mtu_say_so_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
