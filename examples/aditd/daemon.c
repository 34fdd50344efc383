/* The event loop between the node, the sockets and the inside. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "adit/mbedtls.h"
#include "daemon.h"
#include "host.h"
#include "inside.h"
#include "capture.h"
#include "keylog.h"
#include "log.h"
#include "sizes.h"
#include "values.h"

#define CACHE_COUNT 1024
#define REPLAY_WORDS ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX)
/* How long the peers have to answer our deletes. */
#define END_MS 2000
#define PINGS 5
#define PINGS_MAX 10000

static struct net_packet batch[NET_BATCH];
static struct adit_trace trace;

adit_ms
daemon_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (adit_ms)t.tv_sec * 1000 + (adit_ms)t.tv_nsec / 1000000;
}

static enum adit_status
fill_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	while (n) {
		ssize_t got = getrandom(out, n, 0);

		if (got < 0 && errno != EINTR)
			return ADIT_ERR_RANDOM;
		if (got > 0) {
			out += got;
			n -= (size_t)got;
		}
	}
	return ADIT_OK;
}

static void
on_trace(void *ctx, const struct adit_trace_record *rec)
{
	(void)ctx;
	log_trace(rec);
	if (rec->kind == ADIT_TRACE_IKE_KEYS)
		keylog_ike(rec);
}

/* --- Making the node. */

static size_t
first_count(const struct daemon *d)
{
	return d->swanctl->first_count + (d->manual ? d->manual->plan->policy_count : 0);
}

/* A power of two that is at least n. */
static size_t
power_of_two(size_t n)
{
	size_t power = 1;

	while (power < n)
		power *= 2;
	return power;
}

static struct adit_node_mem
make_memory(const struct daemon *d)
{
	const struct swanctl *s = d->swanctl;
	size_t manual = d->manual ? d->manual->plan->sa_count : 0;
	struct adit_node_mem m;

	memset(&m, 0, sizeof m);
	m.ike.sas = keep(DAEMON_SAS * sizeof *m.ike.sas);
	m.ike.sa_count = DAEMON_SAS;
	m.ike.children = keep(DAEMON_SAS * sizeof *m.ike.children);
	m.ike.child_count = DAEMON_SAS;
	m.ike.handshakes = keep(DAEMON_SAS * sizeof *m.ike.handshakes);
	m.ike.handshake_count = DAEMON_SAS;
	m.sad.count = power_of_two(2 * DAEMON_SAS + manual);
	m.sad.words = keep(m.sad.count * sizeof *m.sad.words);
	m.sad.sas = keep(m.sad.count * sizeof *m.sad.sas);
	m.sad.entries = keep(m.sad.count * sizeof *m.sad.entries);
	m.sad.keyctx_size = sizeof(union adit_keyctx);
	m.sad.keyctx = keep(m.sad.count * m.sad.keyctx_size);
	m.sad.replay_words = REPLAY_WORDS;
	m.sad.replay_bits = keep(m.sad.count * REPLAY_WORDS * sizeof *m.sad.replay_bits);
	m.sad.hash_count = power_of_two(DAEMON_SAS + manual);
	m.sad.hash = keep(m.sad.hash_count * sizeof *m.sad.hash);
	m.policy_count = first_count(d) + s->child_count;
	m.policies = keep(m.policy_count * sizeof *m.policies);
	m.heads = keep(m.policy_count * sizeof *m.heads);
	m.cache = keep(CACHE_COUNT * sizeof *m.cache);
	m.cache_count = CACHE_COUNT;
	return m;
}

/* Policies by hand, then those of children that need no SA. */
static struct adit_policy *
first_policies(const struct daemon *d)
{
	struct adit_policy *first = keep((first_count(d) + 1) * sizeof *first);
	size_t n = d->manual ? d->manual->plan->policy_count : 0;

	if (n)
		memcpy(first, d->manual->plan->policies, n * sizeof *first);
	if (d->swanctl->first_count)
		memcpy(first + n, d->swanctl->first, d->swanctl->first_count * sizeof *first);
	return first;
}

static bool
leads_to(const struct adit_child_config *c, const struct adit_ip *target)
{
	for (uint8_t i = 0; i < c->remote_ts_count; i++)
		if (adit_ts_match(&c->remote_ts[i], target, c->remote_ts[i].protocol, false, 0))
			return true;
	return false;
}

/* The first address of the first child that leads there. */
static bool
ping_source(const struct daemon *d, const struct adit_ip *target, struct adit_ip *source)
{
	for (size_t i = 0; i < d->link_count; i++) {
		const struct link *l = &d->links[i];
		const struct adit_child_config *c = &d->swanctl->peers[l->peer].children[l->child];

		for (uint8_t k = 0; leads_to(c, target) && k < c->local_ts_count; k++) {
			if (c->local_ts[k].version != target->version)
				continue;
			memset(source, 0, sizeof *source);
			source->version = target->version;
			memcpy(source->b, c->local_ts[k].first, sizeof source->b);
			return true;
		}
	}
	return false;
}

