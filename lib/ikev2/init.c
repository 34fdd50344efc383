/* IKE_SA_INIT, both sides (RFC 7296 1.2, 2.6, 2.7, 2.23). */
#include <string.h>

#include "ike/cookie.h"
#include "ike/keymat.h"
#include "ike/natd.h"
#include "ike/negotiate.h"
#include "ike/timers.h"
#include "ikev2/turn.h"

#define NONCE_LEN 32
/* COOKIE and INVALID_KE_PAYLOAD answers that one attempt follows; an attacker can make these up. */
#define ROUNDS_MAX 4
#define HALF_OPEN_MS 30000
/* Of the handshakes, what one address may have half open: one in SHARE, but at least SHARE_LEAST.
 */
#define SHARE 4
#define SHARE_LEAST 2
/* Bytes of an answer's parts (RFC 7296 3.2 to 3.4, 3.10): generic header; proposal; transform, with
 * and without Key Length; KE payload without its value; NAT detection notify. */
#define PAYLOAD_LEN 4
#define PROPOSAL_LEN 8
#define TRANSFORM_LEN 8
#define KEYED_TRANSFORM_LEN 12
#define KE_LEN 8
#define NATD_LEN 28

static struct adit_offer
ike_offer(const struct adit_ike *ike, const struct adit_peer_config *peer)
{
	struct adit_offer offer = {ike->cfg->crypto, peer->proposals, peer->proposal_count,
				   ADIT_IKE_PROTO_IKE};

	return offer;
}

static enum adit_status
fill(const struct adit_ike *ike, uint8_t *p, size_t n)
{
	const struct adit_rng *rng = &ike->cfg->rng;

	return rng->fill(rng->ctx, p, n) == ADIT_OK ? ADIT_OK : ADIT_ERR_RANDOM;
}

static struct adit_ike_header
init_header(const struct adit_ike_sa *sa)
{
	struct adit_ike_header h;

	memset(&h, 0, sizeof h);
	memcpy(h.spi_i, sa->spi_i, sizeof h.spi_i);
	memcpy(h.spi_r, sa->spi_r, sizeof h.spi_r);
	h.exchange = ADIT_EXCHANGE_SA_INIT;
	h.flags = sa->initiator ? ADIT_IKE_FLAG_INITIATOR : ADIT_IKE_FLAG_RESPONSE;
	return h;
}

/* KE, nonce, NAT detection: the part that both sides' messages share. */
static enum adit_status
put_common(struct adit_ike *ike, const struct adit_ike_sa *sa, struct adit_ike_writer *m)
{
	const struct adit_ike_handshake *hs = adit_ike_handshake_of(ike, sa);
	const struct adit_ike_ke ke = {hs->ke->id, {hs->pub, hs->ke->public_len}};
	struct adit_ike_header h = init_header(sa);
	struct adit_path path = sa->path;

	adit_ike_put_ke(m, &ke);
	adit_ike_put_nonce(m, (struct adit_span){hs->nonce, NONCE_LEN});
	/* Port 0 is nobody's: the peer sees a NAT and so uses UDP encapsulation. */
	if (adit_ike_peer(ike, sa)->encap)
		path.local.port = 0;
	return adit_natd_put(m, ike->cfg->crypto->sha1, &h, &path);
}

static enum adit_status
finish_plain(struct adit_ike *ike, const struct adit_ike_sa *sa, struct adit_ike_writer *m,
	     struct adit_ike_message *to)
{
	struct adit_ike_header h = init_header(sa);
	size_t len;
	enum adit_status st = adit_ike_put_end(m, &len);

	if (st != ADIT_OK)
		return st;
	to->len = (uint16_t)len;
	to->resent = false;
	adit_ikev2_trace_message(
		ike, &sa->path, &h, true, m->w.base[16],
		(struct adit_span){to->bytes + ADIT_IKE_HEADER_LEN, len - ADIT_IKE_HEADER_LEN});
	return ADIT_OK;
}

