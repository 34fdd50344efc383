/* SA payloads of any length: from anywhere the check of one takes the very steps that reading takes
 * after it, with the same outcome. By induction, what was found good is read to its end.
 * Bound: 20 bytes for a step; any number of either (induction)
 * Options: --unwind 5 --sat-solver cadical
 * Broken: lib/wire/ike_sa_payload.c s/rest->n == 0 || !get_transform/rest->n < 9 || !get_transform/
 * Broken: lib/wire/ike_sa_payload.c s/rest->n == 0 || !get_proposal/rest->n < 9 || !get_proposal/
 */
#include "wire/ike_sa_payload.c"

#include "proof.h"

static bool
same(struct adit_span a, struct adit_span b)
{
	return a.n == b.n && (a.n == 0 || a.p == b.p);
}

static void
transform_step(struct adit_reader *r, struct adit_span *rest)
{
	struct adit_ike_transform checked, read;
	uint8_t last;
	bool good = get_transform(r, &last, &checked);

	SHOW(adit_ike_transform_next(rest, &read) == good);
	if (!good)
		return;
	SHOW(checked.t.type == read.t.type && checked.t.id == read.t.id);
	SHOW(checked.t.key_bits == read.t.key_bits && checked.usable == read.usable);
	SHOW(same(adit_read_rest(r), *rest));
	if (rest->n)
		REACHED("a transform with more behind it");
}

static void
proposal_step(struct adit_reader *r, struct adit_span *rest)
{
	struct adit_ike_proposal checked, read;
	uint8_t last;
	bool good = get_proposal(r, &last, &checked);

	SHOW(adit_ike_proposal_next(rest, &read) == good);
	if (!good)
		return;
	SHOW(checked.protocol == read.protocol && checked.transform_count == read.transform_count);
	SHOW(same(checked.spi, read.spi) && same(checked.transforms, read.transforms));
	SHOW(same(adit_read_rest(r), *rest));
	if (rest->n)
		REACHED("a proposal with more behind it");
}

int
main(void)
{
	struct adit_span rest = any_span(20);
	struct adit_reader r = adit_reader_of(rest);

	if (nondet_bool())
		transform_step(&r, &rest);
	else
		proposal_step(&r, &rest);
	return 0;
}
