/* Narrowing of traffic selectors. Attack corpus: TS-02 to TS-05, TS-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/narrow.h"

/* A payload's body with these selectors. */
struct body {
	uint8_t bytes[1024];
	struct adit_span span;
};

static struct adit_span
body(struct body *b, const struct adit_ts *ts, uint8_t n)
{
	struct adit_ike_header h;
	struct adit_ike_writer m;
	size_t len = 0;

	memset(&h, 0, sizeof h);
	adit_ike_put_start(&m, (struct adit_buf){b->bytes, sizeof b->bytes}, &h);
	adit_ike_put_ts(&m, ADIT_PAYLOAD_TSI, ts, n);
	assert_int_equal(adit_ike_put_end(&m, &len), ADIT_OK);
	return (struct adit_span){b->bytes + 32, len - 32};
}

/* 10.a.b.0 to 10.a.b.last */
static struct adit_ts
v4(uint8_t a, uint8_t b, uint8_t first, uint8_t last)
{
	struct adit_ts ts;

	memset(&ts, 0, sizeof ts);
	ts.version = 4;
	ts.port_last = 65535;
	ts.first[0] = ts.last[0] = 10;
	ts.first[1] = ts.last[1] = a;
	ts.first[2] = ts.last[2] = b;
	ts.first[3] = first;
	ts.last[3] = last;
	return ts;
}

static struct adit_ts
v6(uint8_t first, uint8_t last)
{
	struct adit_ts ts;

	memset(&ts, 0, sizeof ts);
	ts.version = 6;
	ts.port_last = 65535;
	ts.first[0] = ts.last[0] = 0xfd;
	ts.first[15] = first;
	ts.last[15] = last;
	return ts;
}

static struct adit_ts
of_protocol(struct adit_ts ts, uint8_t protocol, uint16_t first, uint16_t last)
{
	ts.protocol = protocol;
	ts.port_first = first;
	ts.port_last = last;
	return ts;
}

static struct adit_ts
any_v4(void)
{
	struct adit_ts ts = v4(0, 0, 0, 0);

	memset(ts.first, 0, 4);
	memset(ts.last, 0xff, 4);
	return ts;
}

static struct adit_selectors
selectors(struct adit_ts local, struct adit_ts remote)
{
	struct adit_selectors s;

	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = local;
	s.remote[0] = remote;
	return s;
}

static void
assert_ts(const struct adit_ts *got, struct adit_ts want)
{
	assert_int_equal(got->version, want.version);
	assert_int_equal(got->protocol, want.protocol);
	assert_int_equal(got->port_first, want.port_first);
	assert_int_equal(got->port_last, want.port_last);
	assert_memory_equal(got->first, want.first, 16);
	assert_memory_equal(got->last, want.last, 16);
}

static struct adit_selectors sel, reply;

static enum adit_status
respond(const struct adit_selectors *own, struct adit_ts tsi, struct adit_ts tsr)
{
	struct body i, r;

	return adit_narrow_respond(own, body(&i, &tsi, 1), body(&r, &tsr, 1), NULL, &sel, &reply);
}

static void
test_own_selectors_are_the_configured_ones(void **state)
{
	const struct adit_ts local[] = {v4(1, 0, 0, 255), v4(2, 0, 0, 255)}, remote = v6(0, 9);
	struct adit_child_config child;
	struct adit_path path;
	struct adit_selectors own;
	struct adit_ts none, many[ADIT_TS_MAX + 1];

	(void)state;
	memset(&child, 0, sizeof child);
	memset(&path, 0, sizeof path);
	child.local_ts = local;
	child.local_ts_count = 2;
	child.remote_ts = &remote;
	child.remote_ts_count = 1;
	memset(&own, 0xa5, sizeof own);
	adit_narrow_own(&child, &path, &own);
	assert_int_equal(own.local_n, 2);
	assert_ts(&own.local[1], local[1]);
	assert_int_equal(own.remote_n, 1);
	assert_ts(&own.remote[0], remote);
	/* More than there is room for are none. */
	memcpy(many, local, sizeof local);
	for (unsigned i = 2; i < ADIT_TS_MAX + 1; i++)
		many[i] = v4((uint8_t)(i + 1), 0, 0, 255);
	child.local_ts = many;
	child.local_ts_count = ADIT_TS_MAX + 1;
	adit_narrow_own(&child, &path, &own);
	assert_int_equal(own.local_n, ADIT_TS_MAX);
	assert_ts(&own.local[ADIT_TS_MAX - 1], many[ADIT_TS_MAX - 1]);
	assert_ts(&own.remote[0], remote);
	child.local_ts_count = 2;
	memset(&own, 0xa5, sizeof own);
	adit_narrow_own(&child, &path, &own);
	/* What is not used is zero. */
	memset(&none, 0, sizeof none);
	for (unsigned i = 2; i < ADIT_TS_MAX; i++)
		assert_ts(&own.local[i], none);
	for (unsigned i = 1; i < ADIT_TS_MAX; i++)
		assert_ts(&own.remote[i], none);
}