static bool
begin_ping(const struct daemon *d)
{
	char *text = keep_text(d->ping), *comma = strchr(text, ',');
	struct adit_ip target, source;
	uint32_t count = PINGS;

	if (comma)
		*comma = 0;
	if (value_address(text, &target) || !target.version ||
	    (comma && (value_number(comma + 1, PINGS_MAX, &count) || !count))) {
		fprintf(stderr, "aditd: --ping: ADDRESS[,COUNT] was expected\n");
		return false;
	}
	if (!ping_source(d, &target, &source)) {
		fprintf(stderr, "aditd: --ping: no child leads from an address to there\n");
		return false;
	}
	host_ping(&source, &target, count);
	return true;
}

/* Without raw sockets there is no ESP but in UDP. */
static void
force_encap(const struct daemon *d)
{
	for (uint16_t i = 0; i < d->swanctl->peer_count; i++) {
		struct adit_peer_config *p = &d->swanctl->peers[i];

		p->encap = p->encap || !net_has_raw(&d->net, p->remote.version);
	}
}

/* What a manual policy protects goes into the device from the start. */
static bool
route_manual(const struct daemon *d)
{
	for (size_t i = 0; d->tun >= 0 && i < d->manual->plan->policy_count; i++) {
		const struct adit_policy *p = &d->manual->plan->policies[i];

		if (p->dir == ADIT_OUT && p->action == ADIT_PROTECT &&
		    !tun_route(d->tun_name, p->selectors.remote, p->selectors.remote_n,
			       p->selectors.local, p->selectors.local_n))
			return false;
	}
	return true;
}

static bool
begin_manual(struct daemon *d)
{
	for (size_t i = 0; i < d->manual->plan->sa_count; i++) {
		const struct xfrm_state *s = d->manual->plan->sas[i].state;

		if (s->encap || net_has_raw(&d->net, s->dst.version))
			continue;
		fprintf(stderr, "%s:%u: without raw sockets a state needs encap\n",
			d->manual->plan->x->name, s->line);
		return false;
	}
	if (!manual_install(d->manual, &d->node, daemon_now(), stderr))
		return false;
	if (!route_manual(d))
		return false;
	log_line(LOG_INFO, "%zu SAs and %zu policies by hand", d->manual->plan->sa_count,
		 d->manual->plan->x->policy_count);
	return true;
}

bool
daemon_begin(struct daemon *d)
{
	struct adit_node_mem mem = make_memory(d);
	struct adit_node_config cfg;
	enum adit_status st;

	force_encap(d);
	memset(&cfg, 0, sizeof cfg);
	trace.record = on_trace;
	cfg.ike.crypto = &adit_mbedtls_compat;
	cfg.ike.rng.fill = fill_random;
	cfg.ike.peers = d->swanctl->peers;
	cfg.ike.peer_count = d->swanctl->peer_count;
	cfg.ike.natt_port = d->natt_port;
	cfg.ike.trace = &trace;
	cfg.first = first_policies(d);
	cfg.first_count = first_count(d);
	cfg.ike_port = d->ike_port;
	st = adit_node_init(&d->node, &cfg, &mem);
	if (st != ADIT_OK) {
		fprintf(stderr, "aditd: the configuration is refused: %s\n", adit_status_name(st));
		return false;
	}
	if (d->manual && !begin_manual(d))
		return false;
	sizes_begin(d);
	links_make(d, daemon_now());
	return links_route(d) && (!d->ping || begin_ping(d));
}

/* --- Events of the node. */

static void
child_up(struct daemon *d, const struct adit_ike_event *ev)
{
	const struct adit_peer_config *peer = &d->swanctl->peers[ev->peer];
	const struct adit_selectors *s = ev->out.selectors;

	log_line(LOG_INFO, "CHILD_SA %s{%s} established with SPIs %08x_i %08x_o and TS %s === %s",
		 peer->name, peer->children[ev->child_config].name, ev->spi_in, ev->spi_out,
		 text_selectors(s->local, s->local_n), text_selectors(s->remote, s->remote_n));
	keylog_child(ev);
	if (d->tun < 0 || tun_route(d->tun_name, s->remote, s->remote_n, s->local, s->local_n)) {
		links_child_up(d, ev);
		return;
	}
	log_line(LOG_ERROR, "CHILD_SA %s{%s} ends: answers to what it brings would leave in clear",
		 peer->name, peer->children[ev->child_config].name);
	(void)!adit_ike_delete(&d->node.ike, daemon_now(), ev->ike);
}

