/* The transform interfaces: what a crypto provider fills in, and what the rest of the library is
 * written against. A transform is a const object with its IANA name and numbers; a list of them
 * names exactly what gets linked. Objects hold no state: all of it is in contexts that the caller
 * owns and gives by pointer, aligned for uint64_t and void *.
 *
 * A keyed context is working memory of its provider: two calls with one context must not overlap
 * in time. A context holds secrets until wipe. */
#ifndef ADIT_CRYPTO_H
#define ADIT_CRYPTO_H

#include "adit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* IKEv2 transform types (RFC 7296 3.3.2). */
enum adit_transform_type {
	ADIT_TRANSFORM_ENCR = 1,
	ADIT_TRANSFORM_PRF = 2,
	ADIT_TRANSFORM_INTEG = 3,
	ADIT_TRANSFORM_KE = 4,
	ADIT_TRANSFORM_SN = 5 /* Sequence Numbers: 0 is 32-bit, 1 is extended */
};

/* IANA numbers of the transforms built here ("IKEv2 Parameters" registry). */
enum {
	ADIT_ENCR_DES = 2,
	ADIT_ENCR_3DES = 3,
	ADIT_ENCR_NULL = 11,
	ADIT_ENCR_AES_CBC = 12,
	ADIT_ENCR_AES_CTR = 13,
	ADIT_ENCR_AES_CCM_8 = 14,
	ADIT_ENCR_AES_CCM_12 = 15,
	ADIT_ENCR_AES_CCM_16 = 16,
	ADIT_ENCR_AES_GCM_8 = 18,
	ADIT_ENCR_AES_GCM_12 = 19,
	ADIT_ENCR_AES_GCM_16 = 20,
	ADIT_ENCR_NULL_AUTH_AES_GMAC = 21,
	ADIT_ENCR_CAMELLIA_CBC = 23,
	ADIT_ENCR_CHACHA20_POLY1305 = 28,
	ADIT_ENCR_AES_CCM_16_IIV = 29,
	ADIT_ENCR_AES_GCM_16_IIV = 30,
	ADIT_ENCR_CHACHA20_POLY1305_IIV = 31,
	ADIT_PRF_HMAC_SHA1 = 2,
	ADIT_PRF_HMAC_SHA2_256 = 5,
	ADIT_PRF_HMAC_SHA2_384 = 6,
	ADIT_PRF_HMAC_SHA2_512 = 7,
	ADIT_AUTH_NONE = 0,
	ADIT_AUTH_HMAC_MD5_96 = 1,
	ADIT_AUTH_HMAC_SHA1_96 = 2,
	ADIT_AUTH_AES_XCBC_96 = 5,
	ADIT_AUTH_AES_CMAC_96 = 8,
	ADIT_AUTH_AES_128_GMAC = 9,
	ADIT_AUTH_AES_192_GMAC = 10,
	ADIT_AUTH_AES_256_GMAC = 11,
	ADIT_AUTH_HMAC_SHA2_256_128 = 12,
	ADIT_AUTH_HMAC_SHA2_384_192 = 13,
	ADIT_AUTH_HMAC_SHA2_512_256 = 14,
	ADIT_KE_MODP_2048 = 14,
	ADIT_KE_MODP_3072 = 15,
	ADIT_KE_MODP_4096 = 16,
	ADIT_KE_ECP_256 = 19,
	ADIT_KE_ECP_384 = 20,
	ADIT_KE_ECP_521 = 21,
	ADIT_KE_CURVE25519 = 31
};

/* A hash function over raw states that can be copied as bytes. */
struct adit_hash {
	const char *name;  /* "SHA2-256" */
	uint8_t out_len;   /* bytes, at most ADIT_HASH_MAX */
	uint8_t block_len; /* bytes */
	uint16_t ctx_size; /* bytes, at most ADIT_HASH_CTX_SIZE */
	enum adit_status (*start)(void *ctx);
	enum adit_status (*update)(void *ctx, const uint8_t *p, size_t n);
	enum adit_status (*finish)(void *ctx, uint8_t *out); /* ctx may be wiped after */
};

/* Storage for any hash state. */
union adit_hash_ctx {
	uint64_t align;
	void *align_p;
	uint8_t mem[ADIT_HASH_CTX_SIZE];
};

/* A block cipher of 16-byte blocks, bare: what MACs of a cipher are built on. */
#define ADIT_BLOCK_LEN 16
struct adit_block {
	const char *name;
	uint16_t ctx_size; /* bytes of a keyed context */
	enum adit_status (*setkey)(void *kc, struct adit_span key);
	enum adit_status (*encrypt)(void *kc, const uint8_t *in, uint8_t *out); /* in may be out */
	void (*wipe)(void *kc);
};

