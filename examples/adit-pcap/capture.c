/* A whole capture file: ESP off its packets, or on them, into another file. */
#include "capture.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "join.h"
#include "link.h"

/* The longest frame that libpcap reads and any program writes. */
enum { FRAME_MAX = 262144 };

struct counts {
	unsigned long frames, done, copied, dummies, no_ip, dropped, failed;
	unsigned long fragments; /* that were joined */
};

struct capture {
	const struct capture_job *job;
	pcap_t *in, *out;
	pcap_dumper_t *dumper;
	int link;
	uint8_t *buf, *scratch;
	struct join join;
};

static bool
open_in(struct capture *c)
{
	const char *file = c->job->in;
	char wrong[PCAP_ERRBUF_SIZE] = "";

	c->in = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, wrong);
	if (!c->in) {
		/* libpcap names the file only where it can't be opened. */
		fprintf(c->job->say, "adit-pcap: %s%s%s\n", strstr(wrong, file) ? "" : file,
			strstr(wrong, file) ? "" : ": ", wrong);
		return false;
	}
	c->link = pcap_datalink(c->in);
	if (!link_is_known(c->link)) {
		fprintf(c->job->say, "adit-pcap: %s: link type %d is not known here\n", file,
			c->link);
		return false;
	}
	return true;
}