enum adit_status
adit_ikev2_send_init(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	struct adit_ike_handshake *hs = adit_ike_handshake_of(ike, sa);
	struct adit_offer offer = ike_offer(ike, adit_ike_peer(ike, sa));
	struct adit_ike_header h = init_header(sa);
	struct adit_ike_writer m;
	enum adit_status st = ADIT_OK;

	if (!hs->ke) {
		hs->ke = adit_offer_first_ke(&offer);
		st = fill(ike, hs->nonce, sizeof hs->nonce);
		if (st == ADIT_OK)
			st = hs->ke->generate(&ike->cfg->rng, hs->priv, hs->pub);
	}
	if (st != ADIT_OK)
		return st;
	adit_ike_put_start(&m, (struct adit_buf){sa->request.bytes, sizeof sa->request.bytes}, &h);
	if (hs->cookie_len)
		adit_ike_put_notify_data(&m, ADIT_N_COOKIE,
					 (struct adit_span){hs->cookie, hs->cookie_len});
	adit_negotiate_put_offer(&m, &offer, (struct adit_span){NULL, 0});
	st = put_common(ike, sa, &m);
	if (st == ADIT_OK)
		st = finish_plain(ike, sa, &m, &sa->request);
	if (st != ADIT_OK)
		return st;
	sa->next_id = 0; /* a request with a cookie, or another KE, is still message 0 */
	adit_ike_set_state(ike, sa, ADIT_IKE_INIT_SENT);
	adit_ike_sent(ike, sa, now, ADIT_JOB_INIT);
	return ADIT_OK;
}

/* One more round with what the answer asked for. */
static enum adit_status
again(struct adit_ikev2_turn *t, struct adit_ike_handshake *hs)
{
	enum adit_status st;

	hs->rounds++;
	st = adit_ikev2_send_init(t->ike, t->sa, t->now);
	if (st != ADIT_OK)
		adit_ike_down(t->ike, t->sa, st, 0);
	return st;
}

enum adit_status
adit_ikev2_init_cookie(struct adit_ikev2_turn *t)
{
	struct adit_ike_handshake *hs = adit_ike_handshake_of(t->ike, t->sa);
	struct adit_ike_notify n;

	if (!adit_ike_find_notify(&t->inner, ADIT_N_COOKIE, &n) || n.data.n == 0 ||
	    n.data.n > sizeof hs->cookie)
		return ADIT_ERR_MALFORMED;
	if (hs->rounds == ROUNDS_MAX)
		return ADIT_ERR_COOKIE;
	memcpy(hs->cookie, n.data.p, n.data.n);
	hs->cookie_len = (uint8_t)n.data.n;
	return again(t, hs);
}

enum adit_status
adit_ikev2_init_other_ke(struct adit_ikev2_turn *t)
{
	struct adit_ike_handshake *hs = adit_ike_handshake_of(t->ike, t->sa);
	struct adit_offer offer = ike_offer(t->ike, adit_ike_peer(t->ike, t->sa));
	const struct adit_ke *ke;
	struct adit_ike_notify n;
	enum adit_status st;

	if (!adit_ike_find_notify(&t->inner, ADIT_N_INVALID_KE_PAYLOAD, &n) || n.data.n != 2)
		return ADIT_ERR_MALFORMED;
	/* One that was not offered would be a downgrade; the same one, a loop. */
	ke = adit_offer_ke(&offer, adit_load16(n.data.p));
	if (!ke || ke == hs->ke || hs->rounds == ROUNDS_MAX)
		return ADIT_ERR_KE;
	adit_wipe(hs->priv, sizeof hs->priv);
	hs->ke = ke;
	st = ke->generate(&t->ike->cfg->rng, hs->priv, hs->pub);
	if (st != ADIT_OK) {
		adit_ike_down(t->ike, t->sa, st, 0);
		return st;
	}
	return again(t, hs);
}

/* Anybody could have sent this: it is remembered as the reason, should nothing better come before
 * the last retransmission (2.21.1). */
