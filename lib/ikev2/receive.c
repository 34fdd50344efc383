/* A message's way in: SA by SPI, protection, window, payloads, rule, handler; and for a request the
 * way back out (RFC 7296 2.1 to 2.5, 2.21). */
#include <string.h>

#include "ike/keymat.h"
#include "ikev2/turn.h"

/* What a refused request is answered with. */
static const struct {
	enum adit_status st;
	uint16_t notify;
} answers[] = {
	{ADIT_ERR_MALFORMED, ADIT_N_INVALID_SYNTAX},
	{ADIT_ERR_SHORT, ADIT_N_INVALID_SYNTAX},
	{ADIT_ERR_PADDING, ADIT_N_INVALID_SYNTAX},
	{ADIT_ERR_UNEXPECTED, ADIT_N_INVALID_SYNTAX},
	{ADIT_ERR_CRITICAL, ADIT_N_UNSUPPORTED_CRITICAL_PAYLOAD},
	{ADIT_ERR_AUTH, ADIT_N_AUTHENTICATION_FAILED},
};

static uint16_t
notify_for(enum adit_status st)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (answers[i].st == st)
			return answers[i].notify;
	return ADIT_N_TEMPORARY_FAILURE;
}

static bool
is_response(const struct adit_ikev2_turn *t)
{
	return (t->h.flags & ADIT_IKE_FLAG_RESPONSE) != 0;
}

static const struct adit_ikev2_rule *
admit(const struct adit_ikev2_turn *t)
{
	struct adit_ikev2_seen seen;

	memset(&seen, 0, sizeof seen);
	seen.present = t->inner.present;
	seen.chain = &t->inner;
	seen.exchange = t->h.exchange;
	seen.side = is_response(t) ? ADIT_SIDE_RESPONSE : ADIT_SIDE_REQUEST;
	seen.job = t->sa && is_response(t) ? t->sa->job : ADIT_JOB_NONE;
	seen.state = t->sa ? t->sa->state : ADIT_IKE_FREE;
	return adit_ikev2_admit(&seen);
}

static void
trace(const struct adit_ikev2_turn *t)
{
	adit_ikev2_trace_message(t->ike, t->path, &t->h, false, t->inner.first, t->inner.all);
}

/* Messages without an SK payload: those of IKE_SA_INIT. */
static enum adit_status
run_plain(struct adit_ikev2_turn *t)
{
	const struct adit_ikev2_rule *rule;

	t->inner = t->outer;
	rule = admit(t);
	if (!rule)
		return ADIT_ERR_UNEXPECTED;
	trace(t);
	return rule->run(t);
}

/* The one kind of request without an SA. */
static enum adit_status
receive_first(struct adit_ikev2_turn *t)
{
	struct adit_ike_sa *old;

	if (t->h.exchange != ADIT_EXCHANGE_SA_INIT || t->h.message_id != 0)
		return ADIT_ERR_NO_SA;
	if (t->outer.present & ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_SK))
		return ADIT_ERR_MALFORMED;
	/* An SPI that we gave ourselves: our own request come back. */
	if (adit_ike_by_spi(t->ike, t->h.spi_i, t->h.spi_r, false))
		return ADIT_ERR_UNEXPECTED;
	old = adit_ike_half_open(t->ike, t->h.spi_i, t->path);
	if (old) {
		const struct adit_ike_message *first =
			&adit_ike_handshake_of(t->ike, old)->peer_first;

		/* The same request once more is answered from memory; another one under the same
		 * SPI is nobody's we know. */
		if (first->len != t->len || memcmp(first->bytes, t->msg, t->len) != 0)
			return ADIT_ERR_UNEXPECTED;
		old->asked_from = *t->path;
		adit_ike_due(t->ike, old, ADIT_DUE_RESPONSE);
		return ADIT_OK;
	}
	return run_plain(t);
}

/* A response to our IKE_SA_INIT: nothing proves where it is from, so what is odd is dropped, and
 * the true answer may still come (2.21.1). */