static void
test_own_selectors_without_configuration_are_the_addresses(void **state)
{
	const struct adit_path path = {{{4, {10, 0, 0, 1}}, 500}, {{4, {10, 0, 0, 2}}, 500}};
	struct adit_child_config child;
	struct adit_selectors own;

	(void)state;
	memset(&child, 0, sizeof child);
	adit_narrow_own(&child, &path, &own);
	assert_int_equal(own.local_n, 1);
	assert_ts(&own.local[0], v4(0, 0, 1, 1));
	assert_int_equal(own.remote_n, 1);
	assert_ts(&own.remote[0], v4(0, 0, 2, 2));
}

static void
test_respond_takes_equal_selectors_as_they_are(void **state)
{
	struct adit_selectors own = selectors(v4(2, 0, 0, 255), v4(1, 0, 0, 255));

	(void)state;
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), v4(2, 0, 0, 255)), ADIT_OK);
	assert_int_equal(sel.local_n, 1);
	assert_int_equal(sel.remote_n, 1);
	assert_ts(&sel.local[0], v4(2, 0, 0, 255));
	assert_ts(&sel.remote[0], v4(1, 0, 0, 255));
	assert_memory_equal(&sel, &reply, sizeof sel);
}

static void
test_respond_ts_05_narrows_and_never_widens(void **state)
{
	struct adit_selectors own = selectors(v4(2, 0, 5, 5), v4(1, 0, 16, 31));

	(void)state;
	assert_int_equal(respond(&own, any_v4(), any_v4()), ADIT_OK);
	assert_ts(&sel.local[0], v4(2, 0, 5, 5));
	assert_ts(&sel.remote[0], v4(1, 0, 16, 31));
	assert_int_equal(respond(&own, v4(1, 0, 30, 40), v4(2, 0, 0, 255)), ADIT_OK);
	assert_ts(&sel.remote[0], v4(1, 0, 30, 31));
}

static void
test_respond_narrows_protocols_and_ports(void **state)
{
	struct adit_selectors own =
		selectors(of_protocol(v4(2, 0, 0, 255), 6, 80, 90), v4(1, 0, 0, 255));

	(void)state;
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), of_protocol(v4(2, 0, 0, 255), 6, 85, 100)),
			 ADIT_OK);
	assert_ts(&sel.local[0], of_protocol(v4(2, 0, 0, 255), 6, 85, 90));
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), v4(2, 0, 0, 255)), ADIT_OK);
	assert_ts(&sel.local[0], of_protocol(v4(2, 0, 0, 255), 6, 80, 90));
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), of_protocol(v4(2, 0, 0, 255), 17, 80, 90)),
			 ADIT_ERR_TS);
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), of_protocol(v4(2, 0, 0, 255), 6, 91, 100)),
			 ADIT_ERR_TS);
}

static void
test_respond_ts_08_honours_icmp_type_and_code(void **state)
{
	/* Echo request: type 8, code 0, as first and last "port". */
	struct adit_ts echo = of_protocol(v4(2, 0, 0, 255), 1, 0x0800, 0x0800);
	struct adit_selectors own = selectors(v4(2, 0, 0, 255), v4(1, 0, 0, 255));

	(void)state;
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), echo), ADIT_OK);
	assert_ts(&sel.local[0], echo);
}

