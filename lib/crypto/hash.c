/* A hash over parts. */
#include "crypto/hash.h"

enum adit_status
adit_hash_sum(const struct adit_hash *hash, const struct adit_span *parts, size_t n_parts,
	      uint8_t *out)
{
	union adit_hash_ctx ctx;
	enum adit_status st = hash->start(&ctx);

	for (size_t i = 0; st == ADIT_OK && i < n_parts; i++)
		st = hash->update(&ctx, parts[i].p, parts[i].n);
	if (st == ADIT_OK)
		st = hash->finish(&ctx, out);
	adit_wipe(&ctx, sizeof ctx);
	return st;
}
