/* Numbers of a build: range, default and cost of each. Override with -DADIT_...= for library and
 * program alike, which must agree: the init calls, and adit_state_import(), check the sizes of the
 * structs that they are given. */
#ifndef ADIT_CONFIG_H
#define ADIT_CONFIG_H

/* Packets that the data path works on at once, 1..64. Stack: about 140 bytes each on a 32-bit
 * machine; 4 keeps the library's own share under 1.5 KB. More lets multi-buffer ciphers fill their
 * lanes. */
#ifndef ADIT_BURST
#define ADIT_BURST 4
#endif

/* 0: SAs of tunnel and transport mode with the defaults alone: no BEET and IP-TFS modes, no padding
 * for traffic flow confidentiality, no choices for outer headers, no bounds of life, no addresses
 * of before a NAT; asking for them is
 * ERR_UNSUPPORTED or, of the database, ERR_ARG. Saves 1.5 KB of text on a Cortex-M4. */
#ifndef ADIT_EXTRAS
#define ADIT_EXTRAS 1
#endif

/* Bytes of the largest keyed cipher context of any provider linked. RAM: this much per SA in
 * storage made by the convenience types (a SAD may be given a smaller stride). */
#ifndef ADIT_KEYCTX_SIZE
#define ADIT_KEYCTX_SIZE 1536
#endif

/* Bytes of the largest hash state; stack of every HMAC. 8-byte aligned. */
#ifndef ADIT_HASH_CTX_SIZE
#define ADIT_HASH_CTX_SIZE 256
#endif

/* Largest output of a hash, MAC or PRF (SHA-512). */
#define ADIT_HASH_MAX 64

/* Bytes of the largest key of an AEAD: AES-256-CTR with HMAC-SHA2-512-256. */
#define ADIT_AEAD_KEY_MAX 100

/* Bytes of the largest IV, ICV and block of an AEAD. */
#define ADIT_IV_MAX 16
#define ADIT_ICV_MAX 32

/* Largest public value and shared secret of a key exchange method: 512 holds MODP-4096.
 * RAM: twice this for each handshake under way. */
#ifndef ADIT_KE_PUBLIC_MAX
#define ADIT_KE_PUBLIC_MAX 512
#endif

/* Largest private state of a key exchange method (a scalar or exponent). */
#define ADIT_KE_PRIVATE_MAX 72

/* Bytes of the longest IKE message, sent or received, without UDP header and non-ESP marker.
 * RAM: twice this per IKE SA (the last request and the last response, for retransmission).
 * 800..65507; 1280 holds IKE_AUTH with PSK and IKE_SA_INIT with MODP-4096. */
#ifndef ADIT_IKE_MESSAGE_MAX
#define ADIT_IKE_MESSAGE_MAX 1280
#endif

/* Traffic selectors kept for each side of a Child SA, 2..255; 36 bytes each. Two hold
 * "any address", of IPv4 and of IPv6. */
#ifndef ADIT_TS_MAX
#define ADIT_TS_MAX 4
#endif

/* Bytes of the longest identity (IDi, IDr) kept of a peer, 16..255. */
#ifndef ADIT_ID_MAX
#define ADIT_ID_MAX 128
#endif

#endif