static void
test_respond_to_selectors_that_are_disjoint_is_refused(void **state)
{
	struct adit_selectors own = selectors(v4(2, 0, 0, 255), v4(1, 0, 0, 255));

	(void)state;
	assert_int_equal(respond(&own, v4(3, 0, 0, 255), v4(2, 0, 0, 255)), ADIT_ERR_TS);
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), v4(3, 0, 0, 255)), ADIT_ERR_TS);
	assert_int_equal(sel.local_n == 0 || sel.remote_n == 0, 1);
}

static void
test_respond_ts_02_passes_over_ranges_out_of_order_and_opaque_ports(void **state)
{
	struct adit_selectors own = selectors(v4(2, 0, 0, 255), v4(1, 0, 0, 255));

	(void)state;
	assert_int_equal(respond(&own, v4(1, 0, 9, 3), v4(2, 0, 0, 255)), ADIT_ERR_TS);
	assert_int_equal(
		respond(&own, of_protocol(v4(1, 0, 0, 255), 6, 65535, 0), v4(2, 0, 0, 255)),
		ADIT_ERR_TS);
}

static void
test_respond_ts_03_takes_both_ends_in_one_version_alone(void **state)
{
	struct adit_selectors own = selectors(v4(2, 0, 0, 255), v4(1, 0, 0, 255));
	const struct adit_ts both_i[] = {v6(0, 9), v4(1, 0, 0, 255)};
	const struct adit_ts only_r = v4(2, 0, 0, 255);
	struct body i, r;

	(void)state;
	own.local_n = own.remote_n = 2;
	own.local[1] = v6(16, 31);
	own.remote[1] = v6(0, 9);
	assert_int_equal(respond(&own, v4(1, 0, 0, 255), v6(16, 31)), ADIT_ERR_TS);
	assert_int_equal(adit_narrow_respond(&own, body(&i, both_i, 2), body(&r, &only_r, 1), NULL,
					     &sel, &reply),
			 ADIT_OK);
	assert_int_equal(sel.remote_n, 1);
	assert_ts(&sel.remote[0], v4(1, 0, 0, 255));
	assert_int_equal(reply.remote_n, 1);
	assert_ts(&reply.remote[0], v4(1, 0, 0, 255));
}

static void
test_respond_keeps_no_more_than_there_is_room_for(void **state)
{
	struct adit_selectors own = selectors(any_v4(), any_v4());
	struct adit_ts many[ADIT_TS_MAX + 3], all = any_v4(), none;
	struct body i, r;

	(void)state;
	memset(&sel, 0xa5, sizeof sel);
	memset(&reply, 0xa5, sizeof reply);
	for (uint8_t n = 0; n < ADIT_TS_MAX + 3; n++)
		many[n] = v4(n, 0, 0, 255);
	assert_int_equal(adit_narrow_respond(&own, body(&i, many, ADIT_TS_MAX + 3),
					     body(&r, &all, 1), NULL, &sel, &reply),
			 ADIT_OK);
	assert_int_equal(sel.remote_n, ADIT_TS_MAX);
	for (unsigned n = 0; n < ADIT_TS_MAX; n++)
		assert_ts(&sel.remote[n], many[n]);
	assert_int_equal(adit_narrow_respond(&own, body(&i, &all, 1),
					     body(&r, many, ADIT_TS_MAX + 3), NULL, &sel, &reply),
			 ADIT_OK);
	assert_int_equal(sel.local_n, ADIT_TS_MAX);
	assert_int_equal(reply.local_n, ADIT_TS_MAX);
	for (unsigned n = 0; n < ADIT_TS_MAX; n++)
		assert_ts(&sel.local[n], many[n]);
	/* What is not used of the other side is zero. */
	memset(&none, 0, sizeof none);
	for (unsigned n = 1; n < ADIT_TS_MAX; n++) {
		assert_ts(&sel.remote[n], none);
		assert_ts(&reply.remote[n], none);
	}
}

