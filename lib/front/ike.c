/* The doors of the IKE engine: what comes in, what time brings, what goes out, commands. */
#include <string.h>

#include "adit/stream.h"
#include "ike/inside.h"
#include "ike/lists.h"
#include "ike/offer.h"
#include "ike/timers.h"
#include "ikev2/turn.h"

static uint16_t
natt_port(const struct adit_ike *ike)
{
	return ike->cfg->natt_port ? ike->cfg->natt_port : ADIT_IKE_NATT_PORT;
}

static bool
id_is_good(const struct adit_id *id)
{
	return id->data.n <= ADIT_ID_MAX && (id->type == ADIT_ID_ANY || id->data.n > 0);
}

static enum adit_status
check_child(const struct adit_crypto *crypto, const struct adit_child_config *child)
{
	struct adit_offer offer = {crypto, child->proposals, child->proposal_count,
				   ADIT_IKE_PROTO_ESP};

	if (child->local_ts_count > ADIT_TS_MAX || child->remote_ts_count > ADIT_TS_MAX)
		return ADIT_ERR_CONFIG;
	if (child->replay_window != 0 &&
	    (child->replay_window < ADIT_REPLAY_MIN || child->replay_window > ADIT_REPLAY_MAX))
		return ADIT_ERR_CONFIG;
	return adit_offer_check(&offer);
}

static enum adit_status
check_peer(const struct adit_crypto *crypto, const struct adit_peer_config *peer)
{
	struct adit_offer offer = {crypto, peer->proposals, peer->proposal_count,
				   ADIT_IKE_PROTO_IKE};
	enum adit_status st = adit_offer_check(&offer);

	if (!id_is_good(&peer->local_id) || !id_is_good(&peer->remote_id) || peer->psk.n == 0 ||
	    peer->child_count == 0)
		return ADIT_ERR_CONFIG;
	for (uint8_t i = 0; st == ADIT_OK && i < peer->child_count; i++)
		st = check_child(crypto, &peer->children[i]);
	return st;
}

static enum adit_status
check_config(const struct adit_ike_config *cfg)
{
	enum adit_status st = ADIT_OK;

	if (!cfg->crypto || !cfg->crypto->sha1 || !cfg->crypto->prf[0] || !cfg->rng.fill)
		return ADIT_ERR_CONFIG;
	for (uint16_t i = 0; st == ADIT_OK && i < cfg->peer_count; i++)
		st = check_peer(cfg->crypto, &cfg->peers[i]);
	return st;
}

enum adit_status
adit_ike_init_(struct adit_ike *ike, size_t ike_size, size_t sa_size, size_t child_size,
	       size_t handshake_size, const struct adit_ike_config *cfg,
	       const struct adit_ike_mem *mem)
{
	enum adit_status st;

	if (ike_size != sizeof *ike || sa_size != sizeof *mem->sas ||
	    child_size != sizeof *mem->children || handshake_size != sizeof *mem->handshakes)
		return ADIT_ERR_CONFIG;
	if (!mem->sas || !mem->sa_count || !mem->children || !mem->child_count ||
	    !mem->handshakes || !mem->handshake_count)
		return ADIT_ERR_ARG;
	st = check_config(cfg);
	if (st != ADIT_OK)
		return st;
	memset(ike, 0, sizeof *ike);
	memset(mem->sas, 0, mem->sa_count * sizeof *mem->sas);
	memset(mem->children, 0, mem->child_count * sizeof *mem->children);
	memset(mem->handshakes, 0, mem->handshake_count * sizeof *mem->handshakes);
	ike->cfg = cfg;
	ike->mem = *mem;
	adit_lists_begin(ike);
	return ADIT_OK;
}

void
adit_ike_wipe(struct adit_ike *ike)
{
	adit_wipe(ike->mem.sas, ike->mem.sa_count * sizeof *ike->mem.sas);
	adit_wipe(ike->mem.children, ike->mem.child_count * sizeof *ike->mem.children);
	adit_wipe(ike->mem.handshakes, ike->mem.handshake_count * sizeof *ike->mem.handshakes);
	adit_wipe(ike, sizeof *ike);
}

static enum adit_status
receive(struct adit_ike *ike, adit_ms now, const struct adit_path *path, uint8_t *dgram, size_t n)
{
	if (path->local.port != natt_port(ike))
		return adit_ikev2_receive(ike, now, path, dgram, n);
	switch (adit_natt_kind((struct adit_span){dgram, n})) {
	case ADIT_NATT_IKE:
		return adit_ikev2_receive(ike, now, path, dgram + ADIT_NON_ESP_MARKER_LEN,
					  n - ADIT_NON_ESP_MARKER_LEN);
	case ADIT_NATT_KEEPALIVE:
		return ADIT_OK;
	case ADIT_NATT_ESP:
		return ADIT_ERR_MALFORMED;
	default:
		return ADIT_ERR_SHORT;
	}
}

