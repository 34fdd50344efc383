/* A world of adit nodes in one thread and one seed: nodes, wires, clocks, faults, an attacker, and
 * the rules that hold whatever happens. */
#ifndef ADIT_SIM_WORLD_H
#define ADIT_SIM_WORLD_H

#include <stdarg.h>
#include <stdio.h>

#include "adit/adit.h"
#include "sim/map.h"
#include "sim/paper.h"
#include "sim/random.h"
#include "sim/tally.h"

enum {
	SIM_FRAME_MAX = 2048,
	SIM_NODES_MAX = 1000,
	SIM_MESH_MAX = 24, /* nodes of which each talks with each */
	SIM_FEW = 3,       /* of more, each begins with so many */
	SIM_SEEN = 64,     /* frames that the attacker remembers, of the last and of older ones */
	SIM_OLDER_EVERY = 8,
	SIM_FIRSTS = 16,
	SIM_TEXT = 256,     /* of a violation */
	SIM_NAT_PORTS = 4,  /* mappings of one NAT box */
	SIM_KEEP_EVERY = 16 /* packets between two exports of an SA keyed by hand */
};
#define SIM_MS UINT64_C(1000) /* world time is in microseconds */
#define SIM_S (UINT64_C(1000) * SIM_MS)

enum sim_topology {
	SIM_TUNNEL, /* everybody has a tunnel to everybody, both ways to begin */
	SIM_GROUP,  /* one entry for all: transport mode with whoever a packet goes to */
	SIM_HUB,    /* node 0 answers, the others are behind NAT boxes of their own */
	SIM_MANUAL, /* two nodes, keys by hand, SAs that are kept over crashes */
	SIM_TOPOLOGIES
};

/* Of what a node is given: a datagram, a packet from the network, one from inside. */
enum sim_given { SIM_GIVEN_DATAGRAM, SIM_GIVEN_PACKET, SIM_GIVEN_INSIDE };

/* In calm the attacker goes on, as far as he only adds: floods most of all. */
enum sim_siege { SIM_NO_SIEGE, SIM_SIEGE_BY_ANY, SIM_SIEGE_BY_ONE, SIM_SIEGES };

/* What one of nodes 0 and 1 has wrong about the other, so that the two never come together. */
enum sim_quarrel {
	SIM_AGREED,
	SIM_WRONG_NAME,
	SIM_WRONG_SECRET,
	SIM_WRONG_SELECTORS,
	SIM_QUARRELS
};

/* All that a seed decides before anything happens. Chances are of a thousand. */
struct sim_plan {
	uint64_t seed;
	enum sim_topology topology;
	unsigned nodes;
	bool real_crypto, block_cipher, esn, outer6, inner6, encap;
	uint32_t dpd_ms, inactivity_ms, retransmit_ms, retransmit_tries, half_open_ms;
	uint16_t spare; /* slots beyond those that all wanted tunnels take */
	uint16_t handshakes, cookie_threshold;
	uint32_t replay_window;
	uint64_t storm; /* how long faults and attacks last */
	uint32_t loss, duplicate, corrupt, truncate;
	uint64_t delay, jitter;
	uint16_t mtu;
	uint16_t path_mtu; /* of a narrow place that routers speak of, or cut for; 0: none */
	uint64_t send_every, fault_every, attack_every; /* mean; 0: never */
	uint64_t nat_timeout;
	int32_t drift_ppm; /* at most, either way */
	bool with_crashes, with_insider, with_clear;
	bool one_sided; /* in calm one of two speaks, and the other listens */
	enum sim_siege siege;
	enum sim_quarrel quarrel;
	uint8_t wrong; /* node 0 or 1 */
	/* Sizes of pools instead of those that fit the plan; 0: these. */
	uint16_t pool_sas, pool_children;
	uint32_t pool_sad;
	bool light;          /* what walks all slots after each step is left out */
	uint64_t seq_start;  /* number before the first of each SA */
	uint64_t calm_after; /* events after which the storm ends early; 0: by its time */
};

/* What travels: a UDP payload, or a whole IP packet where protocol is not UDP. */
struct sim_frame {
	struct sim_frame *next; /* in the pool */
	struct adit_endpoint from, to;
	uint8_t protocol; /* ADIT_PROTO_UDP, ADIT_PROTO_ESP; 0: an IP packet in clear */
	bool spoofed;     /* from an address that nobody answers for: off-path */
	bool forged;      /* not as anybody of the nodes has made it */
	bool df;          /* UDP: routers may not cut it */
	bool longer;      /* than its SA's path: its sender cuts it, as IPv6's short packets need */
	bool overlaps;    /* a fragment beside the one that it was made from */
	uint16_t id;      /* UDP: of its IPv4 header */
	uint16_t near; /* node + 1, for what a router before its NAT box sends it; 0: by address */
	size_t len;
	uint8_t bytes[SIM_FRAME_MAX];
};

