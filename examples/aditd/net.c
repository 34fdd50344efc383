/* The outside: UDP sockets for IKE and NAT-T, raw sockets for AH, ESP without UDP and ICMP, both IP
 * versions. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "net.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

#define CONTROL_LEN 64
#define RECEIVE_BUFFER (4 << 20)
/* Where an IPv4 header names what follows. */
#define PROTOCOL_AT 9

static socklen_t
put_address(union address *a, const struct adit_ip *ip, uint16_t port)
{
	memset(a, 0, sizeof *a);
	if (ip->version == 4) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		memcpy(&a->v4.sin_addr, ip->b, 4);
		return sizeof a->v4;
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	memcpy(&a->v6.sin6_addr, ip->b, 16);
	return sizeof a->v6;
}

static void
get_address(const union address *a, struct adit_endpoint *e)
{
	memset(e, 0, sizeof *e);
	if (a->any.sa_family == AF_INET) {
		e->ip.version = 4;
		memcpy(e->ip.b, &a->v4.sin_addr, 4);
		e->port = ntohs(a->v4.sin_port);
	} else {
		e->ip.version = 6;
		memcpy(e->ip.b, &a->v6.sin6_addr, 16);
		e->port = ntohs(a->v6.sin6_port);
	}
}

/* What the socket sends goes around the TUN device. */
static void
set_mark(int fd)
{
	int mark = NET_MARK;

	/* Without the privilege for a mark there is no tunnel device either. */
	(void)!setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
}

static void
set_options(int fd, uint8_t version)
{
	int on = 1, size = RECEIVE_BUFFER, fragment = IP_PMTUDISC_DONT;

	(void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (version == 4) {
		(void)!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
		(void)!setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &fragment, sizeof fragment);
	} else {
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
	}
}

/* Of ICMP only what tells that a packet was too big. */
static void
set_filter(int fd, uint8_t protocol)
{
	struct icmp_filter v4 = {~(1U << ICMP_DEST_UNREACH)};
	struct icmp6_filter v6;

	if (protocol == ADIT_PROTO_ICMP)
		(void)!setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof v4);
	if (protocol != ADIT_PROTO_ICMPV6)
		return;
	ICMP6_FILTER_SETBLOCKALL(&v6);
	ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &v6);
	(void)!setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof v6);
}

static int
open_one(const struct net_socket *s)
{
	int type = s->protocol == ADIT_PROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
	int fd = socket(s->version == 4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
			s->protocol == ADIT_PROTO_UDP ? 0 : s->protocol);
	struct adit_ip any;
	union address a;
	socklen_t n;
	int error;

	if (fd < 0)
		return -1;
	memset(&any, 0, sizeof any);
	any.version = s->version;
	n = put_address(&a, &any, s->port);
	set_options(fd, s->version);
	/* The kernel notes the MTU of an ICMP error for routes of every raw socket's mark: what
	 * this host is told of the inside must not count outside, where the peer may be the same
	 * host. */
	if (s->protocol != ADIT_PROTO_ICMP && s->protocol != ADIT_PROTO_ICMPV6)
		set_mark(fd);
	set_filter(fd, s->protocol);
	if (bind(fd, &a.any, n) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Sends alone: nothing is ever received by a socket of IPPROTO_RAW. */
static int
open_clear(int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		return -1;
	set_options(fd, family == AF_INET ? 4 : 6);
	set_mark(fd);
	return fd;
}

bool
net_open(struct net *net, uint16_t ike_port, uint16_t natt_port, bool raw)
{
	const struct net_socket want[NET_SOCKETS] = {
		{-1, false, 4, ADIT_PROTO_UDP, ike_port}, {-1, false, 4, ADIT_PROTO_UDP, natt_port},
		{-1, false, 6, ADIT_PROTO_UDP, ike_port}, {-1, false, 6, ADIT_PROTO_UDP, natt_port},
		{-1, false, 4, ADIT_PROTO_ESP, 0},        {-1, false, 6, ADIT_PROTO_ESP, 0},
		{-1, false, 4, ADIT_PROTO_AH, 0},         {-1, false, 6, ADIT_PROTO_AH, 0},
		{-1, false, 4, ADIT_PROTO_ICMP, 0},       {-1, false, 6, ADIT_PROTO_ICMPV6, 0}};
	bool any = false;

	for (int i = 0; i < 2; i++)
		net->clear[i] = raw ? open_clear(i == 0 ? AF_INET : AF_INET6) : -1;
	for (int i = 0; i < NET_SOCKETS; i++) {
		struct net_socket *s = &net->sockets[i];

		*s = want[i];
		if (s->protocol != ADIT_PROTO_UDP ? !raw : (i % 2 && ike_port == natt_port))
			continue;
		s->fd = open_one(s);
		s->absent = s->fd < 0 && errno == EAFNOSUPPORT;
		/* IPv6 may be absent; a port that another program has would be missed. */
		if (s->fd < 0 && s->protocol == ADIT_PROTO_UDP &&
		    (errno == EADDRINUSE || errno == EACCES))
			return false;
		any = any || (s->fd >= 0 && s->protocol == ADIT_PROTO_UDP);
	}
	return any;
}

bool
net_has_raw(const struct net *net, uint8_t version)
{
	for (int i = 0; i < NET_SOCKETS; i++) {
		const struct net_socket *s = &net->sockets[i];
		bool counts = version ? s->version == version : !s->absent;

		if (counts && s->protocol != ADIT_PROTO_UDP && s->fd < 0)
			return false;
	}
	return true;
}

void
net_close(struct net *net)
{
	for (int i = 0; i < NET_SOCKETS; i++)
		if (net->sockets[i].fd >= 0)
			close(net->sockets[i].fd);
	for (int i = 0; i < 2; i++)
		if (net->clear[i] >= 0)
			close(net->clear[i]);
}

/* The local address that a packet came to. */
static void
get_local(struct msghdr *m, struct adit_endpoint *local)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			local->ip.version = 4;
			memcpy(local->ip.b, &info.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			local->ip.version = 6;
			memcpy(local->ip.b, &info.ipi6_addr, 16);
		}
	}
}

