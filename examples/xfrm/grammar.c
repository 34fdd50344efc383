/* Values and look-ups that the readers of states and policies share. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "grammar.h"
#include "protocols.h"

static void
list_words(const struct keyword *k, char *out, size_t cap)
{
	size_t n = 0;

	*out = '\0';
	for (; k->word && n < cap; k++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? " " : "", k->word);
}

bool
grammar_take(struct words *w, const struct keyword *table, void *to, bool strict)
{
	const struct keyword *k;
	const char *word;
	char known[512];
	uint32_t seen = 0; /* a bit for each of the table */

	while ((word = words_next(w)) != NULL) {
		for (k = table; k->word && strcmp(k->word, word) != 0; k++)
			;
		if (!k->word && strict) {
			list_words(table, known, sizeof known);
			return words_fail(w, "%s is not known here; known are: %s", word, known);
		}
		if (!k->word) {
			words_back(w);
			return true;
		}
		if (k->times == ONCE && seen >> (k - table) & 1)
			return words_fail(w, "%s is said twice", word);
		seen |= UINT32_C(1) << (k - table);
		if (!k->take(w, to))
			return false;
	}
	return !w->broken;
}

const char *
grammar_word(struct words *w, const char *what)
{
	const char *word = words_next(w);

	if (!word)
		words_fail(w, "%s is missing at the end of the line", what);
	return word;
}

bool
grammar_number(struct words *w, const char *what, uint64_t most, uint64_t *out)
{
	const char *word = grammar_word(w, what);

	if (!word)
		return false;
	return digits_read(word, most, out) ||
	       words_fail(w, "%s is a number from 0 to %llu, not %s", what,
			  (unsigned long long)most, word);
}

static bool
parse_address(const char *text, struct adit_ip *out)
{
	memset(out, 0, sizeof *out);
	out->version = strchr(text, ':') ? 6 : 4;
	return inet_pton(out->version == 4 ? AF_INET : AF_INET6, text, out->b) == 1;
}

bool
grammar_address(struct words *w, const char *what, struct adit_ip *out)
{
	const char *word = grammar_word(w, what);

	if (!word)
		return false;
	return parse_address(word, out) ||
	       words_fail(w, "%s is an IPv4 or IPv6 address, not %s", what, word);
}

bool
grammar_protocol(struct words *w, const char *what, uint8_t *out)
{
	const char *word = grammar_word(w, what);

	if (!word)
		return false;
	if (strcmp(word, "esp") == 0 || strcmp(word, "50") == 0)
		*out = ADIT_PROTO_ESP;
	else if (strcmp(word, "ah") == 0 || strcmp(word, "51") == 0)
		*out = ADIT_PROTO_AH;
	else
		return words_fail(w, "%s is esp or ah, not %s", what, word);
	return true;
}

