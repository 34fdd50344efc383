/* The sections `connections` and `secrets` of a swanctl.conf, as configuration of a node. A keyword
 * that is not known here is an error with its place: nothing is skipped. */
#include <string.h>

#include "keywords.h"
#include "secrets.h"
#include "swanctl.h"
#include "values.h"

/* One connection while it is read. */
struct connection {
	struct adit_peer_config *peer;
	struct swanctl_peer *extra;
	struct swanctl *all;
	bool local_auth, remote_auth;
	FILE *err;
};

/* --- Children. */

struct child {
	struct adit_child_config cfg;
	struct swanctl_child extra;
	enum adit_action action; /* PROTECT, or what pass and drop say */
};

static bool
take_local_ts(void *ctx, const struct conf *c, FILE *err)
{
	struct adit_child_config *cfg = &((struct child *)ctx)->cfg;

	TAKE(err, c, value_selectors(c->value, &cfg->local_ts, &cfg->local_ts_count));
}

static bool
take_remote_ts(void *ctx, const struct conf *c, FILE *err)
{
	struct adit_child_config *cfg = &((struct child *)ctx)->cfg;

	TAKE(err, c, value_selectors(c->value, &cfg->remote_ts, &cfg->remote_ts_count));
}

static bool
take_esp_proposals(void *ctx, const struct conf *c, FILE *err)
{
	struct adit_child_config *cfg = &((struct child *)ctx)->cfg;

	TAKE(err, c, value_proposals(c->value, false, &cfg->proposals, &cfg->proposal_count));
}

static const char *
mode(const char *text, struct child *child)
{
	child->action = ADIT_PROTECT;
	if (strcmp(text, "tunnel") == 0)
		child->cfg.mode = ADIT_TUNNEL;
	else if (strcmp(text, "transport") == 0)
		child->cfg.mode = ADIT_TRANSPORT;
	else if (strcmp(text, "pass") == 0)
		child->action = ADIT_BYPASS;
	else if (strcmp(text, "drop") == 0)
		child->action = ADIT_DISCARD;
	else
		return "only tunnel, transport, pass and drop are supported";
	return NULL;
}

static bool
take_mode(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, mode(c->value, ctx));
}

static const char *
action(const char *text, enum swanctl_action *out)
{
	if (strcmp(text, "none") == 0 || strcmp(text, "clear") == 0)
		*out = ACTION_NONE;
	else if (strcmp(text, "trap") == 0)
		*out = ACTION_TRAP;
	else if (strcmp(text, "start") == 0 || strcmp(text, "restart") == 0 ||
		 strcmp(text, "trap|start") == 0)
		*out = ACTION_START;
	else
		return "only none, trap and start are supported";
	return NULL;
}

static bool
take_start_action(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, action(c->value, &((struct child *)ctx)->extra.start));
}

static bool
take_close_action(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, action(c->value, &((struct child *)ctx)->extra.close));
}

static bool
take_dpd_action(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, action(c->value, &((struct child *)ctx)->extra.dpd));
}

static const char *
window(const char *text, uint32_t *out)
{
	const char *why = value_number(text, ADIT_REPLAY_MAX, out);

	return !why && *out < ADIT_REPLAY_MIN ? "32 to 4096 packets are supported" : why;
}

static bool
take_replay_window(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, window(c->value, &((struct child *)ctx)->cfg.replay_window));
}

static bool
take_inactivity(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, value_time(c->value, &((struct child *)ctx)->cfg.inactivity_ms));
}

static const struct keyword child_words[] = {{"local_ts", take_local_ts},
					     {"remote_ts", take_remote_ts},
					     {"esp_proposals", take_esp_proposals},
					     {"mode", take_mode},
					     {"start_action", take_start_action},
					     {"close_action", take_close_action},
					     {"dpd_action", take_dpd_action},
					     {"replay_window", take_replay_window},
					     {"rekey_time", only_off},
					     {"life_time", only_off},
					     {"rand_time", only_off},
					     {"rekey_bytes", only_off},
					     {"life_bytes", only_off},
					     {"rekey_packets", only_off},
					     {"life_packets", only_off},
					     {"ipcomp", only_off},
					     {"inactivity", take_inactivity},
					     {"tfc_padding", only_off},
					     {NULL, NULL}};

