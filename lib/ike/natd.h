/* NAT detection (RFC 7296 2.23): hashes of the addresses as each side sees them. */
#ifndef ADIT_IKE_NATD_H
#define ADIT_IKE_NATD_H

#include "wire/ike_payload.h"

#define ADIT_NATD_LEN 20 /* of SHA-1 */

/* SHA-1 over SPIs, address and port. out: ADIT_NATD_LEN bytes. */
ADIT_MUST_USE enum adit_status adit_natd_hash(const struct adit_hash *sha1, const uint8_t *spi_i,
					      const uint8_t *spi_r, const struct adit_endpoint *end,
					      uint8_t *out);

/* Writes both notifies for a message with the SPIs of *h that goes out on *path. */
ADIT_MUST_USE enum adit_status adit_natd_put(struct adit_ike_writer *m,
					     const struct adit_hash *sha1,
					     const struct adit_ike_header *h,
					     const struct adit_path *path);

struct adit_natd {
	bool supported; /* both notifies are there: the peer does NAT traversal */
	bool local;     /* a NAT before us */
	bool remote;    /* a NAT before the peer */
};

/* What the notifies in a message that came in on *path tell. Those of a wrong size are ignored. A
 * peer may send several sources: one that fits is enough. */
ADIT_MUST_USE enum adit_status adit_natd_detect(const struct adit_hash *sha1,
						const struct adit_ike_chain *chain,
						const struct adit_ike_header *h,
						const struct adit_path *path,
						struct adit_natd *nat);

#endif
