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

/* What each output is made of: the one before, the parts, the round. */
struct chain {
	struct adit_span in[1 + ADIT_PRF_PLUS_PARTS + 1];
	size_t n;
	uint8_t block[ADIT_HASH_MAX], round;
};

static void
chain_begin(struct chain *c, const struct adit_span *parts, size_t n_parts)
{
	c->n = n_parts + 2;
	c->round = 0;
	c->in[0].p = c->block;
	c->in[0].n = 0;
	memcpy(c->in + 1, parts, n_parts * sizeof *parts);
	c->in[c->n - 1].p = &c->round;
	c->in[c->n - 1].n = 1;
}

/* T1 = prf(K, S | 1), Tn = prf(K, T(n-1) | S | n). */
static enum adit_status
expand(const struct adit_prf *prf, void *kc, struct chain *c, struct adit_buf out)
{
	size_t len = prf->mac->out_len, done = 0;
	enum adit_status st = ADIT_OK;

	while (st == ADIT_OK && done < out.cap) {
		size_t take = out.cap - done < len ? out.cap - done : len;

		c->round++;
		st = prf->mac->sum(prf->mac, kc, c->in, c->n, c->block);
		if (st == ADIT_OK)
			memcpy(out.p + done, c->block, take);
		c->in[0].n = len;
		done += take;
	}
	return st;
}

enum adit_status
adit_prf_plus(const struct adit_prf *prf, struct adit_span key, const struct adit_span *parts,
	      size_t n_parts, struct adit_buf out)
{
	struct chain c;
	union adit_mac_ctx kc;
	enum adit_status st;

	if (n_parts > ADIT_PRF_PLUS_PARTS || out.cap > ROUNDS_MAX * (size_t)prf->mac->out_len)
		return ADIT_ERR_ARG;
	chain_begin(&c, parts, n_parts);
	st = prf->mac->setkey(prf->mac, &kc, key);
	if (st == ADIT_OK)
		st = expand(prf, &kc, &c, out);
	adit_wipe(&kc, sizeof kc);
	adit_wipe(c.block, sizeof c.block);
	if (st != ADIT_OK)
		adit_wipe(out.p, out.cap);
	return st;
}