size_t
net_recv(const struct net_socket *s, struct net_packet *packets)
{
	static uint8_t control[NET_BATCH][CONTROL_LEN];
	struct mmsghdr m[NET_BATCH];
	struct iovec iov[NET_BATCH];
	union address from[NET_BATCH];
	size_t kept = 0;
	int n;

	memset(m, 0, sizeof m);
	for (int i = 0; i < NET_BATCH; i++) {
		iov[i].iov_base = packets[i].room + ADIT_PKT_HEADROOM;
		iov[i].iov_len = NET_PACKET_MAX;
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_hdr.msg_name = &from[i];
		m[i].msg_hdr.msg_namelen = sizeof from[i];
		m[i].msg_hdr.msg_control = control[i];
		m[i].msg_hdr.msg_controllen = CONTROL_LEN;
	}
	n = recvmmsg(s->fd, m, NET_BATCH, 0, NULL);
	for (int i = 0; i < n; i++) {
		struct net_packet *p = &packets[i];

		memset(&p->path, 0, sizeof p->path);
		get_address(&from[i], &p->path.remote);
		get_local(&m[i].msg_hdr, &p->path.local);
		p->path.local.port = s->port;
		p->pkt =
			(struct adit_pkt){p->room, sizeof p->room, ADIT_PKT_HEADROOM, m[i].msg_len};
		if (m[i].msg_hdr.msg_flags & MSG_TRUNC)
			p->pkt.len = 0; /* longer than anything we take: refused as empty */
		kept++;
	}
	return kept;
}

/* --- Sending, in batches of one socket. */

static struct {
	int fd;
	bool whole; /* packets with their IP headers */
	unsigned n;
	struct mmsghdr m[NET_BATCH];
	struct iovec iov[NET_BATCH];
	union address to[NET_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[NET_BATCH][CONTROL_LEN];
} queue;

/* Each new reason once, until a packet goes out again; a full queue is no news. */
static void
tell_refused(int error, const union address *to)
{
	static int last;
	struct adit_endpoint end;

	if (error == last || error == EAGAIN || error == ENOBUFS)
		return;
	last = error;
	if (!error)
		return;
	get_address(to, &end);
	log_line(LOG_ERROR, "can't send to %s: %s", text_end(&end), strerror(error));
}

/* The MTU of the way to `to`, as a socket that is connected to it knows; 0: not known. */
static size_t
path_mtu(const union address *to, socklen_t len)
{
	bool v4 = to->any.sa_family == AF_INET;
	int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	socklen_t n = sizeof mtu;
	union address discard = *to;

	if (fd < 0)
		return 0;
	/* Any port: nothing is sent there. */
	if (v4)
		discard.v4.sin_port = htons(9);
	else
		discard.v6.sin6_port = htons(9);
	set_mark(fd);
	if (connect(fd, &discard.any, len) < 0 ||
	    getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &n) < 0)
		mtu = 0;
	close(fd);
	return mtu > 0 ? (size_t)mtu : 0;
}

/* A whole packet is the sender's to cut: the kernel only says that it is too long. */
static int
send_cut(int fd, struct adit_span packet, const union address *to, size_t mtu)
{
	static uint8_t room[NET_PACKET_MAX];
	static uint32_t id;
	/* AH covers the identification, and a fragment without DF would need another. */
	bool ignore_df = packet.n > PROTOCOL_AT && packet.p[PROTOCOL_AT] != ADIT_PROTO_AH;
	const struct adit_fragment_params params = {mtu, ++id, ignore_df};
	socklen_t len = to->any.sa_family == AF_INET ? sizeof to->v4 : sizeof to->v6;
	struct adit_pkt piece = {room, sizeof room, 0, 0};
	struct adit_fragmenter f;

	if (adit_fragment_begin(&f, packet, &params) != ADIT_OK)
		return EMSGSIZE;
	while (adit_fragment_left(&f)) {
		if (adit_fragment_next(&f, &piece) != ADIT_OK)
			return EMSGSIZE;
		if (sendto(fd, room, piece.len, 0, &to->any, len) < 0)
			return errno;
	}
	return 0;
}