static void
ike_down(struct daemon *d, const struct adit_ike_event *ev)
{
	const struct adit_peer_config *peer = &d->swanctl->peers[ev->peer];

	if (ev->notify)
		log_line(LOG_INFO, "IKE_SA %s[%u] down: %s, %s", peer->name, ev->ike.slot,
			 adit_status_name(ev->reason), adit_notify_name(ev->notify));
	else
		log_line(LOG_INFO, "IKE_SA %s[%u] down: %s", peer->name, ev->ike.slot,
			 adit_status_name(ev->reason));
	links_ike_down(d, daemon_now(), ev);
}

static void
on_event(struct daemon *d, const struct adit_ike_event *ev)
{
	const struct adit_peer_config *peer = &d->swanctl->peers[ev->peer];

	switch (ev->kind) {
	case ADIT_EVENT_IKE_UP:
		log_line(LOG_INFO, "IKE_SA %s[%u] established between %s and %s", peer->name,
			 ev->ike.slot, text_end(&ev->path.local), text_end(&ev->path.remote));
		break;
	case ADIT_EVENT_IKE_DOWN:
		ike_down(d, ev);
		break;
	case ADIT_EVENT_CHILD_UP:
		child_up(d, ev);
		break;
	case ADIT_EVENT_CHILD_DOWN:
		log_line(LOG_INFO, "CHILD_SA %s{%s} with SPIs %08x_i %08x_o down: %s", peer->name,
			 peer->children[ev->child_config].name, ev->spi_in, ev->spi_out,
			 adit_status_name(ev->reason));
		break;
	case ADIT_EVENT_NONE:
		break;
	}
}

/* All events, then all datagrams, then the packets that had waited. */
static void
service(struct daemon *d)
{
	static uint8_t dgram[ADIT_IKE_MESSAGE_MAX + 4];
	struct adit_ike_event ev;
	struct adit_sa_id in, out;
	struct adit_path path;
	size_t n;

	while (adit_node_event(&d->node, daemon_now(), &ev, &in, &out)) {
		on_event(d, &ev);
		if (ev.kind == ADIT_EVENT_CHILD_UP)
			sizes_sa_up(d, out);
		if (ev.kind == ADIT_EVENT_CHILD_UP)
			inside_release(d, (uint32_t)ev.peer << 16 | ev.child_config);
	}
	while (adit_node_output(&d->node, daemon_now(), &path,
				(struct adit_buf){dgram, sizeof dgram}, &n) == ADIT_OK &&
	       n) {
		capture_datagram(&path, true, dgram, n);
		net_send(&d->net, &path, ADIT_PROTO_UDP, dgram, n);
		net_flush(); /* the buffer is used again */
	}
}

/* --- The loop. */

/* A packet that came through an SA. */
static void
deliver(struct daemon *d, const struct adit_verdict *v, struct adit_pkt *pkt)
{
	if (d->manual && !manual_came(d->manual, daemon_now(), v, stderr))
		d->failed = true;
	if (!d->failed)
		inside_deliver(d, pkt);
}

static void
on_udp(struct daemon *d, struct net_packet *p)
{
	struct adit_verdict v;

	capture_datagram(&p->path, false, adit_pkt_data(&p->pkt), p->pkt.len);
	adit_node_datagram(&d->node, daemon_now(), &p->path, &p->pkt, &v);
	if (v.kind == ADIT_VERDICT_DELIVER)
		deliver(d, &v, &p->pkt);
	else
		service(d); /* an SA must be there before the next packet that uses it */
}

static void
on_raw(struct daemon *d, uint8_t protocol, struct net_packet *p)
{
	struct adit_verdict v;

	/* IPv4 gives the header, IPv6 keeps it. */
	if (p->path.local.ip.version == 6 &&
	    adit_pkt_push_outer(&p->pkt, &p->path, protocol) != ADIT_OK)
		return;
	if (protocol == ADIT_PROTO_ICMP || protocol == ADIT_PROTO_ICMPV6) {
		sizes_icmp(d, &p->pkt);
		return;
	}
	capture_packet(adit_pkt_data(&p->pkt), p->pkt.len);
	adit_node_in(&d->node, daemon_now(), &p->pkt, &v, 1);
	if (v.kind == ADIT_VERDICT_DELIVER)
		deliver(d, &v, &p->pkt);
}

static void
on_socket(struct daemon *d, const struct net_socket *s)
{
	size_t n = net_recv(s, batch);

	for (size_t i = 0; i < n; i++) {
		if (s->protocol == ADIT_PROTO_UDP)
			on_udp(d, &batch[i]);
		else
			on_raw(d, s->protocol, &batch[i]);
	}
}

