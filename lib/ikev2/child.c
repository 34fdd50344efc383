/* The Child SA of IKE_AUTH: offer, answer, conclusion (RFC 7296 1.2, 1.3.1, 2.9, 2.17). */
#include <string.h>

#include "ike/idle.h"
#include "ike/keymat.h"
#include "ike/lists.h"
#include "ike/narrow.h"
#include "ike/negotiate.h"
#include "ikev2/child.h"

#define ESP_SPI_LEN 4

static struct adit_offer
esp_offer(const struct adit_ike *ike, const struct adit_child_config *cfg)
{
	struct adit_offer offer = {ike->cfg->crypto, cfg->proposals, cfg->proposal_count,
				   ADIT_IKE_PROTO_ESP};

	return offer;
}

static enum adit_mode
mode_of(const struct adit_child_config *cfg)
{
	return cfg->mode ? cfg->mode : ADIT_TUNNEL;
}

static struct adit_span
store_spi(uint32_t spi, uint8_t *room)
{
	adit_store32(room, spi);
	return (struct adit_span){room, ESP_SPI_LEN};
}

static bool
wants_transport(const struct adit_ike_chain *chain)
{
	struct adit_ike_notify n;

	return adit_ike_find_notify(chain, ADIT_N_USE_TRANSPORT_MODE, &n);
}

static void
put_transport(struct adit_ike_writer *m)
{
	adit_ike_put_notify_data(m, ADIT_N_USE_TRANSPORT_MODE, (struct adit_span){NULL, 0});
}

enum adit_status
adit_ikev2_put_child_offer(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_writer *m)
{
	const struct adit_child_config *cfg = &adit_ike_peer(ike, sa)->children[sa->child_config];
	struct adit_offer offer = esp_offer(ike, cfg);
	struct adit_ike_child *child;
	uint8_t spi[ESP_SPI_LEN];
	enum adit_status st = adit_child_take(ike, sa, &child);

	if (st != ADIT_OK)
		return st;
	child->config = sa->child_config;
	child->initiator = true;
	child->mode = (uint8_t)mode_of(cfg);
	/* What was offered, for the answer to be held against. */
	adit_narrow_own(cfg, &sa->path, &child->selectors);
	if (child->mode == ADIT_TRANSPORT)
		put_transport(m);
	adit_negotiate_put_offer(m, &offer, store_spi(child->spi_in, spi));
	adit_ike_put_ts(m, ADIT_PAYLOAD_TSI, child->selectors.local, child->selectors.local_n);
	adit_ike_put_ts(m, ADIT_PAYLOAD_TSR, child->selectors.remote, child->selectors.remote_n);
	return ADIT_OK;
}

/* The keys, from the nonces of IKE_SA_INIT; then the child is up. */
static enum adit_status
come_up(const struct adit_ikev2_turn *t, struct adit_ike_child *child,
	const struct adit_ike_suite *suite)
{
	struct adit_ike *ike = t->ike;
	const struct adit_ike_sa *sa = t->sa;
	const struct adit_ike_handshake *hs = adit_ike_handshake_of(ike, sa);
	const struct adit_span ours = {hs->nonce, sizeof hs->nonce};
	const struct adit_span theirs = {hs->peer_nonce, hs->peer_nonce_len};
	const struct adit_keymat_child_seed seed = {sa->suite.prf,
						    adit_keymat_sk_d(&sa->keys),
						    {NULL, 0},
						    sa->initiator ? ours : theirs,
						    sa->initiator ? theirs : ours};
	enum adit_status st = adit_keymat_child(&child->keys, suite->aead, &seed);

	if (st != ADIT_OK)
		return st;
	child->aead = suite->aead;
	child->esn = suite->esn;
	child->udp_encap = sa->udp_encap;
	child->state = ADIT_CHILD_UP;
	child->tell = ADIT_TELL_UP;
	adit_idle_begin(child, t->now);
	adit_ike_note_event(ike, sa);
	adit_ikev2_trace_chosen(ike, sa, suite);
	return ADIT_OK;
}

enum adit_status
adit_ikev2_finish_child(struct adit_ikev2_turn *t)
{
	struct adit_ike_child *child = adit_child_of(t->ike, t->sa, NULL);
	const struct adit_child_config *cfg;
	struct adit_selectors taken;
	struct adit_ike_suite suite;
	struct adit_offer offer;
	struct adit_span spi;
	enum adit_status st;

	if (!child || !adit_ike_has(&t->inner, ADIT_PAYLOAD_SA) ||
	    !adit_ike_has(&t->inner, ADIT_PAYLOAD_TSI) ||
	    !adit_ike_has(&t->inner, ADIT_PAYLOAD_TSR))
		return ADIT_ERR_UNEXPECTED;
	/* A peer that turns transport into tunnel mode, or the reverse, has not agreed (1.3.1). */
	if (wants_transport(&t->inner) != (child->mode == ADIT_TRANSPORT))
		return ADIT_ERR_UNEXPECTED;
	cfg = &adit_ike_peer(t->ike, t->sa)->children[child->config];
	offer = esp_offer(t->ike, cfg);
	st = adit_negotiate_verify(&offer, adit_ike_body(&t->inner, ADIT_PAYLOAD_SA), 0, &suite,
				   &spi);
	if (st == ADIT_OK)
		st = adit_narrow_verify(&child->selectors,
					adit_ike_body(&t->inner, ADIT_PAYLOAD_TSI),
					adit_ike_body(&t->inner, ADIT_PAYLOAD_TSR), &taken);
	if (st != ADIT_OK)
		return st;
	child->spi_out = adit_load32(spi.p);
	child->selectors = taken;
	return come_up(t, child, &suite);
}

