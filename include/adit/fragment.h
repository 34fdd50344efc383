/* IP fragments over caller memory: cutting packets (RFC 791 3.2, RFC 8200 4.5), putting them
 * together again, and remembering the ports that later fragments don't tell (RFC 4301 7). */
#ifndef ADIT_FRAGMENT_H
#define ADIT_FRAGMENT_H

#include "adit/sa.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Cutting. Before ESP: inner packets; behind it: outer packets. IPv6 routers don't cut, but a
 * tunnel's end cuts its own outer packets: the caller decides. */

struct adit_fragment_params {
	size_t mtu;     /* no fragment is longer, IP header included */
	uint32_t id;    /* IPv6: identification of the fragments. IPv4: its low 16 bits, for packets
			   with DF set; others have their own. A new one for each packet */
	bool ignore_df; /* IPv4: cut in spite of DF, which the fragments then don't have */
};

/* Private: the packet being cut, and how far that got. */
struct adit_fragmenter {
	const uint8_t *p;
	size_t mtu;
	size_t head;       /* bytes at p that each fragment begins with */
	size_t head_later; /* the same of all but the first: options that are not copied are out */
	size_t data, len;  /* what is cut: len bytes at p + data */
	size_t done;       /* of these: given */
	size_t base;       /* offset of this packet if it is a fragment itself */
	uint32_t id;       /* IPv6 */
	uint16_t next_at;  /* IPv6: where the byte stands that names the Fragment header */
	uint8_t version, protocol;
	bool more;  /* it is a fragment, and not the last */
	bool whole; /* it fits: given as it is */
	bool end;
};

/* Begins to cut the IP packet `packet`, which stays untouched and must live until the last
 * fragment is made. One that fits, params->mtu or less, comes out as it is. A fragment is cut
 * further: it keeps its identification, and its place in the whole.
 * ERR_MTU: it is longer and its DF is set, or the MTU leaves no room behind the headers (IPv6: for
 * all headers up to the transport's, RFC 7112). ERR_SHORT, ERR_MALFORMED: no IP packet, or one with
 * options that are none. After an error nothing is to be given. */
ADIT_MUST_USE enum adit_status adit_fragment_begin(struct adit_fragmenter *f,
						   struct adit_span packet,
						   const struct adit_fragment_params *params);

/* How many fragments are still to come. */
size_t adit_fragment_left(const struct adit_fragmenter *f);

/* Copies the next fragment to out->buf + out->off, which must not overlap the packet, and sets
 * out->len. All but the last carry a multiple of 8 bytes. ERR_ROOM: out ends too early, and the
 * fragment is still to come; ERR_STATE: none is left. */
ADIT_MUST_USE enum adit_status adit_fragment_next(struct adit_fragmenter *f, struct adit_pkt *out);

/* --- What tells the fragments of one packet from others. */

/* Private: IPv4 knows them by addresses, protocol and identification, IPv6 without the protocol. */
struct adit_fragment_key {
	uint8_t source[16], destination[16];
	uint32_t id;
	uint8_t version, protocol; /* protocol: zero for IPv6 */
	uint8_t zero[2];
};

/* --- Putting together. Fragments that overlap are refused, and with them the whole packet and all
 * that still comes of it (RFC 5722; here for IPv4 too). A fragment that comes a second time, bit by
 * bit the same, is not an overlap, and is ignored (RFC 8200 4.5). */

/* Private: data bytes [from, to) of a packet that have come. */
struct adit_reasm_range {
	uint16_t from, to;
};

/* Private: one packet that is being put together. */
struct adit_reasm_slot {
	struct adit_fragment_key key;
	adit_ms until;
	size_t head;     /* length of the headers, once the first fragment came */
	size_t data_at;  /* where the data begin in the slot's bytes */
	size_t reach;    /* end of the last data byte that came */
	size_t got, len; /* data bytes that came; that will be (zero: not known yet) */
	uint16_t count;  /* fragments that came */
	uint8_t state;
	uint8_t ecn; /* a bit for each value of the ECN field that came */
};

/* Default times, from the first fragment that comes: choice (Linux), RFC 8200 4.5. */
#define ADIT_REASM_TIMEOUT_V4_MS 30000
#define ADIT_REASM_TIMEOUT_V6_MS 60000

/* The caller's memory, which must outlive the reassembler, and its bounds. */
struct adit_reasm_mem {
	struct adit_reasm_slot *slots; /* packets at a time; each fragment looks at all of them */
	size_t slot_count;
	struct adit_reasm_range *ranges; /* slot_count * fragments of them */
	size_t fragments;                /* of one packet at most, 2..65535 */
	uint8_t *bytes;                  /* slot_count * slot_size */
	size_t slot_size; /* the longest packet that can be put together, with its headroom and
			     tailroom */
	size_t headroom, tailroom;            /* kept around whole packets, for ESP */
	size_t least;                         /* data bytes of any fragment but the last; zero: 8 */
	adit_ms timeout_v4_ms, timeout_v6_ms; /* zero: the defaults above */
};

struct adit_reasm_counters {
	uint64_t fragments; /* all that came; IPv6 fragments that are whole are none */
	uint64_t packets;   /* put together */
	/* Fragments that came to nothing, each counted once. */
	uint64_t malformed;  /* no data, not a multiple of 8 before the end, beyond 65535 bytes,
				less than `least`, IPv6 headers that go on in the next fragment,
				no IP packet at all */
	uint64_t duplicates; /* came before; ignored */
	uint64_t full;       /* no slot: all hold packets that were not given back */
	uint64_t late;       /* of a packet that was refused before */
	/* Packets that were given up, each counted once. */
	uint64_t overlaps; /* overlaps, two ends, data behind the end */
	uint64_t ecn;      /* fragments that can't have met the same routers (RFC 3168 5.3) */
	uint64_t too_long; /* longer than a slot or than IP allows */
	uint64_t too_many; /* more than `fragments` */
	uint64_t timeouts; /* not whole in time */
	uint64_t evicted;  /* not whole when their slot was needed */
};

