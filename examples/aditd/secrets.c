/* The section `secrets` of a swanctl.conf, and which of them is whose. */
#include <string.h>

#include "keywords.h"
#include "secrets.h"
#include "values.h"

static bool
take_secret_setting(struct secret *s, const struct conf *c, FILE *err)
{
	if (strcmp(c->name, "secret") == 0)
		TAKE(err, c, value_secret(c->value, &s->psk));
	if (strncmp(c->name, "id", 2) != 0)
		return complain(err, c, "not supported here");
	if (s->id_count == SECRET_IDS_MAX)
		return complain(err, c, "too many identities");
	TAKE(err, c, value_identity(c->value, &s->ids[s->id_count++]));
}

bool
secrets_take(const struct conf *section, struct secret **list, FILE *err)
{
	bool ok = true;

	for (const struct conf *c = section->children; c; c = c->next) {
		struct secret *s = keep(sizeof *s);

		if (c->value || strncmp(c->name, "ike", 3) != 0) {
			ok = complain(err, c, "only sections ike* are supported");
			continue;
		}
		for (const struct conf *k = c->children; k; k = k->next)
			ok = take_secret_setting(s, k, err) && ok;
		if (!s->psk.n)
			ok = complain(err, c, "secret is missing");
		s->next = *list;
		*list = s;
	}
	return ok;
}

static bool
same_id(const struct adit_id *a, const struct adit_id *b)
{
	return a->type == b->type && a->data.n == b->data.n &&
	       (a->data.n == 0 || memcmp(a->data.p, b->data.p, a->data.n) == 0);
}

/* An end without an identity is known by its address. */
static bool
is_of(const struct adit_id *named, const struct adit_id *id, const struct adit_ip *ip)
{
	struct adit_id address = {ip->version == 4 ? ADIT_ID_IPV4_ADDR : ADIT_ID_IPV6_ADDR,
				  {ip->b, ip->version == 4 ? 4 : 16}};

	if (id->type != ADIT_ID_ANY)
		return same_id(named, id);
	return ip->version && same_id(named, &address);
}

static int
score_one(const struct secret *s, const struct adit_id *id, const struct adit_ip *ip)
{
	for (uint8_t i = 0; i < s->id_count; i++)
		if (is_of(&s->ids[i], id, ip))
			return 1;
	return 0;
}

const struct secret *
secrets_best(const struct secret *list, const struct adit_peer_config *peer)
{
	const struct secret *best = NULL;
	int most = -1;

	for (; list; list = list->next) {
		int score = 2 * score_one(list, &peer->remote_id, &peer->remote) +
			    score_one(list, &peer->local_id, &peer->local);

		if (list->id_count && score == 0)
			continue;
		if (score > most) {
			most = score;
			best = list;
		}
	}
	return best;
}
