/* Wireshark's key files, and a capture of the outside. */
#ifndef ADITD_KEYLOG_H
#define ADITD_KEYLOG_H

#include "adit/node.h"
#include "adit/trace.h"

/* Opens `ikev2_decryption_table` and `esp_sa` in dir for appending. false: errno tells. */
bool keylog_open(const char *dir);
void keylog_ike(const struct adit_trace_record *rec);
void keylog_child(const struct adit_ike_event *ev);

/* Opens a capture file of raw IP packets. false: it was told on stderr. */
bool capture_open(const char *file);
void capture_packet(const uint8_t *p, size_t n);
/* A datagram of a UDP socket, with headers made for it. */
void capture_datagram(const struct adit_path *path, bool sent, const uint8_t *p, size_t n);
void capture_close(void);

#endif