static void
test_respond_says_none_of_many_twice(void **state)
{
	struct adit_selectors own = selectors(any_v4(), any_v4());
	const struct adit_ts all = any_v4();
	const struct adit_ts some[] = {v4(1, 0, 0, 255), v4(2, 0, 0, 255), v4(2, 0, 0, 255),
				       v4(3, 0, 0, 255), v4(3, 0, 9, 10),  v4(1, 0, 7, 7)};
	struct body i, r;

	(void)state;
	assert_int_equal(
		adit_narrow_respond(&own, body(&i, some, 6), body(&r, &all, 1), NULL, &sel, &reply),
		ADIT_OK);
	assert_int_equal(sel.remote_n, 3);
	assert_ts(&sel.remote[0], some[0]);
	assert_ts(&sel.remote[1], some[1]);
	assert_ts(&sel.remote[2], some[3]);
}

static void
test_respond_says_nothing_twice(void **state)
{
	struct adit_selectors own = selectors(any_v4(), any_v4());
	const struct adit_ts same[] = {v4(1, 0, 0, 255), v4(1, 0, 7, 7), v4(1, 0, 0, 255)};
	struct body i, r;

	(void)state;
	assert_int_equal(
		adit_narrow_respond(&own, body(&i, same, 3), body(&r, same, 3), NULL, &sel, &reply),
		ADIT_OK);
	assert_int_equal(sel.remote_n, 1);
	assert_int_equal(sel.local_n, 1);
}

static const struct adit_path seen = {{{4, {10, 0, 0, 2}}, 4500}, {{4, {192, 0, 2, 7}}, 31337}};

static void
test_respond_through_a_nat_takes_the_addresses_that_are_seen(void **state)
{
	/* The peer is 192.168.1.9 to itself, and calls us by our outer address 10.9.9.9. */
	struct adit_ts tsi = of_protocol(v4(0, 0, 0, 0), 17, 1701, 1701), tsr = v4(9, 9, 9, 9);
	struct adit_child_config child;
	struct adit_selectors own;
	struct body i, r;

	(void)state;
	memset(&child, 0, sizeof child);
	memcpy(tsi.first, "\xc0\xa8\x01\x09", 4);
	memcpy(tsi.last, tsi.first, 4);
	adit_narrow_own(&child, &seen, &own);
	assert_int_equal(
		adit_narrow_respond(&own, body(&i, &tsi, 1), body(&r, &tsr, 1), NULL, &sel, &reply),
		ADIT_ERR_TS);
	assert_int_equal(adit_narrow_respond(&own, body(&i, &tsi, 1), body(&r, &tsr, 1), &seen,
					     &sel, &reply),
			 ADIT_OK);
	assert_memory_equal(sel.remote[0].first, seen.remote.ip.b, 16);
	assert_memory_equal(sel.remote[0].last, seen.remote.ip.b, 16);
	assert_int_equal(sel.remote[0].protocol, 17);
	assert_int_equal(sel.remote[0].port_first, 1701);
	assert_memory_equal(sel.local[0].first, seen.local.ip.b, 16);
	assert_ts(&reply.remote[0], tsi);
	assert_ts(&reply.local[0], tsr);
}

static void
test_respond_through_a_nat_takes_no_range_for_one_address(void **state)
{
	struct adit_selectors own = selectors(any_v4(), any_v4());
	struct adit_ts range = v4(1, 0, 0, 255), one = v4(2, 0, 1, 1);
	struct body i, r;

	(void)state;
	assert_int_equal(adit_narrow_respond(&own, body(&i, &range, 1), body(&r, &one, 1), &seen,
					     &sel, &reply),
			 ADIT_ERR_TS);
}

