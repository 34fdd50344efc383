/* A Security Association as a value: making it from parameters, its numbers, its end. */
#include <string.h>

#include "adit/sa.h"
#include "base/endian.h"
#include "wire/ip.h"

#define OUTER_TTL 64 /* RFC 1700's default, as every stack has it */
#define NATT_PORT 4500
#define DSCP_MAX 63
#define DSCP_SHIFT 2

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

static enum adit_mode
mode_of(const struct adit_sa_params *p)
{
	return p->mode ? p->mode : ADIT_TUNNEL;
}

static uint8_t
protocol_of(const struct adit_sa_params *p)
{
	return p->protocol ? p->protocol : ADIT_PROTO_ESP;
}

static bool
is_transform_good(const struct adit_sa_params *p)
{
	const struct adit_aead *aead = p->aead;
	bool is_null = aead && aead->encr == ADIT_ENCR_NULL;

	/* Encryption without integrity is refused, whatever object brings it. */
	if (!aead || aead->icv_len == 0 || p->key.n != adit_aead_key_len(aead))
		return false;
	/* AES-GMAC has its IV in AH's ICV field, and another transform in ESP (RFC 4543). */
	if (protocol_of(p) == ADIT_PROTO_AH)
		return is_null && !p->udp_encap;
	return protocol_of(p) == ADIT_PROTO_ESP && !(is_null && aead->iv_len);
}

static bool
is_mode_good(const struct adit_sa_params *p)
{
	if (mode_of(p) == ADIT_BEET)
		return p->more && protocol_of(p) == ADIT_PROTO_ESP && !p->tfc &&
		       p->inner_local.version == p->local.version &&
		       p->inner_remote.version == p->local.version;
	if (mode_of(p) == ADIT_TRANSPORT)
		return !p->tfc;
	if (mode_of(p) == ADIT_IPTFS)
		return !p->tfc && protocol_of(p) == ADIT_PROTO_ESP;
	return mode_of(p) == ADIT_TUNNEL && (!p->tfc || protocol_of(p) == ADIT_PROTO_ESP);
}

static bool
has_bounds(const struct adit_lifetime *l)
{
	return l->packets || l->bytes || l->time;
}

static bool
is_rest_good(const struct adit_sa_params *p)
{
	bool needs_more = has_bounds(&p->soft) || has_bounds(&p->hard) || p->inner_remote.version;

	if ((needs_more && !p->more) || p->dscp > DSCP_MAX)
		return false;
	if ((p->flags & ADIT_SA_SET_DF) && (p->flags & ADIT_SA_CLEAR_DF))
		return false;
	return p->esn || p->seq <= UINT32_MAX;
}

static enum adit_status
check(const struct adit_sa_params *p, struct adit_buf kc, size_t words)
{
	if (p->dir != ADIT_OUT && p->dir != ADIT_IN)
		return ADIT_ERR_ARG;
	if (p->spi < ADIT_SPI_MIN || !are_addresses_good(p) || !is_transform_good(p))
		return ADIT_ERR_ARG;
	if (!is_mode_good(p) || !is_rest_good(p))
		return ADIT_ERR_ARG;
	/* Transforms with a salt count. */
	if (p->manual && !p->seq_known && p->aead->salt_len)
		return ADIT_ERR_CONFIG;
	if (p->dir == ADIT_IN && window_of(p) > ADIT_REPLAY_MAX)
		return ADIT_ERR_ARG;
	if (p->dir == ADIT_IN && words < ADIT_REPLAY_WORDS(window_of(p)))
		return ADIT_ERR_ROOM;
	return kc.cap < p->aead->ctx_size ? ADIT_ERR_ROOM : ADIT_OK;
}

/* The outer header of every packet, ready but for lengths, identification and checksums. In
 * transport mode its addresses and ports are what the SA's path is remembered by. */
