/* What aditd tells people: lines by level, addresses as text, the handshake message by message. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

enum log_level log_level = LOG_INFO;

enum { BUFFERS = 32, BUFFER_LEN = 320 };
enum { PAYLOAD_SA_NOTIFY = 41 };

bool
log_set_level(const char *name)
{
	static const char *const names[] = {"error", "info", "debug"};

	for (int i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0) {
			log_level = (enum log_level)i;
			return true;
		}
	return false;
}

void
log_line(enum log_level level, const char *format, ...)
{
	struct timespec t;
	struct tm tm;
	va_list args;

	if (level > log_level)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	localtime_r(&t.tv_sec, &tm);
	printf("%02d:%02d:%02d.%03ld ", tm.tm_hour, tm.tm_min, tm.tm_sec, t.tv_nsec / 1000000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static char *
buffer(void)
{
	static char buffers[BUFFERS][BUFFER_LEN];
	static unsigned next;

	return buffers[next++ % BUFFERS];
}

const char *
text_ip(const struct adit_ip *ip)
{
	char *s = buffer();

	if (!ip->version)
		return "%any";
	return inet_ntop(ip->version == 4 ? AF_INET : AF_INET6, ip->b, s, BUFFER_LEN) ? s : "?";
}

const char *
text_end(const struct adit_endpoint *end)
{
	char *s = buffer();

	snprintf(s, BUFFER_LEN, "%.60s[%u]", text_ip(&end->ip), end->port);
	return s;
}

/* The prefix length of a range, or -1 where it is none. */
static int
prefix_of(const struct adit_ts *ts)
{
	unsigned n = ts->version == 4 ? 32 : 128;

	for (unsigned bits = 0; bits <= n; bits++) {
		struct adit_ip ip;
		struct adit_ts p;

		memset(&ip, 0, sizeof ip);
		ip.version = ts->version;
		memcpy(ip.b, ts->first, sizeof ip.b);
		p = adit_ts_prefix(&ip, bits);
		if (memcmp(p.first, ts->first, 16) == 0 && memcmp(p.last, ts->last, 16) == 0)
			return (int)bits;
	}
	return -1;
}

const char *
text_ts(const struct adit_ts *ts)
{
	struct adit_ip first, last;
	int bits = prefix_of(ts);
	char *s = buffer();
	size_t n;

	first.version = last.version = ts->version;
	memcpy(first.b, ts->first, sizeof first.b);
	memcpy(last.b, ts->last, sizeof last.b);
	if (bits >= 0)
		n = (size_t)snprintf(s, BUFFER_LEN, "%.60s/%d", text_ip(&first), bits);
	else
		n = (size_t)snprintf(s, BUFFER_LEN, "%.60s-%.60s", text_ip(&first), text_ip(&last));
	if (ts->protocol || ts->port_first || ts->port_last != UINT16_MAX)
		snprintf(s + n, BUFFER_LEN - n, "[%u/%u-%u]", ts->protocol, ts->port_first,
			 ts->port_last);
	return s;
}

const char *
text_selectors(const struct adit_ts *ts, uint8_t n)
{
	char *s = buffer();
	size_t at = 0;

	s[0] = 0;
	for (uint8_t i = 0; i < n && at < BUFFER_LEN - 1; i++)
		at += (size_t)snprintf(s + at, BUFFER_LEN - at, "%s%s", i ? " " : "",
				       text_ts(&ts[i]));
	return s;
}

const char *
text_id(const struct adit_id *id)
{
	struct adit_ip ip;
	char *s = buffer();
	size_t n = 0;

	memset(&ip, 0, sizeof ip);
	ip.version = id->type == ADIT_ID_IPV4_ADDR ? 4 : 6;
	if (id->type == ADIT_ID_ANY)
		return "%any";
	if (id->type == ADIT_ID_IPV4_ADDR || id->type == ADIT_ID_IPV6_ADDR) {
		memcpy(ip.b, id->data.p, id->data.n);
		return text_ip(&ip);
	}
	for (size_t i = 0; i < id->data.n && n < BUFFER_LEN - 5; i++) {
		uint8_t c = id->data.p[i];

		/* What a peer calls itself must not steer a terminal. */
		if (isprint(c) && id->type != ADIT_ID_DER_ASN1_DN)
			s[n++] = (char)c;
		else
			n += (size_t)snprintf(s + n, BUFFER_LEN - n, "\\x%02x", c);
	}
	s[n] = 0;
	return s;
}

static void
put_payloads(const struct adit_trace_record *rec, char *s, size_t cap)
{
	struct adit_span rest = rec->payloads, body;
	uint8_t next = rec->first_payload, type = next;
	size_t n = 0;

	s[0] = 0;
	for (; adit_payload_next(&next, &rest, &body) && n < cap - 1; type = next) {
		if (type == PAYLOAD_SA_NOTIFY && body.n >= 4)
			n += (size_t)snprintf(
				s + n, cap - n, "N(%s) ",
				adit_notify_name((uint16_t)(body.p[2] << 8 | body.p[3])));
		else
			n += (size_t)snprintf(s + n, cap - n, "%s ", adit_payload_name(type));
	}
}

static void
log_message(const struct adit_trace_record *rec)
{
	char payloads[512];

	put_payloads(rec, payloads, sizeof payloads);
	log_line(LOG_INFO, "%s %s %s %u [ %s] %s %s", rec->sent ? "sending" : "received",
		 adit_exchange_name(rec->exchange), rec->response ? "response" : "request",
		 rec->message_id, payloads, rec->sent ? "to" : "from",
		 text_end(&rec->path->remote));
}

void
log_trace(const struct adit_trace_record *rec)
{
	switch (rec->kind) {
	case ADIT_TRACE_MESSAGE:
		log_message(rec);
		break;
	case ADIT_TRACE_RESENT:
		log_line(LOG_INFO, "sending again to %s", text_end(&rec->path->remote));
		break;
	case ADIT_TRACE_REFUSED:
		/* A wrong secret or identity is what people look for. */
		log_line(rec->status == ADIT_ERR_AUTH ? LOG_INFO : LOG_DEBUG,
			 "refused a datagram from %s: %s", text_end(&rec->path->remote),
			 adit_status_name(rec->status));
		break;
	case ADIT_TRACE_CHOSEN:
		if (rec->prf)
			log_line(LOG_INFO, "selected proposal: IKE:%s/%s/%s", rec->aead->name,
				 rec->prf->name, rec->ke->name);
		else
			log_line(LOG_INFO, "selected proposal: ESP:%s/%s", rec->aead->name,
				 rec->esn ? "ESN" : "NO_ESN");
		break;
	case ADIT_TRACE_IKE_KEYS:
		break; /* keylog.c */
	}
}