enum adit_status
adit_ikev2_init_error(struct adit_ikev2_turn *t)
{
	struct adit_ike_notify n;

	if (!adit_ike_find_error(&t->inner, &n))
		return ADIT_ERR_UNEXPECTED;
	t->sa->notify = n.type;
	return ADIT_ERR_REFUSED;
}

/* g^ir, then all keys of the SA; the private value ends here. */
static enum adit_status
make_keys(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_span peer_public)
{
	struct adit_ike_handshake *hs = adit_ike_handshake_of(ike, sa);
	struct adit_span ours = {hs->nonce, NONCE_LEN};
	struct adit_span theirs = {hs->peer_nonce, hs->peer_nonce_len};
	uint8_t secret[ADIT_KE_PUBLIC_MAX];
	struct adit_keymat_seed seed = {sa->initiator ? ours : theirs,
					sa->initiator ? theirs : ours,
					{secret, hs->ke->secret_len},
					sa->spi_i,
					sa->spi_r};
	enum adit_status st = hs->ke->shared(&ike->cfg->rng, hs->priv, peer_public, secret);

	if (st == ADIT_OK)
		st = adit_keymat_ike(&sa->keys, &sa->suite, &seed);
	adit_wipe(secret, sizeof secret);
	return st;
}

/* What only a mirror sends: our own value or our own nonce. */
static bool
is_reflected(const struct adit_ike_handshake *hs, struct adit_span public_value,
	     struct adit_span nonce)
{
	return (public_value.n == hs->ke->public_len &&
		memcmp(public_value.p, hs->pub, public_value.n) == 0) ||
	       (nonce.n == NONCE_LEN && memcmp(nonce.p, hs->nonce, NONCE_LEN) == 0);
}

static void
keep(struct adit_ike_message *to, const uint8_t *bytes, size_t len)
{
	to->len = (uint16_t)len;
	memcpy(to->bytes, bytes, len);
}

static void
keep_nonce(struct adit_ike_handshake *hs, struct adit_span nonce)
{
	memcpy(hs->peer_nonce, nonce.p, nonce.n);
	hs->peer_nonce_len = (uint16_t)nonce.n;
}

static enum adit_status
detect_nat(struct adit_ikev2_turn *t, bool *supported)
{
	struct adit_ike_sa *sa = t->sa;
	struct adit_natd nat;
	enum adit_status st =
		adit_natd_detect(t->ike->cfg->crypto->sha1, &t->inner, &t->h, t->path, &nat);

	if (st != ADIT_OK)
		return st;
	sa->nat_local = nat.local;
	sa->nat_remote = nat.remote;
	sa->udp_encap =
		nat.supported && (nat.local || nat.remote || adit_ike_peer(t->ike, sa)->encap);
	*supported = nat.supported;
	return ADIT_OK;
}

/* With a NAT between, or with UDP encapsulation wanted, everything goes on between the NAT-T ports
 * (2.23). */
static void
move_ports(const struct adit_ike *ike, struct adit_ike_sa *sa)
{
	const struct adit_peer_config *peer = adit_ike_peer(ike, sa);
	uint16_t ours = ike->cfg->natt_port ? ike->cfg->natt_port : ADIT_IKE_NATT_PORT;

	if (!sa->udp_encap || sa->path.local.port == ours)
		return;
	sa->path.local.port = ours;
	sa->path.remote.port = peer->remote_natt_port ? peer->remote_natt_port : ADIT_IKE_NATT_PORT;
}

/* The initiator's half ends here: keys, NAT, and on to IKE_AUTH. Until all of it is checked the SA
 * is as it was, for the true answer may still come. */
