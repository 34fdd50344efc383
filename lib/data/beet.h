/* BEET mode: a tunnel between two fixed addresses, whose packets cost no more than in transport
 * mode because the addresses inside are not sent. */
#ifndef ADIT_DATA_BEET_H
#define ADIT_DATA_BEET_H

#include "adit/sa.h"
#include "wire/ip.h"

/* Whether the packet at p, of shape *v, may enter the SA; then what of it stays in front of ESP,
 * and the protocol behind that. ERR_SELECTOR: other addresses than the SA's; ERR_UNSUPPORTED: IPv4
 * options. */
ADIT_MUST_USE enum adit_status adit_beet_check(const struct adit_sa *sa, const uint8_t *p,
					       const struct adit_ip_view *v, size_t *kept,
					       uint8_t *next);
/* Makes the header at p the outer one. */
void adit_beet_put(const struct adit_sa *sa, uint8_t *p, uint8_t protocol);

#endif
