/* adit-pcap: takes ESP off the packets of a capture, or puts it on them, with the keys of an
 * esp_sa file, or of a file of `ip xfrm` commands. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../xfrm/digits.h"
#include "../xfrm/keep.h"
#include "adit/version.h"
#include "capture.h"
#include "keys.h"
#include "policies.h"

enum { EXIT_FINE = CAPTURE_FINE, EXIT_TROUBLE = CAPTURE_TROUBLE };
enum { NATT_PORT = 4500 };

struct options {
	bool encap;
	const char *sa_file, *xfrm_file, *in, *out;
	uint32_t spi; /* zero: the only line */
	struct work work;
	struct xfrm *x; /* the xfrm_file, as read */
};

static const char usage_text[] =
	"usage: adit-pcap decap|encap --sa FILE|--xfrm FILE [options] IN.pcap OUT.pcap\n"
	"  --sa FILE            the SAs, in lines of Wireshark's esp_sa table\n"
	"  --xfrm FILE          the SAs, ESP and AH, as ip xfrm takes them; its policies too\n"
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
	return digits_read(text, most, out) && *out >= least;
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

/* Policies of the direction at hand decide, unless one SA is asked for. */
static bool
read_xfrm(struct options *o)
{
	enum adit_direction dir = o->encap ? ADIT_OUT : ADIT_IN;
	struct work *w = &o->work;

	o->x = xfrm_read(o->xfrm_file, stderr);
	if (!o->x)
		return false;
	if (o->spi || !policies_are_in(o->x, dir))
		return keys_take_xfrm(w, o->x, o->spi);
	if (o->sa_file || w->mode || w->udp || w->first_seq) {
		usage("policies go without --sa, --mode, --udp and --seq", o->xfrm_file);
		return false;
	}
	w->policies = policies_make(o->x, dir, stderr);
	return w->policies != NULL;
}

static bool
read_keys(struct options *o)
{
	struct work *w = &o->work;

	if (o->sa_file && !keys_read_esp_sa(w, o->sa_file, o->spi))
		return false;
	if (o->xfrm_file && !read_xfrm(o))
		return false;
	if (w->policies)
		return true;
	if (w->sa_count == 0)
		fprintf(stderr, "adit-pcap: %s: no SA%s\n", o->sa_file ? o->sa_file : o->xfrm_file,
			o->spi ? " of that SPI" : "");
	return w->sa_count > 0;
}

static const char *
prepare(struct options *o)
{
	if (!o->encap || o->work.policies)
		return NULL;
	if (o->work.sa_count > 1)
		return "several SAs: --spi tells which one encapsulates";
	return work_encap_start(&o->work);
}

static int
run(struct options *o)
{
	const struct capture_job job = {&o->work, o->encap, o->in,
					o->out,   stderr,   {o->sa_file, o->xfrm_file}};
	const char *wrong = prepare(o);

	if (!wrong)
		return (int)capture_run(&job);
	fprintf(stderr, "adit-pcap: %s: %s\n", o->sa_file ? o->sa_file : o->xfrm_file, wrong);
	return EXIT_TROUBLE;
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
	xfrm_free(o.x);
	keep_nothing();
	return status;
}
