/* Stands for lib/data/ah_mute.c, which ah_mute.c and ah_mute6.c are the proofs of. */
#include "data/ah_mute.h"
#include "proof.h"
#include "wire/ip.h"

enum adit_status
adit_ah_mute(const uint8_t *p, size_t n, uint8_t *muted)
{
	SHOW(__CPROVER_r_ok(p, n) && n >= adit_ip_base_len(p[0] >> 4));
	if (n > ADIT_AH_HEADERS_MAX)
		return ADIT_ERR_TOO_LONG;
	SHOW(__CPROVER_w_ok(muted, n));
	return nondet_bool() ? ADIT_OK : ADIT_ERR_MALFORMED;
}
