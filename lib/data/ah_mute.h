/* What AH authenticates of the headers before it (RFC 4302 3.3.3.1 and appendix A). */
#ifndef ADIT_DATA_AH_MUTE_H
#define ADIT_DATA_AH_MUTE_H

#include "adit/ah.h"

/* Copies the n bytes of headers at p that stand before AH to `muted` (ADIT_AH_HEADERS_MAX bytes):
 * what changes on the way is zero there, what changes in a way that can be foretold is as the
 * receiver will see it. ERR_TOO_LONG, ERR_MALFORMED (options), ERR_UNSUPPORTED (routing headers
 * of other types with segments left). */
ADIT_MUST_USE enum adit_status adit_ah_mute(const uint8_t *p, size_t n, uint8_t *muted);

#endif
