/* Reading by cursor: from any state that calls can lead to, any one more call stays within the
 * bytes, leaves such a state, and tells the truth. By induction, that is so of any calls in any
 * order.
 * Bound: 24 bytes
 * Options: --unwind 25
 * Broken: lib/base/cursor.h s/n > adit_reader_left(r)/n > adit_reader_left(r) + 1/
 */
#include "base/cursor.h"
#include "proof.h"

#define BYTES 24

static uint8_t out[BYTES];
static uint64_t got;

static size_t
read_number(struct adit_reader *r)
{
	switch (nondet_u8()) {
	case 0:
		got = adit_read_u8(r);
		return 1;
	case 1:
		got = adit_read_u16(r);
		return 2;
	case 2:
		got = adit_read_u32(r);
		return 4;
	default:
		got = adit_read_u64(r);
		return 8;
	}
}

static void
read_view(struct adit_reader *r, struct adit_span rest)
{
	size_t n = nondet_bool() ? nondet_size() : rest.n;
	struct adit_span s = n == rest.n ? adit_read_rest(r) : adit_read_span(r, n);

	SHOW(is_within(s, rest));
	SHOW(s.n == (r->bad ? 0 : n));
}

int
main(void)
{
	struct adit_span s = any_span_or_null(BYTES);
	struct adit_reader r = adit_reader_of(s);
	bool was = nondet_bool();
	size_t left, n;

	SHOW(r.p == s.p && adit_reader_left(&r) == s.n && !r.bad);
	/* Any state: somewhere, or at the end in error. */
	if (s.n)
		r.p = was ? r.end : r.p + any_up_to(s.n);
	r.bad = was;
	left = adit_reader_left(&r);
	if (nondet_bool()) {
		read_view(&r, (struct adit_span){r.p, left});
	} else if (nondet_bool()) {
		n = any_up_to(BYTES);
		adit_read_bytes(&r, out, n);
		SHOW(r.bad == (was || n > left));
	} else {
		n = read_number(&r);
		SHOW(r.bad == (was || n > left));
		SHOW(!r.bad || got == 0);
		SHOW(r.bad || adit_reader_left(&r) == left - n);
		if (!r.bad && n == 8)
			REACHED("a number of 8 bytes");
	}
	SHOW(r.end == (s.n ? s.p + s.n : s.p) && adit_reader_left(&r) <= left);
	SHOW(!was || r.bad);
	SHOW(!r.bad || adit_reader_left(&r) == 0);
	SHOW((adit_reader_done(&r) == ADIT_OK) == (!r.bad && adit_reader_left(&r) == 0));
	return 0;
}
