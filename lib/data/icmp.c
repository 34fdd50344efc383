/* What ICMP errors teach an SA about its path (RFC 4301 8.2): only what is about a packet that it
 * sent, and lately. */
#include "adit/icmp.h"

/* Whether the quoted packet has the outer header that the SA writes. */
static bool
is_about(const struct adit_sa *sa, const struct adit_icmp_error *e)
{
	const struct adit_path path = adit_sa_path(sa);
	uint8_t protocol = sa->udp_encap ? ADIT_PROTO_UDP : sa->protocol;

	if (sa->dir != ADIT_OUT || !e->has_spi || e->spi != sa->spi)
		return false;
	if (e->sent.protocol != protocol || !adit_ip_equal(&e->sent.remote, &path.remote.ip) ||
	    !adit_ip_equal(&e->sent.local, &path.local.ip))
		return false;
	return !sa->udp_encap ||
	       (e->sent.local_port == path.local.port && e->sent.remote_port == path.remote.port);
}

/* Whether the SA used that number, and not long ago. Of an extended number the low half is sent. */
static bool
is_recent(const struct adit_sa *sa, const struct adit_icmp_error *e)
{
	uint32_t back = (uint32_t)sa->seq - e->seq;

	return e->has_seq && back <= ADIT_ICMP_SEQ_BACK && back < sa->seq;
}

enum adit_status
adit_icmp_apply_sa(struct adit_sa *sa, const struct adit_icmp_error *e, adit_ms now)
{
	if (!is_about(sa, e))
		return ADIT_ERR_MISMATCH;
	if (!e->too_big)
		return ADIT_ERR_UNSUPPORTED;
	if (!is_recent(sa, e))
		return ADIT_ERR_OLD;
	if (e->quoted_len <= e->mtu)
		return ADIT_ERR_MALFORMED;
	return adit_sa_learn_mtu(sa, e->mtu, now) ? ADIT_OK : ADIT_ERR_STATE;
}

enum adit_status
adit_icmp_apply(struct adit_sad *sad, const struct adit_icmp_error *e, adit_ms now, size_t *cursor,
		struct adit_sa_id *id)
{
	const struct adit_sad_mem *mem = &sad->mem;

	for (unsigned i = 0; i < ADIT_ICMP_WALK; i++, (*cursor)++) {
		enum adit_status st;

		if (!e->has_spi || *cursor >= mem->count)
			return ADIT_ERR_NO_SA;
		/* An empty slot is no outbound SA. */
		st = adit_icmp_apply_sa(&mem->sas[*cursor], e, now);
		if (st == ADIT_ERR_MISMATCH)
			continue;
		id->slot = (uint32_t)*cursor;
		id->generation = mem->words[*cursor].generation;
		return st;
	}
	return ADIT_ERR_PENDING;
}
