/* The slots of the IKE engine in full, so that callers can reserve storage. Private: read an engine
 * through the functions of ike.h. */
#ifndef ADIT_IKE_SLOTS_H
#define ADIT_IKE_SLOTS_H

#include "adit/ike.h"
#include "adit/ike_parts.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_ike_state {
	ADIT_IKE_FREE = 0,
	ADIT_IKE_IDLE,      /* initiator: IKE_SA_INIT is yet to be made */
	ADIT_IKE_INIT_SENT, /* initiator: waits for the IKE_SA_INIT response */
	ADIT_IKE_INIT_DONE, /* responder: has answered IKE_SA_INIT, waits for IKE_AUTH */
	ADIT_IKE_AUTH_SENT, /* initiator: waits for the IKE_AUTH response */
	ADIT_IKE_UP,
	ADIT_IKE_DELETING, /* has sent its own end; waits for the answer */
	ADIT_IKE_DEAD      /* nothing more to do than to tell and to answer */
};

/* Our one outstanding request. */
enum adit_ike_job {
	ADIT_JOB_NONE = 0,
	ADIT_JOB_INIT,
	ADIT_JOB_AUTH,
	ADIT_JOB_PROBE,
	ADIT_JOB_DELETE_CHILD,
	ADIT_JOB_DELETE_IKE
};

/* Bits of what is wanted, due, and to be told. */
enum { ADIT_WANT_PROBE = 1, ADIT_WANT_DELETE_CHILD = 2, ADIT_WANT_DELETE_IKE = 4 };
enum { ADIT_DUE_REQUEST = 1, ADIT_DUE_RESPONSE = 2, ADIT_DUE_KEEPALIVE = 4 };
enum { ADIT_TELL_UP = 1, ADIT_TELL_DOWN = 2 };

struct adit_ike_message {
	uint16_t len;
	bool resent; /* it has gone out before */
	uint8_t bytes[ADIT_IKE_MESSAGE_MAX];
};

struct adit_ike_identity {
	uint8_t type; /* enum adit_id_type */
	uint8_t len;
	uint8_t data[ADIT_ID_MAX];
};

/* A slot's neighbours in a list, and the ends of a list, as slot + 1; 0: none. */
struct adit_ike_link {
	uint16_t next, prev;
};
struct adit_ike_list {
	uint16_t first, last;
};

struct adit_ike_sa {
	uint8_t state; /* enum adit_ike_state; written by adit_ike_set_state() alone */
	uint8_t job;   /* enum adit_ike_job */
	uint8_t want, due, tell;
	bool initiator;
	bool nat_local, nat_remote, udp_encap;
	bool has_response; /* response holds the answer to request id expected - 1 */
	uint16_t generation;
	uint16_t peer;         /* index of the configuration */
	uint16_t handshake;    /* slot + 1; 0: none */
	uint16_t child_config; /* the child made with the IKE SA */
	uint16_t notify;       /* error notify that ended it, or is to be told to the peer */
	uint8_t reason;        /* enum adit_status, for IKE_DOWN */
	uint8_t tries;         /* how often the request has gone out */
	struct adit_ike_list children;
	struct adit_ike_link sending, telling; /* among the SAs that have something due, or to tell;
						  sending: among the free ones while it is free */
	uint16_t timer_at;                     /* place in the heap of timers, + 1; 0: in none */
	uint16_t timer_entry; /* the heap's entry of this slot's number: slot of any SA */
	adit_ms wake_at;      /* when it wants tick, if timer_at */
	uint8_t spi_i[8], spi_r[8];
	struct adit_path path;
	struct adit_path asked_from; /* of the last request, whose answer goes back there (2.11) */
	struct adit_ike_suite suite;
	struct adit_ike_keys keys;
	uint64_t sealed;   /* messages enciphered with our key */
	uint32_t next_id;  /* message id of our next request */
	uint32_t expected; /* message id of the peer's next request */
	adit_ms retransmit_at, expire_at, heard_at, sent_at;
	uint32_t wait_ms; /* the present retransmission interval */
	struct adit_ike_identity remote_id;
	struct adit_ike_message request, response;
};

enum adit_child_state {
	ADIT_CHILD_FREE = 0,
	ADIT_CHILD_ASKED, /* initiator: offered, with an SPI of ours */
	ADIT_CHILD_UP,
	ADIT_CHILD_DELETING,
	ADIT_CHILD_DEAD
};

struct adit_ike_child {
	uint8_t state; /* enum adit_child_state */
	uint8_t tell;
	bool told_up, esn, udp_encap, wanted_down;
	uint8_t mode;   /* enum adit_mode */
	uint8_t reason; /* enum adit_status, for CHILD_DOWN */
	bool initiator; /* we began the exchange that made it */
	uint16_t generation;
	uint16_t owner;            /* slot of its IKE SA */
	struct adit_ike_link link; /* among its IKE SA's children, or the free ones */
	uint16_t config;           /* index of the peer's children */
	uint32_t spi_in, spi_out;
	adit_ms used_at,
		look_at; /* a packet has passed at that time or before; when to see again */
	uint64_t uses;   /* as cfg->uses counted them last */
	const struct adit_aead *aead;
	struct adit_child_keys keys; /* until told */
	struct adit_selectors selectors;
};

/* What only a handshake needs; wiped as soon as it is over. */
struct adit_ike_handshake {
	uint16_t owner;            /* slot + 1 of its IKE SA; 0: free */
	struct adit_ike_link link; /* among the free ones */
	const struct adit_ke *ke;
	uint8_t priv[ADIT_KE_PRIVATE_MAX];
	uint8_t pub[ADIT_KE_PUBLIC_MAX];
	uint8_t nonce[32], peer_nonce[256];
	uint16_t peer_nonce_len;
	uint8_t cookie[64];
	uint8_t cookie_len, rounds; /* rounds: COOKIE and INVALID_KE_PAYLOAD answers so far */
	bool proved;                /* the initiator has shown a cookie of ours */
	struct adit_ike_message own_first, peer_first; /* what AUTH signs */
};

/* An answer that belongs to no SA; a newer one takes its place. */
struct adit_ike_reply {
	uint16_t len;
	struct adit_path path;
	uint8_t bytes[128];
};

struct adit_ike {
	const struct adit_ike_config *cfg;
	struct adit_ike_mem mem;
	struct adit_ike_list free_sas, free_children, free_handshakes;
	struct adit_ike_list sending, telling; /* SAs that may have something due, or to tell */
	uint16_t timer_count;                  /* entries of the heap of timers */
	uint16_t half_open;                    /* responders that wait for IKE_AUTH */
	bool inside;                           /* a call is under way */
	struct adit_cookie_jar jar;
	struct adit_protect protect; /* keyed for one message at a time */
	struct adit_ike_reply reply;
	uint64_t counters[ADIT_STATUS_COUNT];
	struct adit_child_keys told_keys; /* behind the last CHILD_UP event */
	struct adit_selectors told_selectors;
};

#ifdef __cplusplus
}
#endif
#endif
