/* The transforms of a simulated world. Paper ones cost next to nothing, so that a seed takes
 * milliseconds; mbedTLS's, wrapped, for seeds that want the real ones. All tell the world what they
 * do, and fail when it says so. */
#ifndef ADIT_SIM_PAPER_H
#define ADIT_SIM_PAPER_H

#include "adit/crypto.h"

/* Calls that can be made to fail. */
enum sim_call {
	SIM_CALL_RANDOM,
	SIM_CALL_SETKEY,
	SIM_CALL_SEAL,
	SIM_CALL_OPEN,
	SIM_CALL_MAC,
	SIM_CALL_KE,
	SIM_CALL_HASH,
	SIM_CALL_SEND, /* of the world, not of a transform */
	SIM_CALL_COUNT
};

/* Who a key and a nonce of it are, as 128 bits. */
struct sim_nonce {
	uint64_t key, nonce;
};

/* The world behind the transforms: one at a time. */
struct paper_world {
	void *ctx;
	/* Before each call; true: it fails. */
	bool (*fails)(void *ctx, enum sim_call call);
	/* Something was sealed under this key with this nonce. */
	void (*sealed)(void *ctx, const struct sim_nonce *used);
	bool open; /* what is sealed stays readable, for those who read frames */
};
void paper_set_world(const struct paper_world *world);
/* What a transform asks and tells it. */
bool paper_fails(enum sim_call call);
void paper_tell(const struct sim_nonce *used);

/* An AEAD as AES-GCM is, one as AES-CBC with HMAC-SHA2-256-128 is (blocks, ESN behind the data). */
extern const struct adit_crypto paper_crypto;
extern const struct adit_aead paper_stream, paper_block;
/* mbedTLS's AEADs, all that IKE negotiates, under the same watch; its PRFs, Curve25519, SHA-1. */
const struct adit_crypto *paper_mbedtls(void);

/* 64 bits that differ with probability 1 - 2^-64 where the bytes do. */
uint64_t paper_digest(uint64_t seed, const uint8_t *p, size_t n);

#endif
