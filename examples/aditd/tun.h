/* The inside: a TUN device, and the routes that lead into it. */
#ifndef ADITD_TUN_H
#define ADITD_TUN_H

#include "adit/sa.h"

/* Makes the device, brings it up with that MTU, and the rule that our own packets go round it.
 * The file descriptor, or -1: what is wrong was told on stderr. */
int tun_open(const char *name, unsigned mtu);
/* Routes the remote side of selectors into the device; packets from here leave with an address of
 * ours in the local side, if we have one. The same route twice is no error. false: not all could be
 * made, which was logged. */
bool tun_route(const char *name, const struct adit_ts *remote, uint8_t remote_n,
	       const struct adit_ts *local, uint8_t local_n);
/* Takes the rule away again; the routes go with the device. */
void tun_close(int fd);

#endif
