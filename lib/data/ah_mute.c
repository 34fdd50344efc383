/* What AH authenticates of the headers before it (RFC 4302 3.3.3.1 and appendix A). */
#include <string.h>

#include "base/endian.h"
#include "data/ah_mute.h"
#include "wire/ip.h"

/* IPv4 options that no router changes (RFC 4302 A1): security, extended security, commercial
 * security, router alert, selective directed multi-destination delivery. */
enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_SECURITY = 130,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_EXTENDED_SECURITY = 133,
	OPTION_CIPSO = 134,
	OPTION_STRICT_ROUTE = 137,
	OPTION_ROUTER_ALERT = 148,
	OPTION_MULTI_DESTINATION = 149
};
#define OPTION_LEN_MIN 2
#define ROUTE_LEN_MIN 3     /* type, length, pointer */
#define ROUTE_POINTER_MIN 4 /* counted from 1: the first address */

static bool
is_constant_option(uint8_t type)
{
	return type == OPTION_SECURITY || type == OPTION_EXTENDED_SECURITY ||
	       type == OPTION_CIPSO || type == OPTION_ROUTER_ALERT ||
	       type == OPTION_MULTI_DESTINATION;
}

/* A source route's last address is where the packet will arrive; once it has, the pointer is behind
 * the list, the destination is that address, and the list is of those gone through (RFC 791 3.1).
 */
static enum adit_status
foretell_source_route(uint8_t *header, const uint8_t *option, size_t n)
{
	if (n < ROUTE_LEN_MIN || option[2] < ROUTE_POINTER_MIN)
		return ADIT_ERR_MALFORMED;
	if (option[2] > n)
		return ADIT_OK;
	if (n - option[2] + 1 < 4)
		return ADIT_ERR_MALFORMED;
	memcpy(header + ADIT_IPV4_DESTINATION, option + n - 4, 4);
	return ADIT_OK;
}

/* One option of n bytes. */
static enum adit_status
mute_ipv4_option(uint8_t *header, uint8_t *option, size_t n)
{
	enum adit_status st = ADIT_OK;

	if (is_constant_option(option[0]))
		return ADIT_OK;
	if (option[0] == OPTION_LOOSE_ROUTE || option[0] == OPTION_STRICT_ROUTE)
		st = foretell_source_route(header, option, n);
	if (st == ADIT_OK)
		memset(option, 0, n);
	return st;
}

static enum adit_status
mute_ipv4(uint8_t *p, size_t n)
{
	size_t at = ADIT_IPV4_LEN;

	p[ADIT_IPV4_TOS] = 0;
	p[ADIT_IPV4_TTL] = 0;
	adit_store16(p + ADIT_IPV4_FRAGMENT, 0);
	adit_store16(p + ADIT_IPV4_CHECKSUM, 0);
	while (at < n && p[at] != OPTION_END) {
		size_t len;
		enum adit_status st;

		if (p[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (n - at < OPTION_LEN_MIN)
			return ADIT_ERR_MALFORMED;
		len = p[at + 1];
		if (len < OPTION_LEN_MIN || len > n - at)
			return ADIT_ERR_MALFORMED;
		st = mute_ipv4_option(p, p + at, len);
		if (st != ADIT_OK)
			return st;
		at += len;
	}
	return ADIT_OK;
}

enum { NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_DESTINATION = 60 };
enum { ROUTING_TYPE_0 = 0, ROUTING_TYPE_2 = 2 }; /* RFC 2460, RFC 6275 */
#define OPTION_PAD1 0
#define OPTION_MAY_CHANGE 0x20
#define ROUTING_FIXED_LEN 8

/* The options of a hop-by-hop or destination options header of n bytes. */
static enum adit_status
mute_ipv6_options(uint8_t *p, size_t n)
{
	size_t at = 2;

	while (at < n) {
		size_t len;

		if (p[at] == OPTION_PAD1) {
			at++;
			continue;
		}
		if (n - at < OPTION_LEN_MIN || (size_t)p[at + 1] > n - at - OPTION_LEN_MIN)
			return ADIT_ERR_MALFORMED;
		len = p[at + 1];
		if (p[at] & OPTION_MAY_CHANGE)
			memset(p + at + OPTION_LEN_MIN, 0, len);
		at += OPTION_LEN_MIN + len;
	}
	return ADIT_OK;
}

/* At the last hop the final address is the destination, those gone through stand in the list, and
 * no segment is left. */
static enum adit_status
foretell_route(uint8_t *header, uint8_t *p, size_t n)
{
	uint8_t *destination = header + ADIT_IPV6_DESTINATION, last[16];
	size_t left = p[3], addresses = (n - ROUTING_FIXED_LEN) / 16;
	uint8_t *rest;

	if (left == 0)
		return ADIT_OK;
	if (p[2] != ROUTING_TYPE_0 && p[2] != ROUTING_TYPE_2)
		return ADIT_ERR_UNSUPPORTED;
	if (left > addresses || (n - ROUTING_FIXED_LEN) % 16 != 0)
		return ADIT_ERR_MALFORMED;
	rest = p + ROUTING_FIXED_LEN + 16 * (addresses - left);
	memcpy(last, rest + 16 * (left - 1), 16);
	memmove(rest + 16, rest, 16 * (left - 1));
	memcpy(rest, destination, 16);
	memcpy(destination, last, 16);
	p[3] = 0;
	return ADIT_OK;
}

static enum adit_status
mute_extension(uint8_t *header, uint8_t type, uint8_t *p, size_t n)
{
	if (type == NEXT_HOP_BY_HOP || type == NEXT_DESTINATION)
		return mute_ipv6_options(p, n);
	if (type == NEXT_ROUTING)
		return foretell_route(header, p, n);
	return ADIT_OK;
}

static enum adit_status
mute_ipv6(uint8_t *p, size_t n)
{
	uint8_t type = p[ADIT_IPV6_NEXT];
	enum adit_status st = ADIT_OK;

	adit_store32(p, 0x60000000);
	p[ADIT_IPV6_HOPS] = 0;
	for (size_t at = ADIT_IPV6_LEN; at < n && st == ADIT_OK;) {
		size_t len = n - at < 8              ? SIZE_MAX
			     : type == NEXT_FRAGMENT ? 8
						     : ((size_t)p[at + 1] + 1) * 8;

		if (len > n - at)
			return ADIT_ERR_MALFORMED;
		st = mute_extension(p, type, p + at, len);
		type = p[at];
		at += len;
	}
	return st;
}

enum adit_status
adit_ah_mute(const uint8_t *p, size_t n, uint8_t *muted)
{
	if (n > ADIT_AH_HEADERS_MAX)
		return ADIT_ERR_TOO_LONG;
	memcpy(muted, p, n);
	return p[0] >> 4 == 4 ? mute_ipv4(muted, n) : mute_ipv6(muted, n);
}
