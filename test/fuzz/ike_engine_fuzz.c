/* The whole engine: the input is a script of datagrams for a responder in one of several states.
 * What the script injects may be raw, or sealed with the peer's keys. Nothing may crash, and no
 * stranger may bring an SA up. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/turn.h"
#include "support/pair.h"

static struct pair pair;

enum { STATE_FRESH, STATE_HALF_OPEN, STATE_UP, STATES };

static void
reach(unsigned state)
{
	struct pair_datagram d;

	pair_defaults(&pair, 1);
	pair_open(&pair);
	pair_start(&pair);
	if (state == STATE_FRESH)
		return;
	if (pair_take(&pair, &pair.a, &d))
		(void)!pair_give(&pair, &pair.b, &d);
	if (pair_take(&pair, &pair.b, &d))
		(void)!pair_give(&pair, &pair.a, &d);
	if (state == STATE_UP)
		pair_run(&pair);
}

/* A message of the initiator's with these payloads, under its keys. */
static bool
seal(uint8_t exchange, uint8_t flags, uint8_t first, const uint8_t *p, size_t n,
     struct pair_datagram *d)
{
	static struct adit_ike_message message;
	struct adit_ike_sa *sa = &pair.a.sas[0];
	struct adit_ike_writer m;

	if (!sa->suite.aead || sa->state == ADIT_IKE_FREE)
		return false;
	adit_ikev2_begin(sa, &m, &message, exchange, flags & 1, pair.b.sas[0].expected);
	m.w.base[28] = first;
	adit_write_span(&m.w, (struct adit_span){p, n});
	if (adit_ikev2_end(&pair.a.ike, sa, &m, &message) != ADIT_OK)
		return false;
	d->len = message.len;
	memcpy(d->bytes, message.bytes, message.len);
	return true;
}

static void
inject(uint8_t how, const uint8_t *p, size_t n)
{
	struct pair_datagram d;

	memset(&d, 0, sizeof d);
	d.path.local = pair.a.end;
	d.path.remote = pair.b.end;
	d.path.remote.port = how & 1 ? 4500 : 500;
	if (how & 2) {
		if (n < 3 || !seal(p[0], p[1], p[2], p + 3, n - 3, &d))
			return;
		d.path.remote.port = 500;
	} else {
		d.len = n;
		memcpy(d.bytes, p, n);
		/* Most bytes would be lost on SPIs that nobody has. */
		if ((how & 4) && n >= 28) {
			memcpy(d.bytes, pair.a.sas[0].spi_i, 8);
			memcpy(d.bytes + 8, pair.b.sas[0].spi_r, 8);
			adit_store32(d.bytes + 24, (uint32_t)n);
		}
	}
	(void)!pair_give(&pair, how & 8 ? &pair.a : &pair.b, &d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	bool honest = false; /* the true initiator has gone on */
	unsigned state;

	if (n < 1)
		return 0;
	state = p[0] % STATES;
	reach(state);
	p++;
	n--;
	for (int i = 0; i < 8 && n >= 3; i++) {
		uint8_t how = p[0];
		size_t len = ((size_t)p[1] << 8 | p[2]) % 1200;

		p += 3;
		n -= 3;
		if (len > n)
			len = n;
		inject(how, p, len);
		/* Without the peer's keys nobody comes up. */
		if (state != STATE_UP && !honest && !(how & 2) &&
		    pair_count(&pair.b, ADIT_EVENT_IKE_UP))
			abort();
		p += len;
		n -= len;
		if (how & 16) {
			pair.now += 5000;
			adit_ike_tick(&pair.a.ike, pair.now);
			adit_ike_tick(&pair.b.ike, pair.now);
		}
		if (how & 32) {
			honest = true;
			pair_run(&pair);
		}
	}
	adit_ike_wipe(&pair.a.ike);
	adit_ike_wipe(&pair.b.ike);
	return 0;
}
