/* adit-pcap: takes ESP off the packets of a capture, or puts it on them, with the keys of an
 * esp_sa file, or of a file of `ip xfrm` commands. */
#include <errno.h>
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adit/version.h"
#include "join.h"
#include "keys.h"
#include "link.h"
#include "work.h"

enum { EXIT_FINE = 0, EXIT_PACKETS = 1, EXIT_TROUBLE = 2 };

/* The longest frame that libpcap reads and any program writes. */
enum { FRAME_MAX = 262144 };
enum { NATT_PORT = 4500 };

struct options {
	bool encap;
	const char *sa_file, *xfrm_file, *in, *out;
	uint32_t spi; /* zero: the only line */
	struct work work;
};

struct counts {
	unsigned long frames, done, copied, dummies, no_ip, failed;
	unsigned long fragments; /* that were joined */
};

struct capture {
	pcap_t *in, *out;
	pcap_dumper_t *dumper;
	int link;
	uint8_t *buf, *scratch;
	struct join join;
};

static const char usage_text[] =
	"usage: adit-pcap decap|encap --sa FILE|--xfrm FILE [options] IN.pcap OUT.pcap\n"
	"  --sa FILE            the SAs, in lines of Wireshark's esp_sa table\n"
	"  --xfrm FILE          the SAs, ESP and AH, as ip xfrm state add takes them\n"
	"  --mode MODE          tunnel or transport; decap: otherwise as the packets tell\n"
	"  --udp-port N         the port of ESP in UDP (4500)\n"
	"  --spi SPI            the one line to use (encap with several lines)\n"
	"  --udp                encap: ESP in UDP\n"
	"  --seq N              encap: the first sequence number (1)\n"
	"  --help, --version\n"
	"- is the standard input or output. Exit status: 0 all packets done, 1 some failed,\n"
	"2 wrong usage or file.\n";

static int
usage(const char *wrong, const char *what)
{
	fprintf(stderr, "adit-pcap: %s%s%s (see adit-pcap --help)\n", wrong, *what ? ": " : "",
		what);
	return EXIT_TROUBLE;
}

static bool
read_number(uint64_t *out, const char *text, uint64_t least, uint64_t most)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out >= least && *out <= most;
}

/* One option; NULL, or what its argument has to be. */
static const char *
take_option(struct options *o, int option, const char *arg)
{
	uint64_t n = 0;
	const char *wrong = NULL;

	switch (option) {
	case 's':
		o->sa_file = arg;
		break;
	case 'x':
		o->xfrm_file = arg;
		break;
	case 'm':
		o->work.mode = strcmp(arg, "transport") == 0 ? ADIT_TRANSPORT : ADIT_TUNNEL;
		if (o->work.mode != ADIT_TRANSPORT && strcmp(arg, "tunnel") != 0)
			wrong = "--mode is tunnel or transport, not";
		break;
	case 'p':
		if (!read_number(&n, arg, 1, UINT16_MAX))
			wrong = "--udp-port is a number from 1 to 65535, not";
		o->work.udp_port = (uint16_t)n;
		break;
	case 'i':
		if (!read_number(&n, arg, ADIT_SPI_MIN, UINT32_MAX))
			wrong = "--spi is a number from 256 to 0xffffffff, not";
		o->spi = (uint32_t)n;
		break;
	case 'n':
		if (!read_number(&o->work.first_seq, arg, 1, UINT64_MAX))
			wrong = "--seq is a number from 1, not";
		break;
	default:
		o->work.udp = true;
		break;
	}
	return wrong;
}

/* -1: go on; else the exit status. */
static int
read_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{"sa", required_argument, NULL, 's'},
		{"xfrm", required_argument, NULL, 'x'},
		{"mode", required_argument, NULL, 'm'},
		{"spi", required_argument, NULL, 'i'},
		{"udp-port", required_argument, NULL, 'p'},
		{"seq", required_argument, NULL, 'n'},
		{"udp", no_argument, NULL, 'u'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	const char *wrong;
	int option;

	memset(o, 0, sizeof *o);
	o->work.udp_port = NATT_PORT;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'h')
			return fputs(usage_text, stdout), EXIT_FINE;
		if (option == 'v')
			return puts("adit-pcap " ADIT_VERSION), EXIT_FINE;
		if (option == '?')
			return fputs("see adit-pcap --help\n", stderr), EXIT_TROUBLE;
		wrong = take_option(o, option, optarg);
		if (wrong)
			return usage(wrong, optarg);
	}
	if (argc - optind != 3)
		return usage("decap or encap, and two files are needed", "");
	o->encap = strcmp(argv[optind], "encap") == 0;
	if (!o->encap && strcmp(argv[optind], "decap") != 0)
		return usage("neither decap nor encap", argv[optind]);
	if (!o->sa_file && !o->xfrm_file)
		return usage("--sa FILE or --xfrm FILE is needed", "");
	if (!o->encap && (o->work.udp || o->work.first_seq))
		return usage("--udp and --seq are of encap", "");
	o->in = argv[optind + 1];
	o->out = argv[optind + 2];
	return -1;
}

/* --- The captures. */

