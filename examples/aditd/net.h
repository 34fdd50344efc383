/* The outside: UDP sockets for IKE and NAT-T, raw sockets for AH, ESP without UDP and ICMP, both IP
 * versions. */
#ifndef ADITD_NET_H
#define ADITD_NET_H

#include <poll.h>

#include "adit/node.h"

#define NET_MARK \
	0xad17 /* on every packet of ours, so that routing doesn't send it into the tunnel */
#define NET_BATCH 32
#define NET_PACKET_MAX 16384

struct net_socket {
	int fd;      /* -1: could not be opened */
	bool absent; /* as the kernel has no such IP version */
	uint8_t version;
	uint8_t protocol; /* UDP, ESP, AH; ICMP: only that a packet was too big */
	uint16_t port;
};

enum { NET_SOCKETS = 10 };
struct net {
	struct net_socket sockets[NET_SOCKETS];
	int clear[2]; /* raw sockets for whole packets of IPv4, of IPv6; -1: none */
};

/* One packet received, with headroom for outer headers. */
struct net_packet {
	struct adit_path path;
	struct adit_pkt pkt;
	uint8_t room[ADIT_PKT_HEADROOM + NET_PACKET_MAX + ADIT_PKT_TAILROOM];
};

/* Opens what can be opened. false: no UDP socket at all; errno tells. */
bool net_open(struct net *net, uint16_t ike_port, uint16_t natt_port, bool raw);
/* ESP and AH can be sent and received without UDP, by that IP version; 0: by each that the kernel
 * has. */
bool net_has_raw(const struct net *net, uint8_t version);
void net_close(struct net *net);
/* Up to NET_BATCH packets that wait; their number. */
size_t net_recv(const struct net_socket *s, struct net_packet *packets);
/* Queues a payload for path->remote; it is sent at the latest by net_flush(), and must stay until
 * then. What the kernel refuses is lost, as on any network. */
void net_send(struct net *net, const struct adit_path *path, uint8_t protocol, const uint8_t *p,
	      size_t n);
void net_flush(void);
/* Queues a whole IP packet likewise, which goes past the tunnel as it is; in fragments where it is
 * longer than mtu, or than the link takes. mtu: 0: what the link takes. */
void net_send_whole(const struct net *net, const uint8_t *p, size_t n, size_t mtu);
/* The MTU of the way to `remote`, as far as the kernel knows; 0: it knows no way. */
size_t net_mtu(const struct adit_ip *remote);
/* Our address on the way to `remote`. false: there is no way. */
bool net_source(const struct adit_ip *remote, struct adit_ip *local);

#endif