static void
test_respond_to_a_malformed_payload_is_malformed(void **state)
{
	struct adit_selectors own = selectors(any_v4(), any_v4());
	struct adit_ts ts = any_v4();
	struct body i, r;
	struct adit_span good = body(&i, &ts, 1), bad = body(&r, &ts, 1);

	(void)state;
	bad.n--;
	assert_int_equal(adit_narrow_respond(&own, bad, good, NULL, &sel, &reply),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(adit_narrow_respond(&own, good, bad, NULL, &sel, &reply),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(adit_narrow_verify(&own, bad, good, &sel), ADIT_ERR_MALFORMED);
	assert_int_equal(adit_narrow_verify(&own, good, bad, &sel), ADIT_ERR_MALFORMED);
}

static enum adit_status
verify(const struct adit_selectors *offered, struct adit_ts tsi, struct adit_ts tsr)
{
	struct body i, r;

	return adit_narrow_verify(offered, body(&i, &tsi, 1), body(&r, &tsr, 1), &sel);
}

static void
test_verify_takes_what_was_offered_and_less(void **state)
{
	struct adit_selectors offered = selectors(v4(1, 0, 0, 255), v4(2, 0, 0, 255));

	(void)state;
	assert_int_equal(verify(&offered, v4(1, 0, 0, 255), v4(2, 0, 0, 255)), ADIT_OK);
	assert_ts(&sel.local[0], v4(1, 0, 0, 255));
	assert_ts(&sel.remote[0], v4(2, 0, 0, 255));
	assert_int_equal(verify(&offered, v4(1, 0, 3, 9), of_protocol(v4(2, 0, 1, 1), 6, 22, 22)),
			 ADIT_OK);
	assert_ts(&sel.local[0], v4(1, 0, 3, 9));
	assert_ts(&sel.remote[0], of_protocol(v4(2, 0, 1, 1), 6, 22, 22));
}

static void
test_verify_ts_04_refuses_what_is_wider_or_elsewhere(void **state)
{
	struct adit_ts tcp = of_protocol(v4(2, 0, 0, 255), 6, 10, 20);
	struct adit_selectors offered = selectors(v4(1, 0, 16, 31), tcp);

	(void)state;
	assert_int_equal(verify(&offered, v4(1, 0, 16, 31), tcp), ADIT_OK);
	assert_int_equal(verify(&offered, v4(1, 0, 15, 31), tcp), ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(1, 0, 16, 32), tcp), ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(3, 0, 16, 31), tcp), ADIT_ERR_TS);
	assert_int_equal(verify(&offered, any_v4(), tcp), ADIT_ERR_TS);
	assert_int_equal(verify(&offered, any_v4(), any_v4()), ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(1, 0, 16, 31), v4(2, 0, 0, 255)), ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(1, 0, 16, 31), of_protocol(tcp, 17, 10, 20)),
			 ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(1, 0, 16, 31), of_protocol(tcp, 6, 9, 20)),
			 ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(1, 0, 16, 31), of_protocol(tcp, 6, 10, 21)),
			 ADIT_ERR_TS);
	assert_int_equal(verify(&offered, v4(1, 0, 20, 18), tcp), ADIT_ERR_TS);
}

static void
test_verify_ts_04_refuses_more_selectors_than_can_be_kept(void **state)
{
	struct adit_selectors offered = selectors(any_v4(), any_v4());
	struct adit_ts many[ADIT_TS_MAX + 1], all = any_v4();
	struct body i, r;

	(void)state;
	for (uint8_t n = 0; n < ADIT_TS_MAX + 1; n++)
		many[n] = v4(n, 0, 0, 255);
	assert_int_equal(
		adit_narrow_verify(&offered, body(&i, many, ADIT_TS_MAX), body(&r, &all, 1), &sel),
		ADIT_OK);
	assert_int_equal(adit_narrow_verify(&offered, body(&i, many, ADIT_TS_MAX + 1),
					    body(&r, &all, 1), &sel),
			 ADIT_ERR_TS);
	assert_int_equal(adit_narrow_verify(&offered, body(&i, many, ADIT_TS_MAX + 1),
					    body(&r, many, ADIT_TS_MAX + 1), &sel),
			 ADIT_ERR_TS);
}

static void
test_verify_refuses_a_type_that_was_not_offered(void **state)
{
	struct adit_selectors offered = selectors(any_v4(), any_v4());
	struct adit_ts two[] = {v4(1, 0, 0, 255), v4(1, 1, 0, 255)}, all = any_v4();
	struct body i, r;
	struct adit_span tsi = body(&i, two, 2);

	(void)state;
	i.bytes[32 + 4 + 16] = 9; /* the second one's type: TS_FC_ADDR_RANGE */
	assert_int_equal(adit_narrow_verify(&offered, tsi, body(&r, &all, 1), &sel), ADIT_ERR_TS);
}