enum adit_status
adit_ikev2_init_finish(struct adit_ikev2_turn *t)
{
	struct adit_ike_sa *sa = t->sa;
	struct adit_ike_handshake *hs = adit_ike_handshake_of(t->ike, sa);
	struct adit_offer offer = ike_offer(t->ike, adit_ike_peer(t->ike, sa));
	struct adit_span nonce, spi;
	struct adit_ike_ke ke;
	bool supported;
	enum adit_status st = adit_ike_get_ke(adit_ike_body(&t->inner, ADIT_PAYLOAD_KE), &ke);

	if (st == ADIT_OK)
		st = adit_ike_get_nonce(adit_ike_body(&t->inner, ADIT_PAYLOAD_NONCE), &nonce);
	if (st == ADIT_OK)
		st = adit_negotiate_verify(&offer, adit_ike_body(&t->inner, ADIT_PAYLOAD_SA),
					   hs->ke->id, &sa->suite, &spi);
	if (st == ADIT_OK && memcmp(t->h.spi_r, sa->spi_r, sizeof sa->spi_r) == 0)
		st = ADIT_ERR_MALFORMED; /* zeros: the responder has given no SPI */
	if (st != ADIT_OK)
		return st;
	if (ke.method != hs->ke->id || is_reflected(hs, ke.data, nonce))
		return ADIT_ERR_KE;
	memcpy(sa->spi_r, t->h.spi_r, sizeof sa->spi_r);
	keep_nonce(hs, nonce);
	st = make_keys(t->ike, sa, ke.data);
	if (st == ADIT_OK)
		st = detect_nat(t, &supported);
	if (st != ADIT_OK) {
		adit_wipe(&sa->keys, sizeof sa->keys);
		memset(sa->spi_r, 0, sizeof sa->spi_r);
		return st;
	}
	adit_wipe(hs->priv, sizeof hs->priv);
	keep(&hs->own_first, sa->request.bytes, sa->request.len);
	keep(&hs->peer_first, t->msg, t->len);
	adit_ike_answered(sa);
	sa->notify = 0;
	adit_ikev2_trace_chosen(t->ike, sa, &sa->suite);
	adit_ikev2_trace_keys(t->ike, sa);
	move_ports(t->ike, sa);
	st = adit_ikev2_send_auth(t->ike, sa, t->now);
	if (st != ADIT_OK)
		adit_ike_down(t->ike, sa, st, 0);
	return st;
}

/* The responder's side. */

static bool
is_ours(const struct adit_peer_config *peer, const struct adit_path *path)
{
	return (peer->local.version == 0 || adit_ip_equal(&peer->local, &path->local.ip)) &&
	       (peer->remote.version == 0 || adit_ip_equal(&peer->remote, &path->remote.ip));
}

/* The first peer of these addresses that takes one of the proposals; which one of them it truly is
 * turns out in IKE_AUTH. */
static enum adit_status
choose_peer(const struct adit_ikev2_turn *t, uint16_t ke_sent, uint16_t *peer,
	    struct adit_ike_suite *suite)
{
	const struct adit_ike_config *cfg = t->ike->cfg;
	enum adit_status best = ADIT_ERR_PEER;
	struct adit_span spi;

	for (uint16_t i = 0; i < cfg->peer_count; i++) {
		struct adit_offer offer = ike_offer(t->ike, &cfg->peers[i]);
		struct adit_ike_suite this_suite;
		enum adit_status st;

		if (!is_ours(&cfg->peers[i], t->path))
			continue;
		st = adit_negotiate_choose(&offer, adit_ike_body(&t->inner, ADIT_PAYLOAD_SA),
					   ke_sent, &this_suite, &spi);
		/* A peer that only wants another KE is worse than one that fits, better than none.
		 */
		if (st == ADIT_OK || (st == ADIT_ERR_KE && best != ADIT_ERR_KE)) {
			*peer = i;
			*suite = this_suite;
		}
		if (st == ADIT_OK)
			return ADIT_OK;
		if (best != ADIT_ERR_KE)
			best = st;
	}
	return best;
}

static void
reply_error(struct adit_ikev2_turn *t, uint16_t type, struct adit_span data)
{
	struct adit_ike_notify n = {ADIT_IKE_PROTO_NONE, type, {NULL, 0}, data};

	adit_ikev2_reply(t, &n);
}

/* The peer proves its address: OK if it has given a cookie of ours, else it is asked for one (2.6).
 */
