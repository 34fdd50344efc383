/* Two SAs and packets between them; headers and checksums by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"

enum { UDP = 17, IP_TOTAL = 2, IP_TTL = 8, IP_PROTOCOL = 9, IP_CHECKSUM = 10, IP_SOURCE = 12 };
enum { IP6_PAYLOAD = 4, IP6_NEXT = 6, IP6_HOPS = 7, IP6_SOURCE = 8, WINDOW = 64 };

const struct adit_ip lane_v4[2] = {{4, {192, 0, 2, 1}}, {4, {192, 0, 2, 2}}};
const struct adit_ip lane_v6[2] = {{6, {0xfd, 1}}, {6, {0xfd, 2}}};

void
lane_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
lane_put32(uint8_t *p, uint32_t v)
{
	lane_put16(p, v >> 16);
	lane_put16(p + 2, v & 0xffff);
}

unsigned
lane_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint16_t
lane_checksum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void
lane_ipv4_checksum(uint8_t *p)
{
	lane_put16(p + IP_CHECKSUM, 0);
	lane_put16(p + IP_CHECKSUM, lane_checksum(0, p, (size_t)(p[0] & 15) * 4));
}

void
lane_set_length(uint8_t *p, size_t n)
{
	if (p[0] >> 4 == 6) {
		lane_put16(p + IP6_PAYLOAD, (unsigned)(n - LANE_V6));
		return;
	}
	lane_put16(p + IP_TOTAL, (unsigned)n);
	lane_ipv4_checksum(p);
}

struct adit_sa_params
lane_params(uint8_t version, enum adit_mode mode, const struct adit_aead *aead)
{
	static uint8_t key[ADIT_AEAD_KEY_MAX];
	struct adit_sa_params p;

	/* Three keys of 3DES must differ. */
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 37 + 11);
	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.mode = mode;
	p.spi = LANE_SPI;
	p.local = version == 4 ? lane_v4[0] : lane_v6[0];
	p.remote = version == 4 ? lane_v4[1] : lane_v6[1];
	p.aead = aead;
	p.key = (struct adit_span){key, adit_aead_key_len(aead)};
	p.replay_window = WINDOW;
	return p;
}

enum adit_status
lane_try(struct lane *l, const struct adit_sa_params *out)
{
	struct adit_sa_params p = *out;
	enum adit_status st, in;

	memset(l, 0, sizeof *l);
	p.more = &l->more[0];
	st = adit_sa_init(&l->out, &p, (struct adit_buf){l->kc[0].mem, sizeof l->kc[0]}, NULL, 0);
	p.dir = ADIT_IN;
	p.local = out->remote;
	p.remote = out->local;
	p.local_port = out->remote_port;
	p.remote_port = out->local_port;
	p.inner_local = out->inner_remote;
	p.inner_remote = out->inner_local;
	p.more = &l->more[1];
	in = adit_sa_init(&l->in, &p, (struct adit_buf){l->kc[1].mem, sizeof l->kc[1]}, l->bits,
			  sizeof l->bits / sizeof l->bits[0]);
	assert_int_equal(st, in);
	l->pkt = (struct adit_pkt){l->buf, sizeof l->buf, LANE_ROOM, 0};
	return st;
}

void
lane_open(struct lane *l, const struct adit_sa_params *out)
{
	assert_int_equal(lane_try(l, out), ADIT_OK);
}

void
lane_close(struct lane *l)
{
	adit_sa_wipe(&l->out);
	adit_sa_wipe(&l->in);
}

uint8_t *
lane_data(struct lane *l)
{
	return adit_pkt_data(&l->pkt);
}

void
lane_bytes(struct lane *l, const uint8_t *p, size_t n)
{
	l->pkt = (struct adit_pkt){l->buf, sizeof l->buf, LANE_ROOM, n};
	memcpy(lane_data(l), p, n);
}

static void
put_header(uint8_t *p, uint8_t version, uint8_t next, size_t n)
{
	memset(p, 0, version == 4 ? LANE_V4 : LANE_V6);
	if (version == 4) {
		p[0] = 0x45;
		p[IP_TTL] = 64;
		p[IP_PROTOCOL] = next;
		memcpy(p + IP_SOURCE, lane_v4[0].b, 4);
		memcpy(p + IP_SOURCE + 4, lane_v4[1].b, 4);
	} else {
		p[0] = 0x60;
		p[IP6_NEXT] = next;
		p[IP6_HOPS] = 64;
		memcpy(p + IP6_SOURCE, lane_v6[0].b, 16);
		memcpy(p + IP6_SOURCE + 16, lane_v6[1].b, 16);
	}
	lane_set_length(p, n);
}

