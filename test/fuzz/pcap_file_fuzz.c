/* adit-pcap on a whole capture file, behind ciphers that let everything pass: the first byte picks
 * what is done, the rest is the file. What is written is a capture that can be read. */
#define _GNU_SOURCE /* memfd_create */
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../examples/adit-pcap/capture.h"
#include "fuzz/open_door.h"

enum { ENCAP = 1, TRANSPORT = 2, UDP = 4, ESN = 8, SAS = 4, NAME = 32 };
enum { SPI = 0x1001 }; /* of the first SA; the others follow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* A file in memory, under a name. */
static int
make_file(char *name, const uint8_t *data, size_t n)
{
	int fd = memfd_create("capture", 0);

	must(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	(void)snprintf(name, NAME, "/proc/self/fd/%d", fd);
	return fd;
}

/* ESP of both ciphers, over IPv4 and IPv6; and AH. */
static void
start(struct work *w, struct work_sa *sas, uint8_t how)
{
	memset(w, 0, sizeof *w);
	memset(sas, 0, SAS * sizeof *sas);
	w->sas = sas;
	w->sa_count = SAS;
	w->udp_port = 4500;
	w->udp = (how & UDP) != 0;
	w->mode = how & ENCAP ? (how & TRANSPORT ? ADIT_TRANSPORT : ADIT_TUNNEL) : 0;
	for (unsigned i = 0; i < SAS; i++) {
		struct esp_sa *line = &sas[i].line;

		line->spi = SPI + i;
		line->aead = i == 1 ? &open_door : &open_door_null;
		line->src.ip.version = line->dst.ip.version = i == 2 ? 6 : 4;
		line->esn = (how & ESN) != 0;
	}
	sas[3].protocol = ADIT_PROTO_AH;
	if (how & ENCAP) {
		/* One SA, between two hosts. */
		w->sa_count = 1;
		sas->line.src.bits = sas->line.dst.bits = 32;
		memcpy(sas->line.src.ip.b, (const uint8_t[]){10, 1, 0, 1}, 4);
		memcpy(sas->line.dst.ip.b, (const uint8_t[]){10, 1, 0, 2}, 4);
		must(work_encap_start(w) == NULL);
	}
}

static void
read_back(const char *name)
{
	char wrong[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(name, wrong);
	struct pcap_pkthdr *header;
	const u_char *packet;
	int got;

	must(p != NULL);
	while ((got = pcap_next_ex(p, &header, &packet)) == 1)
		must(header->caplen <= header->len);
	must(got == PCAP_ERROR_BREAK);
	pcap_close(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct work_sa sas[SAS];
	static FILE *nobody;
	char in[NAME], out[NAME];
	struct work w;
	struct capture_job job = {&w, false, in, out, NULL, {NULL, NULL}};
	int in_fd, out_fd;

	if (n == 0)
		return 0;
	if (!nobody)
		nobody = fopen("/dev/null", "w");
	job.say = nobody;
	job.encap = data[0] & ENCAP;
	start(&w, sas, data[0]);
	in_fd = make_file(in, data + 1, n - 1);
	out_fd = make_file(out, NULL, 0);
	if (capture_run(&job) != CAPTURE_TROUBLE)
		read_back(out);
	work_wipe(&w);
	close(in_fd);
	close(out_fd);
	return 0;
}
