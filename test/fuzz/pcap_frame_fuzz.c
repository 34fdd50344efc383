/* adit-pcap on one frame: the first byte picks the link type and what to do, the rest is the frame.
 * What decapsulation gives lies within the buffer; what encapsulation gives comes off again. */
#include <stdlib.h>
#include <string.h>

#include "../../examples/adit-pcap/link.h"
#include "../../examples/adit-pcap/work.h"

enum { FRAME_MAX = 4096, CAP = WORK_HEADROOM + FRAME_MAX + WORK_TAILROOM };

static const char line[] =
	"\"IPv4\",\"10.1.0.1\",\"10.1.0.2\",\"0x03030303\",\"AES-GCM with 16 octet ICV [RFC4106]\","
	"\"0x000102030405060708090a0b0c0d0e0f10111213\",\"NULL\",\"\"";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
start(struct work *w, struct work_sa *s, unsigned pick)
{
	memset(w, 0, sizeof *w);
	memset(s, 0, sizeof *s);
	w->sas = s;
	w->sa_count = 1;
	w->udp_port = 4500;
	w->udp = (pick & 64) != 0;
	w->mode = pick & 32 ? ADIT_TRANSPORT : ADIT_TUNNEL;
	if (esp_sa_parse(&s->line, line, sizeof line - 1))
		abort();
}

static void
check_bounds(const struct adit_pkt *pkt)
{
	if (pkt->off > pkt->cap || pkt->len > pkt->cap - pkt->off)
		abort();
}

/* On, and off again. */
static void
round_trip(struct adit_pkt *pkt, uint8_t *scratch, unsigned pick)
{
	static struct work_sa out_sa, in_sa;
	struct work out, in;
	enum adit_status st;

	start(&out, &out_sa, pick);
	start(&in, &in_sa, pick);
	in.mode = 0;
	if (work_encap_start(&out))
		abort();
	if (work_encap(&out, pkt, &st) == WORK_DONE && pkt->len <= FRAME_MAX + WORK_HEADROOM)
		(void)work_decap(&in, pkt, scratch, &st);
	check_bounds(pkt);
	work_wipe(&out);
	work_wipe(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int links[] = {LINK_RAW, LINK_EN10MB, LINK_SLL, LINK_SLL2, LINK_NULL};
	static uint8_t mem[CAP], scratch[CAP];
	struct adit_pkt pkt = {mem, CAP, WORK_HEADROOM, 0};
	static struct work_sa sa;
	struct work w;
	enum adit_status st;
	size_t at;

	if (n < 2 || n > FRAME_MAX ||
	    !link_find_ip(links[(data[0] & 31) % 5], data + 1, n - 1, &at))
		return 0;
	pkt.len = n - 1 - at;
	memcpy(adit_pkt_data(&pkt), data + 1 + at, pkt.len);
	if (data[0] & 128) {
		round_trip(&pkt, scratch, data[0]);
		return 0;
	}
	start(&w, &sa, data[0]);
	w.mode = 0;
	(void)work_decap(&w, &pkt, scratch, &st);
	check_bounds(&pkt);
	work_wipe(&w);
	return 0;
}
