/* The index of an SPD: for any policies and flows it answers as the scan does, in just as many
 * words as it asks for. The first byte tells how many policies, the second how addresses are
 * spread; then come policies, then flows; what is missing is zero. */
#include <stdlib.h>
#include <string.h>

#include "adit/spd.h"
#include "sa/spd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { POLICIES = 64, FLOWS = 64 };

struct input {
	const uint8_t *p;
	size_t n;
	uint8_t spread; /* which two bytes of an address vary */
};

static uint8_t
next(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static uint16_t
next16(struct input *in)
{
	uint8_t high = next(in);

	return (uint16_t)(high << 8 | next(in));
}

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* Mostly 4 and 6. */
static uint8_t
version_of(uint8_t byte)
{
	return byte & 0x80 ? byte & 15 : byte & 1 ? 6 : 4;
}

static void
read_address(struct input *in, uint8_t *b, uint8_t rest)
{
	memset(b, rest, 16);
	b[in->spread & 15] = next(in);
	b[in->spread >> 4] = next(in);
}

static void
read_ts(struct input *in, struct adit_ts *ts)
{
	uint8_t how = next(in);

	memset(ts, 0, sizeof *ts);
	ts->version = version_of(how);
	read_address(in, ts->first, 0);
	read_address(in, ts->last, how & 2 ? 0xff : 0);
	ts->port_last = UINT16_MAX;
	if (how & 4)
		ts->protocol = next(in);
	if (how & 8) {
		ts->port_first = next16(in);
		ts->port_last = next16(in);
	}
}

static void
read_policy(struct input *in, struct adit_policy *p)
{
	uint8_t how = next(in);

	memset(p, 0, sizeof *p);
	p->dir = (enum adit_direction)(how & 3);
	p->selectors.local_n = (uint8_t)((how >> 2 & 7) % (ADIT_TS_MAX + 1));
	p->selectors.remote_n = (uint8_t)((how >> 5) % (ADIT_TS_MAX + 1));
	for (uint8_t i = 0; i < p->selectors.local_n; i++)
		read_ts(in, &p->selectors.local[i]);
	for (uint8_t i = 0; i < p->selectors.remote_n; i++)
		read_ts(in, &p->selectors.remote[i]);
}

static void
read_flow(struct input *in, struct adit_flow *f)
{
	uint8_t how = next(in);

	memset(f, 0, sizeof *f);
	f->local.version = f->remote.version = version_of(how);
	read_address(in, f->local.b, how & 2 ? 0xff : 0);
	read_address(in, f->remote.b, how & 2 ? 0xff : 0);
	f->protocol = next(in);
	f->has_ports = (how & 4) != 0;
	f->local_port = next16(in);
	f->remote_port = next16(in);
	if (how & 8)
		f->remote.version = version_of(how >> 1);
}

/* What is taken from a packet is never more than the policy, and never without the packet. */
static void
check_populated(struct adit_policy *p, uint8_t pfp, const struct adit_flow *f)
{
	struct adit_selectors s;

	p->pfp = pfp;
	if (adit_selectors_from_packet(p, f, &s) != ADIT_OK)
		return;
	must(adit_selectors_match(&p->selectors, f));
	must(adit_selectors_match(&s, f));
	must(s.local_n <= p->selectors.local_n && s.remote_n <= p->selectors.remote_n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct adit_policy policies[POLICIES];
	static uint32_t heads[POLICIES];
	struct input in = {data, n, 0};
	struct adit_spd_mem mem = {policies, 1 + (size_t)next(&in) % POLICIES, heads, NULL, 0};
	struct adit_spd spd;
	uint32_t *words;
	size_t need;

	in.spread = next(&in);
	for (size_t i = 0; i < mem.count; i++)
		read_policy(&in, &policies[i]);
	must(adit_spd_init(&spd, &mem) == ADIT_OK);
	need = adit_spd_index_words(policies, mem.count);
	words = malloc(need ? need * sizeof *words : 1);
	must(words != NULL);
	must(adit_spd_index(&spd, words, need) == ADIT_OK);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct adit_flow f;
		uint32_t found;

		read_flow(&in, &f);
		for (int dir = 0; dir < 4; dir++) {
			found = adit_spd_find(&spd, (enum adit_direction)dir, &f);
			must(found == adit_spd_scan(&spd, (enum adit_direction)dir, &f));
			if (found != ADIT_POLICY_NONE)
				check_populated(&policies[found], (uint8_t)i & 31, &f);
		}
		if (in.n == 0)
			break;
	}
	free(words);
	return 0;
}
