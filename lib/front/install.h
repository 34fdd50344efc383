/* The glue between IKE's events and our databases. */
#ifndef ADIT_FRONT_INSTALL_H
#define ADIT_FRONT_INSTALL_H

#include "adit/ike.h"
#include "adit/spd.h"

/* Installs both SAs of a CHILD_UP event under the policy. Statuses of adit_sad_add(); on any error
 * neither is there. */
ADIT_MUST_USE enum adit_status adit_install(struct adit_sad *sad, struct adit_spd *spd,
					    const struct adit_ike_event *ev, uint32_t policy,
					    struct adit_sa_id *in, struct adit_sa_id *out);
/* Removes both SAs of a CHILD_DOWN event. */
void adit_uninstall(struct adit_sad *sad, struct adit_spd *spd, const struct adit_ike_event *ev);

/* The Child SA's handle as the word that the databases keep, and back. */
uint32_t adit_child_word(struct adit_child_id id);
struct adit_child_id adit_word_child(uint32_t word);

#endif
