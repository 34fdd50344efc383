/* A cipher that lets everything pass, so that all that follows authentication is reached. It reads
 * all that an operation points to, so that what is not there is found out. */
#ifndef ADIT_FUZZ_OPEN_DOOR_H
#define ADIT_FUZZ_OPEN_DOOR_H

#include "adit/crypto.h"

enum { OPEN_DOOR_CTX = 8 };

/* With an IV of 8 and an ICV of 16 bytes; without IV and with an ICV of 12, as NULL with
 * HMAC-SHA1-96 looks. */
extern const struct adit_aead open_door, open_door_null;

#endif
