/* Crypto for fuzzing: thousands of times faster than any that is safe, and yet both ends must hold
 * the same keys and see the same bytes, or nothing opens and nothing is authenticated. */
#ifndef ADIT_FUZZ_TOY_H
#define ADIT_FUZZ_TOY_H

#include "adit/crypto.h"

/* Calls until one fails with ERR_CRYPTO; 0: none does. */
extern unsigned toy_fails_in;

/* All that there is; and the same with the larger key exchange first or alone. */
extern const struct adit_crypto toy_crypto, toy_crypto_large_first, toy_crypto_large_only;

/* Some bytes in 64 bits, so that other bytes give others. */
uint64_t toy_mix(uint64_t h, const uint8_t *p, size_t n);

#endif
