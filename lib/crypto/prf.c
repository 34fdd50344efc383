/* PRF and PRF+ (RFC 7296 2.13). */
#include <string.h>

#include "crypto/prf.h"

#define ROUNDS_MAX 255

enum adit_status
adit_prf_sum(const struct adit_prf *prf, struct adit_span key, const struct adit_span *parts,
	     size_t n_parts, uint8_t *out)
{
	union adit_mac_ctx kc;
	enum adit_status st = prf->mac->setkey(prf->mac, &kc, key);

	if (st == ADIT_OK)
		st = prf->mac->sum(prf->mac, &kc, parts, n_parts, out);
	adit_wipe(&kc, sizeof kc);
	return st;
}

/* T1 = prf(K, S | 1), Tn = prf(K, T(n-1) | S | n). */
static enum adit_status
expand(const struct adit_prf *prf, void *kc, struct adit_span *in, size_t n_in, struct adit_buf out)
{
	uint8_t block[ADIT_HASH_MAX], round = 0;
	size_t len = prf->mac->out_len, done = 0;
	enum adit_status st = ADIT_OK;

	in[0].p = block;
	in[0].n = 0;
	in[n_in - 1].p = &round;
	in[n_in - 1].n = 1;
	while (st == ADIT_OK && done < out.cap) {
		size_t take = out.cap - done < len ? out.cap - done : len;

		round++;
		st = prf->mac->sum(prf->mac, kc, in, n_in, block);
		if (st == ADIT_OK)
			memcpy(out.p + done, block, take);
		in[0].n = len;
		done += take;
	}
	adit_wipe(block, sizeof block);
	return st;
}

enum adit_status
adit_prf_plus(const struct adit_prf *prf, struct adit_span key, const struct adit_span *parts,
	      size_t n_parts, struct adit_buf out)
{
	struct adit_span in[ADIT_PRF_PLUS_PARTS + 2];
	union adit_mac_ctx kc;
	enum adit_status st;

	if (n_parts > ADIT_PRF_PLUS_PARTS || out.cap > ROUNDS_MAX * (size_t)prf->mac->out_len)
		return ADIT_ERR_ARG;
	memcpy(in + 1, parts, n_parts * sizeof *parts);
	st = prf->mac->setkey(prf->mac, &kc, key);
	if (st == ADIT_OK)
		st = expand(prf, &kc, in, n_parts + 2, out);
	adit_wipe(&kc, sizeof kc);
	if (st != ADIT_OK)
		adit_wipe(out.p, out.cap);
	return st;
}