static size_t
count_sections(const struct conf *section)
{
	size_t n = 0;

	for (const struct conf *c = section->children; c; c = c->next)
		n++;
	return n;
}

static void
put_any(struct adit_ts *ts, uint8_t *n)
{
	struct adit_ip any;

	memset(&any, 0, sizeof any);
	any.version = 4;
	ts[0] = adit_ts_prefix(&any, 0);
	any.version = 6;
	ts[1] = adit_ts_prefix(&any, 0);
	*n = 2;
}

static void
put_side(struct adit_ts *to, uint8_t *n, const struct adit_ts *from, uint8_t count)
{
	if (count == 0) {
		put_any(to, n);
		return;
	}
	memcpy(to, from, count * sizeof *to);
	*n = count;
}

/* pass and drop are policies of ours, and no affair of IKE. */
static void
add_policy(struct swanctl *all, const struct child *child)
{
	struct adit_policy *p = &all->first[all->first_count++];

	p->name = child->cfg.name;
	p->action = child->action;
	put_side(p->selectors.local, &p->selectors.local_n, child->cfg.local_ts,
		 child->cfg.local_ts_count);
	put_side(p->selectors.remote, &p->selectors.remote_n, child->cfg.remote_ts,
		 child->cfg.remote_ts_count);
}

/* Some packet has both sides: of one IP version and one protocol. */
static bool
can_match(const struct adit_child_config *cfg)
{
	for (uint8_t i = 0; i < cfg->local_ts_count; i++)
		for (uint8_t k = 0; k < cfg->remote_ts_count; k++) {
			const struct adit_ts *l = &cfg->local_ts[i], *r = &cfg->remote_ts[k];

			if (l->version == r->version &&
			    (!l->protocol || !r->protocol || l->protocol == r->protocol))
				return true;
		}
	return cfg->local_ts_count == 0 || cfg->remote_ts_count == 0;
}

static bool
take_children(void *ctx, const struct conf *section, FILE *err)
{
	struct connection *conn = ctx;
	struct adit_child_config *cfgs;
	bool ok = true;

	if (section->value)
		return complain(err, section, "a section was expected");
	cfgs = keep(count_sections(section) * sizeof *cfgs);
	conn->peer->children = cfgs;
	conn->extra->children = keep(count_sections(section) * sizeof *conn->extra->children);
	for (const struct conf *c = section->children; c; c = c->next) {
		struct child child;

		memset(&child, 0, sizeof child);
		child.action = ADIT_PROTECT;
		child.cfg.name = keep_text(c->name);
		if (c->value) {
			ok = complain(err, c, "a section was expected");
			continue;
		}
		ok = take_all(c, child_words, &child, err) && ok;
		if (!can_match(&child.cfg))
			ok = complain(err, c, "no packet can have its local_ts and its remote_ts");
		if (child.action != ADIT_PROTECT) {
			add_policy(conn->all, &child);
			continue;
		}
		if (conn->peer->child_count == UINT8_MAX)
			return complain(err, c, "too many children");
		conn->extra->children[conn->peer->child_count] = child.extra;
		cfgs[conn->peer->child_count++] = child.cfg;
		conn->all->child_count++;
	}
	return ok;
}

/* --- Connections. */

static const char *
version(const char *text)
{
	if (strcmp(text, "2") == 0 || strcmp(text, "0") == 0)
		return NULL;
	return "only IKEv2 is supported (version = 2)";
}

static bool
take_version(void *ctx, const struct conf *c, FILE *err)
{
	(void)ctx;
	TAKE(err, c, version(c->value));
}

static bool
take_local_addrs(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, value_address(c->value, &((struct connection *)ctx)->peer->local));
}

