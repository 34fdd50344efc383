/* The lists and timers of an IKE engine, walked and held against its slots. */
#ifndef TEST_SUPPORT_IKE_CHECK_H
#define TEST_SUPPORT_IKE_CHECK_H

#include "adit/ike.h"

/* NULL: all is as it must be between two calls; else what is not. */
const char *ike_check(const struct adit_ike *ike);

#endif
