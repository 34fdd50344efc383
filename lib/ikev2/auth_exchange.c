/* IKE_AUTH with a pre-shared key and the first Child SA, both sides (RFC 7296 1.2, 2.15, 2.16). */
#include <string.h>

#include "ike/auth.h"
#include "ike/keymat.h"
#include "ike/lists.h"
#include "ike/timers.h"
#include "ikev2/child.h"
#include "ikev2/turn.h"

/* The identity that we show: the configured one, or the address in use. */
static struct adit_id
own_id(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	struct adit_id id = adit_ike_peer(ike, sa)->local_id;
	const struct adit_ip *ip = &sa->path.local.ip;

	if (id.type != ADIT_ID_ANY)
		return id;
	id.type = ip->version == 4 ? ADIT_ID_IPV4_ADDR : ADIT_ID_IPV6_ADDR;
	id.data.p = ip->b;
	id.data.n = ip->version == 4 ? 4 : 16;
	return id;
}

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* Names compare without regard to case (RFC 4301 4.4.3.1), all else byte by byte. */
static bool
id_equal(const struct adit_id *a, const struct adit_id *b)
{
	bool is_name = a->type == ADIT_ID_FQDN || a->type == ADIT_ID_RFC822_ADDR;

	if (a->type != b->type || a->data.n != b->data.n)
		return false;
	for (size_t i = 0; i < a->data.n; i++)
		if (a->data.p[i] != b->data.p[i] &&
		    !(is_name && fold(a->data.p[i]) == fold(b->data.p[i])))
			return false;
	return true;
}

/* The body of an ID payload of ours, as AUTH signs it. */
static struct adit_span
id_body(const struct adit_id *id, uint8_t *room)
{
	room[0] = (uint8_t)id->type;
	room[1] = room[2] = room[3] = 0;
	memcpy(room + 4, id->data.p, id->data.n);
	return (struct adit_span){room, 4 + id->data.n};
}

/* What the side signs that is the initiator, or is not, with its ID payload's body. */
static struct adit_auth_signed
octets(const struct adit_ike *ike, const struct adit_ike_sa *sa, bool ours, struct adit_span id)
{
	const struct adit_ike_handshake *hs = adit_ike_handshake_of(ike, sa);
	const struct adit_ike_message *first = ours ? &hs->own_first : &hs->peer_first;
	struct adit_auth_signed s;

	s.message = (struct adit_span){first->bytes, first->len};
	s.nonce = ours ? (struct adit_span){hs->peer_nonce, hs->peer_nonce_len}
		       : (struct adit_span){hs->nonce, sizeof hs->nonce};
	s.sk_p = adit_keymat_sk_p(&sa->keys, ours == sa->initiator);
	s.id = id;
	return s;
}

static enum adit_status
put_auth(const struct adit_ike *ike, const struct adit_ike_sa *sa, struct adit_ike_writer *m)
{
	const struct adit_id id = own_id(ike, sa);
	uint8_t room[4 + ADIT_ID_MAX], data[ADIT_HASH_MAX];
	struct adit_auth_signed s = octets(ike, sa, true, id_body(&id, room));
	struct adit_ike_auth auth = {ADIT_AUTH_METHOD_PSK, {data, sa->suite.prf->mac->out_len}};
	enum adit_status st = adit_auth_psk(sa->suite.prf, adit_ike_peer(ike, sa)->psk, &s, data);

	if (st == ADIT_OK)
		adit_ike_put_auth(m, &auth);
	return st;
}

static void
put_own_id(const struct adit_ike *ike, const struct adit_ike_sa *sa, struct adit_ike_writer *m)
{
	const struct adit_id id = own_id(ike, sa);

	adit_ike_put_id(m, sa->initiator ? ADIT_PAYLOAD_IDI : ADIT_PAYLOAD_IDR, &id);
}

/* Of a group each address is a peer by itself. */
static bool
is_same_peer(const struct adit_ike *ike, const struct adit_ike_sa *sa,
	     const struct adit_ike_sa *other)
{
	return other->peer == sa->peer &&
	       (adit_ike_peer(ike, sa)->remote.version != 0 ||
		adit_ip_equal(&other->path.remote.ip, &sa->path.remote.ip));
}

/* No other SA with this peer is up: whatever it may still hold of us is of a former life (2.4).
 * Looks at a line or two of each slot, once in a handshake, which costs far more. */
static bool
is_first_contact(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	for (uint16_t i = 0; i < ike->mem.sa_count; i++) {
		const struct adit_ike_sa *other = &ike->mem.sas[i];

		if (other != sa && other->state != ADIT_IKE_FREE && other->state != ADIT_IKE_DEAD &&
		    is_same_peer(ike, sa, other))
			return false;
	}
	return true;
}

