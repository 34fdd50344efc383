/* The event loop between the node, the sockets and the inside. */
#ifndef ADITD_DAEMON_H
#define ADITD_DAEMON_H

#include "links.h"
#include "manual.h"
#include "net.h"
#include "swanctl.h"
#include "tun.h"

#define DAEMON_SAS 256 /* IKE SAs; a Child SA each */
#define HELD_MAX 16    /* packets kept while their SA is made */

struct held {
	uint32_t tag;  /* of the policy; the packet waits for its SA */
	adit_ms until; /* then it is too old */
	size_t len;    /* 0: free */
	uint8_t packet[2048];
};

struct daemon {
	struct swanctl *swanctl; /* without --config: empty */
	struct manual *manual;   /* or NULL */
	uint16_t ike_port, natt_port;
	const char *tun_name, *ping;
	int tun; /* -1: userland */
	struct net net;
	struct adit_node node;
	struct link *links;
	size_t link_count;
	struct held held[HELD_MAX];
	size_t inner_max;   /* the longest packet that every tunnel takes; 0: there is none */
	adit_ms refresh_at; /* when that is looked at again */
	bool ending, failed;
	bool tun_lost; /* the device is gone */
	adit_ms end_at;
};

adit_ms daemon_now(void);

/* Makes the node and begins what start_action asks for. false: said on stderr. */
bool daemon_begin(struct daemon *d);
/* Runs until SIGTERM or the end of the pings; the exit code. */
int daemon_run(struct daemon *d, int signals);

/* status.c: SAs and counters, for SIGUSR1. */
void status_print(struct daemon *d);

#endif
