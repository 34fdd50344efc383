/* Writes all frames of an interface to a file until it is told to end (SIGTERM, SIGINT), or reads
 * such a file, and counts them by protocol: what a stranger on the wire could see.
 *   sniff live INTERFACE FILE [IKE-PORT NATT-PORT ...]
 *   sniff count FILE [IKE-PORT NATT-PORT ...] */
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPLEN = 65535, BUFFER = 64 << 20, WAIT_MS = 100, FILTER_MAX = 512 };

/* A frame counts where the first filter finds it. %1$s and %2$s: the ports of IKE and of NAT
 * traversal; four zero bytes there mark IKE (RFC 3948 2.2). */
static const struct {
	const char *name, *filter;
} kinds[] = {
	{"ARP, IPv6 neighbours and groups",
	 "arp or (icmp6 and ip6[40] >= 130 and ip6[40] <= 137) or "
	 "(ip6[6] = 0 and ip6[40] = 58 and (ip6[48] >= 130 and ip6[48] <= 143))"},
	{"IKE", "udp port %1$s or (ip and udp port %2$s and udp[4:2] > 12 and udp[8:4] = 0) or "
		"(ip6 and udp port %2$s and ip6[44:2] > 12 and ip6[48:4] = 0)"},
	{"NAT keepalives", "udp port %2$s and (udp[4:2] = 9 or (ip6 and ip6[44:2] = 9))"},
	{"ESP", "ip proto 50 or ip6 proto 50"},
	{"ESP in UDP",
	 "(ip and udp port %2$s and udp[8:4] != 0) or (ip6 and udp port %2$s and ip6[48:4] != 0)"},
	{"anything else, in clear", ""},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct sniff {
	pcap_t *in;
	pcap_dumper_t *out; /* NULL: count alone */
	struct bpf_program filters[KINDS];
	unsigned long frames[KINDS], bytes[KINDS];
};

static pcap_t *running;

static void
end(int signal_number)
{
	(void)signal_number;
	pcap_breakloop(running);
}

static void
take(u_char *user, const struct pcap_pkthdr *h, const u_char *frame)
{
	struct sniff *s = (struct sniff *)(void *)user;
	int kind = 0;

	while (kind < KINDS - 1 && !pcap_offline_filter(&s->filters[kind], h, frame))
		kind++;
	s->frames[kind]++;
	s->bytes[kind] += h->len;
	if (s->out)
		pcap_dump((u_char *)s->out, h, frame);
}

/* Appends to text what the filter says with one pair of ports. */
static void
put_filter(char *text, const char *filter, const char *ike, const char *natt)
{
	size_t n = strlen(text);

	n += (size_t)snprintf(text + n, FILTER_MAX - n, "%s(", n ? " or " : "");
	for (; *filter && n + 8 < FILTER_MAX; filter++) {
		const char *port = strncmp(filter, "%1$s", 4) == 0   ? ike
				   : strncmp(filter, "%2$s", 4) == 0 ? natt
								     : NULL;

		if (port) {
			n += (size_t)snprintf(text + n, FILTER_MAX - n, "%.5s", port);
			filter += 3;
		} else {
			text[n++] = *filter;
		}
	}
	text[n++] = ')';
	text[n] = '\0';
}

static int
compile(struct sniff *s, int ports, char **port)
{
	static char standard_ike[] = "500", standard_natt[] = "4500";
	char *standard[] = {standard_ike, standard_natt};

	if (ports < 2) {
		ports = 2;
		port = standard;
	}
	for (int k = 0; k < KINDS - 1; k++) {
		char text[FILTER_MAX] = "";

		for (int i = 0; i + 1 < ports; i += 2)
			put_filter(text, kinds[k].filter, port[i], port[i + 1]);
		if (pcap_compile(s->in, &s->filters[k], text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
			pcap_perror(s->in, kinds[k].name);
			return 1;
		}
	}
	return 0;
}

static int
open_live(struct sniff *s, const char *interface, const char *file)
{
	char wrong[PCAP_ERRBUF_SIZE] = "";

	s->in = pcap_create(interface, wrong);
	if (!s->in) {
		fprintf(stderr, "%s\n", wrong);
		return 1;
	}
	pcap_set_snaplen(s->in, SNAPLEN);
	pcap_set_timeout(s->in, WAIT_MS);
	pcap_set_buffer_size(s->in, BUFFER);
	if (pcap_activate(s->in) < 0) {
		pcap_perror(s->in, interface);
		return 1;
	}
	s->out = pcap_dump_open(s->in, file);
	if (!s->out)
		pcap_perror(s->in, file);
	return !s->out;
}

static int
open_file(struct sniff *s, const char *file)
{
	char wrong[PCAP_ERRBUF_SIZE] = "";

	s->in = pcap_open_offline(file, wrong);
	if (!s->in)
		fprintf(stderr, "%s\n", wrong);
	return !s->in;
}

static int
tell(struct sniff *s)
{
	struct pcap_stat lost = {0, 0, 0};

	for (int k = 0; k < KINDS; k++)
		if (s->frames[k] || k == KINDS - 1)
			printf("%9lu frames %12lu bytes  %s\n", s->frames[k], s->bytes[k],
			       kinds[k].name);
	if (s->out && pcap_stats(s->in, &lost) == 0 && lost.ps_drop)
		printf("%9u frames were too fast for the capture\n", lost.ps_drop);
	return s->frames[KINDS - 1] ? 3 : 0;
}

int
main(int argc, char **argv)
{
	static struct sniff s;
	int live = argc >= 4 && strcmp(argv[1], "live") == 0, used = live ? 4 : 3;

	if (!live && (argc < 3 || strcmp(argv[1], "count") != 0)) {
		fputs("usage: sniff live INTERFACE FILE | sniff count FILE, [IKE-PORT "
		      "NATT-PORT]...\n",
		      stderr);
		return 2;
	}
	if (live ? open_live(&s, argv[2], argv[3]) : open_file(&s, argv[2]))
		return 1;
	if (compile(&s, argc - used, argv + used))
		return 1;
	running = s.in;
	signal(SIGTERM, end);
	signal(SIGINT, end);
	if (live)
		fputs("listening\n", stderr);
	if (pcap_loop(s.in, -1, take, (u_char *)(void *)&s) == PCAP_ERROR) {
		pcap_perror(s.in, argv[2]);
		return 1;
	}
	if (s.out && pcap_dump_flush(s.out) != 0)
		perror(argv[3]);
	return tell(&s);
}
