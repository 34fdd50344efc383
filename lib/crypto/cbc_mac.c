/* AES-CMAC (RFC 4493) and AES-XCBC-MAC (RFC 3566): CBC-MACs that tell the last block by a key of
 * its own, one if it is full and another if it was padded. */
#include <string.h>

#include "adit/crypto.h"

#define BLOCK ADIT_BLOCK_LEN
#define PAD 0x80
#define CMAC_POLYNOMIAL 0x87

/* A context: the two keys for the last block, then the cipher's. */
enum { FULL_AT = 0, PADDED_AT = BLOCK, CIPHER_AT = 2 * BLOCK };

static uint8_t *
at(void *kc, size_t offset)
{
	return (uint8_t *)kc + offset;
}

static enum adit_status
encrypt(const struct adit_mac *mac, void *kc, uint8_t *block)
{
	return mac->block->encrypt(at(kc, CIPHER_AT), block, block);
}

/* Multiplies by x in GF(2^128). */
static void
twice(const uint8_t *in, uint8_t *out)
{
	uint8_t carry = (uint8_t)(in[0] >> 7);

	for (size_t i = 0; i + 1 < BLOCK; i++)
		out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
	out[BLOCK - 1] = (uint8_t)(in[BLOCK - 1] << 1);
	out[BLOCK - 1] ^= (uint8_t)(CMAC_POLYNOMIAL & (uint8_t)-carry);
}

enum adit_status
adit_cmac_setkey(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	uint8_t zero[BLOCK] = {0};
	enum adit_status st = mac->block->setkey(at(kc, CIPHER_AT), key);

	if (st != ADIT_OK)
		return st;
	st = encrypt(mac, kc, zero);
	twice(zero, at(kc, FULL_AT));
	twice(at(kc, FULL_AT), at(kc, PADDED_AT));
	adit_wipe(zero, sizeof zero);
	if (st != ADIT_OK)
		adit_cbc_mac_wipe(mac, kc);
	return st;
}

/* Three keys, made of the one given: for the chain, and for both kinds of last blocks. */
enum adit_status
adit_xcbc_setkey(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	uint8_t chain[BLOCK];
	enum adit_status st;

	if (key.n != BLOCK)
		return ADIT_ERR_ARG;
	st = mac->block->setkey(at(kc, CIPHER_AT), key);
	if (st != ADIT_OK)
		return st;
	memset(chain, 1, BLOCK);
	memset(at(kc, FULL_AT), 2, BLOCK);
	memset(at(kc, PADDED_AT), 3, BLOCK);
	st = encrypt(mac, kc, chain);
	if (st == ADIT_OK)
		st = encrypt(mac, kc, at(kc, FULL_AT));
	if (st == ADIT_OK)
		st = encrypt(mac, kc, at(kc, PADDED_AT));
	mac->block->wipe(at(kc, CIPHER_AT));
	if (st == ADIT_OK)
		st = mac->block->setkey(at(kc, CIPHER_AT), (struct adit_span){chain, BLOCK});
	adit_wipe(chain, sizeof chain);
	if (st != ADIT_OK)
		adit_cbc_mac_wipe(mac, kc);
	return st;
}

static void
into(uint8_t *block, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		block[i] ^= p[i];
}

/* The running block, and how many bytes of the message are in it that were not enciphered yet. */
struct chain {
	uint8_t block[BLOCK];
	size_t held;
};

/* A block is enciphered when the next byte comes: the last one is not like others. */
static enum adit_status
add(const struct adit_mac *mac, void *kc, struct chain *c, const uint8_t *p, size_t n)
{
	enum adit_status st = ADIT_OK;

	while (n > 0 && st == ADIT_OK) {
		size_t take;

		if (c->held == BLOCK) {
			st = encrypt(mac, kc, c->block);
			c->held = 0;
		}
		take = BLOCK - c->held < n ? BLOCK - c->held : n;
		into(c->block + c->held, p, take);
		c->held += take;
		p += take;
		n -= take;
	}
	return st;
}

enum adit_status
adit_cbc_mac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts,
		 size_t n_parts, uint8_t *out)
{
	struct chain c;
	enum adit_status st = ADIT_OK;

	memset(&c, 0, sizeof c);
	for (size_t i = 0; i < n_parts && st == ADIT_OK; i++)
		st = add(mac, kc, &c, parts[i].p, parts[i].n);
	if (c.held < BLOCK)
		c.block[c.held] ^= PAD;
	into(c.block, at(kc, c.held < BLOCK ? PADDED_AT : FULL_AT), BLOCK);
	if (st == ADIT_OK)
		st = encrypt(mac, kc, c.block);
	if (st == ADIT_OK)
		memcpy(out, c.block, BLOCK);
	adit_wipe(&c, sizeof c);
	return st;
}

void
adit_cbc_mac_wipe(const struct adit_mac *mac, void *kc)
{
	mac->block->wipe(at(kc, CIPHER_AT));
	adit_wipe(kc, CIPHER_AT);
}