struct adit_reasm {
	struct adit_reasm_mem mem;
	struct adit_reasm_counters n;
};

/* Sets the memory, which is copied, and frees all slots. ERR_CONFIG: sizes of another build;
 * ERR_ARG: no slots, or bounds that hold no packet of two fragments. */
#define adit_reasm_init(r, mem) \
	adit_reasm_init_((r), sizeof *(r), sizeof(struct adit_reasm_slot), (mem))
ADIT_MUST_USE enum adit_status adit_reasm_init_(struct adit_reasm *r, size_t reasm_size,
						size_t slot_size, const struct adit_reasm_mem *mem);

/* Takes the IP packet in *pkt.
 * ADIT_OK: *pkt is a whole packet. One that came whole is as it was (so are IPv6 fragments that are
 * whole, RFC 6946). One that was put together lies in the slot's memory, with headroom and
 * tailroom, until adit_reasm_release(); the headers are the first fragment's, ECN says CE if any
 * fragment's did.
 * ADIT_ERR_PENDING: the fragment was copied, or was here before; no fault. When no slot is free a
 * packet that is not whole yet goes: first one that was refused, then the oldest, of the same
 * source if that has half of the slots.
 * The fragment came to nothing, and *pkt is as it was: ERR_SHORT, ERR_MALFORMED: by itself;
 * ERR_OVERLAP, ERR_ECN, ERR_TOO_LONG (longer than IP allows), ERR_ROOM (than a slot, or more
 * fragments than ranges): and its packet with it; ERR_FRAGMENT: of a packet that was refused
 * before; ERR_FULL: all slots hold packets that were not given back. */
ADIT_MUST_USE enum adit_status adit_reasm_add(struct adit_reasm *r, adit_ms now,
					      struct adit_pkt *pkt);

/* Gives the memory of all packets that were put together back to the reassembler. */
void adit_reasm_release(struct adit_reasm *r);

/* Gives up what is not whole in time; adit_reasm_add does so too. */
void adit_reasm_expire(struct adit_reasm *r, adit_ms now);

/* --- Remembering ports (RFC 4301 7.3): policies with ports see later fragments with the ports of
 * their first one. One object for each direction. */

/* Private: a first fragment that policy let pass. */
struct adit_fragtrack_entry {
	struct adit_fragment_key key;
	adit_ms until; /* zero: empty */
	uint16_t local_port, remote_port;
	uint16_t edge; /* later fragments begin here or behind: the headers stand before */
	uint8_t protocol;
	bool has_ports;
};

/* How long a first fragment is remembered, and how long once its last one came, which others may
 * have overtaken: choices. */
#define ADIT_FRAGTRACK_TIMEOUT_MS 30000
#define ADIT_FRAGTRACK_LINGER_MS 1000

struct adit_fragtrack_mem {
	struct adit_fragtrack_entry *entries; /* must outlive the tracker */
	size_t count;       /* a power of two, 4 or more; cost per fragment doesn't depend on it */
	uint32_t seed;      /* random: which entries share a place is then nobody's to choose */
	adit_ms timeout_ms; /* zero: the default above */
};

struct adit_fragtrack_counters {
	uint64_t learned; /* first fragments remembered */
	uint64_t known;   /* later fragments whose ports were known */
	uint64_t unknown; /* ... were not */
	uint64_t refused; /* ERR_FRAGMENT, ERR_OVERLAP */
	uint64_t evicted; /* entries that made place in their time */
};

struct adit_fragtrack {
	struct adit_fragtrack_mem mem;
	struct adit_fragtrack_counters n;
};

/* Sets the memory, which is copied, and forgets all. ERR_CONFIG: sizes of another build; ERR_ARG:
 * count. */
#define adit_fragtrack_init(t, mem) \
	adit_fragtrack_init_((t), sizeof *(t), sizeof(struct adit_fragtrack_entry), (mem))
ADIT_MUST_USE enum adit_status adit_fragtrack_init_(struct adit_fragtrack *t, size_t track_size,
						    size_t entry_size,
						    const struct adit_fragtrack_mem *mem);

/* Mends the flow that adit_flow_read() read of the packet: that of a later fragment gets protocol
 * and ports of its first one, if that is remembered. Others, and flows of whole packets, stay.
 * Called before policy is asked.
 * ERR_FRAGMENT: a first fragment that ends within its transport header, or that has other ports
 * than the one remembered; ERR_OVERLAP: a later one that reaches into the transport header (RFC
 * 1858, RFC 3128), even if the first one wasn't seen. Both are to be dropped; the flow is as it
 * was. ERR_SHORT, ERR_MALFORMED: no IP packet. */
ADIT_MUST_USE enum adit_status adit_fragtrack_flow(struct adit_fragtrack *t, adit_ms now,
						   struct adit_flow *flow, struct adit_span packet);

/* Remembers the flow of a first fragment that policy let pass; does nothing with other packets. An
 * entry that is overdue makes place, or else the oldest of a few. */
void adit_fragtrack_learn(struct adit_fragtrack *t, adit_ms now, const struct adit_flow *flow,
			  struct adit_span packet);

#ifdef __cplusplus
}
#endif
#endif
