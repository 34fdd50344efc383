/* Values of swanctl.conf: times, addresses, identities, selectors, proposals, secrets. Each parser
 * returns NULL, or what is wrong with the text. */
#ifndef ADITD_VALUES_H
#define ADITD_VALUES_H

#include "../xfrm/keep.h"
#include "adit/ike_config.h"

const char *value_bool(const char *text, bool *out);
const char *value_number(const char *text, uint32_t max, uint32_t *out);
/* The next item of a list with commas, cut out of *list, without the blanks around it; NULL: no
 * more. */
char *value_next(char **list);
/* 30, 30s, 5m, 1h, 1d. */
const char *value_time(const char *text, adit_ms *out);
/* One address, or %any (version 0). */
const char *value_address(const char *text, struct adit_ip *out);
const char *value_identity(const char *text, struct adit_id *out);
/* Plain text, 0x hex, 0s Base64. */
const char *value_secret(const char *text, struct adit_span *out);
/* A comma-separated list: "dynamic", ADDRESS[/BITS], FIRST-LAST, each with [PROTO/PORT] behind.
 * `dynamic` gives *count 0 and must stand alone. */
const char *value_selectors(const char *text, const struct adit_ts **out, uint8_t *count);
/* A comma-separated list of proposals, each of keywords joined by '-'; "default" gives *count 0.
 * ike: of an IKE SA; else of a Child SA. */
const char *value_proposals(const char *text, bool ike, const struct adit_proposal **out,
			    uint8_t *count);

#endif
