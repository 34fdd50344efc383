/* The path MTU of an SA, learnt from errors that nobody signs (RFC 4301 8.2, RFC 1191 6.3, RFC 8201
 * 4). */
#include "adit/icmp.h"
#include "wire/icmp.h"

/* What is made of a claimed MTU; zero: nothing. */
static uint32_t
believed(uint8_t version, uint32_t mtu)
{
	if (version == 6)
		return mtu < ADIT_PMTU_MIN_V6 ? 0 : mtu;
	if (mtu < ADIT_MTU_MIN_V4)
		return 0;
	return mtu < ADIT_PMTU_MIN_V4 ? ADIT_PMTU_MIN_V4 : mtu;
}

bool
adit_sa_learn_mtu(struct adit_sa *sa, uint32_t mtu, adit_ms now)
{
	uint32_t least = believed(sa->outer[0] >> 4, mtu);

	if (!sa->more || least == 0 || least >= sa->mtu)
		return false;
	sa->mtu = (uint16_t)least;
	sa->more->mtu_until = now + ADIT_PMTU_AGE_MS;
	return true;
}

void
adit_sa_age_mtu(struct adit_sa *sa, adit_ms now)
{
	if (!sa->more || sa->more->mtu_until == 0 || now < sa->more->mtu_until)
		return;
	adit_sa_set_mtu(sa, sa->more->link_mtu);
}
