/* Every way a call can end, each with a name and a counter. One list, so that the enum, the names
 * and the counters can't drift apart. */
#ifndef ADIT_STATUS_H
#define ADIT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ADIT_MUST_USE __attribute__((warn_unused_result))
#else
#define ADIT_MUST_USE
#endif

/* X(name) in the order of the numbers; OK is 0. */
#define ADIT_STATUS_LIST(X)                                                                        \
	X(OK) /* done */                                                                           \
	/* The caller's mistake: mend the program. */                                              \
	X(ERR_ARG)    /* an argument is out of its range */                                        \
	X(ERR_CONFIG) /* a configuration that can't work, or sizes of another build */             \
	X(ERR_STALE)  /* a handle of something that is gone */                                     \
	X(ERR_STATE)  /* not possible in the present state */                                      \
	/* A bound was reached: nothing was changed. */                                            \
	X(ERR_ROOM)      /* too little headroom, tailroom or buffer */                             \
	X(ERR_FULL)      /* a table or pool of the caller's is full */                             \
	X(ERR_TOO_LONG)  /* the result would be longer than its format allows */                   \
	X(ERR_MTU)       /* the result would be longer than the path's MTU: cut it, or tell its    \
			    sender */                                                              \
	X(ERR_EXHAUSTED) /* sequence numbers or a hard lifetime are used up: rekey */              \
	/* The packet's fault: drop it; the counter tells. */                                      \
	X(ERR_SHORT)       /* it ends before its fields do */                                      \
	X(ERR_MALFORMED)   /* a field has a value that it can't have */                            \
	X(ERR_FRAGMENT)    /* a fragment where a whole packet is needed */                         \
	X(ERR_PENDING)     /* no fault: a fragment, kept until the rest of its packet comes */     \
	X(ERR_OVERLAP)     /* fragments that contradict each other: the whole packet is lost */    \
	X(ERR_UNSUPPORTED) /* well-formed, and not built here */                                   \
	X(ERR_NO_SA)       /* no SA for this SPI */                                                \
	X(ERR_MISMATCH)    /* an SA for this SPI, but other addresses, protocol or direction */    \
	X(ERR_REPLAY)      /* seen before */                                                       \
	X(ERR_OLD)         /* left of the replay window, or sequence number 0 */                   \
	X(ERR_ICV)         /* not authentic */                                                     \
	X(ERR_PADDING)     /* authentic, but its padding is not what RFC 4303 2.4 asks */          \
	X(ERR_SELECTOR)    /* authentic, but outside of its SA's selectors (RFC 4301 5.2) */       \
	X(ERR_ECN)    /* congestion marked outside of a packet that can't say so (RFC 6040 4.2) */ \
	X(ERR_POLICY) /* the SPD says DISCARD, or it should have been protected */                 \
	X(ERR_DUMMY)  /* a dummy packet, next header 59: authentic, to be dropped silently */      \
	/* What an exchange came to. */                                                            \
	X(ERR_VERSION)     /* IKE major version that is not spoken here */                         \
	X(ERR_MESSAGE_ID)  /* outside the window */                                                \
	X(ERR_UNEXPECTED)  /* no rule admits this message now */                                   \
	X(ERR_CRITICAL)    /* unknown payload with the critical bit */                             \
	X(ERR_NO_PROPOSAL) /* no proposal acceptable to both */                                    \
	X(ERR_KE)          /* wrong key exchange method, or a value that is not one of it */       \
	X(ERR_TS)          /* no traffic selectors acceptable to both */                           \
	X(ERR_AUTH)        /* the peer is not who it says */                                       \
	X(ERR_PEER)        /* no peer configured for this address or identity */                   \
	X(ERR_REFUSED)     /* the peer answered with an error notify */                            \
	X(ERR_COOKIE)      /* under load: a cookie was asked for, or the one given is wrong */     \
	X(ERR_TIMEOUT)     /* no answer after the last retransmission */                           \
	X(ERR_BUSY)        /* one request is outstanding already */                                \
	/* The world below. */                                                                     \
	X(ERR_CRYPTO) /* the provider failed */                                                    \
	X(ERR_RANDOM) /* the random source failed */                                               \
	X(ERR_IO)     /* a callback of the caller's failed */

#define ADIT_STATUS_ENUM(name) ADIT_##name,
enum adit_status { ADIT_STATUS_LIST(ADIT_STATUS_ENUM) ADIT_STATUS_COUNT };

/* "OK", "ERR_REPLAY", ...; "?" for a number that is no status. Never NULL. */
const char *adit_status_name(enum adit_status st);

#ifdef __cplusplus
}
#endif
#endif
