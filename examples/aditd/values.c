/* Values of swanctl.conf: times, addresses, identities, selectors, secrets. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values.h"

void *
keep(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

char *
keep_text(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(keep(n), text, n);
}

const char *
value_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true}, {"true", true},   {"1", true},  {"enabled", true},
		     {"no", false}, {"false", false}, {"0", false}, {"disabled", false}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*out = words[i].value;
			return NULL;
		}
	return "neither yes nor no";
}

const char *
value_number(const char *text, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long long n;

	if (!isdigit((unsigned char)*text))
		return "not a number";
	n = strtoull(text, &end, 10);
	if (*end)
		return "not a number";
	if (n > max)
		return "the number is too large";
	*out = (uint32_t)n;
	return NULL;
}

const char *
value_time(const char *text, adit_ms *out)
{
	static const struct {
		const char *unit;
		unsigned seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*text))
		return "not a time: a number with s, m, h or d was expected";
	n = strtoul(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(end, units[i].unit) == 0 && n <= UINT32_MAX) {
			*out = (adit_ms)n * units[i].seconds * 1000;
			return NULL;
		}
	return "not a time: a number with s, m, h or d was expected";
}

const char *
value_address(const char *text, struct adit_ip *out)
{
	memset(out, 0, sizeof *out);
	if (strcmp(text, "%any") == 0 || strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0)
		return NULL;
	if (inet_pton(AF_INET, text, out->b) == 1)
		out->version = 4;
	else if (inet_pton(AF_INET6, text, out->b) == 1)
		out->version = 6;
	else if (strpbrk(text, ",/-"))
		return "only one address, or %any, is supported";
	else
		return "not an IP address; host names are not supported";
	return NULL;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *
from_hex(const char *text, struct adit_span *out)
{
	size_t n = strlen(text);
	uint8_t *p = keep(n / 2 + 1);

	if (n == 0 || n % 2)
		return "an even number of hex digits was expected";
	for (size_t i = 0; i < n; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return "not a hex digit";
		p[i / 2] = (uint8_t)(high << 4 | low);
	}
	out->p = p;
	out->n = n / 2;
	return NULL;
}

static const char *
from_base64(const char *text, struct adit_span *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *p = keep(strlen(text) + 1);
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (; *text && *text != '='; text++) {
		const char *at = strchr(digits, *text);

		if (!at)
			return "not a Base64 digit";
		bits = (bits << 6 | (unsigned)(at - digits)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[n++] = (uint8_t)(bits >> have);
		}
	}
	out->p = p;
	out->n = n;
	return n ? NULL : "an empty secret";
}

static struct adit_span
span_of(const char *text)
{
	return (struct adit_span){(const uint8_t *)keep_text(text), strlen(text)};
}

const char *
value_secret(const char *text, struct adit_span *out)
{
	if (strncasecmp(text, "0x", 2) == 0)
		return from_hex(text + 2, out);
	if (strncasecmp(text, "0s", 2) == 0)
		return from_base64(text + 2, out);
	*out = span_of(text);
	return out->n ? NULL : "an empty secret";
}

/* The forms that swanctl.conf(5) lists: a type in front, or what the text looks like. */
const char *
value_identity(const char *text, struct adit_id *out)
{
	struct adit_ip ip;

	memset(out, 0, sizeof *out);
	if (strcmp(text, "%any") == 0)
		return NULL;
	if (strncmp(text, "@#", 2) == 0) {
		out->type = ADIT_ID_KEY_ID;
		return from_hex(text + 2, &out->data);
	}
	if (strncmp(text, "keyid:", 6) == 0) {
		out->type = ADIT_ID_KEY_ID;
		out->data = span_of(text + 6);
	} else if (value_address(text, &ip) == NULL && ip.version) {
		out->type = ip.version == 4 ? ADIT_ID_IPV4_ADDR : ADIT_ID_IPV6_ADDR;
		out->data.n = ip.version == 4 ? 4 : 16;
		out->data.p = memcpy(keep(16), ip.b, 16);
	} else if (strchr(text, '=')) {
		return "distinguished names are not supported";
	} else if (strncmp(text, "fqdn:", 5) == 0) {
		out->type = ADIT_ID_FQDN;
		out->data = span_of(text + 5);
	} else if (strncmp(text, "@@", 2) == 0 || strncmp(text, "email:", 6) == 0) {
		out->type = ADIT_ID_RFC822_ADDR;
		out->data = span_of(text + (text[0] == '@' ? 2 : 6));
	} else if (text[0] == '@') {
		out->type = ADIT_ID_FQDN;
		out->data = span_of(text + 1);
	} else {
		out->type = strchr(text, '@') ? ADIT_ID_RFC822_ADDR : ADIT_ID_FQDN;
		out->data = span_of(text);
	}
	if (out->data.n == 0)
		return "an empty identity";
	return out->data.n > ADIT_ID_MAX ? "the identity is too long" : NULL;
}

