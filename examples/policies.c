/* Two nodes in one process, keyed by hand: an SPD and a SAD each, and what becomes of a packet that
 * passes, is replayed, is in clear, or is too long for its path. No IKE: a program that has keys of
 * its own needs no more than this. Ends with 0 if all came as it should. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "adit/icmp.h"
#include "adit/ipsec.h"
#include "adit/mbedtls.h"

enum { SAS = 2, ROOM = ADIT_PKT_HEADROOM + 1500 + ADIT_PKT_TAILROOM, KEY = 20 };

struct side {
	struct adit_sad_word words[SAS];
	struct adit_sa sas[SAS];
	struct adit_sad_entry entries[SAS];
	union adit_keyctx keyctx[SAS];
	uint32_t replay[SAS * ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT)];
	struct adit_policy policy; /* an SPD of one: the rest is DISCARD */
	uint32_t heads[1];
	struct adit_sad sad;
	struct adit_spd spd;
	struct adit_ipsec ipsec;
	struct adit_ip address, net; /* outside, and the network behind it */
	uint32_t spi;                /* that its peer sends to */
};

static struct side left = {.address = {4, {192, 0, 2, 1}}, .net = {4, {10, 1, 0, 0}}};
static struct side right = {.address = {4, {192, 0, 2, 2}}, .net = {4, {10, 2, 0, 0}}};
static uint8_t room[ROOM];

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "policies: not as it should be: %s\n", what);
	exit(1);
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	return getrandom(out, n, 0) == (ssize_t)n ? ADIT_OK : ADIT_ERR_RANDOM;
}

/* The databases, one policy, and an SPI for the peer to send to. */
static void
begin(struct side *s, const struct side *peer)
{
	const struct adit_sad_mem sad = {.words = s->words,
					 .sas = s->sas,
					 .entries = s->entries,
					 .count = SAS,
					 .keyctx = s->keyctx[0].mem,
					 .keyctx_size = sizeof s->keyctx[0],
					 .replay_bits = s->replay,
					 .replay_words = ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT)};
	const struct adit_spd_mem spd = {.policies = &s->policy, .count = 1, .heads = s->heads};
	const struct adit_rng rng = {NULL, fill};

	s->policy.action = ADIT_PROTECT;
	s->policy.selectors.local_n = s->policy.selectors.remote_n = 1;
	s->policy.selectors.local[0] = adit_ts_prefix(&s->net, 24);
	s->policy.selectors.remote[0] = adit_ts_prefix(&peer->net, 24);
	must(adit_sad_init(&s->sad, &sad, &rng) == ADIT_OK, "the SAD");
	must(adit_spd_init(&s->spd, &spd) == ADIT_OK, "the SPD");
	adit_ipsec_init(&s->ipsec, &s->sad, &s->spd);
	must(adit_sad_spi(&s->sad, &s->spi) == ADIT_OK, "an SPI");
}

/* An SA for each direction, for paths of 1500 bytes. */
static void
add_sas(struct side *s, const struct side *peer, const uint8_t *in, const uint8_t *out)
{
	struct adit_sa_params p = {.dir = ADIT_IN,
				   .spi = s->spi,
				   .local = s->address,
				   .remote = peer->address,
				   .aead = &adit_mbedtls_aes128_gcm16,
				   .key = {in, KEY},
				   .selectors = &s->policy.selectors,
				   .mtu = 1500};
	struct adit_sa_id id;

	must(adit_sad_add(&s->sad, &p, 0, &id) == ADIT_OK, "the inbound SA");
	p.dir = ADIT_OUT;
	p.spi = peer->spi;
	p.key.p = out;
	must(adit_sad_add(&s->sad, &p, 0, &id) == ADIT_OK, "the outbound SA");
	must(adit_spd_link(&s->spd, &s->sad, id) == ADIT_OK, "that SA under its policy");
}

/* UDP over IPv4 with DF, from 10.1.0.1 to 10.2.0.1, len bytes long. */
static struct adit_pkt
make_packet(size_t len)
{
	const uint8_t header[] = {0x45, 0, 0,  0, 0, 0, 0x40, 0, 64, 17,
				  0,    0, 10, 1, 0, 1, 10,   2, 0,  1};
	uint8_t *p = room + ADIT_PKT_HEADROOM;

	memset(room, 0, sizeof room);
	memcpy(p, header, sizeof header);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	return (struct adit_pkt){room, sizeof room, ADIT_PKT_HEADROOM, len};
}

static void
say(const char *what, const struct adit_verdict *v, const struct adit_pkt *pkt)
{
	printf("%-22s %-8s %-10s %4zu bytes\n", what, adit_verdict_name(v->kind),
	       adit_status_name(v->status), pkt->len);
}

int
main(void)
{
	static uint8_t kept[ROOM], error[ADIT_ICMP_MAX_V4];
	const struct adit_ip gateway = {4, {10, 1, 0, 254}};
	uint8_t keys[2][KEY];
	struct adit_pkt pkt = make_packet(100), again;
	struct adit_pkt icmp = {error, sizeof error, 0, 0};
	struct adit_verdict v;

	for (int i = 0; i < 2; i++)
		must(fill(NULL, keys[i], KEY) == ADIT_OK, "random keys");
	begin(&left, &right);
	begin(&right, &left);

	adit_ipsec_out(&left.ipsec, &pkt, &v, 1);
	say("before there is an SA", &v, &pkt);
	must(v.kind == ADIT_VERDICT_NEED_SA, "an SA is asked for"); /* IKE would begin here */
	add_sas(&left, &right, keys[0], keys[1]);
	add_sas(&right, &left, keys[1], keys[0]);

	adit_ipsec_out(&left.ipsec, &pkt, &v, 1);
	say("left sends", &v, &pkt);
	must(v.kind == ADIT_VERDICT_SEND, "the packet is sent");
	memcpy(kept, room, sizeof kept);
	again = pkt;
	again.buf = kept;
	adit_ipsec_in(&right.ipsec, &pkt, &v, 1);
	say("right receives", &v, &pkt);
	must(v.kind == ADIT_VERDICT_DELIVER && pkt.len == 100, "the packet comes");
	adit_ipsec_in(&right.ipsec, &again, &v, 1);
	say("the same once more", &v, &again);
	must(v.status == ADIT_ERR_REPLAY, "it comes once");

	pkt = make_packet(100);
	adit_ipsec_in(&right.ipsec, &pkt, &v, 1);
	say("one in clear", &v, &pkt);
	must(v.status == ADIT_ERR_POLICY, "what is to be protected does not come in clear");

	pkt = make_packet(1500);
	adit_ipsec_out(&left.ipsec, &pkt, &v, 1);
	say("one that is too long", &v, &pkt);
	must(v.kind == ADIT_VERDICT_TOO_BIG && !v.may_cut, "it does not fit");
	must(adit_icmp_too_big(adit_pkt_data(&pkt), pkt.len, v.mtu, &gateway, &icmp) == ADIT_OK,
	     "its sender is told");
	printf("its sender is told: at most %u bytes, by ICMP of %zu bytes\n", v.mtu, icmp.len);
	pkt = make_packet(v.mtu);
	adit_ipsec_out(&left.ipsec, &pkt, &v, 1);
	say("one of that length", &v, &pkt);
	must(v.kind == ADIT_VERDICT_SEND && pkt.len <= 1500, "that length fits");
	return 0;
}
