/* A capture file of the outside: IP packets as they are on the wire, or nearly so. */
#ifndef ADITD_CAPTURE_H
#define ADITD_CAPTURE_H

#include "adit/node.h"

/* false: what is wrong was told on stderr. Without an open file the others do nothing. */
bool capture_open(const char *file);
void capture_packet(const uint8_t *p, size_t n);
/* A datagram of a UDP socket, with headers made for it. */
void capture_datagram(const struct adit_path *path, bool sent, const uint8_t *p, size_t n);
void capture_close(void);

#endif