static enum adit_status
do_input(struct adit_ike *ike, adit_ms now, const struct adit_path *path, uint8_t *dgram, size_t n)
{
	enum adit_status st = receive(ike, now, path, dgram, n);

	ike->counters[st]++;
	if (st != ADIT_OK)
		adit_ikev2_trace_refused(ike, path, st);
	return st;
}

enum adit_status
adit_ike_input(struct adit_ike *ike, adit_ms now, const struct adit_path *path, uint8_t *dgram,
	       size_t n)
{
	if (!adit_ike_enter(ike))
		return ADIT_ERR_STATE;
	return adit_ike_leave(ike, do_input(ike, now, path, dgram, n));
}

void
adit_ike_tick(struct adit_ike *ike, adit_ms now)
{
	struct adit_ike_sa *sa;

	if (!adit_ike_enter(ike))
		return;
	/* One that is due again at once has its turn with the next tick. */
	for (uint16_t n = ike->timer_count; n && (sa = adit_timer_take(ike, now)) != NULL; n--) {
		adit_ike_tick_sa(ike, sa, now);
		if (sa->state == ADIT_IKE_UP)
			adit_ikev2_next_job(ike, sa, now);
	}
	(void)adit_ike_leave(ike, ADIT_OK);
}

adit_ms
adit_ike_deadline(const struct adit_ike *ike)
{
	return adit_timer_first(ike);
}

/* Copies a message out, with its marker where the port asks for one. */
static size_t
emit(const struct adit_ike *ike, const struct adit_path *path, struct adit_span msg,
     struct adit_buf dgram)
{
	size_t marker = path->local.port == natt_port(ike) ? ADIT_NON_ESP_MARKER_LEN : 0;

	memset(dgram.p, 0, marker);
	memcpy(dgram.p + marker, msg.p, msg.n);
	return marker + msg.n;
}

static size_t
emit_message(const struct adit_ike *ike, const struct adit_ike_sa *sa, const struct adit_path *path,
	     struct adit_ike_message *message, struct adit_buf dgram)
{
	struct adit_trace_record rec;

	if (message->resent && ike->cfg->trace) {
		memset(&rec, 0, sizeof rec);
		rec.kind = ADIT_TRACE_RESENT;
		rec.path = path;
		rec.sent = true;
		memcpy(rec.spi_i, sa->spi_i, sizeof rec.spi_i);
		memcpy(rec.spi_r, sa->spi_r, sizeof rec.spi_r);
		ike->cfg->trace->record(ike->cfg->trace->ctx, &rec);
	}
	message->resent = true;
	return emit(ike, path, (struct adit_span){message->bytes, message->len}, dgram);
}

/* What a NAT before us takes for one flow. */
static bool
is_same_way(const struct adit_path *a, const struct adit_path *b)
{
	return adit_endpoint_equal(&a->local, &b->local) &&
	       adit_endpoint_equal(&a->remote, &b->remote);
}

/* Responses before requests: the peer waits for them, where it asked from (RFC 7296 2.11). */
static size_t
emit_sa(const struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now, struct adit_path *path,
	struct adit_buf dgram)
{
	if (sa->due == 0)
		return 0;
	*path = sa->due & ADIT_DUE_RESPONSE ? sa->asked_from : sa->path;
	if (is_same_way(path, &sa->path))
		sa->sent_at = now;
	if (sa->due & ADIT_DUE_RESPONSE) {
		sa->due = (uint8_t)(sa->due & ~ADIT_DUE_RESPONSE);
		return emit_message(ike, sa, path, &sa->response, dgram);
	}
	if (sa->due & ADIT_DUE_REQUEST) {
		sa->due = (uint8_t)(sa->due & ~ADIT_DUE_REQUEST);
		return emit_message(ike, sa, path, &sa->request, dgram);
	}
	sa->due = 0;
	dgram.p[0] = 0xff;
	return 1;
}