static bool
take_remote_addrs(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, value_address(c->value, &((struct connection *)ctx)->peer->remote));
}

static const char *
port(const char *text, uint16_t *out)
{
	uint32_t n;
	const char *why = value_number(text, UINT16_MAX, &n);

	if (!why)
		*out = (uint16_t)n;
	return why;
}

static bool
take_remote_port(void *ctx, const struct conf *c, FILE *err)
{
	struct adit_peer_config *peer = ((struct connection *)ctx)->peer;

	TAKE(err, c, port(c->value, &peer->remote_port));
}

static bool
take_remote_natt_port(void *ctx, const struct conf *c, FILE *err)
{
	struct adit_peer_config *peer = ((struct connection *)ctx)->peer;

	TAKE(err, c, port(c->value, &peer->remote_natt_port));
}

static bool
take_proposals(void *ctx, const struct conf *c, FILE *err)
{
	struct adit_peer_config *peer = ((struct connection *)ctx)->peer;

	TAKE(err, c, value_proposals(c->value, true, &peer->proposals, &peer->proposal_count));
}

static bool
take_encap(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, value_bool(c->value, &((struct connection *)ctx)->peer->encap));
}

static bool
take_dpd_delay(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, value_time(c->value, &((struct connection *)ctx)->peer->dpd_delay_ms));
}

static const char *
auth(const char *text, bool *seen)
{
	*seen = strcmp(text, "psk") == 0;
	return *seen ? NULL : "only psk is supported";
}

struct side {
	struct adit_id *id;
	bool *auth;
};

static bool
take_auth(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, auth(c->value, ((struct side *)ctx)->auth));
}

static bool
take_id(void *ctx, const struct conf *c, FILE *err)
{
	TAKE(err, c, value_identity(c->value, ((struct side *)ctx)->id));
}

static bool
take_side(struct side *side, const struct conf *c, FILE *err)
{
	static const struct keyword words[] = {{"auth", take_auth}, {"id", take_id}, {NULL, NULL}};

	if (c->value)
		return complain(err, c, "a section was expected");
	return take_all(c, words, side, err);
}

static bool
take_local(void *ctx, const struct conf *c, FILE *err)
{
	struct connection *conn = ctx;
	struct side side = {&conn->peer->local_id, &conn->local_auth};

	if (conn->local_auth)
		return complain(err, c, "a second round of authentication is not supported");
	return take_side(&side, c, err);
}

static bool
take_remote(void *ctx, const struct conf *c, FILE *err)
{
	struct connection *conn = ctx;
	struct side side = {&conn->peer->remote_id, &conn->remote_auth};

	if (conn->remote_auth)
		return complain(err, c, "a second round of authentication is not supported");
	return take_side(&side, c, err);
}

static const struct keyword connection_words[] = {{"version", take_version},
						  {"local_addrs", take_local_addrs},
						  {"remote_addrs", take_remote_addrs},
						  {"remote_port", take_remote_port},
						  {"remote_natt_port", take_remote_natt_port},
						  {"proposals", take_proposals},
						  {"encap", take_encap},
						  {"dpd_delay", take_dpd_delay},
						  {"local", take_local},
						  {"remote", take_remote},
						  {"children", take_children},
						  {"mobike", only_off},
						  {"fragmentation", only_off},
						  {"aggressive", only_off},
						  {"rekey_time", only_off},
						  {"reauth_time", only_off},
						  {"over_time", only_off},
						  {"rand_time", only_off},
						  {"send_certreq", only_off},
						  {"send_cert", only_off},
						  {"unique", only_off},
						  {"keyingtries", only_off}, /* 0: forever */
						  {NULL, NULL}};

bool
swanctl_is_group(const struct adit_peer_config *peer, const struct adit_child_config *child)
{
	return !peer->remote.version && child->mode == ADIT_TRANSPORT && !child->remote_ts_count;
}

