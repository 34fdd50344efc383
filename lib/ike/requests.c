/* Our one outstanding request: sending, sending again, giving up (RFC 7296 2.1, 2.4), and what time
 * brings to an SA. */
#include "ike/idle.h"
#include "ike/lists.h"
#include "ike/requests.h"
#include "ike/timers.h"

/* Defaults, as strongSwan has them: 165 s in all. */
#define TIMEOUT_MS 4000
#define BASE_PERCENT 180
#define TRIES 5
#define JITTER_PERCENT 20
/* Between keep-alives of a node behind a NAT (RFC 3948 4). */
#define KEEPALIVE_MS 20000

void
adit_ike_due(struct adit_ike *ike, struct adit_ike_sa *sa, uint8_t what)
{
	sa->due |= what;
	adit_ike_note_output(ike, sa);
}

static uint32_t
or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

/* Up to JITTER_PERCENT more, so that many nodes don't retransmit in step. Without randomness there
 * is no jitter, and no harm. */
static adit_ms
with_jitter(const struct adit_ike *ike, uint32_t wait_ms)
{
	uint8_t r = 0;

	if (ike->cfg->rng.fill(ike->cfg->rng.ctx, &r, 1) != ADIT_OK)
		r = 0;
	return wait_ms + (adit_ms)wait_ms * (r % (JITTER_PERCENT + 1)) / 100;
}

static void
schedule(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	sa->retransmit_at = now + with_jitter(ike, sa->wait_ms);
	adit_timer_wake(ike, sa, sa->retransmit_at);
}

void
adit_ike_sent(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now, enum adit_ike_job job)
{
	sa->job = (uint8_t)job;
	sa->next_id++;
	sa->tries = 1;
	sa->wait_ms = or_default(ike->cfg->retransmit_timeout_ms, TIMEOUT_MS);
	sa->request.resent = false;
	adit_ike_due(ike, sa, ADIT_DUE_REQUEST);
	schedule(ike, sa, now);
}

void
adit_ike_answered(struct adit_ike_sa *sa)
{
	sa->job = ADIT_JOB_NONE;
	sa->due = (uint8_t)(sa->due & ~ADIT_DUE_REQUEST);
}

static void
retransmit(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	uint32_t base = or_default(ike->cfg->retransmit_base_percent, BASE_PERCENT);

	if (sa->tries > or_default(ike->cfg->retransmit_tries, TRIES)) {
		/* An unauthenticated error notify is believed only now (RFC 7296 2.21.1). */
		adit_ike_down(ike, sa, sa->notify ? ADIT_ERR_REFUSED : ADIT_ERR_TIMEOUT,
			      sa->notify);
		return;
	}
	sa->tries++;
	sa->wait_ms = (uint32_t)((uint64_t)sa->wait_ms * base / 100);
	adit_ike_due(ike, sa, ADIT_DUE_REQUEST);
	schedule(ike, sa, now);
}

static bool
is_due(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms at, adit_ms now)
{
	if (at <= now)
		return true;
	adit_timer_wake(ike, sa, at);
	return false;
}

static void
tick_up(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	adit_ms delay = adit_ike_peer(ike, sa)->dpd_delay_ms;

	if (delay && sa->job == ADIT_JOB_NONE && is_due(ike, sa, sa->heard_at + delay, now)) {
		sa->want |= ADIT_WANT_PROBE;
		sa->heard_at = now; /* the next one a whole delay later */
		adit_timer_wake(ike, sa, now + delay);
	}
	if (sa->nat_local && is_due(ike, sa, sa->sent_at + KEEPALIVE_MS, now)) {
		adit_ike_due(ike, sa, ADIT_DUE_KEEPALIVE);
		sa->sent_at = now;
		adit_timer_wake(ike, sa, now + KEEPALIVE_MS);
	}
	adit_timer_wake(ike, sa, adit_idle_tick(ike, sa, now));
}

void
adit_ike_tick_sa(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	if (sa->state == ADIT_IKE_FREE || sa->state == ADIT_IKE_DEAD)
		return;
	if (sa->state == ADIT_IKE_INIT_DONE && is_due(ike, sa, sa->expire_at, now)) {
		adit_ike_down(ike, sa, ADIT_ERR_TIMEOUT, 0);
		return;
	}
	if (sa->job != ADIT_JOB_NONE && is_due(ike, sa, sa->retransmit_at, now))
		retransmit(ike, sa, now);
	/* Unless that was its end. */
	if (sa->state == ADIT_IKE_UP)
		tick_up(ike, sa, now);
}
