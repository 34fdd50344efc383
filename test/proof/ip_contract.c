/* Stands for lib/wire/ip.c in proofs of what calls it: readers give any view that the proof ip.c
 * allows, sums are any number, and all look whether the bytes are there. */
#include <string.h>

#include "ip_view.h"

enum adit_status
adit_ip_get(const uint8_t *p, size_t n, struct adit_ip_view *v)
{
	struct adit_ip_view any;

	SHOW(__CPROVER_r_ok(p, n));
	*v = any;
	if (nondet_bool())
		return nondet_bool() ? ADIT_ERR_SHORT : ADIT_ERR_MALFORMED;
	GIVEN(is_view_sound(p, n, v));
	return ADIT_OK;
}

enum adit_status
adit_ip_get_quoted(const uint8_t *p, size_t n, struct adit_ip_view *v)
{
	return adit_ip_get(p, n, v);
}

static struct adit_ip
address(const uint8_t *p, uint8_t version)
{
	struct adit_ip any;

	SHOW(__CPROVER_r_ok(p, adit_ip_base_len(version)));
	any.version = version;
	return any;
}

struct adit_ip
adit_ip_source(const uint8_t *p, uint8_t version)
{
	return address(p, version);
}

struct adit_ip
adit_ip_destination(const uint8_t *p, uint8_t version)
{
	return address(p, version);
}

size_t
adit_ip_base_len(uint8_t version)
{
	return version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;
}

struct adit_ip_addresses
adit_ip_addresses(uint8_t *p)
{
	bool v4 = p[0] >> 4 == 4;
	struct adit_ip_addresses a;

	a.n = v4 ? 4 : 16;
	a.source = p + (v4 ? ADIT_IPV4_SOURCE : ADIT_IPV6_SOURCE);
	a.destination = a.source + a.n;
	return a;
}

void
adit_ip_set_addresses(uint8_t *p, const struct adit_ip *source, const struct adit_ip *destination)
{
	struct adit_ip_addresses a = adit_ip_addresses(p);

	SHOW(__CPROVER_r_ok(source) && __CPROVER_r_ok(destination));
	SHOW(__CPROVER_w_ok(a.source, 2 * a.n));
}

void
adit_ip_make_base(uint8_t *p, uint8_t next)
{
	if (p[0] >> 4 == 4) {
		p[0] = 0x45;
		p[ADIT_IPV4_PROTOCOL] = next;
	} else {
		p[ADIT_IPV6_NEXT] = next;
	}
}

void
adit_ipv4_set_checksum(uint8_t *p)
{
	SHOW(__CPROVER_w_ok(p, (size_t)(p[0] & 15) * 4));
}

void
adit_ip_set_length(uint8_t *p, const struct adit_ip_view *v, size_t total)
{
	if (v->version == 4)
		adit_ipv4_set_checksum(p);
	else
		SHOW(total >= ADIT_IPV6_LEN && __CPROVER_w_ok(p, ADIT_IPV6_LEN));
}

uint8_t
adit_ip_tos(const uint8_t *p)
{
	SHOW(__CPROVER_r_ok(p, 2));
	return nondet_u8();
}

void
adit_ip_set_tos(uint8_t *p, uint8_t version, uint8_t tos)
{
	(void)version;
	(void)tos;
	SHOW(__CPROVER_w_ok(p, 2));
}

void
adit_ip_change_tos(uint8_t *p, uint8_t tos)
{
	(void)tos;
	SHOW(__CPROVER_w_ok(p, ADIT_IPV4_LEN));
}

uint16_t
adit_checksum_change(uint16_t sum, const uint8_t *was, const uint8_t *is, size_t n)
{
	(void)sum;
	SHOW(__CPROVER_r_ok(was, n) && __CPROVER_r_ok(is, n));
	return nondet_u16();
}

uint16_t
adit_checksum(const uint8_t *p, size_t n)
{
	SHOW(__CPROVER_r_ok(p, n));
	return nondet_u16();
}

uint16_t
adit_upper_checksum(const uint8_t *p, uint8_t version, uint8_t protocol, const uint8_t *upper,
		    size_t n)
{
	(void)protocol;
	SHOW(__CPROVER_r_ok(p, adit_ip_base_len(version)) && __CPROVER_r_ok(upper, n));
	return nondet_u16();
}
