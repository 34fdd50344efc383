/* One message being handled: a turn lives on the stack, so that nothing of one message can leak
 * into the next. And the rules that admit messages (RFC 7296 1.2 to 1.5, 2.21). */
#ifndef ADIT_IKEV2_TURN_H
#define ADIT_IKEV2_TURN_H

#include "adit/trace.h"
#include "ike/protect.h"
#include "ike/requests.h"
#include "wire/ike_payload.h"

struct adit_ikev2_turn {
	struct adit_ike *ike;
	adit_ms now;
	const struct adit_path *path;
	uint8_t *msg;
	size_t len;
	struct adit_ike_header h;
	struct adit_ike_chain outer,
		inner;            /* inner: of the SK payload; the outer one where there is none */
	struct adit_ike_sa *sa;   /* NULL: IKE_SA_INIT request */
	struct adit_ike_writer m; /* requests: the response being written */
	/* A handler that refuses may say more than its status does. */
	uint16_t notify; /* instead of the status's own; 0: that one */
	uint8_t notify_data[2];
	uint8_t notify_data_len;
	bool end_sa; /* the SA ends once the response is made */
	bool proved; /* a first request has shown a cookie of ours */
};

/* A request's handler writes the payloads of the response into t->m; a response's one acts. */
typedef enum adit_status adit_ikev2_handler(struct adit_ikev2_turn *t);

enum adit_ikev2_side { ADIT_SIDE_REQUEST, ADIT_SIDE_RESPONSE };

struct adit_ikev2_rule {
	const char *name;
	adit_ikev2_handler *run;
	uint32_t must, may; /* ADIT_PAYLOAD_BITs: all of must, none outside must | may */
	uint16_t states;    /* 1 << enum adit_ike_state: where this is legal */
	uint16_t notify;    /* this notify must be there for the row to apply, or 0 */
	uint8_t exchange, side;
	uint8_t job; /* a response answers this job of ours */
};

/* What the rules look at. */
struct adit_ikev2_seen {
	uint32_t present;
	const struct adit_ike_chain
		*chain; /* to look notifies up; NULL: `notify` is the only one */
	uint16_t notify;
	uint8_t exchange, side, job, state;
};

/* The row that admits this message, or NULL. Pure. */
const struct adit_ikev2_rule *adit_ikev2_admit(const struct adit_ikev2_seen *seen);
/* All rows, for the test that enumerates them. */
const struct adit_ikev2_rule *adit_ikev2_rules(size_t *count);

/* Handlers, by exchange. */
adit_ikev2_handler adit_ikev2_init_answer, adit_ikev2_init_cookie, adit_ikev2_init_other_ke,
	adit_ikev2_init_finish, adit_ikev2_init_error;
adit_ikev2_handler adit_ikev2_auth_answer, adit_ikev2_auth_finish, adit_ikev2_auth_refused,
	adit_ikev2_auth_other_way;
adit_ikev2_handler adit_ikev2_child_refuse;
adit_ikev2_handler adit_ikev2_info_answer, adit_ikev2_probe_finish, adit_ikev2_delete_child_finish,
	adit_ikev2_delete_ike_finish;

/* Beginning exchanges of ours; each writes sa->request and marks it sent. */
ADIT_MUST_USE enum adit_status adit_ikev2_send_init(struct adit_ike *ike, struct adit_ike_sa *sa,
						    adit_ms now);
ADIT_MUST_USE enum adit_status adit_ikev2_send_auth(struct adit_ike *ike, struct adit_ike_sa *sa,
						    adit_ms now);
/* A response of the peer's can't be lived with: the SA ends for `reason`, which is returned, and
 * the peer is told (2.21.2). */
enum adit_status adit_ikev2_give_up(struct adit_ikev2_turn *t, enum adit_status reason,
				    uint16_t notify);
/* Begins the next exchange that *sa wants, if none is outstanding. */
void adit_ikev2_next_job(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now);

/* Handles one message, header to end. */
ADIT_MUST_USE enum adit_status adit_ikev2_receive(struct adit_ike *ike, adit_ms now,
						  const struct adit_path *path, uint8_t *msg,
						  size_t n);

/* Protected messages of *sa: begin one in `to`, end it. */
void adit_ikev2_begin(const struct adit_ike_sa *sa, struct adit_ike_writer *m,
		      struct adit_ike_message *to, uint8_t exchange, bool response,
		      uint32_t message_id);
ADIT_MUST_USE enum adit_status adit_ikev2_end(struct adit_ike *ike, struct adit_ike_sa *sa,
					      struct adit_ike_writer *m,
					      struct adit_ike_message *to);

/* An answer without an SA. */
void adit_ikev2_reply(struct adit_ikev2_turn *t, const struct adit_ike_notify *n);

/* Trace records. */
void adit_ikev2_trace_message(const struct adit_ike *ike, const struct adit_path *path,
			      const struct adit_ike_header *h, bool sent, uint8_t first,
			      struct adit_span payloads);
void adit_ikev2_trace_refused(const struct adit_ike *ike, const struct adit_path *path,
			      enum adit_status st);
void adit_ikev2_trace_chosen(const struct adit_ike *ike, const struct adit_ike_sa *sa,
			     const struct adit_ike_suite *suite);
void adit_ikev2_trace_keys(const struct adit_ike *ike, const struct adit_ike_sa *sa);

#endif
