/* Writing by cursor: from any state that calls can lead to, any one more call stays within the
 * room, leaves such a state, and writes all or nothing. By induction, that is so of any calls in
 * any order.
 * Bound: 24 bytes
 * Options: --unwind 25
 * Broken: lib/base/cursor.h s/n > adit_writer_left(w)/n > adit_writer_left(w) + 1/
 */
#include "base/cursor.h"
#include "proof.h"

#define BYTES 24

/* Writes, and tells how much was asked for. */
static size_t
write_one(struct adit_writer *w)
{
	switch (nondet_u8()) {
	case 0:
		adit_write_u8(w, nondet_u8());
		return 1;
	case 1:
		adit_write_u16(w, nondet_u16());
		return 2;
	case 2:
		adit_write_u32(w, nondet_u32());
		return 4;
	default:
		adit_write_u64(w, nondet_u64());
		return 8;
	}
}

int
main(void)
{
	struct adit_buf none = {NULL, 0}, b = nondet_bool() ? any_buf(BYTES) : none;
	struct adit_writer w = adit_writer_of(b);
	bool was = nondet_bool();
	size_t left, n;

	SHOW(w.p == b.p && adit_writer_left(&w) == b.cap && !w.bad);
	if (b.cap)
		w.p += any_up_to(b.cap);
	w.bad = was;
	left = adit_writer_left(&w);
	if (nondet_bool()) {
		struct adit_span s = any_span(BYTES);

		adit_write_span(&w, s);
		n = s.n;
	} else if (nondet_bool()) {
		size_t at = any_up_to(BYTES), from = any_up_to(BYTES);

		/* The field was written, and so was what it covers. */
		GIVEN(w.bad || (at + 2 <= adit_writer_len(&w) && from <= adit_writer_len(&w)));
		adit_write_len16(&w, at, from);
		n = 0;
	} else if (nondet_bool()) {
		n = nondet_size();
		SHOW((adit_write_room(&w, n) != NULL) == !w.bad || b.p == NULL);
	} else {
		n = write_one(&w);
	}
	SHOW(w.bad == (was || n > left));
	SHOW(adit_writer_left(&w) == (w.bad ? left : left - n));
	SHOW(w.base == b.p && w.end == (b.cap ? b.p + b.cap : b.p));
	SHOW((adit_writer_done(&w) == ADIT_OK) == !w.bad);
	if (!w.bad && n == 8)
		REACHED("8 bytes");
	return 0;
}