enum adit_status
adit_ikev2_send_auth(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	const struct adit_peer_config *peer = adit_ike_peer(ike, sa);
	struct adit_ike_writer m;
	enum adit_status st;

	adit_ikev2_begin(sa, &m, &sa->request, ADIT_EXCHANGE_AUTH, false, sa->next_id);
	put_own_id(ike, sa, &m);
	if (is_first_contact(ike, sa))
		adit_ike_put_notify_data(&m, ADIT_N_INITIAL_CONTACT, (struct adit_span){NULL, 0});
	if (peer->remote_id.type != ADIT_ID_ANY)
		adit_ike_put_id(&m, ADIT_PAYLOAD_IDR, &peer->remote_id);
	st = put_auth(ike, sa, &m);
	if (st == ADIT_OK)
		st = adit_ikev2_put_child_offer(ike, sa, &m);
	if (st == ADIT_OK)
		st = adit_ikev2_end(ike, sa, &m, &sa->request);
	if (st != ADIT_OK)
		return st;
	adit_ike_set_state(ike, sa, ADIT_IKE_AUTH_SENT);
	adit_ike_sent(ike, sa, now, ADIT_JOB_AUTH);
	return ADIT_OK;
}

static void
remember_id(struct adit_ike_sa *sa, const struct adit_id *id)
{
	sa->remote_id.type = (uint8_t)id->type;
	sa->remote_id.len = (uint8_t)id->data.n;
	memcpy(sa->remote_id.data, id->data.p, id->data.n);
}

static void
come_up(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	adit_ike_end_handshake(ike, sa);
	adit_ike_set_state(ike, sa, ADIT_IKE_UP);
	sa->tell |= ADIT_TELL_UP;
	adit_ike_note_event(ike, sa);
	adit_timer_wake(ike, sa, now); /* timers of an SA that is up begin with the next tick */
}

/* The peer's AUTH payload against a secret. */
static enum adit_status
verify(const struct adit_ikev2_turn *t, enum adit_payload_type id_type, struct adit_span psk)
{
	struct adit_auth_signed s = octets(t->ike, t->sa, false, adit_ike_body(&t->inner, id_type));
	struct adit_ike_auth auth;

	if (adit_ike_get_auth(adit_ike_body(&t->inner, ADIT_PAYLOAD_AUTH), &auth) != ADIT_OK ||
	    auth.method != ADIT_AUTH_METHOD_PSK)
		return ADIT_ERR_AUTH;
	return adit_auth_psk_verify(t->sa->suite.prf, psk, &s, auth.data);
}

static enum adit_status
get_id(const struct adit_ikev2_turn *t, enum adit_payload_type type, struct adit_id *id)
{
	if (adit_ike_get_id(adit_ike_body(&t->inner, type), id) != ADIT_OK ||
	    id->data.n > ADIT_ID_MAX)
		return ADIT_ERR_AUTH;
	return ADIT_OK;
}

enum adit_status
adit_ikev2_give_up(struct adit_ikev2_turn *t, enum adit_status reason, uint16_t notify)
{
	struct adit_ike_sa *sa = t->sa;

	adit_children_down(t->ike, sa, reason);
	adit_ike_end_handshake(t->ike, sa);
	sa->reason = (uint8_t)reason;
	sa->notify = notify;
	adit_ike_set_state(t->ike, sa, ADIT_IKE_UP);
	sa->want = ADIT_WANT_DELETE_IKE;
	return reason;
}

enum adit_status
adit_ikev2_auth_finish(struct adit_ikev2_turn *t)
{
	const struct adit_peer_config *peer = adit_ike_peer(t->ike, t->sa);
	struct adit_ike_notify error;
	struct adit_id id;
	enum adit_status st = get_id(t, ADIT_PAYLOAD_IDR, &id);

	if (st == ADIT_OK && peer->remote_id.type != ADIT_ID_ANY &&
	    !id_equal(&peer->remote_id, &id))
		st = ADIT_ERR_AUTH;
	if (st == ADIT_OK)
		st = verify(t, ADIT_PAYLOAD_IDR, peer->psk);
	if (st != ADIT_OK)
		return adit_ikev2_give_up(t, st, ADIT_N_AUTHENTICATION_FAILED);
	remember_id(t->sa, &id);
	/* Without a Child SA the IKE SA is of no use here: there is no second exchange to make one.
	 */
	if (adit_ike_find_error(&t->inner, &error))
		return adit_ikev2_give_up(t, ADIT_ERR_REFUSED, error.type);
	st = adit_ikev2_finish_child(t);
	if (st != ADIT_OK)
		return adit_ikev2_give_up(t, st, 0);
	come_up(t->ike, t->sa, t->now);
	return ADIT_OK;
}

/* The peer's refusal is authentic as far as anything is before AUTH: it holds the keys. */
enum adit_status
adit_ikev2_auth_refused(struct adit_ikev2_turn *t)
{
	struct adit_ike_notify n;

	if (!adit_ike_find_error(&t->inner, &n)) {
		adit_ike_down(t->ike, t->sa, ADIT_ERR_UNEXPECTED, 0);
		return ADIT_ERR_UNEXPECTED;
	}
	adit_ike_down(t->ike, t->sa,
		      n.type == ADIT_N_AUTHENTICATION_FAILED ? ADIT_ERR_AUTH : ADIT_ERR_REFUSED,
		      n.type);
	return ADIT_ERR_REFUSED;
}

/* The responder's side. */

