/* Drops of an SA, counted by what is to be audited. */
#ifndef SA_AUDIT_H
#define SA_AUDIT_H

#include "adit/sa.h"

void adit_sa_dropped(struct adit_sa *sa, enum adit_status why);

/* A packet of n bytes that was counted by its status `was`, OK too, ended as `is`. */
void adit_sa_recount(struct adit_sa *sa, enum adit_status was, enum adit_status is, size_t n);

#endif