static enum adit_status
do_output(struct adit_ike *ike, adit_ms now, struct adit_path *path, struct adit_buf dgram,
	  size_t *n)
{
	struct adit_ike_reply *reply = &ike->reply;

	*n = 0;
	if (reply->len == 0 && ike->sending.first == 0)
		return ADIT_OK;
	if (dgram.cap < ADIT_IKE_MESSAGE_MAX + ADIT_NON_ESP_MARKER_LEN)
		return ADIT_ERR_ROOM;
	if (reply->len) {
		*path = reply->path;
		*n = emit(ike, path, (struct adit_span){reply->bytes, reply->len}, dgram);
		reply->len = 0;
		return ADIT_OK;
	}
	while (*n == 0 && ike->sending.first) {
		uint16_t slot = (uint16_t)(ike->sending.first - 1);
		struct adit_ike_sa *sa = &ike->mem.sas[slot];

		*n = emit_sa(ike, sa, now, path, dgram);
		if (sa->due == 0)
			adit_list_remove(ike, adit_link_of_sending, &ike->sending, slot);
		if (*n)
			adit_ike_reap(ike, sa);
	}
	return ADIT_OK;
}

enum adit_status
adit_ike_output(struct adit_ike *ike, adit_ms now, struct adit_path *path, struct adit_buf dgram,
		size_t *n)
{
	*n = 0;
	if (!adit_ike_enter(ike))
		return ADIT_ERR_STATE;
	return adit_ike_leave(ike, do_output(ike, now, path, dgram, n));
}

/* The address of one host and not of many: no multicast, no limited broadcast, not zero. */
static bool
is_one_host(const struct adit_ip *ip)
{
	if (ip->version == 4)
		return ip->b[0] != 0 && ip->b[0] < 224;
	return ip->b[0] != 0xff && !adit_ip_equal(ip, &(const struct adit_ip){6, {0}});
}

static bool
is_of(const struct adit_peer_config *cfg, const struct adit_path *path)
{
	const struct adit_ip *remote = &path->remote.ip;

	return remote->version != 0 && remote->version == path->local.ip.version &&
	       (cfg->remote.version == 0 || adit_ip_equal(&cfg->remote, remote));
}

static enum adit_status
do_start_to(struct adit_ike *ike, adit_ms now, uint16_t peer, uint16_t child,
	    const struct adit_path *path, struct adit_ike_id *id)
{
	const struct adit_peer_config *cfg;
	struct adit_ike_sa *sa;
	enum adit_status st;

	if (peer >= ike->cfg->peer_count || child >= ike->cfg->peers[peer].child_count)
		return ADIT_ERR_ARG;
	cfg = &ike->cfg->peers[peer];
	if (!is_of(cfg, path))
		return ADIT_ERR_CONFIG;
	if (!is_one_host(&path->remote.ip) || adit_ip_equal(&path->remote.ip, &path->local.ip))
		return ADIT_ERR_ARG;
	st = adit_ike_take(ike, true, path, &sa);
	if (st != ADIT_OK)
		return st;
	if (sa->path.remote.port == 0)
		sa->path.remote.port = cfg->remote_port ? cfg->remote_port : ADIT_IKE_PORT;
	sa->peer = peer;
	sa->child_config = child;
	st = adit_ikev2_send_init(ike, sa, now);
	if (st != ADIT_OK) {
		adit_ike_free(ike, sa);
		return st;
	}
	*id = adit_ike_id_of(ike, sa);
	return ADIT_OK;
}

enum adit_status
adit_ike_start_to(struct adit_ike *ike, adit_ms now, uint16_t peer, uint16_t child,
		  const struct adit_path *path, struct adit_ike_id *id)
{
	if (!adit_ike_enter(ike))
		return ADIT_ERR_STATE;
	return adit_ike_leave(ike, do_start_to(ike, now, peer, child, path, id));
}

enum adit_status
adit_ike_start(struct adit_ike *ike, adit_ms now, uint16_t peer, uint16_t child,
	       const struct adit_endpoint *local, struct adit_ike_id *id)
{
	struct adit_path path;

	if (peer >= ike->cfg->peer_count)
		return ADIT_ERR_ARG;
	path.local = *local;
	path.remote.ip = ike->cfg->peers[peer].remote;
	path.remote.port = 0;
	return adit_ike_start_to(ike, now, peer, child, &path, id);
}

static enum adit_status
do_delete(struct adit_ike *ike, adit_ms now, struct adit_ike_id id)
{
	struct adit_ike_sa *sa = adit_ike_by_id(ike, id);

	if (!sa || sa->state == ADIT_IKE_DEAD)
		return ADIT_ERR_STALE;
	if (sa->state != ADIT_IKE_UP && sa->state != ADIT_IKE_DELETING) {
		/* The peer has nothing yet that it would have to be told about. */
		adit_ike_down(ike, sa, ADIT_OK, 0);
		return ADIT_OK;
	}
	sa->want |= ADIT_WANT_DELETE_IKE;
	adit_ikev2_next_job(ike, sa, now);
	return ADIT_OK;
}

