/* One packet a line through an SA, for scripts that compare it with what others make of it:
 *
 *   encap|decap esp|ah tunnel|transport SPI NUMBER esn|- ALIGN8|- TRANSFORM KEY
 *           LOCAL REMOTE PORTS|- PACKET
 *
 * LOCAL and REMOTE are the SA's own addresses, PORTS "ours:theirs" of ESP in UDP, NUMBER the 64-bit
 * sequence number (decap: one that the window is to be at before), TRANSFORM an object's name.
 * Answers "OK HEX", the name of a status, or "? what is wrong with the line". */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adit/ah.h"
#include "adit/mbedtls.h"

enum { WORDS = 13, LINE = 140000, BUF = 70000, HEADROOM = 256, WINDOW = 64 };
enum { DO, PROTOCOL, MODE, SPI, NUMBER, ESN, ALIGN, TRANSFORM, KEY, LOCAL, REMOTE, PORTS, PACKET };

static uint8_t buf[BUF];

/* Bytes of a hex word; -1: it is none, or too long. */
static long
read_hex(const char *hex, uint8_t *to, size_t cap)
{
	size_t n = strlen(hex) / 2;
	unsigned byte;

	if (strlen(hex) % 2 || n > cap)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -1;
		to[i] = (uint8_t)byte;
	}
	return (long)n;
}

static bool
read_ip(const char *word, struct adit_ip *ip)
{
	memset(ip, 0, sizeof *ip);
	ip->version = strchr(word, ':') ? 6 : 4;
	return inet_pton(ip->version == 4 ? AF_INET : AF_INET6, word, ip->b) == 1;
}

static bool
is(const char *word, const char *what)
{
	return strcmp(word, what) == 0;
}

/* NULL, or what is wrong. */
static const char *
read_params(char **w, struct adit_sa_params *p, uint8_t *key)
{
	unsigned ours, theirs;
	long n;

	memset(p, 0, sizeof *p);
	p->dir = is(w[DO], "encap") ? ADIT_OUT : ADIT_IN;
	p->protocol = is(w[PROTOCOL], "ah") ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
	p->mode = is(w[MODE], "tunnel") ? ADIT_TUNNEL : ADIT_TRANSPORT;
	p->spi = (uint32_t)strtoul(w[SPI], NULL, 0);
	p->seq = strtoull(w[NUMBER], NULL, 0) - 1;
	p->esn = is(w[ESN], "esn");
	p->flags = is(w[ALIGN], "align8") ? ADIT_SA_ALIGN8 : 0;
	p->replay_window = WINDOW;
	p->aead = adit_crypto_aead_by_name(&adit_mbedtls_legacy, w[TRANSFORM]);
	if (!p->aead)
		return "transform";
	n = read_hex(is(w[KEY], "-") ? "" : w[KEY], key, ADIT_AEAD_KEY_MAX);
	if (n < 0)
		return "key";
	p->key = (struct adit_span){key, (size_t)n};
	if (!read_ip(w[LOCAL], &p->local) || !read_ip(w[REMOTE], &p->remote))
		return "address";
	if (!is(w[PORTS], "-")) {
		if (sscanf(w[PORTS], "%u:%u", &ours, &theirs) != 2)
			return "ports";
		p->udp_encap = true;
		p->local_port = (uint16_t)ours;
		p->remote_port = (uint16_t)theirs;
	}
	return NULL;
}

static enum adit_status
work(const struct adit_sa_params *p, struct adit_pkt *pkt)
{
	static union adit_keyctx kc;
	static uint32_t window[ADIT_REPLAY_WORDS(WINDOW)];
	struct adit_esp_rx rx;
	struct adit_sa sa;
	enum adit_status st;
	bool ah = p->protocol == ADIT_PROTO_AH;

	memset(window, 0, sizeof window);
	st = adit_sa_init(&sa, p, (struct adit_buf){kc.mem, sizeof kc}, window,
			  ADIT_REPLAY_WORDS(WINDOW));
	if (st != ADIT_OK)
		return st;
	if (p->dir == ADIT_OUT)
		st = ah ? adit_ah_encap(&sa, pkt) : adit_esp_encap(&sa, pkt);
	else
		st = ah ? adit_ah_decap(&sa, pkt, &rx) : adit_esp_decap(&sa, pkt, &rx);
	adit_sa_wipe(&sa);
	return st;
}

static const char *
take(char *line)
{
	uint8_t key[ADIT_AEAD_KEY_MAX];
	struct adit_pkt pkt = {buf, sizeof buf, HEADROOM, 0};
	struct adit_sa_params p;
	char *w[WORDS + 1], *save = NULL;
	const char *wrong;
	enum adit_status st;
	size_t n = 0;
	long len;

	for (char *word = strtok_r(line, " \n", &save); word && n <= WORDS;
	     word = strtok_r(NULL, " \n", &save))
		w[n++] = word;
	if (n != WORDS)
		return "number of words";
	wrong = read_params(w, &p, key);
	if (wrong)
		return wrong;
	len = read_hex(w[PACKET], adit_pkt_data(&pkt), sizeof buf - 2 * HEADROOM);
	if (len < 0)
		return "packet";
	pkt.len = (size_t)len;
	st = work(&p, &pkt);
	fputs(st == ADIT_OK ? "OK " : adit_status_name(st), stdout);
	for (size_t i = 0; st == ADIT_OK && i < pkt.len; i++)
		printf("%02x", adit_pkt_data(&pkt)[i]);
	putchar('\n');
	return NULL;
}

int
main(void)
{
	static char line[LINE];

	while (fgets(line, sizeof line, stdin)) {
		const char *wrong = take(line);

		if (wrong)
			printf("? %s\n", wrong);
		fflush(stdout);
	}
	return 0;
}