bool
grammar_mode(struct words *w, enum adit_mode *out)
{
	const char *word = grammar_word(w, "a mode");

	if (!word)
		return false;
	if (strcmp(word, "tunnel") == 0)
		*out = ADIT_TUNNEL;
	else if (strcmp(word, "transport") == 0)
		*out = ADIT_TRANSPORT;
	else if (strcmp(word, "beet") == 0)
		*out = ADIT_BEET;
	else
		return words_fail(w, "%s is not known here; known modes are: tunnel transport beet",
				  word);
	return true;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The word is a secret: it isn't repeated in what is said of it. */
bool
grammar_key(struct words *w, uint8_t *key, size_t *n)
{
	const char *word = grammar_word(w, "a key");

	if (!word)
		return false;
	if (!*word)
		return true; /* of a cipher that has none */
	if (word[0] != '0' || (word[1] != 'x' && word[1] != 'X'))
		return words_fail(w, "a key is 0x and pairs of hexadecimal digits");
	for (word += 2; *word; word += 2) {
		int high = hex_digit(word[0]), low = hex_digit(word[1]);

		if (high < 0 || low < 0)
			return words_fail(w, "a key is 0x and pairs of hexadecimal digits");
		if (*n == ADIT_AEAD_KEY_MAX)
			return words_fail(w, "a key is longer than any of adit's algorithms takes");
		key[(*n)++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* --- Selectors. */

struct selector {
	struct xfrm_selector *out;
	bool has_src, has_dst, has_protocol, has_ports, has_type, has_code;
	uint8_t protocol;
	uint64_t type, code, sport, dport; /* UINT64_MAX: not said */
};

static bool
take_prefix(struct words *w, const char *what, struct adit_ts *out)
{
	const char *word = grammar_word(w, what);
	char text[WORD_MAX], *slash, *end = NULL;
	struct adit_ip ip;
	unsigned long bits = 0;
	unsigned most;

	if (!word)
		return false;
	snprintf(text, sizeof text, "%s", word);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!parse_address(text, &ip))
		return words_fail(w, "%s is an address or ADDRESS/BITS, not %s", what, word);
	most = ip.version == 4 ? 32 : 128;
	if (slash)
		bits = strtoul(slash, &end, 10);
	if (slash && (*slash < '0' || *slash > '9' || *end || bits > most))
		return words_fail(w, "%s has a prefix of %u bits at most: %s", what, most, word);
	*out = adit_ts_prefix(&ip, slash ? (unsigned)bits : most);
	return true;
}

static bool
take_src(struct words *w, void *to)
{
	struct selector *s = to;

	s->has_src = true;
	return take_prefix(w, "src", &s->out->src);
}

static bool
take_dst(struct words *w, void *to)
{
	struct selector *s = to;

	s->has_dst = true;
	return take_prefix(w, "dst", &s->out->dst);
}

static bool
take_protocol(struct words *w, void *to)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = {{"icmp", ADIT_PROTO_ICMP},
		     {"tcp", ADIT_PROTO_TCP},
		     {"udp", ADIT_PROTO_UDP},
		     {"esp", ADIT_PROTO_ESP},
		     {"ah", ADIT_PROTO_AH},
		     {"ipv6-icmp", ADIT_PROTO_ICMPV6},
		     {"icmpv6", ADIT_PROTO_ICMPV6},
		     {"mobility-header", ADIT_PROTO_MH},
		     {"dccp", 33},
		     {"sctp", 132},
		     {"udplite", 136},
		     {"gre", 47}};
	struct selector *s = to;
	const char *word = grammar_word(w, "proto");
	uint64_t n;

	if (!word)
		return false;
	s->has_protocol = true;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(word, known[i].name) == 0) {
			s->protocol = known[i].number;
			return true;
		}
	words_back(w);
	if (!grammar_number(w, "proto (icmp tcp udp ipv6-icmp sctp ... or)", 254, &n))
		return false;
	s->protocol = (uint8_t)n;
	return true;
}

static bool
take_sport(struct words *w, void *to)
{
	struct selector *s = to;

	s->has_ports = true;
	return grammar_number(w, "sport", UINT16_MAX, &s->sport);
}

static bool
take_dport(struct words *w, void *to)
{
	struct selector *s = to;

	s->has_ports = true;
	return grammar_number(w, "dport", UINT16_MAX, &s->dport);
}

static bool
take_type(struct words *w, void *to)
{
	struct selector *s = to;

	s->has_type = true;
	return grammar_number(w, "type", UINT8_MAX, &s->type);
}

static bool
take_code(struct words *w, void *to)
{
	struct selector *s = to;

	s->has_code = true;
	return grammar_number(w, "code", UINT8_MAX, &s->code);
}

static bool
is_icmp(uint8_t protocol)
{
	return protocol == ADIT_PROTO_ICMP || protocol == ADIT_PROTO_ICMPV6;
}

static bool
put_upper(struct words *w, struct selector *s)
{
	struct adit_ts *src = &s->out->src, *dst = &s->out->dst;

	src->protocol = dst->protocol = s->protocol;
	if (s->has_ports && !protocol_has_ports(s->protocol))
		return words_fail(w, "sport and dport need proto tcp, udp, sctp, dccp or udplite");
	if (s->has_ports && s->sport != UINT64_MAX)
		src->port_first = src->port_last = (uint16_t)s->sport;
	if (s->has_ports && s->dport != UINT64_MAX)
		dst->port_first = dst->port_last = (uint16_t)s->dport;
	if ((s->has_type || s->has_code) && !is_icmp(s->protocol))
		return words_fail(w, "type and code need proto icmp or ipv6-icmp");
	if (s->has_code && !s->has_type)
		return words_fail(w, "code needs type");
	if (s->has_type) {
		src->port_first = (uint16_t)(s->type << 8 | (s->has_code ? s->code : 0));
		src->port_last = (uint16_t)(s->type << 8 | (s->has_code ? s->code : UINT8_MAX));
		dst->port_first = src->port_first;
		dst->port_last = src->port_last;
	}
	return true;
}

static struct adit_ts
any_of(uint8_t version)
{
	struct adit_ip ip;

	memset(&ip, 0, sizeof ip);
	ip.version = version;
	return adit_ts_prefix(&ip, 0);
}

bool
grammar_selector(struct words *w, uint8_t version, struct xfrm_selector *out)
{
	static const struct keyword known[] = {
		{"src", take_src, ONCE},        {"dst", take_dst, ONCE},
		{"proto", take_protocol, ONCE}, {"sport", take_sport, ONCE},
		{"dport", take_dport, ONCE},    {"type", take_type, ONCE},
		{"code", take_code, ONCE},      {NULL, NULL, ONCE}};
	struct selector s;

	memset(&s, 0, sizeof s);
	s.out = out;
	s.sport = s.dport = UINT64_MAX;
	if (!grammar_take(w, known, &s, false))
		return false;
	if (!s.has_src)
		out->src = any_of(s.has_dst ? out->dst.version : version);
	if (!s.has_dst)
		out->dst = any_of(out->src.version);
	if (out->src.version != out->dst.version)
		return words_fail(w, "src and dst are not of one IP version");
	return put_upper(w, &s);
}
