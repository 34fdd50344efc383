/* A capture file of the outside, by libpcap. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include <pcap/pcap.h>

#include "capture.h"
#include "log.h"

#define SNAPLEN 65535

static pcap_t *format;
static pcap_dumper_t *file;

bool
capture_open(const char *name)
{
	format = pcap_open_dead(DLT_RAW, SNAPLEN);
	file = format ? pcap_dump_open(format, name) : NULL;
	if (!file)
		fprintf(stderr, "%s\n", format ? pcap_geterr(format) : "capture: no memory");
	return file != NULL;
}

void
capture_close(void)
{
	if (file)
		pcap_dump_close(file);
	if (format)
		pcap_close(format);
	file = NULL;
	format = NULL;
}

void
capture_packet(const uint8_t *p, size_t n)
{
	struct pcap_pkthdr h;

	if (!file || n > SNAPLEN)
		return;
	memset(&h, 0, sizeof h);
	gettimeofday(&h.ts, NULL);
	h.caplen = h.len = (bpf_u_int32)n;
	pcap_dump((u_char *)file, &h, p);
	if (pcap_dump_flush(file) == 0)
		return;
	log_line(LOG_ERROR, "capture: it can't be written, and ends here");
	capture_close();
}

void
capture_datagram(const struct adit_path *path, bool sent, const uint8_t *p, size_t n)
{
	static uint8_t room[ADIT_PKT_HEADROOM + SNAPLEN];
	struct adit_pkt pkt = {room, sizeof room, ADIT_PKT_HEADROOM, n};
	struct adit_path seen = *path;

	if (!file || n > SNAPLEN)
		return;
	/* The library makes the headers of what was received: what was sent is received there. */
	if (sent) {
		seen.local = path->remote;
		seen.remote = path->local;
	}
	memcpy(adit_pkt_data(&pkt), p, n);
	if (adit_pkt_push_outer(&pkt, &seen, ADIT_PROTO_UDP) == ADIT_OK)
		capture_packet(adit_pkt_data(&pkt), pkt.len);
}