/* What one of our configured children makes of the peer's offer. */
struct answer {
	struct adit_ike_suite suite;
	struct adit_selectors selectors, reply;
	uint32_t spi_out;
	uint16_t config;
};

static enum adit_status
try_child(struct adit_ikev2_turn *t, const struct adit_child_config *cfg, struct answer *a)
{
	const struct adit_ike_sa *sa = t->sa;
	bool transport = mode_of(cfg) == ADIT_TRANSPORT;
	struct adit_offer offer = esp_offer(t->ike, cfg);
	struct adit_selectors own;
	struct adit_span spi;
	enum adit_status st;

	/* Transport mode must be asked for; an offer of it may be taken as tunnel mode (1.3.1). */
	if (transport && !wants_transport(&t->inner))
		return ADIT_ERR_TS;
	adit_narrow_own(cfg, &sa->path, &own);
	st = adit_narrow_respond(&own, adit_ike_body(&t->inner, ADIT_PAYLOAD_TSI),
				 adit_ike_body(&t->inner, ADIT_PAYLOAD_TSR),
				 transport && (sa->nat_local || sa->nat_remote) ? &sa->path : NULL,
				 &a->selectors, &a->reply);
	if (st == ADIT_OK)
		st = adit_negotiate_choose(&offer, adit_ike_body(&t->inner, ADIT_PAYLOAD_SA), 0,
					   &a->suite, &spi);
	if (st == ADIT_OK)
		a->spi_out = adit_load32(spi.p);
	return st;
}

/* The first configured child that can be agreed upon. Of several refusals the one that came
 * nearest is told: selectors that fit with other algorithms. */
static enum adit_status
choose_child(struct adit_ikev2_turn *t, struct answer *a)
{
	const struct adit_peer_config *peer = adit_ike_peer(t->ike, t->sa);
	enum adit_status st, worst = ADIT_ERR_TS;

	for (uint16_t i = 0; i < peer->child_count; i++) {
		st = try_child(t, &peer->children[i], a);
		a->config = i;
		if (st == ADIT_OK)
			return ADIT_OK;
		if (st != ADIT_ERR_TS)
			worst = st;
	}
	return worst;
}

static void
put_answer(struct adit_ikev2_turn *t, const struct adit_ike_child *child, const struct answer *a)
{
	uint8_t spi[ESP_SPI_LEN];

	if (child->mode == ADIT_TRANSPORT)
		put_transport(&t->m);
	adit_negotiate_put_chosen(&t->m, &a->suite, ADIT_IKE_PROTO_ESP,
				  store_spi(child->spi_in, spi));
	adit_ike_put_ts(&t->m, ADIT_PAYLOAD_TSI, a->reply.remote, a->reply.remote_n);
	adit_ike_put_ts(&t->m, ADIT_PAYLOAD_TSR, a->reply.local, a->reply.local_n);
}

static enum adit_status
make_child(struct adit_ikev2_turn *t, const struct answer *a)
{
	const struct adit_peer_config *peer = adit_ike_peer(t->ike, t->sa);
	struct adit_ike_child *child;
	enum adit_status st = adit_child_take(t->ike, t->sa, &child);

	if (st != ADIT_OK)
		return st;
	child->config = t->sa->child_config = a->config;
	child->mode = (uint8_t)mode_of(&peer->children[a->config]);
	child->spi_out = a->spi_out;
	child->selectors = a->selectors;
	st = come_up(t, child, &a->suite);
	if (st != ADIT_OK) {
		adit_child_free(t->ike, child);
		return st;
	}
	put_answer(t, child, a);
	return ADIT_OK;
}

static uint16_t
refusal(enum adit_status st)
{
	if (st == ADIT_ERR_TS)
		return ADIT_N_TS_UNACCEPTABLE;
	if (st == ADIT_ERR_FULL)
		return ADIT_N_NO_ADDITIONAL_SAS;
	if (st == ADIT_ERR_MALFORMED)
		return ADIT_N_INVALID_SYNTAX;
	return ADIT_N_NO_PROPOSAL_CHOSEN;
}

void
adit_ikev2_answer_child(struct adit_ikev2_turn *t)
{
	struct answer a;
	enum adit_status st;

	memset(&a, 0, sizeof a);
	st = choose_child(t, &a);
	if (st == ADIT_OK)
		st = make_child(t, &a);
	if (st != ADIT_OK)
		adit_ike_put_notify_data(&t->m, refusal(st), (struct adit_span){NULL, 0});
}

/* CREATE_CHILD_SA is not built: the answer that RFC 7296 1.3 gives to such a node. */
enum adit_status
adit_ikev2_child_refuse(struct adit_ikev2_turn *t)
{
	t->notify = ADIT_N_NO_ADDITIONAL_SAS;
	return ADIT_ERR_UNSUPPORTED;
}