static enum adit_status
receive_init_response(struct adit_ikev2_turn *t)
{
	if (t->outer.present & ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_SK))
		return ADIT_ERR_MALFORMED;
	return run_plain(t);
}

/* Takes the SK payload off. ADIT_ERR_CRITICAL and ADIT_ERR_MALFORMED in *inside: the message is
 * authentic, its inside is not to be used. */
static enum adit_status
unprotect(struct adit_ikev2_turn *t, enum adit_status *inside)
{
	struct adit_ike_sa *sa = t->sa;
	struct adit_protect *p = &t->ike->protect;
	struct adit_span key = adit_keymat_aead_key(&sa->keys, sa->suite.aead, !sa->initiator);
	struct adit_span inner;
	uint8_t first;
	enum adit_status st;

	if (!(t->outer.present & ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_SK)))
		return ADIT_ERR_MALFORMED;
	st = adit_protect_key(p, sa->suite.aead, key);
	if (st != ADIT_OK)
		return st;
	st = adit_protect_open(p, t->msg, &t->outer, &first, &inner);
	adit_protect_wipe(p);
	*inside = st;
	if (st == ADIT_OK)
		*inside = adit_ike_get_chain(inner, first, &t->inner);
	return st == ADIT_ERR_PADDING ? ADIT_OK : st;
}

/* Refusals carry the offending type, the wanted method, or nothing (3.10.1). */
static void
put_refusal(struct adit_ikev2_turn *t, enum adit_status st)
{
	struct adit_span data = {t->notify_data, t->notify_data_len};

	if (st == ADIT_ERR_CRITICAL) {
		t->notify_data[0] = t->inner.unknown_critical;
		data.n = 1;
	}
	adit_ike_put_notify_data(&t->m, t->notify ? t->notify : notify_for(st), data);
}

/* Makes and stores the response to the request in t, from the rule's handler or from what was wrong
 * with it. */
static enum adit_status
answer(struct adit_ikev2_turn *t, enum adit_status inside)
{
	struct adit_ike_sa *sa = t->sa;
	const struct adit_ikev2_rule *rule = inside == ADIT_OK ? admit(t) : NULL;
	enum adit_status st = inside, sealed;

	adit_ikev2_begin(sa, &t->m, &sa->response, t->h.exchange, true, t->h.message_id);
	if (inside == ADIT_OK) {
		trace(t);
		st = rule ? rule->run(t) : ADIT_ERR_UNEXPECTED;
	}
	if (st != ADIT_OK) {
		/* What the handler had written is not sent; what it undid is its own affair. */
		adit_ikev2_begin(sa, &t->m, &sa->response, t->h.exchange, true, t->h.message_id);
		put_refusal(t, st);
		/* An IKE_AUTH that fails leaves no SA behind (2.21.2). */
		t->end_sa = t->end_sa || sa->state == ADIT_IKE_INIT_DONE;
	}
	sealed = adit_ikev2_end(t->ike, sa, &t->m, &sa->response);
	sa->expected++;
	sa->has_response = sealed == ADIT_OK;
	sa->response.resent = false;
	if (sealed == ADIT_OK)
		adit_ike_due(t->ike, sa, ADIT_DUE_RESPONSE);
	if (st == ADIT_OK)
		st = sealed;
	if (t->end_sa || sealed != ADIT_OK)
		adit_ike_down(t->ike, sa, st == ADIT_OK && t->notify ? ADIT_ERR_REFUSED : st,
			      t->notify);
	return st;
}

/* Where an authentic new request comes from is where the peer is: its IKE_AUTH may come from port
 * 4500, and behind a NAT its address may change at any time (2.23). */
static void
follow(struct adit_ikev2_turn *t)
{
	struct adit_ike_sa *sa = t->sa;

	if (sa->state == ADIT_IKE_INIT_DONE)
		sa->path = *t->path;
	else
		(void)adit_ike_follow(sa, t->path);
}

/* Before both sides are authenticated there is one exchange to be had. Others have overtaken it on
 * the way, and will come again. */
