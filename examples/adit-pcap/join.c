/* Puts the fragments of ESP packets together before ESP is taken off. */
#include <stdlib.h>
#include <string.h>

#include "join.h"

/* Packets at a time, fragments of one, firsts that are remembered. */
enum { SLOTS = 64, FRAGMENTS = 1024, TRACKED = 1024, PACKET_MAX = 65535 };

static bool
open_reasm(struct join *j)
{
	struct adit_reasm_mem mem;

	memset(&mem, 0, sizeof mem);
	mem.slots = malloc(SLOTS * sizeof *mem.slots);
	mem.slot_count = SLOTS;
	mem.ranges = malloc((size_t)SLOTS * FRAGMENTS * sizeof *mem.ranges);
	mem.fragments = FRAGMENTS;
	mem.bytes = malloc((size_t)SLOTS * PACKET_MAX);
	mem.slot_size = PACKET_MAX;
	/* Where one is missing the others must be freed all the same. */
	j->reasm.mem = mem;
	return adit_reasm_init(&j->reasm, &mem) == ADIT_OK;
}

static bool
open_track(struct join *j)
{
	struct adit_fragtrack_mem mem;

	memset(&mem, 0, sizeof mem);
	mem.entries = malloc(TRACKED * sizeof *mem.entries);
	mem.count = TRACKED;
	j->track.mem = mem;
	return adit_fragtrack_init(&j->track, &mem) == ADIT_OK;
}

bool
join_open(struct join *j, uint16_t udp_port)
{
	memset(j, 0, sizeof *j);
	j->udp_port = udp_port;
	return open_reasm(j) && open_track(j);
}

void
join_close(struct join *j)
{
	free(j->reasm.mem.slots);
	free(j->reasm.mem.ranges);
	free(j->reasm.mem.bytes);
	free(j->track.mem.entries);
	memset(j, 0, sizeof *j);
}

static bool
is_ours(const struct join *j, const struct adit_flow *flow)
{
	if (flow->protocol == ADIT_PROTO_ESP || (j->ah && flow->protocol == ADIT_PROTO_AH))
		return true;
	return flow->protocol == ADIT_PROTO_UDP && flow->has_ports &&
	       (flow->local_port == j->udp_port || flow->remote_port == j->udp_port);
}

enum join_result
join_take(struct join *j, adit_ms now, struct adit_pkt *pkt, enum adit_status *st)
{
	const struct adit_span packet = {adit_pkt_data(pkt), pkt->len};
	const uint8_t *buf = pkt->buf;
	struct adit_flow flow;

	*st = ADIT_OK;
	adit_reasm_release(&j->reasm);
	if (adit_flow_read(&flow, ADIT_IN, packet.p, packet.n) != ADIT_OK ||
	    adit_fragtrack_flow(&j->track, now, &flow, packet) != ADIT_OK || !is_ours(j, &flow))
		return JOIN_AS_IT_IS;
	adit_fragtrack_learn(&j->track, now, &flow, packet);
	*st = adit_reasm_add(&j->reasm, now, pkt);
	if (*st == ADIT_OK)
		return pkt->buf == buf ? JOIN_AS_IT_IS : JOIN_WHOLE;
	return *st == ADIT_ERR_PENDING ? JOIN_KEPT : JOIN_FAILED;
}

unsigned long
join_end(struct join *j)
{
	adit_reasm_expire(&j->reasm, ADIT_NEVER);
	return (unsigned long)(j->reasm.n.timeouts + j->reasm.n.evicted);
}