/* The first packet of the rest is refused: it may go in pieces. */
static void
retry(unsigned at)
{
	const struct adit_span packet = {queue.iov[at].iov_base, queue.iov[at].iov_len};
	const union address *to = &queue.to[at];
	int error = errno;

	if (error == EMSGSIZE && queue.whole)
		error = send_cut(queue.fd, packet, to,
				 path_mtu(to, queue.m[at].msg_hdr.msg_namelen));
	tell_refused(error, to);
}

void
net_flush(void)
{
	unsigned done = 0;

	while (done < queue.n) {
		int n = sendmmsg(queue.fd, queue.m + done, queue.n - done, 0);

		if (n > 0)
			tell_refused(0, &queue.to[done]);
		else
			retry(done); /* without it the others may go */
		done += n > 0 ? (unsigned)n : 1;
	}
	queue.n = 0;
}

/* A place in the queue of fd for n bytes at p. */
static struct msghdr *
enqueue(int fd, const uint8_t *p, size_t n)
{
	struct msghdr *h;

	if (queue.n == NET_BATCH || (queue.n && queue.fd != fd))
		net_flush();
	queue.fd = fd;
	h = &queue.m[queue.n].msg_hdr;
	memset(h, 0, sizeof *h);
	queue.iov[queue.n].iov_base = (void *)(uintptr_t)p;
	queue.iov[queue.n].iov_len = n;
	h->msg_iov = &queue.iov[queue.n];
	h->msg_iovlen = 1;
	h->msg_name = &queue.to[queue.n];
	return h;
}

/* Packets leave from the address that the SA says. */
static void
put_source(struct msghdr *h, uint8_t *control, const struct adit_ip *local)
{
	struct cmsghdr *c;

	memset(control, 0, CONTROL_LEN);
	h->msg_control = control;
	h->msg_controllen = CONTROL_LEN;
	c = CMSG_FIRSTHDR(h);
	if (local->version == 4) {
		struct in_pktinfo info;

		memset(&info, 0, sizeof info);
		memcpy(&info.ipi_spec_dst, local->b, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		h->msg_controllen = CMSG_SPACE(sizeof info);
	} else {
		struct in6_pktinfo info;

		memset(&info, 0, sizeof info);
		memcpy(&info.ipi6_addr, local->b, 16);
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		h->msg_controllen = CMSG_SPACE(sizeof info);
	}
}

static const struct net_socket *
socket_for(const struct net *net, const struct adit_path *path, uint8_t protocol)
{
	for (int i = 0; i < NET_SOCKETS; i++) {
		const struct net_socket *s = &net->sockets[i];

		if (s->fd >= 0 && s->version == path->remote.ip.version &&
		    s->protocol == protocol &&
		    (protocol != ADIT_PROTO_UDP || s->port == path->local.port))
			return s;
	}
	return NULL;
}

void
net_send(struct net *net, const struct adit_path *path, uint8_t protocol, const uint8_t *p,
	 size_t n)
{
	const struct net_socket *s = socket_for(net, path, protocol);
	struct msghdr *h;

	if (!s)
		return;
	h = enqueue(s->fd, p, n);
	queue.whole = false;
	/* A raw socket's address has no port. */
	h->msg_namelen = put_address(&queue.to[queue.n], &path->remote.ip,
				     protocol == ADIT_PROTO_UDP ? path->remote.port : 0);
	put_source(h, queue.control[queue.n], &path->local.ip);
	queue.n++;
}

void
net_send_whole(const struct net *net, const uint8_t *p, size_t n, size_t mtu)
{
	struct adit_flow flow;
	union address to;
	struct msghdr *h;
	socklen_t len;
	int fd;

	if (adit_flow_read(&flow, ADIT_OUT, p, n) != ADIT_OK)
		return;
	fd = net->clear[flow.remote.version == 4 ? 0 : 1];
	if (fd < 0)
		return;
	len = put_address(&to, &flow.remote, 0);
	if (mtu && n > mtu) {
		tell_refused(send_cut(fd, (struct adit_span){p, n}, &to, mtu), &to);
		return;
	}
	h = enqueue(fd, p, n);
	queue.whole = true;
	queue.to[queue.n] = to;
	h->msg_namelen = len;
	queue.n++;
}

size_t
net_mtu(const struct adit_ip *remote)
{
	union address to;
	socklen_t len = put_address(&to, remote, 0);

	return path_mtu(&to, len);
}

bool
net_source(const struct adit_ip *remote, struct adit_ip *local)
{
	int fd = socket(remote->version == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct adit_endpoint end;
	union address a;
	socklen_t n = put_address(&a, remote, ADIT_IKE_PORT);
	bool ok;

	if (fd < 0)
		return false;
	set_mark(fd);
	ok = connect(fd, &a.any, n) == 0;
	n = sizeof a;
	ok = ok && getsockname(fd, &a.any, &n) == 0;
	close(fd);
	if (ok) {
		get_address(&a, &end);
		*local = end.ip;
	}
	return ok;
}
