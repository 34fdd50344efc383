/* A message's payloads taken apart and put together again, for tests in which a side says something
 * else than it meant, with the keys it has. */
#ifndef TEST_SUPPORT_EDIT_H
#define TEST_SUPPORT_EDIT_H

#include "support/pair.h"

enum { EDIT_BODY_MAX = 1024 };

/* One payload: its body may be changed in place, and its length. false: it is left out. */
typedef bool edit_payload(void *ctx, uint8_t type, uint8_t *body, size_t *n);

/* Rewrites *d, which `from` has just sent by the first of its IKE SAs. false: what was written does
 * not fit. */
bool edit_message(struct pair_side *from, struct pair_datagram *d, edit_payload *edit, void *ctx);
/* Makes *d, an IKE_SA_INIT message, one of a single Notify. */
void edit_to_notify(struct pair_datagram *d, uint16_t type, const uint8_t *data, size_t n);
/* Exchange type and whether it is a response. */
bool edit_is(const struct pair_datagram *d, uint8_t exchange, bool response);

#endif
