/* Cursors over bytes with a sticky error: read or write a whole block, check once at the end.
 * A reader that ran out gives zeros and stays at its end; a writer that ran out writes nothing. */
#ifndef ADIT_BASE_CURSOR_H
#define ADIT_BASE_CURSOR_H

#include <string.h>

#include "adit/base.h"
#include "base/endian.h"

struct adit_reader {
	const uint8_t *p, *end;
	bool bad;
};

struct adit_writer {
	uint8_t *base, *p, *end;
	bool bad;
};

static inline struct adit_reader
adit_reader_of(struct adit_span s)
{
	struct adit_reader r = {s.p, s.n ? s.p + s.n : s.p, false};

	return r;
}

/* The difference of two NULLs, as of an empty view, is nothing that C knows. */
static inline size_t
adit_reader_left(const struct adit_reader *r)
{
	return r->p == r->end ? 0 : (size_t)(r->end - r->p);
}

/* The next n bytes as a view; an empty one, and a sticky error, where there are fewer. */
static inline struct adit_span
adit_read_span(struct adit_reader *r, size_t n)
{
	struct adit_span s = {NULL, 0};

	if (r->bad || n > adit_reader_left(r)) {
		r->bad = true;
		r->p = r->end;
		return s;
	}
	s.p = r->p;
	s.n = n;
	if (n)
		r->p += n;
	return s;
}

static inline uint8_t
adit_read_u8(struct adit_reader *r)
{
	struct adit_span s = adit_read_span(r, 1);

	return s.n ? s.p[0] : 0;
}

static inline uint16_t
adit_read_u16(struct adit_reader *r)
{
	struct adit_span s = adit_read_span(r, 2);

	return s.n ? adit_load16(s.p) : 0;
}

static inline uint32_t
adit_read_u32(struct adit_reader *r)
{
	struct adit_span s = adit_read_span(r, 4);

	return s.n ? adit_load32(s.p) : 0;
}

static inline uint64_t
adit_read_u64(struct adit_reader *r)
{
	struct adit_span s = adit_read_span(r, 8);

	return s.n ? adit_load64(s.p) : 0;
}

/* Copies the next n bytes to out; zeros where there are fewer. */
static inline void
adit_read_bytes(struct adit_reader *r, uint8_t *out, size_t n)
{
	struct adit_span s = adit_read_span(r, n);

	if (s.n)
		memcpy(out, s.p, s.n);
	else if (n)
		memset(out, 0, n);
}

static inline struct adit_span
adit_read_rest(struct adit_reader *r)
{
	return adit_read_span(r, adit_reader_left(r));
}

/* OK: everything read and nothing left; ERR_SHORT: it ran out; ERR_MALFORMED: bytes are left. */
static inline enum adit_status
adit_reader_done(const struct adit_reader *r)
{
	if (r->bad)
		return ADIT_ERR_SHORT;
	return r->p == r->end ? ADIT_OK : ADIT_ERR_MALFORMED;
}

static inline struct adit_writer
adit_writer_of(struct adit_buf b)
{
	struct adit_writer w = {b.p, b.p, b.cap ? b.p + b.cap : b.p, false};

	return w;
}

static inline size_t
adit_writer_len(const struct adit_writer *w)
{
	return w->p == w->base ? 0 : (size_t)(w->p - w->base);
}

static inline size_t
adit_writer_left(const struct adit_writer *w)
{
	return w->p == w->end ? 0 : (size_t)(w->end - w->p);
}

/* Room for n bytes, which the caller fills; NULL, and a sticky error, where there is none. */
static inline uint8_t *
adit_write_room(struct adit_writer *w, size_t n)
{
	uint8_t *at = w->p;

	if (w->bad || n > adit_writer_left(w)) {
		w->bad = true;
		return NULL;
	}
	if (n)
		w->p += n;
	return at;
}

static inline void
adit_write_u8(struct adit_writer *w, uint8_t v)
{
	uint8_t *p = adit_write_room(w, 1);

	if (p)
		*p = v;
}

static inline void
adit_write_u16(struct adit_writer *w, uint16_t v)
{
	uint8_t *p = adit_write_room(w, 2);

	if (p)
		adit_store16(p, v);
}

static inline void
adit_write_u32(struct adit_writer *w, uint32_t v)
{
	uint8_t *p = adit_write_room(w, 4);

	if (p)
		adit_store32(p, v);
}

static inline void
adit_write_u64(struct adit_writer *w, uint64_t v)
{
	uint8_t *p = adit_write_room(w, 8);

	if (p)
		adit_store64(p, v);
}

static inline void
adit_write_span(struct adit_writer *w, struct adit_span s)
{
	uint8_t *p = adit_write_room(w, s.n);

	if (p && s.n)
		memcpy(p, s.p, s.n);
}

/* Stores a 16-bit length at offset `at` that covers everything from offset `from` to here. */
static inline void
adit_write_len16(struct adit_writer *w, size_t at, size_t from)
{
	size_t n = adit_writer_len(w) - from;

	if (w->bad || n > UINT16_MAX) {
		w->bad = true;
		return;
	}
	adit_store16(w->base + at, (uint16_t)n);
}

/* OK, or ERR_ROOM where something did not fit. */
static inline enum adit_status
adit_writer_done(const struct adit_writer *w)
{
	return w->bad ? ADIT_ERR_ROOM : ADIT_OK;
}

#endif
