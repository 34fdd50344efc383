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
is_power_of_two(uint8_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static bool
is_transform_good(const struct adit_sa_params *p)
{
	const struct adit_aead *aead = p->aead;
	bool is_null = aead && aead->encr == ADIT_ENCR_NULL;

	/* Encryption without integrity is refused, whatever object brings it. */
	if (!aead || !is_power_of_two(aead->block) || aead->icv_len == 0 ||
	    p->key.n != adit_aead_key_len(aead))
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

	if (!p->esn && p->seq > UINT32_MAX)
		return false;
	if (p->selectors &&
	    (p->selectors->local_n > ADIT_TS_MAX || p->selectors->remote_n > ADIT_TS_MAX))
		return false;
	if (!ADIT_EXTRAS)
		return true;
	if ((needs_more && !p->more) || p->dscp > DSCP_MAX)
		return false;
	return !(p->flags & ADIT_SA_SET_DF) || !(p->flags & ADIT_SA_CLEAR_DF);
}

/* What a build with ADIT_EXTRAS 0 leaves out. */
static bool
has_extras(const struct adit_sa_params *p)
{
	return mode_of(p) > ADIT_TRANSPORT || p->flags || p->tfc || p->more ||
	       has_bounds(&p->soft) || has_bounds(&p->hard);
}

static enum adit_status
check(const struct adit_sa_params *p, struct adit_buf kc)
{
	if (p->dir != ADIT_OUT && p->dir != ADIT_IN)
		return ADIT_ERR_ARG;
	if (p->spi < ADIT_SPI_MIN || !are_addresses_good(p) || !is_transform_good(p))
		return ADIT_ERR_ARG;
	if (!ADIT_EXTRAS && has_extras(p))
		return ADIT_ERR_UNSUPPORTED;
	if ((ADIT_EXTRAS && !is_mode_good(p)) || !is_rest_good(p))
		return ADIT_ERR_ARG;
	/* Transforms with a salt count. */
	if (p->manual && !p->seq_known && p->aead->salt_len)
		return ADIT_ERR_CONFIG;
	return kc.cap < p->aead->ctx_size ? ADIT_ERR_ROOM : ADIT_OK;
}

/* The outer header of every packet, ready but for lengths and identification. In
 * transport mode its addresses and ports are what the SA's path is remembered by. */
static void
make_outer(struct adit_sa *sa, const struct adit_ip *local, const struct adit_ip *remote)
{
	uint8_t *p = sa->outer;

	memset(p, 0, sizeof sa->outer);
	p[0] = (uint8_t)(local->version << 4);
	adit_ip_make_base(p, sa->udp_encap ? (uint8_t)ADIT_PROTO_UDP : sa->protocol);
	adit_ip_set_addresses(p, local, remote);
	sa->outer_len = (uint8_t)adit_ip_base_len(local->version);
}

/* The last of it. The checksum is that of a header whose fields to come are zero, so that a packet
 * needs to add these alone. */
static void
finish_outer(uint8_t *outer, uint8_t tos, uint8_t hop_limit)
{
	uint8_t version = outer[0] >> 4;

	outer[version == 4 ? ADIT_IPV4_TTL : ADIT_IPV6_HOPS] = hop_limit;
	if (version == 4)
		adit_ipv4_set_checksum(outer);
	adit_ip_set_tos(outer, version, tos);
}

static void
put_ports(struct adit_sa *sa, uint16_t local, uint16_t remote)
{
	uint8_t *p = sa->outer + sa->outer_len;

	if (!sa->udp_encap)
		return;
	adit_store16(p, local ? local : NATT_PORT);
	adit_store16(p + 2, remote ? remote : NATT_PORT);
	sa->outer_len = (uint8_t)(sa->outer_len + ADIT_UDP_LEN);
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
	sa->bounded = ADIT_EXTRAS && has_bounds(&p->hard);
	sa->tfc = p->tfc;
	sa->seq = p->seq;
	adit_sa_set_mtu(sa, p->mtu);
	make_outer(sa, &p->local, &p->remote);
	put_ports(sa, p->local_port, p->remote_port);
	/* Without ADIT_SA_SET_DSCP nobody reads this one. */
	finish_outer(sa->outer, (uint8_t)(p->dscp << DSCP_SHIFT),
		     p->hop_limit ? p->hop_limit : OUTER_TTL);
	if (p->dir == ADIT_IN && p->seq)
		adit_replay_resume(&sa->window, p->seq);
	if (ADIT_EXTRAS && sa->more)
		fill_more(sa->more, p);
}

enum adit_status
adit_sa_init_(size_t selectors_size, struct adit_sa *sa, const struct adit_sa_params *p,
	      struct adit_buf kc, uint32_t *bits, size_t words)
{
	enum adit_status st =
		selectors_size == sizeof *p->selectors ? check(p, kc) : ADIT_ERR_CONFIG;

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
	uint64_t hard;

	if (n > (sa->esn ? UINT64_MAX : UINT32_MAX) - sa->seq)
		return true;
	if (!ADIT_EXTRAS || !sa->bounded)
		return false;
	hard = sa->more->hard.packets;
	return adit_sa_is_full(sa) || (hard && n > hard - sa->seq);
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
	const uint8_t *old = sa->outer;
	uint8_t tos = adit_ip_tos(old),
		limit = old[version_of(sa) == 4 ? ADIT_IPV4_TTL : ADIT_IPV6_HOPS];

	if ((path->local.ip.version != 4 && path->local.ip.version != 6) ||
	    path->remote.ip.version != path->local.ip.version)
		return ADIT_ERR_ARG;
	make_outer(sa, &path->local.ip, &path->remote.ip);
	put_ports(sa, path->local.port, path->remote.port);
	finish_outer(sa->outer, tos, limit);
	return ADIT_OK;
}