/* A keyed MAC. sum takes the message as parts, so that nothing is copied together. */
struct adit_mac {
	const char *name;             /* "HMAC-SHA2-256" */
	const struct adit_hash *hash; /* what it is built on; NULL for MACs of a cipher */
	uint8_t out_len;              /* bytes of the whole output */
	uint16_t ctx_size;            /* bytes of a keyed context */
	enum adit_status (*setkey)(const struct adit_mac *mac, void *kc, struct adit_span key);
	enum adit_status (*sum)(const struct adit_mac *mac, void *kc, const struct adit_span *parts,
				size_t n_parts, uint8_t *out);
	void (*wipe)(const struct adit_mac *mac, void *kc);
	const struct adit_block *block; /* what it is built on; NULL for HMACs */
};

/* Storage for any keyed HMAC: two hash states. */
union adit_mac_ctx {
	uint64_t align;
	void *align_p;
	uint8_t mem[2 * ADIT_HASH_CTX_SIZE];
};

/* A pseudo-random function, transform type 2. */
struct adit_prf {
	const char *name; /* IANA: "PRF_HMAC_SHA2_256" */
	uint16_t id;
	uint8_t key_len; /* preferred key length, bytes: length of SK_d, SK_pi, SK_pr */
	const struct adit_mac *mac;
};

/* An integrity algorithm, transform type 3. */
struct adit_integ {
	const char *name; /* IANA: "AUTH_HMAC_SHA2_256_128" */
	uint16_t id;
	uint8_t key_len; /* bytes */
	uint8_t icv_len; /* bytes on the wire: the first of the MAC's output */
	const struct adit_mac *mac;
};

/* A cipher without integrity, as the encrypt-then-MAC objects use it. */
struct adit_cipher {
	const char *name; /* IANA: "ENCR_AES_CBC" */
	uint16_t id;
	uint8_t iv_len; /* bytes on the wire */
	uint8_t block;  /* data is a multiple of this */
	uint16_t ctx_size;
	enum adit_status (*setkey)(void *kc, struct adit_span key);
	/* An IV for packet number n that nobody can foretell who lacks the key. */
	enum adit_status (*make_iv)(void *kc, uint64_t n, uint8_t *iv);
	enum adit_status (*encrypt)(void *kc, const uint8_t *iv, uint8_t *data, size_t len);
	enum adit_status (*decrypt)(void *kc, const uint8_t *iv, uint8_t *data, size_t len);
	void (*wipe)(void *kc);
};

/* ENCR_NULL, which needs no provider. */
extern const struct adit_cipher adit_cipher_null;

/* One packet's work for an AEAD. All spans stay the caller's. */
struct adit_aead_op {
	const uint8_t *iv;    /* iv_len bytes, as on the wire; with implicit_iv: the number's 8 */
	struct adit_span aad; /* authenticated before the IV and data */
	struct adit_span
		tail;  /* authenticated behind the data; only where the object has esn_tail */
	uint8_t *data; /* enciphered or deciphered in place */
	size_t len;    /* bytes, a multiple of the object's block */
	uint8_t *icv;  /* icv_len bytes: seal writes them, open reads them */
	enum adit_status
		status; /* out: OK, ERR_ICV (data is then wiped or untouched), ERR_CRYPTO */
};

/* An authenticated cipher: every SA's one algorithm. Combined modes are AEADs by birth; a cipher
 * with a MAC becomes one by the functions of adit_etm_* (encrypt, then MAC over aad, IV,
 * ciphertext and tail). The key is one string: cipher key, then salt; or cipher key, then
 * integrity key, as in ip xfrm and esp_sa files. */
struct adit_aead {
	const char *name;      /* "AES-GCM-16-128", "AES-CBC-128+HMAC-SHA2-256-128" */
	uint16_t encr;         /* IANA, type 1 */
	uint16_t key_bits;     /* Key Length attribute; 0 where the transform has none */
	uint16_t integ;        /* IANA, type 3; ADIT_AUTH_NONE for combined modes */
	uint16_t ctx_size;     /* bytes of a keyed context, at most ADIT_KEYCTX_SIZE */
	uint8_t encr_key_len;  /* bytes of the cipher key with its salt: SK_e, first part of key */
	uint8_t integ_key_len; /* bytes of the integrity key: SK_a, second part of key */
	uint8_t salt_len;      /* bytes at the end of the cipher key that are the salt */
	uint8_t iv_len;        /* bytes on the wire */
	uint8_t icv_len;       /* bytes on the wire */
	uint8_t block;         /* bytes: data to seal is a multiple of it; a power of two, 1 for
				  stream modes */
	bool esn_tail;    /* the high half of an extended sequence number is authenticated behind
			     the data (RFC 4303 2.2.1) and not inside the AAD (RFC 4106 5) */
	bool implicit_iv; /* the IV is the packet's 64-bit number and not sent (RFC 8750): iv_len
			     is 0, make_iv is not called */
	const struct adit_cipher *cipher; /* encrypt-then-MAC objects only */
	const struct adit_integ *auth;    /* encrypt-then-MAC objects only */
	/* Keys a context; the only call that may make a provider allocate. key.n is
	 * encr_key_len + integ_key_len. */
	enum adit_status (*setkey)(const struct adit_aead *aead, void *kc, struct adit_span key);
	/* The IV for packet number n of this key: never the same for two numbers. */
	enum adit_status (*make_iv)(const struct adit_aead *aead, void *kc, uint64_t n,
				    uint8_t *iv);
	/* Work on n packets; each op's status tells of its packet. */
	void (*seal)(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n);
	void (*open)(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n);
	void (*wipe)(const struct adit_aead *aead, void *kc);
};