/* The same regular file under any name: writing it would destroy what is still to be read. */
static bool
is_same(const char *in, const char *out)
{
	struct stat a, b;

	return in && stat(in, &a) == 0 && stat(out, &b) == 0 && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool
open_out(struct capture *c)
{
	const char *file = c->job->out;

	c->out = pcap_open_dead_with_tstamp_precision(DLT_RAW, FRAME_MAX,
						      PCAP_TSTAMP_PRECISION_NANO);
	c->dumper = c->out ? pcap_dump_open(c->out, file) : NULL;
	if (!c->dumper)
		fprintf(c->job->say, "adit-pcap: %s\n", c->out ? pcap_geterr(c->out) : file);
	return c->dumper != NULL;
}

static bool
open_capture(struct capture *c, const struct capture_job *job)
{
	memset(c, 0, sizeof *c);
	c->job = job;
	if (is_same(job->in, job->out)) {
		fprintf(job->say, "adit-pcap: %s is both input and output\n", job->out);
		return false;
	}
	if (is_same(job->keys[0], job->out) || is_same(job->keys[1], job->out)) {
		fprintf(job->say, "adit-pcap: %s has the keys, and is no place for output\n",
			job->out);
		return false;
	}
	c->buf = malloc(WORK_HEADROOM + FRAME_MAX + WORK_TAILROOM);
	c->scratch = malloc(FRAME_MAX);
	if (!c->buf || !c->scratch || !join_open(&c->join, job->work->udp_port))
		return false;
	c->join.ah = work_has_ah(job->work);
	return open_in(c) && open_out(c);
}

/* False: what was written did not all reach the file. */
static bool
close_capture(struct capture *c)
{
	bool ok = !c->dumper || pcap_dump_flush(c->dumper) == 0;

	if (c->dumper)
		pcap_dump_close(c->dumper);
	if (c->out)
		pcap_close(c->out);
	if (c->in)
		pcap_close(c->in);
	free(c->buf);
	free(c->scratch);
	join_close(&c->join);
	return ok;
}

static void
write_packet(struct capture *c, const struct pcap_pkthdr *as, const struct adit_pkt *pkt,
	     size_t missing)
{
	struct pcap_pkthdr header = *as;

	header.caplen = (bpf_u_int32)pkt->len;
	header.len = (bpf_u_int32)(pkt->len + missing);
	pcap_dump((u_char *)c->dumper, &header, adit_pkt_data(pkt));
}

static void
count(const struct capture *c, struct counts *n, enum work_result result, enum adit_status st)
{
	switch (result) {
	case WORK_DONE:
		n->done++;
		break;
	case WORK_COPY:
		n->copied++;
		break;
	case WORK_DUMMY:
		n->dummies++;
		break;
	case WORK_DROPPED:
		n->dropped++;
		fprintf(c->job->say, "packet %lu: %s\n", n->frames, adit_status_name(st));
		break;
	case WORK_FAILED:
		n->failed++;
		fprintf(c->job->say, "packet %lu: %s\n", n->frames, adit_status_name(st));
		break;
	}
}

/* Fragments of ESP are put together first; false: nothing is to be done with this one. */
static bool
join(struct capture *c, const struct pcap_pkthdr *header, struct adit_pkt *pkt, struct counts *n)
{
	/* The precision is nanoseconds. */
	adit_ms now = (adit_ms)header->ts.tv_sec * 1000 + (adit_ms)header->ts.tv_usec / 1000000;
	enum adit_status st;

	switch (join_take(&c->join, now, pkt, &st)) {
	case JOIN_KEPT:
		n->fragments++;
		return false;
	case JOIN_FAILED:
		count(c, n, WORK_FAILED, st);
		return false;
	case JOIN_WHOLE:
	case JOIN_AS_IT_IS:
		break;
	}
	return true;
}

static void
take_frame(struct capture *c, const struct pcap_pkthdr *header, const uint8_t *frame,
	   struct counts *n)
{
	struct work *w = c->job->work;
	bool encap = c->job->encap;
	struct adit_pkt pkt = {c->buf, WORK_HEADROOM + FRAME_MAX + WORK_TAILROOM, WORK_HEADROOM, 0};
	enum work_result result = WORK_FAILED;
	enum adit_status st = ADIT_ERR_TOO_LONG;
	size_t at;

	n->frames++;
	if (!link_find_ip(c->link, frame, header->caplen, &at)) {
		n->no_ip++;
		return;
	}
	pkt.len = header->caplen - at;
	if (pkt.len <= FRAME_MAX) {
		memcpy(adit_pkt_data(&pkt), frame + at, pkt.len);
		if (!encap && !join(c, header, &pkt, n))
			return;
		result = encap ? work_encap(w, &pkt, &st) : work_decap(w, &pkt, c->scratch, &st);
	}
	count(c, n, result, st);
	if (result == WORK_DONE || result == WORK_COPY)
		write_packet(c, header, &pkt,
			     result == WORK_COPY && header->len > header->caplen
				     ? header->len - header->caplen
				     : 0);
}

/* What is not whole at the end has failed. */
static void
end_joins(struct capture *c, struct counts *n)
{
	unsigned long lost = join_end(&c->join);

	n->failed += lost;
	if (lost)
		fprintf(c->job->say, "fragments of %lu packets: the rest is missing\n", lost);
}

/* False: the capture could not be read to its end. */
static bool
take_frames(struct capture *c, struct counts *n)
{
	struct pcap_pkthdr *header;
	const u_char *frame;
	int got;

	while ((got = pcap_next_ex(c->in, &header, &frame)) == 1)
		take_frame(c, header, frame, n);
	if (got == PCAP_ERROR_BREAK)
		return true;
	fprintf(c->job->say, "adit-pcap: %s: %s\n", c->job->in, pcap_geterr(c->in));
	return false;
}

static void
tell(const struct capture_job *job, const struct counts *n)
{
	fprintf(job->say, "%lu packets: %lu %s, %lu copied", n->frames, n->done,
		job->encap ? "encapsulated" : "decapsulated", n->copied);
	if (n->no_ip)
		fprintf(job->say, ", %lu left out (not IP)", n->no_ip);
	if (n->fragments)
		fprintf(job->say, ", %lu fragments joined to others", n->fragments);
	if (n->dummies)
		fprintf(job->say, ", %lu left out (dummy packets)", n->dummies);
	if (n->dropped)
		fprintf(job->say, ", %lu dropped by policy", n->dropped);
	fprintf(job->say, ", %lu failed\n", n->failed);
}

enum capture_result
capture_run(const struct capture_job *job)
{
	struct counts n;
	struct capture c;
	bool read = false, written;

	memset(&n, 0, sizeof n);
	if (open_capture(&c, job)) {
		read = take_frames(&c, &n);
		end_joins(&c, &n);
		tell(job, &n);
	}
	written = close_capture(&c);
	if (!written)
		fprintf(job->say, "adit-pcap: %s: not all could be written\n", job->out);
	if (!read || !written)
		return CAPTURE_TROUBLE;
	return n.failed ? CAPTURE_PACKETS : CAPTURE_FINE;
}
