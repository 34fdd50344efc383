/* Structure for mutators. */
#include <stdbool.h>
#include <string.h>

#include "fuzz/shape.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ESP = 50, AH = 51, ICMP6 = 58 };

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
set16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
set32(uint8_t *p, uint32_t v)
{
	set16(p, v >> 16);
	set16(p + 2, v & 0xffff);
}

/* --- IP packets. */

static uint32_t
add_up(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += get16(p + i);
	return n % 2 ? sum + (uint32_t)(p[n - 1] << 8) : sum;
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The checksum at p + at, over the n bytes at p behind the header at ip. */
static void
set_upper_checksum(const uint8_t *ip, uint8_t protocol, uint8_t *p, size_t n, size_t at)
{
	uint32_t sum = protocol + (uint32_t)n;

	if (n < at + 2)
		return;
	set16(p + at, 0);
	if (protocol == ICMP)
		sum = 0;
	else
		sum = ip[0] >> 4 == 4 ? add_up(sum, ip + 12, 8) : add_up(sum, ip + 8, 32);
	set16(p + at, fold(add_up(sum, p, n)));
}

static void shape_ip(uint8_t *p, size_t n, uint32_t pick);

static void
shape_tcp(uint8_t *p, size_t n)
{
	size_t head = (p[12] >> 4) * 4u;

	if (head < 20 || head > n)
		p[12] = (uint8_t)(5 << 4 | (p[12] & 15));
}

static void
shape_upper(const uint8_t *ip, uint8_t protocol, uint8_t *p, size_t n, uint32_t pick)
{
	switch (protocol) {
	case UDP:
		if (n < 8)
			return;
		set16(p + 4, n);
		set_upper_checksum(ip, UDP, p, n, 6);
		break;
	case TCP:
		if (n < 20)
			return;
		shape_tcp(p, n);
		set_upper_checksum(ip, TCP, p, n, 16);
		break;
	case ICMP:
	case ICMP6:
		/* An error quotes a packet. */
		if (n > 28 && pick & 1)
			shape_ip(p + 8, n - 8, pick >> 1);
		set_upper_checksum(ip, protocol, p, n, 2);
		break;
	default:
		break;
	}
}

static void
shape_ipv4(uint8_t *p, size_t n, uint32_t pick)
{
	size_t head = (p[0] & 15) * 4u;

	if (head < 20 || head > n)
		head = 20;
	p[0] = (uint8_t)(0x40 | head / 4);
	set16(p + 2, n);
	if (pick & 1) /* no fragment */
		set16(p + 6, get16(p + 6) & 0x4000);
	if ((get16(p + 6) & 0x3fff) == 0)
		shape_upper(p, p[9], p + head, n - head, pick >> 2);
	set16(p + 10, 0);
	set16(p + 10, fold(add_up(0, p, head)));
}

/* Extension headers up to what they carry: each is cut to fit. */
static void
shape_ipv6(uint8_t *p, size_t n, uint32_t pick)
{
	uint8_t next = p[6];
	size_t at = 40;

	p[0] = (uint8_t)(0x60 | (p[0] & 15));
	set16(p + 4, n - 40);
	while ((next == 0 || next == 43 || next == 44 || next == 60) && n - at >= 8) {
		size_t len = next == 44 ? 8 : (p[at + 1] + 1u) * 8;

		if (next == 44 && (get16(p + at + 2) & 0xfff9) != 0)
			return;
		if (len > n - at) {
			p[at + 1] = 0;
			len = 8;
		}
		next = p[at];
		at += len;
	}
	shape_upper(p, next, p + at, n - at, pick);
}

static void
shape_ip(uint8_t *p, size_t n, uint32_t pick)
{
	if (n >= 40 && p[0] >> 4 == 6)
		shape_ipv6(p, n, pick);
	else if (n >= 20)
		shape_ipv4(p, n, pick);
}

/* ESP whose ICV is anything: SPI, padding and next header are right, and so is the packet inside.
 */
static void
shape_esp(uint8_t *p, size_t n, uint32_t spi, size_t iv, size_t icv, uint32_t pick)
{
	size_t pad = pick & 3, end;

	if (n < 8 + iv + 2 + icv + pad)
		return;
	set32(p, spi);
	end = n - icv - 2 - pad;
	for (size_t i = 0; i < pad; i++)
		p[end + i] = (uint8_t)(i + 1);
	p[end + pad] = (uint8_t)pad;
	if ((pick & 12) == 0)
		return;
	if (pick & 4 && end > 8 + iv + 20) {
		shape_ip(p + 8 + iv, end - 8 - iv, pick >> 4);
		p[end + pad + 1] = p[8 + iv] >> 4 == 6 ? 41 : 4;
	} else {
		p[end + pad + 1] = pick & 8 ? UDP : TCP;
	}
}

/* An ESP packet, in UDP where `udp`, between the addresses there are. */
static void
shape_esp_packet(uint8_t *p, size_t n, bool v6, bool udp, uint32_t spi, uint32_t pick)
{
	size_t head = v6 ? 40 : 20;

	if (n < head + 8)
		return;
	p[0] = v6 ? 0x60 : 0x45;
	p[v6 ? 6 : 9] = udp ? UDP : ESP;
	if (!v6)
		set16(p + 6, 0);
	head += udp ? 8 : 0;
	if (n > head)
		shape_esp(p + head, n - head, spi, 8, 16, pick >> 2);
	shape_ip(p, n, pick);
}

/* --- IKE messages. */

enum { SA = 33, NOTIFY = 41, DELETE = 42, TSI = 44, TSR = 45, SK = 46, IKE_HEADER = 28 };

/* A list of substructures with a length at 2, each at least `least` bytes; `more` marks each that
 * another one follows. what: for each one. */
static void
shape_list(uint8_t *p, size_t n, size_t least, uint8_t more,
	   void (*what)(uint8_t *p, size_t n, unsigned i))
{
	for (unsigned i = 0; n >= least; i++) {
		size_t len = get16(p + 2);

		if (len < least || len > n || n - len < least)
			len = n;
		p[0] = len == n ? 0 : more;
		set16(p + 2, len);
		if (what)
			what(p, len, i);
		p += len;
		n -= len;
	}
}

/* A proposal: number, SPI size, transforms that are counted. */
static void
shape_proposal(uint8_t *p, size_t n, unsigned i)
{
	size_t at = 8 + (size_t)p[6];
	unsigned count = 0;

	p[4] = (uint8_t)(i + 1);
	if (at > n) {
		p[6] = 0;
		at = 8;
	}
	shape_list(p + at, n - at, 8, 3, NULL);
	for (size_t k = at; k + 8 <= n && get16(p + k + 2) >= 8; k += get16(p + k + 2))
		count++;
	p[7] = (uint8_t)count;
}

static void
shape_sa(uint8_t *p, size_t n)
{
	shape_list(p, n, 8, 2, shape_proposal);
}

static void
shape_ts(uint8_t *p, size_t n)
{
	size_t at = 4;
	uint8_t count = 0;

	for (; n >= 20 && at <= n - 16 && count < 255; count++) {
		bool v6 = p[at] == 8 && n - at >= 40;

		p[at] = v6 ? 8 : 7;
		set16(p + at + 2, v6 ? 40 : 16);
		at += v6 ? 40 : 16;
	}
	if (n >= 4)
		p[0] = count;
}

static void
shape_body(uint8_t type, uint8_t *p, size_t n)
{
	if (type == SA)
		shape_sa(p, n);
	else if (type == TSI || type == TSR)
		shape_ts(p, n);
	else if (type == NOTIFY && n >= 4 && p[1] > n - 4)
		p[1] = 0;
	else if (type == DELETE && n >= 4 && p[0] != 1) {
		p[1] = 4;
		set16(p + 2, (n - 4) / 4);
	}
}

/* Payloads whose lengths fit, the last of them with no next one. */
static void
shape_chain(uint8_t *p, size_t n, uint8_t type)
{
	while (n >= 4) {
		size_t len = get16(p + 2);

		if (type == SK || len < 4 || len > n || n - len < 4)
			len = n;
		set16(p + 2, len);
		p[1] &= 0x80;
		shape_body(type, p + 4, len - 4);
		type = p[0];
		if (len == n && type != SK)
			p[0] = type = 0;
		else if (type == 0)
			p[0] = type = NOTIFY;
		p += len;
		n -= len;
	}
}

/* A whole message. With an SK payload of ike_input's cipher: 8 bytes of IV, 16 of ICV, which are
 * zeros. */
static void
shape_message(uint8_t *p, size_t n, uint32_t pick)
{
	uint8_t *sk = p + IKE_HEADER;

	if (n < IKE_HEADER)
		return;
	p[17] = 0x20;
	set32(p + 24, (uint32_t)n);
	if (n < IKE_HEADER + 4) {
		p[16] = 0;
		return;
	}
	if (p[16] != SK || n < IKE_HEADER + 4 + 8 + 1 + 16) {
		shape_chain(sk, n - IKE_HEADER, p[16]);
		return;
	}
	set16(sk + 2, n - IKE_HEADER);
	memset(p + n - 17, 0, 17);
	if (pick & 1)
		shape_chain(sk + 12, n - IKE_HEADER - 12 - 17, sk[0]);
}

/* --- Inputs that are lists. */

static void
each_message(uint8_t *p, size_t n, uint32_t pick)
{
	while (n >= 3) {
		size_t len = get16(p), marker = p[2] & 0x80 ? 4 : 0;

		if (len > n - 3)
			set16(p, len = n - 3);
		if (len > marker) {
			memset(p + 3, 0, marker);
			shape_message(p + 3 + marker, len - marker, pick);
		}
		p += 3 + len;
		n -= 3 + len;
	}
}

static void
each_packet(uint8_t *p, size_t n, uint32_t pick)
{
	uint8_t how = p[0];

	for (p++, n--; n > 1; pick = pick >> 3 | pick << 29) {
		size_t len = p[0] < n - 1 ? p[0] : n - 1;

		if (how & 128 || (pick & 7) == 0)
			shape_ip(p + 1, len, pick);
		else
			shape_esp_packet(p + 1, len, how & 8, how & 2, 0x80001230 + (pick & 1),
					 pick);
		p += 1 + len;
		n -= 1 + len;
	}
}

static void
set32_little(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* A capture of bare IP packets, of those that adit-pcap is to open. */
static void
capture(uint8_t *p, size_t n, uint32_t pick)
{
	if (n < 24 + 16)
		return;
	set32_little(p, 0xa1b2c3d4);
	set32_little(p + 4, 0x00040002);
	set32_little(p + 16, 65535);
	set32_little(p + 20, 101);
	for (p += 24, n -= 24; n > 16; pick = pick >> 3 | pick << 29) {
		size_t len = (size_t)p[8] | (size_t)p[9] << 8;

		if (len == 0 || len > n - 16)
			len = n - 16;
		set32_little(p + 8, (uint32_t)len);
		set32_little(p + 12, (uint32_t)len);
		if (pick & 6)
			shape_esp_packet(p + 16, len, false, pick & 1, 0x1002, pick);
		else
			shape_ip(p + 16, len, pick);
		p += 16 + len;
		n -= 16 + len;
	}
}

/* Messages of a stream, each behind its length. */
static void
stream(uint8_t *p, size_t n)
{
	while (n >= 2) {
		size_t len = get16(p);

		if (len < 2 || len > n)
			set16(p, len = n);
		p += len;
		n -= len;
	}
}

/* --- By target. */

enum kind {
	IP_PACKET,
	ESP_PACKET,
	PACKETS,
	CAPTURE,
	MESSAGE,
	MESSAGES,
	CHAIN,
	BODY,
	SA_BODY,
	SELECTORS,
	STREAM
};

static const struct {
	const char *name;
	enum kind kind;
	size_t skip; /* bytes before it */
} shapes[] = {
	{"ip", IP_PACKET, 0},       {"icmp", IP_PACKET, 1},      {"mss", IP_PACKET, 1},
	{"segment", IP_PACKET, 2},  {"fragment", IP_PACKET, 4},  {"pcap_frame", IP_PACKET, 1},
	{"esp", ESP_PACKET, 2},     {"ipsec", PACKETS, 0},       {"pcap_file", CAPTURE, 1},
	{"ike_header", MESSAGE, 0}, {"ike_protect", MESSAGE, 1}, {"ike_input", MESSAGES, 1},
	{"ike_chain", CHAIN, 1},    {"ike_payload", BODY, 1},    {"ike_sa", SA_BODY, 0},
	{"ike_ts", SELECTORS, 1},   {"stream", STREAM, 1},
};

static void
shape_kind(enum kind kind, uint8_t *p, size_t n, const uint8_t *before, uint32_t pick)
{
	switch (kind) {
	case IP_PACKET:
		shape_ip(p, n, pick);
		break;
	case ESP_PACKET:
		shape_esp_packet(p, n, before[0] & 8, before[0] & 2, 0x1234, pick);
		break;
	case PACKETS:
		each_packet(p, n, pick);
		break;
	case CAPTURE:
		capture(p, n, pick);
		break;
	case MESSAGE:
		shape_message(p, n, pick);
		break;
	case MESSAGES:
		each_message(p, n, pick);
		break;
	case CHAIN:
		shape_chain(p, n, before[0]);
		break;
	case BODY:
		shape_body(before[0], p, n);
		break;
	case SA_BODY:
		shape_sa(p, n);
		break;
	case SELECTORS:
		if (before[0] <= n) {
			shape_ts(p, before[0]);
			shape_ts(p + before[0], n - before[0]);
		}
		break;
	case STREAM:
		stream(p, n);
		break;
	}
}

void
shape_input(const char *name, uint8_t *p, size_t n, uint32_t pick)
{
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		if (strcmp(shapes[i].name, name) == 0 && n > shapes[i].skip)
			shape_kind(shapes[i].kind, p + shapes[i].skip, n - shapes[i].skip, p, pick);
}