static void
test_verify_ts_03_refuses_ends_of_two_versions(void **state)
{
	struct adit_selectors offered = selectors(v4(1, 0, 0, 255), v4(2, 0, 0, 255));
	struct body i, r;

	(void)state;
	offered.local_n = offered.remote_n = 2;
	offered.local[1] = v6(0, 9);
	offered.remote[1] = v6(16, 31);
	assert_int_equal(verify(&offered, v6(0, 9), v6(16, 31)), ADIT_OK);
	assert_int_equal(verify(&offered, v4(1, 0, 0, 255), v6(16, 31)), ADIT_ERR_TS);
	/* One version for both ends, and another for one of them. */
	assert_int_equal(adit_narrow_verify(&offered, body(&i, offered.local, 2),
					    body(&r, offered.remote, 1), &sel),
			 ADIT_ERR_TS);
	assert_int_equal(adit_narrow_verify(&offered, body(&i, offered.local, 2),
					    body(&r, offered.remote, 2), &sel),
			 ADIT_OK);
}

/* The other way round than ts_03 has it: ours. */
static void
test_respond_drops_what_has_no_partner_at_either_end(void **state)
{
	const struct adit_ip any6 = {6, {0}};
	const struct adit_ts all4 = any_v4(), all6 = adit_ts_prefix(&any6, 0);
	const struct adit_ts both[] = {all6, all4};
	struct adit_selectors own;
	struct body i, r;

	(void)state;
	memset(&own, 0, sizeof own);
	own.local_n = own.remote_n = 2;
	own.local[0] = own.remote[0] = all6;
	own.local[1] = own.remote[1] = all4;
	for (unsigned side = 0; side < 2; side++) {
		const struct adit_ts *tsi = side ? both : &all4, *tsr = side ? &all4 : both;

		assert_int_equal(adit_narrow_respond(&own, body(&i, tsi, side ? 2 : 1),
						     body(&r, tsr, side ? 1 : 2), NULL, &sel,
						     &reply),
				 ADIT_OK);
		assert_int_equal(sel.local_n, 1);
		assert_int_equal(sel.remote_n, 1);
		assert_ts(&sel.local[0], all4);
		assert_ts(&sel.remote[0], all4);
		assert_int_equal(reply.local_n, 1);
		assert_int_equal(reply.remote_n, 1);
		assert_ts(&reply.local[0], all4);
		assert_ts(&reply.remote[0], all4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_selectors_are_the_configured_ones),
		cmocka_unit_test(test_own_selectors_without_configuration_are_the_addresses),
		cmocka_unit_test(test_respond_takes_equal_selectors_as_they_are),
		cmocka_unit_test(test_respond_ts_05_narrows_and_never_widens),
		cmocka_unit_test(test_respond_narrows_protocols_and_ports),
		cmocka_unit_test(test_respond_ts_08_honours_icmp_type_and_code),
		cmocka_unit_test(test_respond_to_selectors_that_are_disjoint_is_refused),
		cmocka_unit_test(
			test_respond_ts_02_passes_over_ranges_out_of_order_and_opaque_ports),
		cmocka_unit_test(test_respond_ts_03_takes_both_ends_in_one_version_alone),
		cmocka_unit_test(test_respond_keeps_no_more_than_there_is_room_for),
		cmocka_unit_test(test_respond_says_nothing_twice),
		cmocka_unit_test(test_respond_says_none_of_many_twice),
		cmocka_unit_test(test_respond_through_a_nat_takes_the_addresses_that_are_seen),
		cmocka_unit_test(test_respond_through_a_nat_takes_no_range_for_one_address),
		cmocka_unit_test(test_respond_to_a_malformed_payload_is_malformed),
		cmocka_unit_test(test_verify_takes_what_was_offered_and_less),
		cmocka_unit_test(test_verify_ts_04_refuses_what_is_wider_or_elsewhere),
		cmocka_unit_test(test_verify_ts_04_refuses_more_selectors_than_can_be_kept),
		cmocka_unit_test(test_verify_refuses_a_type_that_was_not_offered),
		cmocka_unit_test(test_verify_ts_03_refuses_ends_of_two_versions),
		cmocka_unit_test(test_respond_drops_what_has_no_partner_at_either_end),
	};

	return cmocka_run_group_tests_name("narrow", tests, NULL, NULL);
}