/* Storage for any keyed AEAD context. */
union adit_keyctx {
	uint64_t align;
	void *align_p;
	uint8_t mem[ADIT_KEYCTX_SIZE];
};

/* The functions of every encrypt-then-MAC object; the object's cipher and auth say which. */
enum adit_status adit_etm_setkey(const struct adit_aead *aead, void *kc, struct adit_span key);
enum adit_status adit_etm_make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv);
void adit_etm_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n);
void adit_etm_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n);
void adit_etm_wipe(const struct adit_aead *aead, void *kc);

/* The functions of every HMAC object (RFC 2104); the object's hash says which. The two states of
 * the key are computed once, by setkey. */
enum adit_status adit_hmac_setkey(const struct adit_mac *mac, void *kc, struct adit_span key);
enum adit_status adit_hmac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts,
			       size_t n_parts, uint8_t *out);
void adit_hmac_wipe(const struct adit_mac *mac, void *kc);

/* The functions of AES-CMAC and AES-XCBC objects; the object's block says which cipher. A context
 * is ADIT_CBC_MAC_CTX_SIZE of the cipher's. */
#define ADIT_CBC_MAC_CTX_SIZE(block_ctx_size) (2 * ADIT_BLOCK_LEN + (block_ctx_size))
enum adit_status adit_cmac_setkey(const struct adit_mac *mac, void *kc, struct adit_span key);
enum adit_status adit_xcbc_setkey(const struct adit_mac *mac, void *kc, struct adit_span key);
enum adit_status adit_cbc_mac_sum(const struct adit_mac *mac, void *kc,
				  const struct adit_span *parts, size_t n_parts, uint8_t *out);
void adit_cbc_mac_wipe(const struct adit_mac *mac, void *kc);

/* A key exchange method, transform type 4. Private state is at most ADIT_KE_PRIVATE_MAX bytes and
 * the caller wipes it; public values are in the form of the KE payload (RFC 7296 3.4, 5903, 8031).
 */
struct adit_ke {
	const char *name; /* "CURVE25519", "ECP_256", "MODP_2048" */
	uint16_t id;
	uint16_t public_len;  /* bytes of our and of the peer's value: exactly */
	uint16_t secret_len;  /* bytes of the shared secret g^ir */
	uint16_t private_len; /* bytes */
	enum adit_status (*generate)(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub);
	/* ERR_KE: the peer's value is not a valid one (RFC 6989; all-zero result of RFC 8031). */
	enum adit_status (*shared)(const struct adit_rng *rng, const uint8_t *priv,
				   struct adit_span peer, uint8_t *secret);
};

/* Everything that a node may use: NULL-terminated lists in order of preference. */
struct adit_crypto {
	const char *name;
	const struct adit_aead *const *aead; /* negotiated by IKE, for itself and for ESP */
	/* For SAs that are keyed by hand or name them: never offered unasked, never IKE's own. */
	const struct adit_aead *const *sa_only;
	const struct adit_prf *const *prf;
	const struct adit_ke *const *ke;
	const struct adit_hash *sha1; /* NAT detection (RFC 7296 2.23) */
};

/* Look-up by IANA number; NULL where the list has none. */
const struct adit_aead *adit_crypto_aead(const struct adit_crypto *c, uint16_t encr,
					 uint16_t key_bits, uint16_t integ);
const struct adit_prf *adit_crypto_prf(const struct adit_crypto *c, uint16_t id);
const struct adit_ke *adit_crypto_ke(const struct adit_crypto *c, uint16_t id);
/* The same in both lists: for SAs alone. */
const struct adit_aead *adit_crypto_sa_aead(const struct adit_crypto *c, uint16_t encr,
					    uint16_t key_bits, uint16_t integ);
/* Look-up by an object's name in both lists; NULL where they have none. */
const struct adit_aead *adit_crypto_aead_by_name(const struct adit_crypto *c, const char *name);

/* The whole key of an AEAD in bytes: cipher key, salt and integrity key. */
static inline size_t
adit_aead_key_len(const struct adit_aead *aead)
{
	return (size_t)aead->encr_key_len + aead->integ_key_len;
}

#ifdef __cplusplus
}
#endif
#endif