static enum adit_status
demand_cookie(struct adit_ikev2_turn *t, struct adit_span nonce)
{
	struct adit_ike *ike = t->ike;
	struct adit_cookie_of of = {ike->cfg->crypto->prf[0], nonce, t->h.spi_i,
				    &t->path->remote.ip};
	uint8_t cookie[ADIT_COOKIE_LEN];
	struct adit_ike_notify n;
	enum adit_status st = adit_cookie_rotate(&ike->jar, &ike->cfg->rng, t->now);

	if (st != ADIT_OK)
		return st;
	t->proved = adit_ike_find_notify(&t->inner, ADIT_N_COOKIE, &n) &&
		    adit_cookie_check(&ike->jar, &of, n.data) == ADIT_OK;
	if (t->proved)
		return ADIT_OK;
	st = adit_cookie_make(&ike->jar, &of, cookie);
	if (st != ADIT_OK)
		return st;
	reply_error(t, ADIT_N_COOKIE, (struct adit_span){cookie, sizeof cookie});
	return ADIT_ERR_COOKIE;
}

static bool
has_one(const struct adit_ike_list *list)
{
	return list->first && list->first == list->last;
}

/* Under load; or whenever half of the pool is taken. The last place of each pool is for somebody
 * who has a cookie, whatever the threshold, and whatever else takes the others. */
static bool
is_under_load(const struct adit_ike *ike)
{
	uint16_t threshold = ike->cfg->cookie_threshold ? ike->cfg->cookie_threshold
							: (uint16_t)(ike->mem.handshake_count / 2);

	return ike->half_open >= threshold || has_one(&ike->free_sas) ||
	       has_one(&ike->free_handshakes);
}

/* Half-open attempts of one address, or of one /64, which is one site's, are a part of the pool
 * (RFC 8019 4.2): whoever has cookies for all of a prefix does not get all of the pool. Those
 * without a cookie are counted apart: anybody can begin them in another's name. */
static bool
has_its_share(const struct adit_ikev2_turn *t)
{
	const struct adit_ike *ike = t->ike;
	unsigned most = ike->cfg->half_open_per_prefix;

	if (most == 0)
		most = ike->mem.handshake_count / SHARE < SHARE_LEAST
			       ? SHARE_LEAST
			       : ike->mem.handshake_count / SHARE;
	return adit_ike_half_open_of(ike, &t->path->remote.ip, t->proved) >= most;
}

/* The answer that *suite will make, in bytes. */
static size_t
answer_len(const struct adit_ike_suite *suite)
{
	size_t transforms = suite->aead->key_bits ? KEYED_TRANSFORM_LEN : TRANSFORM_LEN;

	transforms += 2 * TRANSFORM_LEN; /* PRF and KE */
	if (suite->aead->integ != ADIT_AUTH_NONE)
		transforms += TRANSFORM_LEN;
	return ADIT_IKE_HEADER_LEN + PAYLOAD_LEN + PROPOSAL_LEN + transforms + KE_LEN +
	       suite->ke->public_len + PAYLOAD_LEN + NONCE_LEN + 2 * NATD_LEN;
}

static enum adit_status
put_response(struct adit_ike *ike, struct adit_ike_sa *sa)
{
	struct adit_ike_header h = init_header(sa);
	struct adit_ike_writer m;
	enum adit_status st;

	adit_ike_put_start(&m, (struct adit_buf){sa->response.bytes, sizeof sa->response.bytes},
			   &h);
	adit_negotiate_put_chosen(&m, &sa->suite, ADIT_IKE_PROTO_IKE, (struct adit_span){NULL, 0});
	st = put_common(ike, sa, &m);
	return st == ADIT_OK ? finish_plain(ike, sa, &m, &sa->response) : st;
}