enum sim_event_kind {
	SIM_ARRIVE, /* frame reaches the network of its destination */
	SIM_TICK,   /* node's own deadline */
	SIM_RISE,   /* node comes back after a crash */
	SIM_APP,    /* somebody sends packets */
	SIM_FAULT,
	SIM_ATTACK,
	SIM_EVENT_KINDS
};

struct sim_event {
	uint64_t at, order;
	enum sim_event_kind kind;
	unsigned node;
	struct sim_frame *frame;
};

/* A NAT box before one node: endpoint-independent, forgets what is not used. */
struct sim_nat {
	bool on;
	struct adit_ip outside;
	struct {
		uint16_t inside, port; /* 0: free */
		uint64_t used_at;
	} map[SIM_NAT_PORTS];
};

/* One node and what lies around it. */
struct sim_station {
	struct sim_world *w;
	unsigned index;
	bool up;
	bool impostor; /* it says to be node `index`, and its AUTH is garbage */
	struct adit_node node;
	struct adit_node_mem mem;
	struct adit_node_config cfg;
	struct adit_peer_config *peers;
	struct adit_child_config *children;
	struct adit_policy *first;
	struct adit_ts local_ts, *remote_ts;
	struct adit_ip address; /* its own, behind its NAT */
	struct sim_nat nat;
	struct sim_random random;
	int64_t clock_ms; /* its clock at world time 0 */
	int32_t drift_ppm;
	uint64_t tick_at;   /* of the queued SIM_TICK; 0: none */
	uint64_t cut_until; /* partition */
	uint32_t fail_in[SIM_CALL_COUNT], fail_for[SIM_CALL_COUNT];
	uint64_t calls[SIM_CALL_COUNT];
	/* What it was given, to be held against its counters. */
	uint64_t datagrams, packets_in, packets_out;
	uint64_t spoofed_in, spoofed_out; /* bytes */
	uint32_t spoofed_messages_in, spoofed_messages_out;
	uint32_t sas_high;     /* most IKE SAs at once */
	struct sim_kept *kept; /* SIM_MANUAL */
	struct sim_path *path; /* where paths are narrow */
	struct sim_ends *ends;
};

/* A packet that somebody sent inside. */
struct sim_sent {
	uint16_t from, to;
	uint16_t len;
	bool delivered, clear; /* clear: it is to pass outside of IPsec */
	bool foreign;          /* sent through an SA that it is not for: it must not get through */
	uint64_t at, sum;
};

struct sim_world {
	struct sim_plan plan;
	struct sim_random random;
	uint64_t now, order, events;
	struct sim_event *heap;
	size_t heap_n, heap_cap;
	struct sim_frame *pool;
	struct sim_station *stations; /* one more than nodes: the impostor */
	uint64_t impostor_until;      /* it stands in its node's place */
	char (*names)[12];            /* their identities: n0, n1, ... */
	struct sim_station *running;  /* whose code runs now, or NULL */
	bool calm;
	uint64_t calm_at;
	/* Wanted tunnels: pairs that are to talk; each the id of the last packet sent in calm. */
	struct sim_pair {
		uint16_t from, to;
		bool heard;   /* since calm */
		uint16_t mtu; /* the longest packet that the sender was told to send; 0: nothing */
	} * pairs;
	size_t pair_n, heard_n;
	uint32_t *pair_at; /* [from * nodes + to]: index + 1; 0: they are not to talk */
	struct sim_sent *sent;
	size_t sent_n, sent_cap;
	struct sim_map nonces, halves, messages, addresses, marks, arrivals;
	uint16_t cut_n; /* packets that routers cut */
	/* The last frames, and every so many-th of those before. */
	struct sim_frame seen[SIM_SEEN], older[SIM_SEEN];
	unsigned seen_n, older_n;
	/* First messages, which floods are made of: their own answers would drive them out. */
	struct sim_frame firsts[SIM_FIRSTS];
	unsigned first_n;
	enum sim_race {
		SIM_NO_RACE,
		SIM_RACE_ANY,
		SIM_RACE_ANSWER,
		SIM_RACE_LIE,
		SIM_RACE_ELSEWHERE,
		SIM_RACE_OVERLAP
	} racing;
	/* Figures. */
	uint64_t frames, delivered, handshakes, violations;
	bool trace;
	FILE *out;
	/* What nodes are given, for who wants to see it: frames.c. */
	void (*given)(struct sim_station *s, enum sim_given what, uint16_t port,
		      struct adit_span bytes);
	char violation[SIM_TEXT]; /* empty: none */
};

