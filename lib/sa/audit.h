/* Drops of an SA, counted by what is to be audited. */
#ifndef SA_AUDIT_H
#define SA_AUDIT_H

#include "adit/sa.h"

void adit_sa_dropped(struct adit_sa *sa, enum adit_status why);

#endif
