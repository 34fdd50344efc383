/* Which messages are legal when: one row for each (RFC 7296 1.2, 1.3, 1.4, 2.6). What no row admits
 * is refused before anything looks into it. */
#include "ikev2/turn.h"

#define P(type) ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_##type)
#define S(state) (1u << ADIT_IKE_##state)

/* Extras that any message may carry, and that are looked at by those who know them. */
#define NV (P(NOTIFY) | P(VENDOR))

#define INIT_PAYLOADS (P(SA) | P(KE) | P(NONCE))
#define AUTH_PAYLOADS (P(SA) | P(TSI) | P(TSR))

static const struct adit_ikev2_rule rules[] = {
	{"IKE_SA_INIT request", adit_ikev2_init_answer, INIT_PAYLOADS, NV | P(CERTREQ), S(FREE), 0,
	 ADIT_EXCHANGE_SA_INIT, ADIT_SIDE_REQUEST, ADIT_JOB_NONE},
	{"IKE_SA_INIT wants a cookie", adit_ikev2_init_cookie, P(NOTIFY), P(VENDOR), S(INIT_SENT),
	 ADIT_N_COOKIE, ADIT_EXCHANGE_SA_INIT, ADIT_SIDE_RESPONSE, ADIT_JOB_INIT},
	{"IKE_SA_INIT wants another KE", adit_ikev2_init_other_ke, P(NOTIFY), P(VENDOR),
	 S(INIT_SENT), ADIT_N_INVALID_KE_PAYLOAD, ADIT_EXCHANGE_SA_INIT, ADIT_SIDE_RESPONSE,
	 ADIT_JOB_INIT},
	{"IKE_SA_INIT refused", adit_ikev2_init_error, P(NOTIFY), P(VENDOR), S(INIT_SENT), 0,
	 ADIT_EXCHANGE_SA_INIT, ADIT_SIDE_RESPONSE, ADIT_JOB_INIT},
	{"IKE_SA_INIT response", adit_ikev2_init_finish, INIT_PAYLOADS, NV | P(CERTREQ),
	 S(INIT_SENT), 0, ADIT_EXCHANGE_SA_INIT, ADIT_SIDE_RESPONSE, ADIT_JOB_INIT},

	{"IKE_AUTH request", adit_ikev2_auth_answer, P(IDI) | P(AUTH) | AUTH_PAYLOADS,
	 NV | P(IDR) | P(CERT) | P(CERTREQ) | P(CP), S(INIT_DONE), 0, ADIT_EXCHANGE_AUTH,
	 ADIT_SIDE_REQUEST, ADIT_JOB_NONE},
	{"IKE_AUTH request for EAP or no child", adit_ikev2_auth_other_way, P(IDI),
	 NV | P(IDR) | P(CERT) | P(CERTREQ) | P(CP) | P(SA) | P(TSI) | P(TSR) | P(AUTH),
	 S(INIT_DONE), 0, ADIT_EXCHANGE_AUTH, ADIT_SIDE_REQUEST, ADIT_JOB_NONE},
	{"IKE_AUTH response", adit_ikev2_auth_finish, P(IDR) | P(AUTH),
	 NV | P(CERT) | AUTH_PAYLOADS | P(CP), S(AUTH_SENT), 0, ADIT_EXCHANGE_AUTH,
	 ADIT_SIDE_RESPONSE, ADIT_JOB_AUTH},
	{"IKE_AUTH refused", adit_ikev2_auth_refused, P(NOTIFY), P(VENDOR), S(AUTH_SENT), 0,
	 ADIT_EXCHANGE_AUTH, ADIT_SIDE_RESPONSE, ADIT_JOB_AUTH},

	{"CREATE_CHILD_SA request", adit_ikev2_child_refuse, P(SA) | P(NONCE),
	 NV | P(KE) | P(TSI) | P(TSR) | P(CP), S(UP) | S(DELETING), 0, ADIT_EXCHANGE_CREATE_CHILD,
	 ADIT_SIDE_REQUEST, ADIT_JOB_NONE},

	{"INFORMATIONAL request", adit_ikev2_info_answer, 0, NV | P(DELETE) | P(CP),
	 S(UP) | S(DELETING), 0, ADIT_EXCHANGE_INFORMATIONAL, ADIT_SIDE_REQUEST, ADIT_JOB_NONE},
	{"liveness response", adit_ikev2_probe_finish, 0, NV | P(DELETE) | P(CP), S(UP), 0,
	 ADIT_EXCHANGE_INFORMATIONAL, ADIT_SIDE_RESPONSE, ADIT_JOB_PROBE},
	{"Child SA delete response", adit_ikev2_delete_child_finish, 0, NV | P(DELETE), S(UP), 0,
	 ADIT_EXCHANGE_INFORMATIONAL, ADIT_SIDE_RESPONSE, ADIT_JOB_DELETE_CHILD},
	{"IKE SA delete response", adit_ikev2_delete_ike_finish, 0, NV | P(DELETE), S(DELETING), 0,
	 ADIT_EXCHANGE_INFORMATIONAL, ADIT_SIDE_RESPONSE, ADIT_JOB_DELETE_IKE},
};

const struct adit_ikev2_rule *
adit_ikev2_rules(size_t *count)
{
	*count = sizeof rules / sizeof rules[0];
	return rules;
}

static bool
has_notify(const struct adit_ikev2_seen *seen, uint16_t type)
{
	struct adit_ike_notify n;

	return seen->chain ? adit_ike_find_notify(seen->chain, type, &n) : seen->notify == type;
}

static bool
applies(const struct adit_ikev2_rule *rule, const struct adit_ikev2_seen *seen)
{
	return rule->exchange == seen->exchange && rule->side == seen->side &&
	       rule->job == seen->job && (rule->states & (1u << seen->state)) != 0 &&
	       (rule->must & ~seen->present) == 0 &&
	       (seen->present & ~(rule->must | rule->may)) == 0 &&
	       (rule->notify == 0 || has_notify(seen, rule->notify));
}

/* The first row that applies: rows with a deciding notify, or with more payloads that must be
 * there, stand before the more general one. */
const struct adit_ikev2_rule *
adit_ikev2_admit(const struct adit_ikev2_seen *seen)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (applies(&rules[i], seen))
			return &rules[i];
	return NULL;
}
