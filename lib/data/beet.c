/* BEET mode: a tunnel between two fixed addresses, whose packets cost no more than in transport
 * mode because the addresses inside are not sent. */
#include "data/beet.h"

enum adit_status
adit_beet_check(const struct adit_sa *sa, const uint8_t *p, const struct adit_ip_view *v,
		size_t *kept, uint8_t *next)
{
	const struct adit_ip source = adit_ip_source(p, v->version);
	const struct adit_ip destination = adit_ip_destination(p, v->version);

	if (!adit_ip_equal(&source, &sa->more->inside[ADIT_LOCAL]) ||
	    !adit_ip_equal(&destination, &sa->more->inside[ADIT_REMOTE]))
		return ADIT_ERR_SELECTOR;
	*kept = adit_ip_base_len(v->version);
	if (v->version == 4 && v->upper_at != *kept)
		return ADIT_ERR_UNSUPPORTED;
	*next = p[v->version == 4 ? ADIT_IPV4_PROTOCOL : ADIT_IPV6_NEXT];
	return ADIT_OK;
}

void
adit_beet_put(const struct adit_sa *sa, uint8_t *p, uint8_t protocol)
{
	const struct adit_path path = adit_sa_path(sa);

	adit_ip_make_base(p, protocol);
	adit_ip_set_addresses(p, &path.local.ip, &path.remote.ip);
}
