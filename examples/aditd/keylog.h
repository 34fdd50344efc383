/* Wireshark's key files. */
#ifndef ADITD_KEYLOG_H
#define ADITD_KEYLOG_H

#include "adit/node.h"
#include "adit/trace.h"

/* Opens `ikev2_decryption_table` and `esp_sa` in dir for appending. false: errno tells. */
bool keylog_open(const char *dir);
void keylog_ike(const struct adit_trace_record *rec);
/* The two SAs of a Child SA. */
void keylog_child(const struct adit_ike_event *ev);
/* An SA that was keyed by hand; that of AH is left out, Wireshark has no table of these. */
void keylog_sa(const struct adit_sa_params *sa);

#endif