/* --- Traffic selectors. */

static const char *
protocol_number(const char *text, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {{"icmp", 1},       {"tcp", 6},    {"udp", 17}, {"icmpv6", 58},
		     {"ipv6-icmp", 58}, {"sctp", 132}, {"%any", 0}, {"", 0}};
	uint32_t n;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(text, names[i].name) == 0) {
			*out = names[i].number;
			return NULL;
		}
	if (value_number(text, 255, &n))
		return "an unknown protocol";
	*out = (uint8_t)n;
	return NULL;
}

static const char *
port_range(char *text, struct adit_ts *ts)
{
	char *dash = strchr(text, '-');
	uint32_t first, last;

	if (strcmp(text, "%any") == 0)
		return NULL;
	if (strcmp(text, "%opaque") == 0)
		return "opaque ports are not supported";
	if (dash)
		*dash = 0;
	if (value_number(text, UINT16_MAX, &first) ||
	    value_number(dash ? dash + 1 : text, UINT16_MAX, &last) || first > last)
		return "not a port or a range of ports";
	ts->port_first = (uint16_t)first;
	ts->port_last = (uint16_t)last;
	return NULL;
}

/* [proto/port], [proto], [/port]. */
static const char *
restriction(char *text, struct adit_ts *ts)
{
	char *end = strchr(text, ']'), *slash = strchr(text, '/');
	const char *why;

	if (!end || end[1])
		return "']' is missing";
	*end = 0;
	if (slash)
		*slash = 0;
	why = protocol_number(text, &ts->protocol);
	return why || !slash ? why : port_range(slash + 1, ts);
}

static const char *
prefix(const char *text, const char *bits_text, struct adit_ts *ts)
{
	struct adit_ip ip;
	const char *why = value_address(text, &ip);
	uint32_t bits;

	/* 0.0.0.0 and :: are addresses here. */
	if (!why && !ip.version)
		ip.version = strchr(text, ':') ? 6 : strcmp(text, "%any") ? 4 : 0;
	if (why || !ip.version)
		return "not an address, a prefix or a range";
	bits = ip.version == 4 ? 32 : 128;
	if (bits_text && value_number(bits_text, bits, &bits))
		return "the prefix length is out of range";
	*ts = adit_ts_prefix(&ip, bits);
	return NULL;
}

static const char *
range(const char *first, const char *last, struct adit_ts *ts)
{
	struct adit_ts to;
	const char *why = prefix(first, NULL, ts);

	if (!why)
		why = prefix(last, NULL, &to);
	if (why)
		return why;
	if (ts->version != to.version || memcmp(ts->first, to.first, sizeof to.first) > 0)
		return "the range ends before it begins";
	memcpy(ts->last, to.last, sizeof to.last);
	return NULL;
}

static const char *
one_selector(char *text, struct adit_ts *ts)
{
	char *bracket = strchr(text, '['), *cut;
	const char *why;

	if (bracket)
		*bracket = 0;
	if ((cut = strchr(text, '/')) != NULL) {
		*cut = 0;
		why = prefix(text, cut + 1, ts);
	} else if ((cut = strchr(text, '-')) != NULL) {
		*cut = 0;
		why = range(text, cut + 1, ts);
	} else {
		why = prefix(text, NULL, ts);
	}
	return why || !bracket ? why : restriction(bracket + 1, ts);
}

static char *
next_item(char **list)
{
	char *item = strsep(list, ","), *end;

	if (!item)
		return NULL;
	while (isspace((unsigned char)*item))
		item++;
	end = item + strlen(item);
	while (end > item && isspace((unsigned char)end[-1]))
		*--end = 0;
	return item;
}

const char *
value_selectors(const char *text, const struct adit_ts **out, uint8_t *count)
{
	struct adit_ts *ts = keep(ADIT_TS_MAX * sizeof *ts);
	char *list = keep_text(text), *item;
	const char *why;

	*count = 0;
	*out = ts;
	if (strcmp(text, "dynamic") == 0)
		return NULL;
	while ((item = next_item(&list)) != NULL) {
		if (strncmp(item, "dynamic", 7) == 0)
			return "dynamic stands alone, without protocol and port";
		if (*count == ADIT_TS_MAX)
			return "too many traffic selectors";
		why = one_selector(item, &ts[(*count)++]);
		if (why)
			return why;
	}
	return NULL;
}
