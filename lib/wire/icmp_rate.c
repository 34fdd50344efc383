/* How often ICMP errors are sent (RFC 1812 4.3.2.8, RFC 4443 2.4 f). */
#include "adit/icmp.h"

#define INTERVAL_MS 100
#define BURST 10

/* The bucket as the time when it is full again: what was sent stands for an interval each. */
bool
adit_icmp_may_send(struct adit_icmp_rate *rate, adit_ms now)
{
	adit_ms interval = rate->interval_ms ? rate->interval_ms : INTERVAL_MS;
	adit_ms burst = rate->burst ? rate->burst : BURST;
	adit_ms due = rate->due > now ? rate->due : now;

	if (due - now > (burst - 1) * interval)
		return false;
	rate->due = due + interval;
	return true;
}
