/* aditd: an IPsec daemon on adit's public headers. One event loop; all protocol is in the library.
 */
#include <errno.h>
#include <getopt.h>
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
#include "adit/version.h"
#include "conf.h"
#include "daemon.h"
#include "capture.h"
#include "keylog.h"
#include "log.h"
#include "values.h"

struct options {
	const char *config, *xfrm, *numbers, *keylog, *capture, *tun;
	const char *ping;
	uint32_t ike_port, natt_port, mtu;
	bool userland, legacy;
};

static void
usage(FILE *to)
{
	fputs("usage: aditd [--config FILE] [--xfrm FILE] [options]\n"
	      "  --config FILE    connections and secrets, in the syntax of swanctl.conf\n"
	      "  --xfrm FILE      SAs and policies by hand, as ip xfrm takes them\n"
	      "  --numbers FILE   where their sequence numbers are kept\n"
	      "  --legacy         3DES, DES and HMAC-MD5 in that file are taken\n"
	      "  --ike-port N     UDP port of IKE (500)\n"
	      "  --natt-port N    UDP port of IKE and ESP with NAT traversal (4500)\n"
	      "  --keylog DIR     append keys to DIR/ikev2_decryption_table and DIR/esp_sa\n"
	      "  --pcap FILE      write all packets of the outside to FILE\n"
	      "  --log LEVEL      error, info (default) or debug\n"
	      "  --tun NAME       name of the TUN device (adit0)\n"
	      "  --tun-mtu N      its MTU (1400)\n"
	      "  --userland       no TUN device: answer pings inside the process\n"
	      "  --ping ADDR[,N]  with --userland: ping ADDR N times (5) and exit\n"
	      "  --version, --help\n",
	      to);
}

static bool
number(const char *option, const char *text, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n == 0 || n > max) {
		fprintf(stderr, "aditd: --%s: not a number from 1 to %u: %s\n", option, max, text);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

enum {
	O_CONFIG,
	O_XFRM,
	O_NUMBERS,
	O_LEGACY,
	O_IKE,
	O_NATT,
	O_KEYLOG,
	O_PCAP,
	O_LOG,
	O_TUN,
	O_MTU,
	O_USERLAND,
	O_PING,
	O_VERSION,
	O_HELP
};

static const struct option long_options[] = {{"config", required_argument, NULL, O_CONFIG},
					     {"xfrm", required_argument, NULL, O_XFRM},
					     {"numbers", required_argument, NULL, O_NUMBERS},
					     {"legacy", no_argument, NULL, O_LEGACY},
					     {"ike-port", required_argument, NULL, O_IKE},
					     {"natt-port", required_argument, NULL, O_NATT},
					     {"keylog", required_argument, NULL, O_KEYLOG},
					     {"pcap", required_argument, NULL, O_PCAP},
					     {"log", required_argument, NULL, O_LOG},
					     {"tun", required_argument, NULL, O_TUN},
					     {"tun-mtu", required_argument, NULL, O_MTU},
					     {"userland", no_argument, NULL, O_USERLAND},
					     {"ping", required_argument, NULL, O_PING},
					     {"version", no_argument, NULL, O_VERSION},
					     {"help", no_argument, NULL, O_HELP},
					     {NULL, 0, NULL, 0}};

/* false: said what is wrong. */
static bool
take_option(int option, const char *arg, struct options *o)
{
	switch (option) {
	case O_CONFIG:
		o->config = arg;
		return true;
	case O_XFRM:
		o->xfrm = arg;
		return true;
	case O_NUMBERS:
		o->numbers = arg;
		return true;
	case O_LEGACY:
		o->legacy = true;
		return true;
	case O_IKE:
		return number("ike-port", arg, UINT16_MAX, &o->ike_port);
	case O_NATT:
		return number("natt-port", arg, UINT16_MAX, &o->natt_port);
	case O_KEYLOG:
		o->keylog = arg;
		return true;
	case O_PCAP:
		o->capture = arg;
		return true;
	case O_LOG:
		if (log_set_level(arg))
			return true;
		fprintf(stderr, "aditd: --log: error, info or debug, not %s\n", arg);
		return false;
	case O_TUN:
		o->tun = arg;
		return true;
	case O_MTU:
		return number("tun-mtu", arg, NET_PACKET_MAX, &o->mtu);
	case O_USERLAND:
		o->userland = true;
		return true;
	case O_PING:
		o->ping = arg;
		return true;
	case O_VERSION:
		puts("aditd " ADIT_VERSION);
		exit(0);
	case O_HELP:
		usage(stdout);
		exit(0);
	default: /* getopt has said what is wrong */
		fputs("see aditd --help\n", stderr);
		return false;
	}
}

static bool
take_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (!take_option(c, optarg, o))
			return false;
	if (optind < argc || (!o->config && !o->xfrm)) {
		fprintf(stderr, "aditd: %s%s (see aditd --help)\n",
			optind < argc ? "not an option: "
				      : "--config FILE or --xfrm FILE is needed",
			optind < argc ? argv[optind] : "");
		return false;
	}
	if (o->numbers && !o->xfrm) {
		fputs("aditd: --numbers needs --xfrm\n", stderr);
		return false;
	}
	if (o->ping && !o->userland) {
		fputs("aditd: --ping needs --userland\n", stderr);
		return false;
	}
	return true;
}

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static struct swanctl *
load(const char *file)
{
	static struct swanctl none;
	struct conf *root = file ? conf_read(file, stderr) : NULL;
	struct swanctl *swanctl = root ? swanctl_load(root, stderr) : NULL;

	conf_free(root);
	return file ? swanctl : &none;
}

