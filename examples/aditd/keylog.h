/* Wireshark's key files. */
#ifndef ADITD_KEYLOG_H
#define ADITD_KEYLOG_H

#include "adit/node.h"
#include "adit/trace.h"

/* Opens `ikev2_decryption_table` and `esp_sa` in dir for appending. false: errno tells. */
bool keylog_open(const char *dir);
void keylog_ike(const struct adit_trace_record *rec);
void keylog_child(const struct adit_ike_event *ev);

#endif