/* All that the responder does for a first request it takes up. */
static enum adit_status
set_up(struct adit_ikev2_turn *t, const struct adit_ike_ke *ke, struct adit_span nonce)
{
	struct adit_ike *ike = t->ike;
	struct adit_ike_sa *sa = t->sa;
	struct adit_ike_handshake *hs = adit_ike_handshake_of(ike, sa);
	bool supported;
	enum adit_status st = fill(ike, hs->nonce, sizeof hs->nonce);

	memcpy(sa->spi_i, t->h.spi_i, sizeof sa->spi_i);
	hs->ke = sa->suite.ke;
	keep_nonce(hs, nonce);
	if (st == ADIT_OK)
		st = hs->ke->generate(&ike->cfg->rng, hs->priv, hs->pub);
	if (st == ADIT_OK)
		st = make_keys(ike, sa, ke->data);
	adit_wipe(hs->priv, sizeof hs->priv);
	if (st == ADIT_OK)
		st = detect_nat(t, &supported);
	if (st == ADIT_OK)
		st = put_response(ike, sa);
	if (st != ADIT_OK)
		return st;
	keep(&hs->peer_first, t->msg, t->len);
	keep(&hs->own_first, sa->response.bytes, sa->response.len);
	sa->sent_at = t->now; /* the answer may leave another way, and that is no keep-alive */
	sa->expected = 1;
	sa->expire_at = t->now + (ike->cfg->half_open_timeout_ms ? ike->cfg->half_open_timeout_ms
								 : HALF_OPEN_MS);
	adit_timer_wake(ike, sa, sa->expire_at);
	adit_ike_set_state(ike, sa, ADIT_IKE_INIT_DONE);
	adit_ike_due(ike, sa, ADIT_DUE_RESPONSE);
	adit_ikev2_trace_chosen(ike, sa, &sa->suite);
	adit_ikev2_trace_keys(ike, sa);
	return ADIT_OK;
}

/* Refusals of a first request are stateless answers. */
static enum adit_status
refuse(struct adit_ikev2_turn *t, enum adit_status st, const struct adit_ike_suite *suite)
{
	uint8_t wanted[2];

	if (st == ADIT_ERR_KE) {
		adit_store16(wanted, suite->ke->id);
		reply_error(t, ADIT_N_INVALID_KE_PAYLOAD,
			    (struct adit_span){wanted, sizeof wanted});
	} else if (st == ADIT_ERR_NO_PROPOSAL || st == ADIT_ERR_PEER) {
		reply_error(t, ADIT_N_NO_PROPOSAL_CHOSEN, (struct adit_span){NULL, 0});
	}
	return st;
}

enum adit_status
adit_ikev2_init_answer(struct adit_ikev2_turn *t)
{
	struct adit_ike_suite suite;
	struct adit_span nonce = {NULL, 0};
	struct adit_ike_ke ke;
	uint16_t peer = 0;
	enum adit_status st = adit_ike_get_ke(adit_ike_body(&t->inner, ADIT_PAYLOAD_KE), &ke);

	memset(&suite, 0, sizeof suite);
	if (st == ADIT_OK)
		st = adit_ike_get_nonce(adit_ike_body(&t->inner, ADIT_PAYLOAD_NONCE), &nonce);
	if (st == ADIT_OK && is_under_load(t->ike))
		st = demand_cookie(t, nonce);
	if (st != ADIT_OK)
		return st;
	st = choose_peer(t, ke.method, &peer, &suite);
	if (st != ADIT_OK)
		return refuse(t, st, &suite);
	/* An answer longer than its question goes to proved addresses alone: else somebody could
	 * send it to others. */
	if (!t->proved && (answer_len(&suite) > t->len || has_its_share(t)))
		st = demand_cookie(t, nonce);
	if (st == ADIT_OK && has_its_share(t))
		st = ADIT_ERR_FULL;
	if (st != ADIT_OK)
		return st;
	st = adit_ike_take(t->ike, false, t->path, &t->sa);
	if (st != ADIT_OK)
		return st;
	t->sa->peer = peer;
	t->sa->suite = suite;
	adit_ike_handshake_of(t->ike, t->sa)->proved = t->proved;
	st = set_up(t, &ke, nonce);
	if (st != ADIT_OK) {
		adit_ike_free(t->ike, t->sa);
		t->sa = NULL;
	}
	return st;
}
