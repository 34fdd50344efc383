/* What aditd tells people: lines by level, addresses as text, the handshake message by message. */
#ifndef ADITD_LOG_H
#define ADITD_LOG_H

#include "adit/node.h"
#include "adit/trace.h"

enum log_level { LOG_ERROR, LOG_INFO, LOG_DEBUG };
extern enum log_level log_level;
/* error, info, debug; false: none of these. */
bool log_set_level(const char *name);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text of an address ("10.0.0.1"), of an end ("10.0.0.1[500]"), of a selector, of an identity. Each
 * call uses the next of a few buffers, so several may stand in one line. */
const char *text_ip(const struct adit_ip *ip);
const char *text_end(const struct adit_endpoint *end);
const char *text_ts(const struct adit_ts *ts);
const char *text_selectors(const struct adit_ts *ts, uint8_t n);
const char *text_id(const struct adit_id *id);

/* A record of the engine, as a line. */
void log_trace(const struct adit_trace_record *rec);

#endif