/* false: said what is wrong. */
static bool
load_manual(struct daemon *d, const struct options *o, struct xfrm **x)
{
	const struct manual_place place = {{manual_is_own, o->legacy, (uint16_t)o->natt_port, 0},
					   o->numbers};

	if (!o->xfrm)
		return true;
	*x = xfrm_read(o->xfrm, stderr);
	d->manual = *x ? manual_plan(*x, &place, stderr) : NULL;
	return d->manual != NULL;
}

/* Everything that can go wrong before the first packet. */
static bool
open_all(struct daemon *d, const struct options *o)
{
	if (o->keylog && !keylog_open(o->keylog)) {
		fprintf(stderr, "aditd: %s: %s\n", o->keylog, strerror(errno));
		return false;
	}
	if (o->capture && !capture_open(o->capture))
		return false;
	if (!net_open(&d->net, d->ike_port, d->natt_port, !o->userland)) {
		fprintf(stderr, "aditd: UDP ports %u and %u: %s\n", o->ike_port, o->natt_port,
			strerror(errno));
		return false;
	}
	if (!o->userland) {
		d->tun = tun_open(o->tun, o->mtu);
		if (d->tun < 0)
			return false;
	}
	return daemon_begin(d);
}

int
main(int argc, char **argv)
{
	static struct daemon d;
	struct options o = {.tun = "adit0",
			    .ike_port = ADIT_IKE_PORT,
			    .natt_port = ADIT_IKE_NATT_PORT,
			    .mtu = 1400};
	struct xfrm *x = NULL;
	int signals, code;

	if (!take_options(argc, argv, &o))
		return 2;
	d.swanctl = load(o.config);
	if (!d.swanctl)
		return 2;
	if (!load_manual(&d, &o, &x)) {
		xfrm_free(x);
		return 2;
	}
	d.ike_port = (uint16_t)o.ike_port;
	d.natt_port = (uint16_t)o.natt_port;
	d.tun_name = o.tun;
	d.ping = o.ping;
	d.tun = -1; /* until it is open: its end takes the rules back, and they may be another's */
	signals = open_signals();
	if (signals < 0 || !open_all(&d, &o)) {
		if (d.tun >= 0)
			tun_close(d.tun);
		return 1;
	}
	code = daemon_run(&d, signals);
	adit_node_wipe(&d.node);
	if (d.tun >= 0)
		tun_close(d.tun);
	net_close(&d.net);
	capture_close();
	xfrm_free(x);
	keep_nothing();
	return code;
}
