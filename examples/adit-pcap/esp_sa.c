/* Wireshark's esp_sa lines. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../xfrm/digits.h"
#include "algorithms.h"
#include "esp_sa.h"

/* The fields in their order; the last two are newer Wireshark's. */
enum {
	PROTOCOL,
	SRC,
	DST,
	SPI,
	ENCR,
	ENCR_KEY,
	INTEG,
	INTEG_KEY,
	OLD_FIELDS,
	SN_LENGTH = OLD_FIELDS,
	SN_UPPER,
	FIELDS
};

/* Longer than the longest name of an algorithm and the longest key in hex. */
enum { FIELD_MAX = 256 };

struct fields {
	char text[FIELDS][FIELD_MAX];
	size_t n;
};

/* A place in the line. */
struct cursor {
	const char *p, *end;
};

static void
skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
}

/* One field: in quotes, or bare up to the comma. */
static const char *
take_field(struct cursor *c, char *out)
{
	size_t n = 0;
	bool quoted;

	skip_blanks(c);
	quoted = c->p < c->end && *c->p == '"';
	if (quoted)
		c->p++;
	for (; c->p < c->end && *c->p != (quoted ? '"' : ','); c->p++) {
		if (n == FIELD_MAX - 1)
			return "a field is longer than any that Wireshark writes";
		out[n++] = *c->p;
	}
	while (!quoted && n > 0 && strchr(" \t\r", out[n - 1]))
		n--;
	out[n] = '\0';
	if (strlen(out) != n)
		return "a field has a NUL byte";
	if (!quoted)
		return NULL;
	if (c->p == c->end)
		return "a quotation mark is not closed";
	c->p++;
	return NULL;
}

static const char *
split(struct fields *f, const char *text, size_t n)
{
	struct cursor c = {text, text + n};

	for (f->n = 0; f->n < FIELDS;) {
		const char *wrong = take_field(&c, f->text[f->n]);

		if (wrong)
			return wrong;
		f->n++;
		skip_blanks(&c);
		if (c.p == c.end)
			break;
		if (*c.p != ',')
			return "a comma is missing between two fields";
		c.p++;
	}
	if (c.p != c.end || (f->n != OLD_FIELDS && f->n != FIELDS))
		return "a line has eight or ten fields";
	return NULL;
}

static const char *
read_address(struct esp_sa_prefix *out, const char *text, uint8_t version)
{
	unsigned most = version == 4 ? 32 : 128;
	char ip[FIELD_MAX], *slash;

	out->ip.version = version;
	if (strcmp(text, "*") == 0)
		return NULL;
	memcpy(ip, text, strlen(text) + 1);
	slash = strchr(ip, '/');
	out->bits = most;
	if (slash) {
		char *end;
		unsigned long bits = strtoul(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || *end || bits > most)
			return "the length of an address prefix is wrong";
		out->bits = (unsigned)bits;
		*slash = '\0';
	}
	if (inet_pton(version == 4 ? AF_INET : AF_INET6, ip, out->ip.b) != 1)
		return "an address is not one of the line's protocol (or a prefix, or *)";
	return NULL;
}

static bool
read_number(uint32_t *out, const char *text)
{
	uint64_t v;

	if (!digits_read(text, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static const char *
read_spi(uint32_t *out, const char *text)
{
	if (strchr(text, '*'))
		return "an SPI with a wildcard: adit keys one SA a line, give the SPI in full";
	if (!read_number(out, text))
		return "the SPI is not a number";
	return *out < 256 ? "an SPI below 256 is reserved" : NULL;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Appends a key, 0x and hex; an empty field is no bytes. */
static const char *
read_key(struct esp_sa *sa, const char *text)
{
	if (!*text)
		return NULL;
	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return "a key is not 0x and hexadecimal digits";
	for (text += 2; *text; text += 2) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);

		if (high < 0 || low < 0)
			return "a key is not 0x and pairs of hexadecimal digits";
		if (sa->key_n == sizeof sa->key)
			return "a key is longer than any of adit's algorithms takes";
		sa->key[sa->key_n++] = (uint8_t)(high << 4 | low);
	}
	return NULL;
}

static const char *
read_algorithms(struct esp_sa *sa, const struct fields *f)
{
	const char *wrong = read_key(sa, f->text[ENCR_KEY]);

	if (!wrong)
		wrong = algorithms_find(&sa->aead, f->text[ENCR], f->text[INTEG], sa->key_n);
	/* Wireshark lets a key stand beside NULL and ANY, and does not look at it. */
	if (!wrong && sa->aead->integ != ADIT_AUTH_NONE)
		wrong = read_key(sa, f->text[INTEG_KEY]);
	if (!wrong && sa->key_n != adit_aead_key_len(sa->aead))
		wrong = "the authentication key has not its algorithm's length";
	return wrong;
}

static const char *
read_sequence(struct esp_sa *sa, const struct fields *f)
{
	if (f->n == OLD_FIELDS)
		return NULL;
	sa->esn = strcasecmp(f->text[SN_LENGTH], "64-bit") == 0;
	if (!sa->esn && strcasecmp(f->text[SN_LENGTH], "32-bit") != 0)
		return "the sequence number length is neither 32-bit nor 64-bit";
	if (*f->text[SN_UPPER] && !read_number(&sa->seq_high, f->text[SN_UPPER]))
		return "the high half of the sequence number is not a number of 32 bits";
	return NULL;
}

static const char *
read_fields(struct esp_sa *sa, const struct fields *f)
{
	uint8_t version = strcasecmp(f->text[PROTOCOL], "IPv4") == 0 ? 4 : 6;
	const char *wrong;

	if (version == 6 && strcasecmp(f->text[PROTOCOL], "IPv6") != 0)
		return "the protocol is neither IPv4 nor IPv6";
	wrong = read_address(&sa->src, f->text[SRC], version);
	if (!wrong)
		wrong = read_address(&sa->dst, f->text[DST], version);
	if (!wrong)
		wrong = read_spi(&sa->spi, f->text[SPI]);
	if (!wrong)
		wrong = read_algorithms(sa, f);
	return wrong ? wrong : read_sequence(sa, f);
}

const char *
esp_sa_parse(struct esp_sa *sa, const char *text, size_t n)
{
	struct fields f;
	const char *wrong;

	memset(sa, 0, sizeof *sa);
	wrong = split(&f, text, n);
	if (!wrong)
		wrong = read_fields(sa, &f);
	adit_wipe(&f, sizeof f);
	if (wrong)
		adit_wipe(sa, sizeof *sa);
	return wrong;
}

bool
esp_sa_is_blank(const char *text, size_t n)
{
	struct cursor c = {text, text + n};

	skip_blanks(&c);
	return c.p == c.end || *c.p == '#';
}

bool
esp_sa_prefix_match(const struct esp_sa_prefix *prefix, const struct adit_ip *ip)
{
	size_t bytes = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;

	if (ip->version != prefix->ip.version || memcmp(prefix->ip.b, ip->b, bytes) != 0)
		return false;
	return rest == 0 || (prefix->ip.b[bytes] ^ ip->b[bytes]) >> (8 - rest) == 0;
}

bool
esp_sa_prefix_is_host(const struct esp_sa_prefix *prefix)
{
	return prefix->bits == (prefix->ip.version == 4 ? 32U : 128U);
}
