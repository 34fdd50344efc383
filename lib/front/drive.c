/* The callback driver: the only loop and the only calls of the caller's functions in the IKE stack.
 */
#include "adit/drive.h"

/* The next datagram, if one is due: else *n is 0. */
static enum adit_status
send_one(struct adit_ike *ike, const struct adit_io *io, struct adit_buf buf, size_t *n)
{
	struct adit_path path;
	enum adit_status st = adit_ike_output(ike, io->now(io->ctx), &path, buf, n);

	return st == ADIT_OK && *n ? io->send(io->ctx, &path, (struct adit_span){buf.p, *n}) : st;
}

/* What is said to a stranger has one place: it leaves before the next one comes in, so that a flood
 * of them doesn't keep one from its cookie. */
static enum adit_status
take_in(struct adit_ike *ike, const struct adit_io *io, struct adit_buf buf, unsigned budget)
{
	for (unsigned i = 0; i < budget; i++) {
		struct adit_path path;
		size_t n = 0;
		enum adit_status st = io->recv(io->ctx, &path, buf, &n);

		if (st != ADIT_OK || n == 0)
			return st;
		/* A bad datagram is the sender's problem and is already counted. */
		(void)adit_ike_input(ike, io->now(io->ctx), &path, buf.p, n);
		st = ike->reply.len ? send_one(ike, io, buf, &n) : ADIT_OK;
		if (st != ADIT_OK)
			return st;
	}
	return ADIT_OK;
}

static void
tell_events(struct adit_ike *ike, const struct adit_io *io)
{
	struct adit_ike_event ev;

	while (adit_ike_event(ike, &ev))
		io->event(io->ctx, &ev);
}

static enum adit_status
send_out(struct adit_ike *ike, const struct adit_io *io, struct adit_buf buf)
{
	enum adit_status st;
	size_t n;

	do
		st = send_one(ike, io, buf, &n);
	while (st == ADIT_OK && n);
	return st;
}

enum adit_status
adit_ike_run(struct adit_ike *ike, const struct adit_io *io, struct adit_buf buf, unsigned budget,
	     adit_ms *next)
{
	enum adit_status in = take_in(ike, io, buf, budget), out;

	/* What failed to come in does not keep the rest from happening. */
	adit_ike_tick(ike, io->now(io->ctx));
	/* Events first: an SA is installed before the peer hears that it is up. */
	tell_events(ike, io);
	out = send_out(ike, io, buf);
	*next = adit_ike_deadline(ike);
	return in != ADIT_OK ? in : out;
}