static bool
open_in(struct capture *c, const char *file)
{
	char wrong[PCAP_ERRBUF_SIZE] = "";

	c->in = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, wrong);
	if (!c->in) {
		/* libpcap names the file only where it can't be opened. */
		fprintf(stderr, "adit-pcap: %s%s%s\n", strstr(wrong, file) ? "" : file,
			strstr(wrong, file) ? "" : ": ", wrong);
		return false;
	}
	c->link = pcap_datalink(c->in);
	if (!link_is_known(c->link)) {
		fprintf(stderr, "adit-pcap: %s: link type %d is not known here\n", file, c->link);
		return false;
	}
	return true;
}

/* The same regular file under any name: writing it would destroy what is still to be read. */
static bool
is_same(const char *in, const char *out)
{
	struct stat a, b;

	return stat(in, &a) == 0 && stat(out, &b) == 0 && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool
open_out(struct capture *c, const char *file)
{
	c->out = pcap_open_dead_with_tstamp_precision(DLT_RAW, FRAME_MAX,
						      PCAP_TSTAMP_PRECISION_NANO);
	c->dumper = c->out ? pcap_dump_open(c->out, file) : NULL;
	if (!c->dumper)
		fprintf(stderr, "adit-pcap: %s\n", c->out ? pcap_geterr(c->out) : file);
	return c->dumper != NULL;
}

static bool
open_capture(struct capture *c, const struct options *o)
{
	memset(c, 0, sizeof *c);
	if (is_same(o->in, o->out)) {
		fprintf(stderr, "adit-pcap: %s is both input and output\n", o->out);
		return false;
	}
	c->buf = malloc(WORK_HEADROOM + FRAME_MAX + WORK_TAILROOM);
	c->scratch = malloc(FRAME_MAX);
	if (!c->buf || !c->scratch || !join_open(&c->join, o->work.udp_port))
		return false;
	c->join.ah = work_has_ah(&o->work);
	return open_in(c, o->in) && open_out(c, o->out);
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
count(struct counts *n, enum work_result result, enum adit_status st)
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
	case WORK_FAILED:
		n->failed++;
		fprintf(stderr, "packet %lu: %s\n", n->frames, adit_status_name(st));
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
		count(n, WORK_FAILED, st);
		return false;
	case JOIN_WHOLE:
	case JOIN_AS_IT_IS:
		break;
	}
	return true;
}

static void
take_frame(struct work *w, bool encap, struct capture *c, const struct pcap_pkthdr *header,
	   const uint8_t *frame, struct counts *n)
{
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
	count(n, result, st);
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
		fprintf(stderr, "fragments of %lu packets: the rest is missing\n", lost);
}

/* False: the capture could not be read to its end. */
static bool
take_frames(struct options *o, struct capture *c, struct counts *n)
{
	struct pcap_pkthdr *header;
	const u_char *frame;
	int got;

	while ((got = pcap_next_ex(c->in, &header, &frame)) == 1)
		take_frame(&o->work, o->encap, c, header, frame, n);
	if (got == PCAP_ERROR_BREAK)
		return true;
	fprintf(stderr, "adit-pcap: %s: %s\n", o->in, pcap_geterr(c->in));
	return false;
}

static void
tell(const struct options *o, const struct counts *n)
{
	fprintf(stderr, "%lu packets: %lu %s, %lu copied", n->frames, n->done,
		o->encap ? "encapsulated" : "decapsulated", n->copied);
	if (n->no_ip)
		fprintf(stderr, ", %lu left out (not IP)", n->no_ip);
	if (n->fragments)
		fprintf(stderr, ", %lu fragments joined to others", n->fragments);
	if (n->dummies)
		fprintf(stderr, ", %lu left out (dummy packets)", n->dummies);
	fprintf(stderr, ", %lu failed\n", n->failed);
}

static bool
read_keys(struct options *o)
{
	struct work *w = &o->work;

	if (o->sa_file && !keys_read_esp_sa(w, o->sa_file, o->spi))
		return false;
	if (o->xfrm_file && !keys_read_xfrm(w, o->xfrm_file, o->spi))
		return false;
	if (w->sa_count == 0)
		fprintf(stderr, "adit-pcap: %s: no SA%s\n", o->sa_file ? o->sa_file : o->xfrm_file,
			o->spi ? " of that SPI" : "");
	return w->sa_count > 0;
}

static const char *
prepare(struct options *o)
{
	if (!o->encap)
		return NULL;
	if (o->work.sa_count > 1)
		return "several SAs: --spi tells which one encapsulates";
	return work_encap_start(&o->work);
}

static int
run(struct options *o)
{
	struct counts n;
	struct capture c;
	const char *wrong = prepare(o);
	bool read = false, written;

	memset(&n, 0, sizeof n);
	if (wrong) {
		fprintf(stderr, "adit-pcap: %s: %s\n", o->sa_file ? o->sa_file : o->xfrm_file,
			wrong);
		return EXIT_TROUBLE;
	}
	if (open_capture(&c, o)) {
		read = take_frames(o, &c, &n);
		end_joins(&c, &n);
		tell(o, &n);
	}
	written = close_capture(&c);
	if (!written)
		fprintf(stderr, "adit-pcap: %s: not all could be written\n", o->out);
	if (!read || !written)
		return EXIT_TROUBLE;
	return n.failed ? EXIT_PACKETS : EXIT_FINE;
}

int
main(int argc, char **argv)
{
	struct options o;
	int status = read_options(&o, argc, argv);

	if (status >= 0)
		return status;
	status = read_keys(&o) ? run(&o) : EXIT_TROUBLE;
	work_wipe(&o.work);
	free(o.work.sas);
	return status;
}
