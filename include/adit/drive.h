/* A thin driver for programs that would rather give callbacks than call five functions. */
#ifndef ADIT_DRIVE_H
#define ADIT_DRIVE_H

#include "adit/ike.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The caller's world. Callbacks get ctx and never the engine, so that none can re-enter it. */
struct adit_io {
	void *ctx;
	adit_ms (*now)(void *ctx);
	/* One datagram if there is one: *n 0 and OK where none waits; never blocks. */
	enum adit_status (*recv)(void *ctx, struct adit_path *path, struct adit_buf dgram,
				 size_t *n);
	enum adit_status (*send)(void *ctx, const struct adit_path *path, struct adit_span dgram);
	void (*event)(void *ctx, const struct adit_ike_event *ev);
};

/* One bounded round: at most `budget` datagrams in, what is due, all events, all datagrams out;
 * but an answer that belongs to no SA goes out before the next datagram comes in.
 * buf: at least ADIT_IKE_MESSAGE_MAX + 4 bytes. *next: when to call again at the latest.
 * A bad datagram is no error. ERR_IO: a callback failed; call again later. */
ADIT_MUST_USE enum adit_status adit_ike_run(struct adit_ike *ike, const struct adit_io *io,
					    struct adit_buf buf, unsigned budget, adit_ms *next);

#ifdef __cplusplus
}
#endif
#endif
