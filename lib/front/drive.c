/* The callback driver: the only loop and the only calls of the caller's functions in the IKE stack.
 */
#include "adit/drive.h"

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
	for (;;) {
		struct adit_path path;
		size_t n;
		enum adit_status st = adit_ike_output(ike, io->now(io->ctx), &path, buf, &n);

		if (st != ADIT_OK || n == 0)
			return st;
		st = io->send(io->ctx, &path, (struct adit_span){buf.p, n});
		if (st != ADIT_OK)
			return st;
	}
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
