/* Values of swanctl.conf: times, addresses, identities, selectors, secrets. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../xfrm/protocols.h"
#include "values.h"

char *
value_next(char **list)
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
	unsigned long long n;

	if (!isdigit((unsigned char)*text))
		return "not a time: a number with s, m, h or d was expected";
	n = strtoull(text, &end, 10);
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
	if (strspn(text, "=") > 2 || text[strspn(text, "=")])
		return "text behind the end of Base64";
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

/* The types that may be named in front of an identity. */
static const struct {
	const char *prefix;
	enum adit_id_type type;
} id_prefixes[] = {{"fqdn:", ADIT_ID_FQDN},
		   {"dns:", ADIT_ID_FQDN},
		   {"email:", ADIT_ID_RFC822_ADDR},
		   {"rfc822:", ADIT_ID_RFC822_ADDR},
		   {"userfqdn:", ADIT_ID_RFC822_ADDR},
		   {"keyid:", ADIT_ID_KEY_ID},
		   {"ipv4:", ADIT_ID_IPV4_ADDR},
		   {"ipv6:", ADIT_ID_IPV6_ADDR},
		   {"@@", ADIT_ID_RFC822_ADDR},
		   {"@#", ADIT_ID_KEY_ID},
		   {"@", ADIT_ID_FQDN}};

/* What a text without a prefix looks like: strongSwan takes one with a colon that is no address
 * for a key id. */
static enum adit_id_type
guess_id_type(const char *text)
{
	struct adit_ip ip;

	if (value_address(text, &ip) == NULL && ip.version)
		return ip.version == 4 ? ADIT_ID_IPV4_ADDR : ADIT_ID_IPV6_ADDR;
	if (strchr(text, '='))
		return ADIT_ID_DER_ASN1_DN;
	if (strchr(text, '@'))
		return ADIT_ID_RFC822_ADDR;
	return strchr(text, ':') ? ADIT_ID_KEY_ID : ADIT_ID_FQDN;
}

static const char *
id_data(const char *text, bool hex, struct adit_id *out)
{
	struct adit_ip ip;

	switch (out->type) {
	case ADIT_ID_DER_ASN1_DN:
		return "distinguished names are not supported";
	case ADIT_ID_IPV4_ADDR:
	case ADIT_ID_IPV6_ADDR:
		if (value_address(text, &ip) ||
		    ip.version != (out->type == ADIT_ID_IPV4_ADDR ? 4 : 6))
			return "not an address of that version";
		out->data.n = ip.version == 4 ? 4 : 16;
		out->data.p = memcpy(keep(sizeof ip.b), ip.b, sizeof ip.b);
		return NULL;
	default:
		if (hex)
			return from_hex(text, &out->data);
		out->data = span_of(text);
		return NULL;
	}
}

/* What strongSwan takes for any identity. */
static bool
is_any_id(const char *text)
{
	static const char *const words[] = {"%any", "%any6", "0.0.0.0", "*", "::", "0::0"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

const char *
value_identity(const char *text, struct adit_id *out)
{
	const char *why;
	bool hex = false;
	size_t i = 0, count = sizeof id_prefixes / sizeof id_prefixes[0];

	memset(out, 0, sizeof *out);
	if (is_any_id(text))
		return NULL;
	while (i < count &&
	       strncasecmp(text, id_prefixes[i].prefix, strlen(id_prefixes[i].prefix)) != 0)
		i++;
	if (i < count) {
		text += strlen(id_prefixes[i].prefix);
		out->type = id_prefixes[i].type;
		hex = text[-1] == '#' || (text[-1] == ':' && *text == '#');
		text += hex && text[-1] == ':';
	} else {
		out->type = guess_id_type(text);
	}
	why = id_data(text, hex, out);
	if (!why && out->data.n == 0)
		return "an empty identity";
	if (!why && out->data.n > ADIT_ID_MAX)
		return "the identity is too long";
	return why;
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
	if (ts->protocol == ADIT_PROTO_ICMP || ts->protocol == ADIT_PROTO_ICMPV6)
		return "types and codes of ICMP are not supported";
	if (ts->protocol && !protocol_has_ports(ts->protocol))
		return "a protocol without ports";
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
	while ((item = value_next(&list)) != NULL) {
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