enum adit_status
adit_ike_delete(struct adit_ike *ike, adit_ms now, struct adit_ike_id id)
{
	if (!adit_ike_enter(ike))
		return ADIT_ERR_STATE;
	return adit_ike_leave(ike, do_delete(ike, now, id));
}

static enum adit_status
do_delete_child(struct adit_ike *ike, adit_ms now, struct adit_child_id id)
{
	struct adit_ike_child *child = adit_child_by_id(ike, id);
	struct adit_ike_sa *sa;

	if (!child || child->state == ADIT_CHILD_DEAD)
		return ADIT_ERR_STALE;
	sa = &ike->mem.sas[child->owner];
	if (child->state != ADIT_CHILD_UP || sa->state != ADIT_IKE_UP)
		return ADIT_ERR_STATE;
	child->wanted_down = true;
	sa->want |= ADIT_WANT_DELETE_CHILD;
	adit_ikev2_next_job(ike, sa, now);
	return ADIT_OK;
}

enum adit_status
adit_ike_delete_child(struct adit_ike *ike, adit_ms now, struct adit_child_id id)
{
	if (!adit_ike_enter(ike))
		return ADIT_ERR_STATE;
	return adit_ike_leave(ike, do_delete_child(ike, now, id));
}

static enum adit_status
do_probe(struct adit_ike *ike, adit_ms now, struct adit_ike_id id)
{
	struct adit_ike_sa *sa = adit_ike_by_id(ike, id);

	if (!sa)
		return ADIT_ERR_STALE;
	if (sa->state != ADIT_IKE_UP)
		return ADIT_ERR_STATE;
	sa->want |= ADIT_WANT_PROBE;
	adit_ikev2_next_job(ike, sa, now);
	return ADIT_OK;
}

enum adit_status
adit_ike_probe(struct adit_ike *ike, adit_ms now, struct adit_ike_id id)
{
	if (!adit_ike_enter(ike))
		return ADIT_ERR_STATE;
	return adit_ike_leave(ike, do_probe(ike, now, id));
}

void
adit_ike_heard(struct adit_ike *ike, adit_ms now, struct adit_child_id id)
{
	struct adit_ike_child *child = adit_child_by_id(ike, id);

	if (!child)
		return;
	ike->mem.sas[child->owner].heard_at = now;
	child->used_at = now;
}

void
adit_ike_used(struct adit_ike *ike, adit_ms t, struct adit_child_id id)
{
	struct adit_ike_child *child = adit_child_by_id(ike, id);

	if (child && t > child->used_at)
		child->used_at = t;
}

const char *
adit_event_name(enum adit_ike_event_kind kind)
{
	static const char *const names[] = {"NONE", "IKE_UP", "IKE_DOWN", "CHILD_UP", "CHILD_DOWN"};

	return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

static const char *
state_name(uint8_t state)
{
	static const char *const names[] = {"FREE",      "IDLE", "INIT_SENT", "INIT_DONE",
					    "AUTH_SENT", "UP",   "DELETING",  "DEAD"};

	return names[state];
}

bool
adit_ike_next(const struct adit_ike *ike, uint16_t *cursor, struct adit_ike_info *info)
{
	for (; *cursor < ike->mem.sa_count; (*cursor)++) {
		const struct adit_ike_sa *sa = &ike->mem.sas[*cursor];

		if (sa->state == ADIT_IKE_FREE)
			continue;
		memset(info, 0, sizeof *info);
		info->id = adit_ike_id_of(ike, sa);
		info->state = state_name(sa->state);
		info->initiator = sa->initiator;
		info->peer = sa->peer;
		info->path = sa->path;
		memcpy(info->spi_i, sa->spi_i, sizeof info->spi_i);
		memcpy(info->spi_r, sa->spi_r, sizeof info->spi_r);
		info->remote_id.type = (enum adit_id_type)sa->remote_id.type;
		info->remote_id.data.p = sa->remote_id.data;
		info->remote_id.data.n = sa->remote_id.len;
		info->aead = sa->suite.aead;
		info->prf = sa->suite.prf;
		info->ke = sa->suite.ke;
		info->nat_local = sa->nat_local;
		info->nat_remote = sa->nat_remote;
		(*cursor)++;
		return true;
	}
	return false;
}

const uint64_t *
adit_ike_counters(const struct adit_ike *ike)
{
	return ike->counters;
}