void
lane_udp(struct lane *l, uint8_t version, size_t n)
{
	size_t head = version == 4 ? LANE_V4 : LANE_V6, address = version == 4 ? 4 : 16;
	uint8_t *p = l->buf + LANE_ROOM, *udp = p + head;
	uint32_t sum = (uint32_t)(UDP + n - head);

	l->pkt = (struct adit_pkt){l->buf, sizeof l->buf, LANE_ROOM, n};
	put_header(p, version, UDP, n);
	memset(udp, 0xee, n - head);
	lane_put16(udp, 1000);
	lane_put16(udp + 2, 2000);
	lane_put16(udp + 4, (unsigned)(n - head));
	lane_put16(udp + 6, 0);
	for (size_t i = 0; i < 2 * address; i += 2)
		sum += lane_get16(p + (version == 4 ? IP_SOURCE : IP6_SOURCE) + i);
	lane_put16(udp + 6, lane_checksum(sum, udp, n - head));
}

enum adit_status
lane_send(struct lane *l)
{
	return l->out.protocol == ADIT_PROTO_AH ? adit_ah_encap(&l->out, &l->pkt)
						: adit_esp_encap(&l->out, &l->pkt);
}

enum adit_status
lane_send_at(struct lane *l, uint64_t seq)
{
	return l->out.protocol == ADIT_PROTO_AH ? adit_ah_encap_at(&l->out, seq, &l->pkt)
						: adit_esp_encap_at(&l->out, seq, &l->pkt);
}

enum adit_status
lane_receive(struct lane *l)
{
	return l->in.protocol == ADIT_PROTO_AH ? adit_ah_decap(&l->in, &l->pkt, &l->rx)
					       : adit_esp_decap(&l->in, &l->pkt, &l->rx);
}

void
lane_keep(struct lane *l)
{
	memcpy(l->kept, l->buf, sizeof l->kept);
	l->kept_pkt = l->pkt;
}

void
lane_again(struct lane *l)
{
	memcpy(l->buf, l->kept, sizeof l->buf);
	l->pkt = l->kept_pkt;
}

bool
lane_is_kept(const struct lane *l)
{
	return l->pkt.len == l->kept_pkt.len &&
	       memcmp(l->buf + l->pkt.off, l->kept + l->kept_pkt.off, l->pkt.len) == 0;
}

void
lane_seal(struct lane *l, uint32_t seq, const uint8_t *plain, size_t n)
{
	const struct adit_aead *aead = l->out.aead;
	uint8_t version = l->out.outer[0] >> 4;
	size_t head = version == 4 ? LANE_V4 : LANE_V6;
	uint8_t *esp = l->buf + LANE_ROOM + head, number[8] = {0};
	struct adit_aead_op op;

	l->pkt = (struct adit_pkt){l->buf, sizeof l->buf, LANE_ROOM,
				   head + 8 + aead->iv_len + n + aead->icv_len};
	put_header(l->buf + LANE_ROOM, version, ADIT_PROTO_ESP, l->pkt.len);
	lane_put32(esp, l->out.spi);
	lane_put32(esp + 4, seq);
	lane_put32(number + 4, seq);
	memset(&op, 0, sizeof op);
	op.iv = aead->implicit_iv ? number : esp + 8;
	if (aead->iv_len)
		assert_int_equal(aead->make_iv(aead, l->out.kc, seq, esp + 8), ADIT_OK);
	op.aad = (struct adit_span){esp, 8};
	op.data = esp + 8 + aead->iv_len;
	op.len = n;
	op.icv = op.data + n;
	memcpy(op.data, plain, n);
	aead->seal(aead, l->out.kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
}

void
lane_seal_payload(struct lane *l, uint32_t seq, const uint8_t *payload, size_t n, uint8_t pad,
		  uint8_t next)
{
	static uint8_t plain[LANE_BUF];

	memcpy(plain, payload, n);
	for (unsigned i = 0; i < pad; i++)
		plain[n + i] = (uint8_t)(i + 1);
	plain[n + pad] = pad;
	plain[n + pad + 1] = next;
	lane_seal(l, seq, plain, n + pad + 2);
}

void
lane_for_each_aead(uint8_t protocol, void (*run)(const struct adit_aead *aead))
{
	const struct adit_aead *const *lists[] = {adit_mbedtls_legacy.aead,
						  adit_mbedtls_legacy.sa_only};

	for (unsigned i = 0; i < 2; i++)
		for (size_t k = 0; lists[i] && lists[i][k]; k++) {
			const struct adit_aead *aead = lists[i][k];
			bool is_null = aead->encr == ADIT_ENCR_NULL;

			if (protocol == ADIT_PROTO_AH ? is_null : !(is_null && aead->iv_len))
				run(aead);
		}
}