static bool
is_too_early(const struct adit_ikev2_turn *t)
{
	return t->sa->state == ADIT_IKE_AUTH_SENT ||
	       (t->sa->state == ADIT_IKE_INIT_DONE && t->h.exchange != ADIT_EXCHANGE_AUTH);
}

/* Only a NAT changes the address of a peer between its first two requests: else it is a copy that
 * somebody sent on, and the peer's own is still to come. */
static bool
is_sent_on(const struct adit_ikev2_turn *t)
{
	return t->sa->state == ADIT_IKE_INIT_DONE && !t->sa->nat_remote &&
	       !adit_ip_equal(&t->path->remote.ip, &t->sa->path.remote.ip);
}

/* The answer to IKE_AUTH is true for any address only while a tunnel is there that it speaks of: in
 * transport mode the peer's address is what its child was made for. */
static bool
is_of_its_address(const struct adit_ikev2_turn *t)
{
	const struct adit_ike_child *child = adit_child_of(t->ike, t->sa, NULL);

	return t->h.exchange == ADIT_EXCHANGE_AUTH && !(child && child->mode == ADIT_TUNNEL);
}

/* Where the answer to a repeated request goes: to where it came from (2.11). But one that waits to
 * go to where the peer is known to be goes there: else who copies all requests would get all
 * answers. And what IKE_AUTH agrees on may hold for the address of its first copy (2.23.1), which
 * somebody else may have sent on; its sender, if it was not from there, hears nothing then and
 * begins anew. */
static bool
is_answered_there(const struct adit_ikev2_turn *t)
{
	const struct adit_ike_sa *sa = t->sa;

	if ((sa->due & ADIT_DUE_RESPONSE) &&
	    adit_endpoint_equal(&sa->asked_from.remote, &sa->path.remote))
		return false;
	return !is_of_its_address(t) ||
	       adit_ip_equal(&t->path->remote.ip, &sa->asked_from.remote.ip);
}

static enum adit_status
receive_request(struct adit_ikev2_turn *t)
{
	struct adit_ike_sa *sa = t->sa;
	enum adit_status inside;
	enum adit_status st = unprotect(t, &inside);

	if (st != ADIT_OK)
		return st;
	if (is_too_early(t))
		return ADIT_ERR_UNEXPECTED;
	if (sa->has_response && t->h.message_id == sa->expected - 1) {
		if (is_answered_there(t))
			sa->asked_from = *t->path;
		adit_ike_due(t->ike, sa, ADIT_DUE_RESPONSE);
		return ADIT_OK;
	}
	if (t->h.message_id != sa->expected)
		return ADIT_ERR_MESSAGE_ID;
	if (is_sent_on(t))
		return ADIT_ERR_MISMATCH;
	sa->heard_at = t->now;
	sa->asked_from = *t->path;
	follow(t);
	return answer(t, inside);
}

static enum adit_status
receive_response(struct adit_ikev2_turn *t)
{
	struct adit_ike_sa *sa = t->sa;
	const struct adit_ikev2_rule *rule;
	enum adit_status inside, st;

	if (sa->job == ADIT_JOB_NONE || t->h.message_id != sa->next_id - 1)
		return ADIT_ERR_MESSAGE_ID;
	if (sa->job == ADIT_JOB_INIT)
		return receive_init_response(t);
	st = unprotect(t, &inside);
	if (st != ADIT_OK)
		return st;
	sa->heard_at = t->now;
	if (inside == ADIT_OK)
		trace(t);
	rule = inside == ADIT_OK ? admit(t) : NULL;
	adit_ike_answered(sa);
	if (rule)
		return rule->run(t);
	/* The peer that holds the keys talks nonsense: nothing good can come of this SA, and it is
	 * told so unless it is the end that it has answered. */
	st = inside != ADIT_OK ? inside : ADIT_ERR_UNEXPECTED;
	if (sa->state != ADIT_IKE_DELETING)
		return adit_ikev2_give_up(t, st, 0);
	adit_ike_down(t->ike, sa, st, 0);
	return st;
}

