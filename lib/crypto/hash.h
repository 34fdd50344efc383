/* A hash over parts. */
#ifndef ADIT_CRYPTO_HASH_H
#define ADIT_CRYPTO_HASH_H

#include "adit/crypto.h"

/* out: hash->out_len bytes. ERR_CRYPTO: the provider failed. */
ADIT_MUST_USE enum adit_status adit_hash_sum(const struct adit_hash *hash,
					     const struct adit_span *parts, size_t n_parts,
					     uint8_t *out);

#endif