static bool
may_begin(const struct connection *conn, uint8_t child)
{
	const struct swanctl_child *extra = &conn->extra->children[child];
	const enum swanctl_action actions[] = {extra->start, extra->close, extra->dpd};
	bool is_group = swanctl_is_group(conn->peer, &conn->peer->children[child]);

	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (actions[i] != ACTION_NONE && !conn->peer->remote.version &&
		    !(actions[i] == ACTION_TRAP && is_group))
			return false;
	return true;
}

/* What a connection can't do without. */
static bool
complete(const struct connection *conn, const struct conf *c, const struct secret *secrets)
{
	const struct secret *secret = secrets_best(secrets, conn->peer);

	if (!conn->local_auth || !conn->remote_auth)
		return complain(conn->err, c, "auth = psk is needed in both local and remote");
	if (!secret)
		return complain(conn->err, c, "no secret for its identities in secrets.ike*");
	conn->peer->psk = secret->psk;
	if (conn->peer->child_count == 0)
		return complain(conn->err, c, "a child is needed");
	if (conn->peer->local.version && conn->peer->remote.version &&
	    conn->peer->local.version != conn->peer->remote.version)
		return complain(conn->err, c,
				"local_addrs and remote_addrs are of two IP versions");
	for (uint8_t i = 0; i < conn->peer->child_count; i++)
		if (!may_begin(conn, i))
			return complain(conn->err, c,
					"start_action, close_action and dpd_action need "
					"remote_addrs with one address, or trap and mode = "
					"transport without remote_ts");
	return true;
}

/* A connection of pass and drop children alone is no peer. */
static bool
is_only_policies(const struct connection *conn, size_t before)
{
	return conn->peer->child_count == 0 && conn->all->first_count > before &&
	       !conn->local_auth && !conn->remote_auth;
}

static bool
take_connection(struct swanctl *all, const struct conf *c, const struct secret *secrets, FILE *err)
{
	struct connection conn = {&all->peers[all->peer_count],
				  &all->extras[all->peer_count],
				  all,
				  false,
				  false,
				  err};
	size_t before = all->first_count;

	if (c->value)
		return complain(err, c, "a section was expected");
	if (all->peer_count == UINT16_MAX)
		return complain(err, c, "too many connections");
	memset(conn.peer, 0, sizeof *conn.peer);
	memset(conn.extra, 0, sizeof *conn.extra);
	conn.peer->name = keep_text(c->name);
	if (!take_all(c, connection_words, &conn, err))
		return false;
	if (is_only_policies(&conn, before))
		return true;
	if (!complete(&conn, c, secrets))
		return false;
	all->peer_count++;
	return true;
}

/* Of all connections; more than there will be policies. */
static size_t
count_children(const struct conf *connections)
{
	size_t n = 0;

	for (const struct conf *c = connections->children; c; c = c->next) {
		const struct conf *children = conf_section(c, "children");

		n += children ? count_sections(children) : 0;
	}
	return n;
}

struct swanctl *
swanctl_load(const struct conf *root, FILE *err)
{
	struct swanctl *all = keep(sizeof *all);
	const struct conf *connections = conf_section(root, "connections");
	const struct conf *secrets = conf_section(root, "secrets");
	struct secret *list = NULL;
	bool ok = true;

	for (const struct conf *c = root->children; c; c = c->next)
		if (c != connections && c != secrets)
			ok = complain(err, c,
				      "only the sections connections and secrets are supported");
	if (secrets)
		ok = secrets_take(secrets, &list, err) && ok;
	if (!connections || !connections->children) {
		fprintf(err, "%s: no connections\n", root->file);
		return NULL;
	}
	all->first = keep(count_children(connections) * sizeof *all->first);
	all->peers = keep(count_sections(connections) * sizeof *all->peers);
	all->extras = keep(count_sections(connections) * sizeof *all->extras);
	for (const struct conf *c = connections->children; c; c = c->next)
		ok = take_connection(all, c, list, err) && ok;
	return ok ? all : NULL;
}
