/* Lists that go through slots, both ways: no storage but the slots' own, and every change at the
 * same cost however long the list is. */
#ifndef ADIT_IKE_LISTS_H
#define ADIT_IKE_LISTS_H

#include "adit/ike.h"

/* Where in a slot the links of one kind of list are. */
typedef struct adit_ike_link *adit_link_at(const struct adit_ike *ike, uint16_t slot);
adit_link_at adit_link_of_sa, adit_link_of_child, adit_link_of_handshake; /* free, or in use */
adit_link_at adit_link_of_sending, adit_link_of_telling;

bool adit_list_has(const struct adit_ike *ike, adit_link_at *at, const struct adit_ike_list *list,
		   uint16_t slot);
/* Puts a slot that is in no list of these links to the end, or to the front. */
void adit_list_append(const struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
		      uint16_t slot);
void adit_list_prepend(const struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
		       uint16_t slot);
/* Safe where it isn't in the list. */
void adit_list_remove(const struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
		      uint16_t slot);

/* All slots of an engine whose memory is zero become free, the first ones to be taken first. */
void adit_lists_begin(struct adit_ike *ike);

/* Notes that *sa has something to send, or to tell: in turn, behind the others that have. */
void adit_ike_note_output(struct adit_ike *ike, const struct adit_ike_sa *sa);
void adit_ike_note_event(struct adit_ike *ike, const struct adit_ike_sa *sa);

#endif