/* plan.c: what a seed means. */
bool sim_plan_disagree(const struct sim_plan *plan, unsigned a, unsigned b);
void sim_plan_of(struct sim_plan *plan, uint64_t seed);
/* The same with so many nodes; of many each talks with a few. */
void sim_plan_nodes(struct sim_plan *plan, unsigned nodes);
const char *sim_topology_name(enum sim_topology t);
void sim_plan_print(const struct sim_plan *plan, FILE *out);

/* A small world without faults, to begin from. */
void sim_plan_quiet(struct sim_plan *plan, enum sim_topology topology, unsigned nodes);

/* world.c: a run. true: no rule was broken; else w->violation tells. */
void sim_world_make(struct sim_world *w, const struct sim_plan *plan);
bool sim_world_run(struct sim_world *w);
/* From now on w is what the transforms tell; sim_world_run does so by itself. */
void sim_world_enter(struct sim_world *w);
void sim_world_free(struct sim_world *w);
/* The pieces of a run: until world time `until` or a violation; false: that, or nothing is left to
 * happen. */
bool sim_step(struct sim_world *w);
void sim_at(struct sim_world *w, uint64_t at, enum sim_event_kind kind, unsigned node,
	    struct sim_frame *frame);
/* A rule is broken: the first one counts. */
void sim_broken(struct sim_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As ADDRESS:PORT, until the next call. */
const char *sim_endpoint_text(const struct adit_endpoint *e);
void sim_say(struct sim_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* wire.c: frames between nodes. */
struct sim_frame *sim_frame_take(struct sim_world *w);
void sim_frame_give(struct sim_world *w, struct sim_frame *f);
/* Takes the frame; from: who sends it, or NULL for the attacker. */
void sim_wire_send(struct sim_world *w, struct sim_station *from, struct sim_frame *f);
void sim_wire_arrive(struct sim_world *w, struct sim_frame *f);
void sim_nat_forget(struct sim_station *s);
/* From now on an address leads to a node. */
void sim_wire_address(struct sim_world *w, const struct adit_ip *ip, unsigned node);
/* The node of an address in use on the network, or NULL. */
struct sim_station *sim_station_at(struct sim_world *w, const struct adit_ip *ip);

/* station.c: one node. */
void sim_station_make(struct sim_station *s);
void sim_station_start(struct sim_station *s);
void sim_station_crash(struct sim_station *s);
void sim_station_free(struct sim_station *s);
adit_ms sim_station_now(const struct sim_station *s);
/* Time and what is due: tick, events, output. */
void sim_station_pump(struct sim_station *s);
void sim_station_take(struct sim_station *s, struct sim_frame *f);
/* n packets that leave; pkts have room. */
void sim_station_send(struct sim_station *s, struct adit_pkt *pkts, struct adit_verdict *v,
		      size_t n);
/* A packet that the node's SA has sealed, to the network; remote: where to. */
void sim_station_launch(struct sim_station *s, struct adit_pkt *pkt, const struct adit_sa *sa,
			const struct adit_ip *remote);
void sim_station_delete_all(struct sim_station *s);
struct adit_ip sim_outer_address(const struct sim_plan *plan, unsigned node, bool behind_nat);
struct adit_ip sim_inner_address(const struct sim_plan *plan, unsigned node);

/* app.c: what the tunnels are for. */
/* The pair of two nodes, or NULL. */
struct sim_pair *sim_pair_of(const struct sim_world *w, unsigned from, unsigned to);
void sim_app(struct sim_world *w);
void sim_app_send(struct sim_world *w, unsigned from, unsigned to, unsigned count, bool clear);
void sim_app_delivered(struct sim_station *s, const struct adit_pkt *pkt,
		       const struct adit_verdict *v);
/* A frame that leaves: none of the packets stands in it as it is. */
void sim_app_watch(struct sim_station *s, const struct sim_frame *f);
/* Those that disagree try. */
void sim_app_quarrel(struct sim_world *w);
/* Writes a packet into out and gives its length. */
size_t sim_app_packet(struct sim_world *w, unsigned from, unsigned to, size_t len, bool clear,
		      uint8_t *out);

/* fault.c, attack.c: what goes wrong by itself, and what somebody does. */
void sim_fault(struct sim_world *w);
void sim_attack(struct sim_world *w);
void sim_attack_sees(struct sim_world *w, const struct sim_frame *f);
/* The impostor, where it stands in for s now; else s. */
struct sim_station *sim_attack_instead(struct sim_station *s);

/* path.c: where a path is narrow. */
enum sim_path_told {
	SIM_TOLD_NARROW,
	SIM_TOLD_CUT,
	SIM_TOLD_JOINED,
	SIM_TOLD_REFUSED,
	SIM_TOLD_LEARNT,
	SIM_TOLD_UNTRUE,
	SIM_TOLD_TOO_BIG,
	SIM_TOLD_MADE,
	SIM_TOLD_COUNT
};
void sim_path_make(struct sim_station *s);
void sim_path_free(struct sim_station *s);
/* A frame as the IP packet that it travels as. false: it is no such, or in clear. */
bool sim_path_outer(const struct sim_frame *f, struct adit_pkt *pkt);
/* A node has made this packet of an SA. */
void sim_path_sent(struct sim_station *s, const struct sim_frame *f);
/* true: it ends here: its sender was told so, or it goes on in pieces. */
bool sim_path_ends(struct sim_station *from, const struct sim_frame *f);
/* false: it is not for IPsec, or no whole packet yet. */
bool sim_path_take(struct sim_station *s, struct sim_frame *f);
/* A packet from inside was refused, which is to be told to its sender. pair may be NULL. */
void sim_path_too_big(struct sim_station *s, const struct adit_pkt *pkt,
		      const struct adit_verdict *v, struct sim_pair *pair);

/* lies.c: attacks on it. */
bool sim_lie_narrow(struct sim_world *w, const struct sim_frame *seen);
bool sim_is_fragment(const struct sim_frame *f);
void sim_lie_overlap(struct sim_world *w, struct sim_frame *f);

/* manual.c: SAs keyed by hand, kept over crashes. */
/* At each begin of a node: the first time as new SAs, then as kept ones. */
void sim_manual_install(struct sim_station *s);
/* After packets went either way: exports when it is time. */
void sim_manual_keep(struct sim_station *s);
void sim_manual_free(struct sim_station *s);

/* arrivals.c: packets of SAs, and their numbers. */
void sim_arrivals_sealed(struct sim_station *s, const struct adit_sa *sa,
			 const struct sim_frame *f);
/* An SA of a node that came back: this number and all before it count as seen. */
void sim_arrivals_resumed(struct sim_station *s, uint32_t spi, uint64_t number);
void sim_arrivals_taken(struct sim_station *s, const struct sim_frame *f, enum adit_status st);

/* ends.c: how SAs end. */
void sim_ends_make(struct sim_station *s);
/* Around each packet that a node is given. */
void sim_ends_before(struct sim_station *s, bool forged);
void sim_ends_after(struct sim_station *s);
void sim_ends_asked(struct sim_station *s, struct adit_span msg); /* is sent */
void sim_ends_event(struct sim_station *s, const struct adit_ike_event *ev);
void sim_ends_free(struct sim_station *s);

/* rules.c: what must hold. */
/* An address of the range that the attacker makes up: nobody is there, nobody sees what goes there.
 */
bool sim_is_spoofed(const struct adit_ip *ip);
struct adit_ip sim_spoofed_address(const struct sim_plan *plan, uint32_t n);
/* The number in README.md of the rule that a violation breaks; 0: it has none. */
unsigned sim_rule_of(const char *violation);
void sim_rules_sealed(struct sim_world *w, const struct sim_nonce *used);
void sim_rules_ike_up(struct sim_station *s, const struct adit_ike_event *ev);
void sim_rules_child_up(struct sim_station *s, const struct adit_ike_event *ev);
void sim_rules_message(struct sim_station *s, struct adit_span msg);
void sim_rules_frame_out(struct sim_station *s, const struct sim_frame *f);
/* A frame was taken; before: how often transforms had been called until then. */
void sim_rules_work(struct sim_station *s, const uint64_t *before);
void sim_rules_after(struct sim_station *s); /* after each entry into a node */
void sim_rules_empty(struct sim_station *s); /* at the very end */
/* Which node an authenticated peer's identity says, or -1. */
int sim_peer_of(struct sim_station *s, struct adit_sa_id in);
int sim_node_of(const struct sim_station *s, const struct adit_ike_sa *sa);

#endif