static bool
is_zero_spi(const uint8_t *spi)
{
	static const uint8_t zero[ADIT_IKE_SPI_LEN];

	return memcmp(spi, zero, sizeof zero) == 0;
}

/* A higher major version is answered with ours, unprotected and only to a request (2.5). */
static enum adit_status
refuse_version(struct adit_ikev2_turn *t)
{
	struct adit_ike_notify n = {
		ADIT_IKE_PROTO_NONE, ADIT_N_INVALID_MAJOR_VERSION, {NULL, 0}, {NULL, 0}};

	if (t->h.major > 2 && !is_response(t))
		adit_ikev2_reply(t, &n);
	return ADIT_ERR_VERSION;
}

/* A first request with a payload that we would have to know (2.5). */
static enum adit_status
refuse_critical(struct adit_ikev2_turn *t)
{
	const struct adit_span type = {&t->outer.unknown_critical, 1};
	const struct adit_ike_notify n = {
		ADIT_IKE_PROTO_NONE, ADIT_N_UNSUPPORTED_CRITICAL_PAYLOAD, {NULL, 0}, type};

	if (!t->sa && t->h.exchange == ADIT_EXCHANGE_SA_INIT && t->h.message_id == 0)
		adit_ikev2_reply(t, &n);
	return ADIT_ERR_CRITICAL;
}

static enum adit_status
find_sa(struct adit_ikev2_turn *t)
{
	bool from_initiator = (t->h.flags & ADIT_IKE_FLAG_INITIATOR) != 0;

	if (is_zero_spi(t->h.spi_i))
		return ADIT_ERR_MALFORMED;
	t->sa = adit_ike_by_spi(t->ike, t->h.spi_i, t->h.spi_r, from_initiator);
	if (t->sa)
		return t->sa->state == ADIT_IKE_DEAD ? ADIT_ERR_NO_SA : ADIT_OK;
	return is_zero_spi(t->h.spi_r) && from_initiator && !is_response(t) ? ADIT_OK
									    : ADIT_ERR_NO_SA;
}

static enum adit_status
dispatch(struct adit_ikev2_turn *t)
{
	enum adit_status st = find_sa(t);

	if (st != ADIT_OK)
		return st;
	st = adit_ike_get_chain(
		(struct adit_span){t->msg + ADIT_IKE_HEADER_LEN, t->len - ADIT_IKE_HEADER_LEN},
		t->h.first_payload, &t->outer);
	if (st == ADIT_ERR_CRITICAL)
		return refuse_critical(t);
	if (st != ADIT_OK)
		return st;
	if (!t->sa)
		return receive_first(t);
	if (is_response(t))
		return receive_response(t);
	/* Our own message come back, or a second IKE_SA_INIT under an SPI of ours. */
	if (t->h.exchange == ADIT_EXCHANGE_SA_INIT || t->sa->state == ADIT_IKE_INIT_SENT)
		return ADIT_ERR_UNEXPECTED;
	return receive_request(t);
}

enum adit_status
adit_ikev2_receive(struct adit_ike *ike, adit_ms now, const struct adit_path *path, uint8_t *msg,
		   size_t n)
{
	struct adit_ikev2_turn t;
	enum adit_status st;

	memset(&t, 0, sizeof t);
	t.ike = ike;
	t.now = now;
	t.path = path;
	t.msg = msg;
	t.len = n;
	st = adit_ike_get_header((struct adit_span){msg, n}, &t.h);
	if (st != ADIT_OK)
		return st;
	if (t.h.major != 2)
		return refuse_version(&t);
	if (n > ADIT_IKE_MESSAGE_MAX)
		return ADIT_ERR_TOO_LONG;
	st = dispatch(&t);
	if (t.sa && t.sa->state != ADIT_IKE_FREE) {
		adit_ikev2_next_job(ike, t.sa, now);
		adit_ike_reap(ike, t.sa);
	}
	return st;
}