static void
make_outer(struct adit_sa *sa, const struct adit_path *path, uint8_t tos, uint8_t hop_limit)
{
	uint8_t *p = sa->outer, next = sa->udp_encap ? ADIT_PROTO_UDP : sa->protocol;

	memset(p, 0, sizeof sa->outer);
	if (path->local.ip.version == 4) {
		p[0] = 0x45;
		p[ADIT_IPV4_TTL] = hop_limit;
		p[ADIT_IPV4_PROTOCOL] = next;
		memcpy(p + ADIT_IPV4_SOURCE, path->local.ip.b, 4);
		memcpy(p + ADIT_IPV4_DESTINATION, path->remote.ip.b, 4);
		sa->outer_len = ADIT_IPV4_LEN;
	} else {
		p[0] = 0x60;
		p[ADIT_IPV6_NEXT] = next;
		p[ADIT_IPV6_HOPS] = hop_limit;
		memcpy(p + ADIT_IPV6_SOURCE, path->local.ip.b, 16);
		memcpy(p + ADIT_IPV6_DESTINATION, path->remote.ip.b, 16);
		sa->outer_len = ADIT_IPV6_LEN;
	}
	adit_ip_set_tos(p, path->local.ip.version, tos);
	if (sa->udp_encap) {
		adit_store16(p + sa->outer_len, path->local.port ? path->local.port : NATT_PORT);
		adit_store16(p + sa->outer_len + 2,
			     path->remote.port ? path->remote.port : NATT_PORT);
		sa->outer_len = (uint8_t)(sa->outer_len + ADIT_UDP_LEN);
	}
}

static void
fill_more(struct adit_sa_more *more, const struct adit_sa_params *p)
{
	memset(more, 0, sizeof *more);
	more->soft = p->soft;
	more->hard = p->hard;
	more->since = p->now;
	more->inside[ADIT_LOCAL] = p->inner_local;
	more->inside[ADIT_REMOTE] = p->inner_remote;
	more->link_mtu = p->mtu;
}

static void
fill(struct adit_sa *sa, const struct adit_sa_params *p, void *kc)
{
	const struct adit_path path = {{p->local, p->local_port}, {p->remote, p->remote_port}};
	uint8_t tos = (uint8_t)(p->flags & ADIT_SA_SET_DSCP ? p->dscp << DSCP_SHIFT : 0);

	sa->aead = p->aead;
	sa->kc = kc;
	sa->selectors = p->selectors;
	sa->more = p->more;
	sa->spi = p->spi;
	sa->dir = (uint8_t)p->dir;
	sa->mode = (uint8_t)mode_of(p);
	sa->protocol = protocol_of(p);
	sa->esn = p->esn;
	sa->udp_encap = p->udp_encap;
	sa->flags = p->flags;
	sa->bounded = has_bounds(&p->hard);
	sa->tfc = p->tfc;
	sa->seq = p->seq;
	adit_sa_set_mtu(sa, p->mtu);
	make_outer(sa, &path, tos, p->hop_limit ? p->hop_limit : OUTER_TTL);
	if (p->dir == ADIT_IN && p->seq)
		adit_replay_resume(&sa->window, p->seq);
	if (sa->more)
		fill_more(sa->more, p);
}

enum adit_status
adit_sa_init(struct adit_sa *sa, const struct adit_sa_params *p, struct adit_buf kc, uint32_t *bits,
	     size_t words)
{
	enum adit_status st = check(p, kc, words);

	memset(sa, 0, sizeof *sa);
	if (st == ADIT_OK && p->dir == ADIT_IN)
		st = adit_replay_init(&sa->window, bits, words, window_of(p), p->esn);
	if (st == ADIT_OK)
		st = p->aead->setkey(p->aead, kc.p, p->key);
	if (st == ADIT_OK)
		fill(sa, p, kc.p);
	else
		memset(sa, 0, sizeof *sa);
	return st;
}

void
adit_sa_wipe(struct adit_sa *sa)
{
	if (sa->aead)
		sa->aead->wipe(sa->aead, sa->kc);
	adit_wipe(sa, sizeof *sa);
}

void
adit_sa_set_mtu(struct adit_sa *sa, uint16_t mtu)
{
	sa->mtu = mtu ? mtu : UINT16_MAX;
	if (sa->more) {
		sa->more->link_mtu = mtu;
		sa->more->mtu_until = 0;
	}
}

static bool
is_spent(const struct adit_sa *sa, size_t n)
{
	uint64_t hard = sa->bounded ? sa->more->hard.packets : 0;

	if (n > (sa->esn ? UINT64_MAX : UINT32_MAX) - sa->seq || adit_sa_is_full(sa))
		return true;
	return hard && n > hard - sa->seq;
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

static uint8_t
hop_limit(const uint8_t *outer)
{
	return outer[outer[0] >> 4 == 4 ? ADIT_IPV4_TTL : ADIT_IPV6_HOPS];
}

enum adit_status
adit_sa_set_path(struct adit_sa *sa, const struct adit_path *path)
{
	if ((path->local.ip.version != 4 && path->local.ip.version != 6) ||
	    path->remote.ip.version != path->local.ip.version)
		return ADIT_ERR_ARG;
	make_outer(sa, path, adit_ip_tos(sa->outer), hop_limit(sa->outer));
	return ADIT_OK;
}
