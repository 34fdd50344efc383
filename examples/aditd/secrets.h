/* The section `secrets` of a swanctl.conf. */
#ifndef ADITD_SECRETS_H
#define ADITD_SECRETS_H

#include "adit/ike_config.h"
#include "conf.h"

#define SECRET_IDS_MAX 8

struct secret {
	struct adit_span psk;
	struct adit_id ids[SECRET_IDS_MAX];
	uint8_t id_count; /* 0: for everybody */
	struct secret *next;
};

/* Puts what the section has before *list. false: what is wrong was written to err. */
bool secrets_take(const struct conf *section, struct secret **list, FILE *err);
/* The secret whose identities say the most about this peer; NULL: none fits. */
const struct secret *secrets_best(const struct secret *list, const struct adit_peer_config *peer);

#endif