/* Our SAs end at the peers too, if they answer in time. */
static void
begin_end(struct daemon *d)
{
	struct adit_ike_info info;
	uint16_t at = 0;

	d->ending = true;
	d->end_at = daemon_now() + END_MS;
	while (adit_ike_next(&d->node.ike, &at, &info))
		(void)!adit_ike_delete(&d->node.ike, daemon_now(), info.id);
}

static void
on_tun(struct daemon *d, short events)
{
	struct adit_pkt pkts[NET_BATCH];
	bool broken = (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
	size_t n = 0;

	while (n < NET_BATCH) {
		ssize_t got = read(d->tun, batch[n].room + ADIT_PKT_HEADROOM, NET_PACKET_MAX);

		broken = broken || (got < 0 && errno != EAGAIN && errno != EINTR);
		if (got <= 0)
			break;
		pkts[n] = (struct adit_pkt){batch[n].room, sizeof batch[n].room, ADIT_PKT_HEADROOM,
					    (size_t)got};
		n++;
	}
	inside_send(d, pkts, n);
	if (!broken)
		return;
	log_line(LOG_ERROR, "the device %s is gone: what was led into it leaves in clear",
		 d->tun_name);
	d->tun_lost = true;
	if (!d->ending)
		begin_end(d);
}

static void
on_signal(struct daemon *d, int signals)
{
	struct signalfd_siginfo s;

	while (read(signals, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGUSR1)
			status_print(d);
		else if (!d->ending)
			begin_end(d);
	}
}

static adit_ms
due(struct daemon *d)
{
	adit_ms t = adit_node_deadline(&d->node), retry = links_deadline(d);

	if (retry < t)
		t = retry;
	if (d->ending && d->end_at < t)
		t = d->end_at;
	if (d->manual && manual_deadline(d->manual) < t)
		t = manual_deadline(d->manual);
	return host_deadline() < t ? host_deadline() : t;
}

static void
tick_manual(struct daemon *d, adit_ms t)
{
	static const uint8_t keepalive[] = {0xff}; /* RFC 3948 section 2.3 */
	struct adit_path path;

	if (!manual_tick(d->manual, &d->node, t, stderr))
		d->failed = true;
	while (!d->failed && manual_keepalive(d->manual, t, &path)) {
		capture_datagram(&path, true, keepalive, sizeof keepalive);
		net_send(&d->net, &path, ADIT_PROTO_UDP, keepalive, sizeof keepalive);
	}
	net_flush();
}

static void
on_time(struct daemon *d)
{
	struct adit_pkt pkt = {batch[0].room, sizeof batch[0].room, ADIT_PKT_HEADROOM, 0};
	adit_ms t = daemon_now();

	adit_node_tick(&d->node, t);
	links_tick(d, t);
	sizes_tick(d, t);
	if (d->manual)
		tick_manual(d, t);
	if (!d->ending && host_output(&pkt, t))
		inside_send(d, &pkt, 1);
	service(d);
}

static bool
is_over(struct daemon *d)
{
	struct adit_ike_info info;
	uint16_t at = 0;

	return d->failed || (d->ending && (daemon_now() >= d->end_at ||
					   !adit_ike_next(&d->node.ike, &at, &info)));
}

static int
wait_ms(struct daemon *d)
{
	adit_ms t = due(d), n = daemon_now();

	if (t <= n)
		return 0;
	return t - n < 60000 ? (int)(t - n) : 60000;
}

int
daemon_run(struct daemon *d, int signals)
{
	struct pollfd fds[NET_SOCKETS + 2];
	unsigned lost = 0;

	for (int i = 0; i < NET_SOCKETS; i++)
		fds[i] = (struct pollfd){d->net.sockets[i].fd, POLLIN, 0};
	fds[NET_SOCKETS] = (struct pollfd){d->tun, POLLIN, 0};
	fds[NET_SOCKETS + 1] = (struct pollfd){signals, POLLIN, 0};
	on_time(d);
	while (!is_over(d)) {
		if (poll(fds, NET_SOCKETS + 2, wait_ms(d)) < 0 && errno != EINTR) {
			perror("poll");
			return 1;
		}
		for (int i = 0; i < NET_SOCKETS; i++)
			if (fds[i].revents)
				on_socket(d, &d->net.sockets[i]);
		if (fds[NET_SOCKETS].revents)
			on_tun(d, fds[NET_SOCKETS].revents);
		if (d->tun_lost)
			fds[NET_SOCKETS].fd = -1;
		if (fds[NET_SOCKETS + 1].revents)
			on_signal(d, signals);
		if (!d->ending && host_finished(daemon_now(), &lost))
			begin_end(d);
		on_time(d);
	}
	if (d->manual && !manual_end(d->manual, &d->node))
		d->failed = true;
	return lost || d->failed || d->tun_lost ? 1 : 0;
}
