/* Where the SAs come from: lines of esp_sa, and commands of `ip xfrm`. */
#include "keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more, zeroed; NULL: out of memory. */
static struct work_sa *
add(struct work *w)
{
	/* Not realloc: it would leave keys behind. */
	struct work_sa *more = calloc(w->sa_count + 1, sizeof *more);

	if (!more)
		return NULL;
	if (w->sa_count)
		memcpy(more, w->sas, w->sa_count * sizeof *more);
	if (w->sas)
		adit_wipe(w->sas, w->sa_count * sizeof *more);
	free(w->sas);
	w->sas = more;
	return &more[w->sa_count++];
}

/* --- esp_sa. */

static const char *
take_line(struct work *w, const char *text, size_t n, uint32_t spi)
{
	struct esp_sa line;
	const char *wrong = esp_sa_parse(&line, text, n);
	struct work_sa *sa;

	if (!wrong && (!spi || line.spi == spi)) {
		sa = add(w);
		if (sa)
			sa->line = line;
		else
			wrong = "out of memory";
	}
	adit_wipe(&line, sizeof line);
	return wrong;
}

static bool
read_lines(struct work *w, FILE *f, const char *file, uint32_t spi)
{
	const char *wrong = NULL;
	char *text = NULL;
	size_t cap = 0;
	unsigned number = 0;
	ssize_t n;

	while (!wrong && (n = getline(&text, &cap, f)) >= 0) {
		size_t len = (size_t)n;

		number++;
		if (len && text[len - 1] == '\n')
			len--;
		if (!esp_sa_is_blank(text, len))
			wrong = take_line(w, text, len, spi);
	}
	if (text)
		adit_wipe(text, cap);
	free(text);
	if (wrong)
		fprintf(stderr, "adit-pcap: %s:%u: %s\n", file, number, wrong);
	return !wrong;
}

bool
keys_read_esp_sa(struct work *w, const char *file, uint32_t spi)
{
	FILE *f = fopen(file, "r");
	bool ok;

	if (!f) {
		fprintf(stderr, "adit-pcap: %s: %s\n", file, strerror(errno));
		return false;
	}
	ok = read_lines(w, f, file, spi);
	fclose(f);
	return ok;
}

/* --- ip xfrm. */

static struct esp_sa_prefix
host(const struct adit_ip *ip)
{
	struct esp_sa_prefix p = {*ip, ip->version == 4 ? 32 : 128};

	return p;
}

static struct adit_ip
first_of(const struct adit_ts *ts)
{
	struct adit_ip ip;

	memset(&ip, 0, sizeof ip);
	ip.version = ts->version;
	memcpy(ip.b, ts->first, sizeof ip.b);
	return ip;
}

static void
take_state(struct work_sa *sa, const struct xfrm_state *s)
{
	struct esp_sa *line = &sa->line;

	line->src = host(&s->src);
	line->dst = host(&s->dst);
	line->spi = s->spi;
	line->aead = s->aead;
	memcpy(line->key, s->key, s->key_n);
	line->key_n = s->key_n;
	line->esn = s->esn;
	line->seq_high = (uint32_t)(s->seq >> 32);
	sa->protocol = s->protocol;
	sa->mode = s->mode;
	sa->flags = s->flags;
	sa->tfc = s->tfc;
	sa->last = s->oseq;
	sa->udp = s->encap;
	sa->src_port = s->sport;
	sa->dst_port = s->dport;
	if (s->mode == ADIT_BEET) {
		sa->inside_src = first_of(&s->sel.src);
		sa->inside_dst = first_of(&s->sel.dst);
	}
}

bool
keys_take_xfrm(struct work *w, const struct xfrm *x, uint32_t spi)
{
	for (size_t i = 0; i < x->state_count; i++) {
		struct work_sa *sa;

		if (spi && x->states[i].spi != spi)
			continue;
		sa = add(w);
		if (!sa) {
			fputs("adit-pcap: out of memory\n", stderr);
			return false;
		}
		take_state(sa, &x->states[i]);
	}
	return true;
}