static bool
admits_transform(const struct adit_proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	for (uint8_t i = 0; i < p->count; i++)
		if (p->transforms[i].type == type && p->transforms[i].id == id &&
		    p->transforms[i].key_bits == key_bits)
			return true;
	return false;
}

static bool
admits_suite(const struct adit_proposal *p, const struct adit_ike_suite *suite)
{
	const struct adit_aead *aead = suite->aead;

	return admits_transform(p, ADIT_TRANSFORM_ENCR, aead->encr, aead->key_bits) &&
	       (aead->integ == ADIT_AUTH_NONE ||
		admits_transform(p, ADIT_TRANSFORM_INTEG, aead->integ, 0)) &&
	       admits_transform(p, ADIT_TRANSFORM_PRF, suite->prf->id, 0) &&
	       admits_transform(p, ADIT_TRANSFORM_KE, suite->ke->id, 0);
}

/* Could this configuration have come to the algorithms that another one of the same addresses has
 * agreed to? Else an identity could be reached with weaker ones than it asks for. */
static bool
admits(const struct adit_peer_config *peer, const struct adit_ike_suite *suite)
{
	for (uint8_t i = 0; i < peer->proposal_count; i++)
		if (admits_suite(&peer->proposals[i], suite))
			return true;
	return peer->proposal_count == 0;
}

static bool
id_fits(const struct adit_id *configured, const struct adit_id *shown)
{
	return configured->type == ADIT_ID_ANY || id_equal(configured, shown);
}

static bool
fits(const struct adit_ikev2_turn *t, const struct adit_peer_config *peer,
     const struct adit_id *idi, const struct adit_id *idr)
{
	const struct adit_path *path = &t->sa->path;

	return (peer->local.version == 0 || adit_ip_equal(&peer->local, &path->local.ip)) &&
	       (peer->remote.version == 0 || adit_ip_equal(&peer->remote, &path->remote.ip)) &&
	       id_fits(&peer->remote_id, idi) && (!idr || id_fits(&peer->local_id, idr)) &&
	       admits(peer, &t->sa->suite);
}

/* The first peer that fits the addresses and both identities, and whose secret the initiator knows.
 */
static enum adit_status
authenticate(struct adit_ikev2_turn *t, const struct adit_id *idi)
{
	const struct adit_ike_config *cfg = t->ike->cfg;
	bool asked = (t->inner.present & ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_IDR)) != 0;
	struct adit_id idr;
	enum adit_status st = ADIT_ERR_AUTH;

	if (asked && get_id(t, ADIT_PAYLOAD_IDR, &idr) != ADIT_OK)
		return ADIT_ERR_AUTH;
	for (uint16_t i = 0; i < cfg->peer_count; i++) {
		if (!fits(t, &cfg->peers[i], idi, asked ? &idr : NULL))
			continue;
		st = verify(t, ADIT_PAYLOAD_IDI, cfg->peers[i].psk);
		if (st == ADIT_OK) {
			t->sa->peer = i;
			return ADIT_OK;
		}
	}
	return st;
}

/* INITIAL_CONTACT: what else we have with this identity is of the peer's former life (2.4). By
 * identity and not by address, which may be another one now. As is_first_contact(): few bytes of
 * each slot, once in a handshake. */
static void
forget_former(struct adit_ikev2_turn *t, const struct adit_id *idi)
{
	struct adit_ike *ike = t->ike;

	for (uint16_t i = 0; i < ike->mem.sa_count; i++) {
		struct adit_ike_sa *other = &ike->mem.sas[i];
		struct adit_id id = {(enum adit_id_type)other->remote_id.type,
				     {other->remote_id.data, other->remote_id.len}};

		if (other != t->sa && other->state == ADIT_IKE_UP && other->peer == t->sa->peer &&
		    id_equal(&id, idi))
			adit_ike_down(ike, other, ADIT_OK, 0);
	}
}

enum adit_status
adit_ikev2_auth_answer(struct adit_ikev2_turn *t)
{
	struct adit_ike_notify n;
	struct adit_id idi;
	enum adit_status st = get_id(t, ADIT_PAYLOAD_IDI, &idi);

	if (st == ADIT_OK)
		st = authenticate(t, &idi);
	if (st != ADIT_OK)
		return st == ADIT_ERR_CRYPTO ? st : ADIT_ERR_AUTH;
	remember_id(t->sa, &idi);
	if (adit_ike_find_notify(&t->inner, ADIT_N_INITIAL_CONTACT, &n))
		forget_former(t, &idi);
	put_own_id(t->ike, t->sa, &t->m);
	st = put_auth(t->ike, t->sa, &t->m);
	if (st != ADIT_OK)
		return st;
	/* A child that can't be agreed upon leaves the IKE SA up, and is told of by a notify
	 * (1.2). */
	adit_ikev2_answer_child(t);
	come_up(t->ike, t->sa, t->now);
	return ADIT_OK;
}

/* EAP (no AUTH payload) and childless initiation are not built: nobody gets in by them. */
enum adit_status
adit_ikev2_auth_other_way(struct adit_ikev2_turn *t)
{
	(void)t;
	return ADIT_ERR_AUTH;
}
