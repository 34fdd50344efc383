/* Traffic Selector payloads: narrowing never widens. The first byte is the length of TSi; the rest
 * is TSi, then TSr. */
#include <stdlib.h>
#include <string.h>

#include "ike/narrow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* 10.1.0.0 to 10.1.255.255 with TCP ports up to 1023, and all of IPv6. */
static struct adit_selectors
make_own(void)
{
	static const uint8_t low[4] = {10, 1, 0, 0}, high[4] = {10, 1, 255, 255};
	struct adit_selectors own;

	memset(&own, 0, sizeof own);
	own.local_n = 2;
	own.local[0].version = 4;
	own.local[0].protocol = ADIT_PROTO_TCP;
	own.local[0].port_last = 1023;
	memcpy(own.local[0].first, low, sizeof low);
	memcpy(own.local[0].last, high, sizeof high);
	own.local[1].version = 6;
	own.local[1].port_last = UINT16_MAX;
	memset(own.local[1].last, 0xff, sizeof own.local[1].last);
	own.remote_n = own.local_n;
	memcpy(own.remote, own.local, sizeof own.remote);
	return own;
}

static void
check_within(const struct adit_ts *ts, uint8_t n, const struct adit_ts *own, uint8_t own_n)
{
	for (unsigned i = 0; i < n; i++) {
		bool within = false;

		for (unsigned j = 0; j < own_n; j++)
			within = within || adit_narrow_within(&ts[i], &own[j]);
		if (!within || !adit_ts_valid(&ts[i]))
			abort();
	}
}

static void
check(enum adit_status st, const struct adit_selectors *sel, const struct adit_selectors *own)
{
	if (st != ADIT_OK)
		return;
	if (sel->local_n == 0 || sel->local_n > ADIT_TS_MAX || sel->remote_n == 0 ||
	    sel->remote_n > ADIT_TS_MAX)
		abort();
	check_within(sel->local, sel->local_n, own->local, own->local_n);
	check_within(sel->remote, sel->remote_n, own->remote, own->remote_n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct adit_path nat = {{{4, {10, 1, 0, 1}}, 4500}, {{4, {10, 1, 0, 2}}, 4500}};
	struct adit_selectors own = make_own(), sel, reply;
	struct adit_span tsi, tsr;

	if (n == 0 || data[0] > n - 1)
		return 0;
	tsi = (struct adit_span){data + 1, data[0]};
	tsr = (struct adit_span){data + 1 + data[0], n - 1 - data[0]};
	check(adit_narrow_respond(&own, tsi, tsr, NULL, &sel, &reply), &sel, &own);
	check(adit_narrow_respond(&own, tsi, tsr, &nat, &sel, &reply), &sel, &own);
	check(adit_narrow_verify(&own, tsi, tsr, &sel), &sel, &own);
	return 0;
}
