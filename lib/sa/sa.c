/* A Security Association as a value: making it from parameters, its numbers, its end. */
#include <string.h>

#include "adit/sa.h"
#include "base/endian.h"
#include "wire/ip.h"

#define OUTER_TTL 64 /* RFC 1700's default, as every stack has it */
#define NATT_PORT 4500

static bool
are_addresses_good(const struct adit_sa_params *p)
{
	return (p->local.version == 4 || p->local.version == 6) &&
	       p->remote.version == p->local.version;
}

static uint32_t
window_of(const struct adit_sa_params *p)
{
	return p->replay_window ? p->replay_window : ADIT_REPLAY_DEFAULT;
}

static enum adit_status
check(const struct adit_sa_params *p, struct adit_buf kc, size_t words)
{
	if (p->dir != ADIT_OUT && p->dir != ADIT_IN)
		return ADIT_ERR_ARG;
	if (p->mode != 0 && p->mode != ADIT_TUNNEL && p->mode != ADIT_TRANSPORT)
		return ADIT_ERR_ARG;
	if (p->spi < ADIT_SPI_MIN || !are_addresses_good(p) || !p->aead)
		return ADIT_ERR_ARG;
	if (p->key.n != adit_aead_key_len(p->aead) || (!p->esn && p->seq > UINT32_MAX))
		return ADIT_ERR_ARG;
	if (p->dir == ADIT_IN && window_of(p) > ADIT_REPLAY_MAX)
		return ADIT_ERR_ARG;
	if (p->dir == ADIT_IN && words < ADIT_REPLAY_WORDS(window_of(p)))
		return ADIT_ERR_ROOM;
	return kc.cap < p->aead->ctx_size ? ADIT_ERR_ROOM : ADIT_OK;
}

/* The outer header of every packet, ready but for lengths, identification and checksums. In
 * transport mode its addresses and ports are what the SA's path is remembered by. */
static void
make_outer(struct adit_sa *sa, const struct adit_path *path)
{
	uint8_t *p = sa->outer, next = sa->udp_encap ? ADIT_PROTO_UDP : ADIT_PROTO_ESP;

	memset(p, 0, sizeof sa->outer);
	if (path->local.ip.version == 4) {
		p[0] = 0x45;
		p[ADIT_IPV4_TTL] = OUTER_TTL;
		p[ADIT_IPV4_PROTOCOL] = next;
		memcpy(p + ADIT_IPV4_SOURCE, path->local.ip.b, 4);
		memcpy(p + ADIT_IPV4_DESTINATION, path->remote.ip.b, 4);
		sa->outer_len = ADIT_IPV4_LEN;
	} else {
		p[0] = 0x60;
		p[ADIT_IPV6_NEXT] = next;
		p[ADIT_IPV6_HOPS] = OUTER_TTL;
		memcpy(p + ADIT_IPV6_SOURCE, path->local.ip.b, 16);
		memcpy(p + ADIT_IPV6_DESTINATION, path->remote.ip.b, 16);
		sa->outer_len = ADIT_IPV6_LEN;
	}
	if (sa->udp_encap) {
		adit_store16(p + sa->outer_len, path->local.port ? path->local.port : NATT_PORT);
		adit_store16(p + sa->outer_len + 2,
			     path->remote.port ? path->remote.port : NATT_PORT);
		sa->outer_len = (uint8_t)(sa->outer_len + ADIT_UDP_LEN);
	}
}

enum adit_status
adit_sa_init(struct adit_sa *sa, const struct adit_sa_params *p, struct adit_buf kc, uint32_t *bits,
	     size_t words)
{
	const struct adit_path path = {{p->local, p->local_port}, {p->remote, p->remote_port}};
	enum adit_status st = check(p, kc, words);

	memset(sa, 0, sizeof *sa);
	if (st == ADIT_OK && p->dir == ADIT_IN)
		st = adit_replay_init(&sa->window, bits, words, window_of(p), p->esn);
	if (st == ADIT_OK)
		st = p->aead->setkey(p->aead, kc.p, p->key);
	if (st != ADIT_OK) {
		memset(sa, 0, sizeof *sa);
		return st;
	}
	sa->aead = p->aead;
	sa->kc = kc.p;
	sa->selectors = p->selectors;
	sa->spi = p->spi;
	sa->dir = (uint8_t)p->dir;
	sa->mode = (uint8_t)(p->mode ? p->mode : ADIT_TUNNEL);
	sa->esn = p->esn;
	sa->udp_encap = p->udp_encap;
	sa->seq = p->seq;
	if (p->dir == ADIT_IN && p->seq)
		adit_replay_resume(&sa->window, p->seq);
	sa->hard_packets = p->hard_packets;
	sa->hard_bytes = p->hard_bytes;
	make_outer(sa, &path);
	return ADIT_OK;
}

void
adit_sa_wipe(struct adit_sa *sa)
{
	if (sa->aead)
		sa->aead->wipe(sa->aead, sa->kc);
	adit_wipe(sa, sizeof *sa);
}

static bool
is_spent(const struct adit_sa *sa, size_t n)
{
	uint64_t last = sa->esn ? UINT64_MAX : UINT32_MAX;

	if (n > last - sa->seq)
		return true;
	if (sa->hard_packets && (sa->seq >= sa->hard_packets || n > sa->hard_packets - sa->seq))
		return true;
	return sa->hard_bytes && sa->n.bytes >= sa->hard_bytes;
}

enum adit_status
adit_sa_take_seq(struct adit_sa *sa, size_t n, uint64_t *first)
{
	if (is_spent(sa, n))
		return ADIT_ERR_EXHAUSTED;
	*first = sa->seq + 1;
	sa->seq += n;
	return ADIT_OK;
}

static uint8_t
version_of(const struct adit_sa *sa)
{
	return sa->outer[0] >> 4;
}

struct adit_path
adit_sa_path(const struct adit_sa *sa)
{
	uint8_t version = version_of(sa);
	const uint8_t *udp = sa->outer + (version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN);
	struct adit_path path;

	memset(&path, 0, sizeof path);
	path.local.ip = adit_ip_source(sa->outer, version);
	path.remote.ip = adit_ip_destination(sa->outer, version);
	if (sa->udp_encap) {
		path.local.port = adit_load16(udp);
		path.remote.port = adit_load16(udp + 2);
	}
	return path;
}

enum adit_status
adit_sa_set_path(struct adit_sa *sa, const struct adit_path *path)
{
	if ((path->local.ip.version != 4 && path->local.ip.version != 6) ||
	    path->remote.ip.version != path->local.ip.version)
		return ADIT_ERR_ARG;
	make_outer(sa, path);
	return ADIT_OK;
}
