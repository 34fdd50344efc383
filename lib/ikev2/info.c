/* INFORMATIONAL, both sides: delete and liveness (RFC 7296 1.4, 2.4), and what to begin next. */
#include <string.h>

#include "ikev2/turn.h"

#define ESP_SPI_LEN 4

static struct adit_ike_child *
child_by_spi_out(const struct adit_ikev2_turn *t, uint32_t spi)
{
	struct adit_ike_child *child = NULL;

	while ((child = adit_child_of(t->ike, t->sa, child)) != NULL)
		if (child->spi_out == spi && child->state != ADIT_CHILD_DEAD)
			return child;
	return NULL;
}

/* The peer deletes the SAs it receives on; we answer with ours of the same pairs (1.4.1). Of a pair
 * that we are deleting ourselves nothing is said: both sides know. */
static void
delete_children(struct adit_ikev2_turn *t, const struct adit_ike_delete *d)
{
	struct adit_reader r = adit_reader_of(d->spis);

	for (unsigned i = 0; i < d->count; i++) {
		struct adit_ike_child *child = child_by_spi_out(t, adit_read_u32(&r));
		uint8_t spi[ESP_SPI_LEN];
		struct adit_ike_delete ours = {ADIT_IKE_PROTO_ESP, 1, {spi, sizeof spi}};

		if (!child)
			continue;
		adit_store32(spi, child->spi_in);
		if (child->state == ADIT_CHILD_UP)
			adit_ike_put_delete(&t->m, &ours);
		adit_child_down(t->ike, child, ADIT_OK);
	}
}

enum adit_status
adit_ikev2_info_answer(struct adit_ikev2_turn *t)
{
	struct adit_span rest = t->inner.all, body;
	uint8_t next = t->inner.first, type = next;
	struct adit_ike_notify n;
	struct adit_ike_delete d;

	for (; adit_payload_next(&next, &rest, &body); type = next) {
		if (type != ADIT_PAYLOAD_DELETE)
			continue;
		if (adit_ike_get_delete(body, &d) != ADIT_OK)
			return ADIT_ERR_MALFORMED;
		if (d.protocol == ADIT_IKE_PROTO_ESP)
			delete_children(t, &d);
		else if (d.protocol == ADIT_IKE_PROTO_IKE)
			t->end_sa = true;
	}
	/* How a peer ends an SA that we believed to be authenticated (2.21.2). */
	if (adit_ike_find_notify(&t->inner, ADIT_N_AUTHENTICATION_FAILED, &n)) {
		t->notify = n.type;
		t->end_sa = true;
	}
	return ADIT_OK;
}

enum adit_status
adit_ikev2_probe_finish(struct adit_ikev2_turn *t)
{
	(void)t; /* that it came at all is the answer */
	return ADIT_OK;
}

enum adit_status
adit_ikev2_delete_child_finish(struct adit_ikev2_turn *t)
{
	struct adit_ike_child *child = adit_child_of(t->ike, t->sa, NULL), *next;

	for (; child; child = next) {
		next = adit_child_of(t->ike, t->sa, child);
		if (child->state == ADIT_CHILD_DELETING)
			adit_child_down(t->ike, child, ADIT_OK);
	}
	return ADIT_OK;
}

enum adit_status
adit_ikev2_delete_ike_finish(struct adit_ikev2_turn *t)
{
	adit_ike_down(t->ike, t->sa, ADIT_OK, 0);
	return ADIT_OK;
}

/* Our own requests. */

static void
put_child_deletes(struct adit_ike *ike, const struct adit_ike_sa *sa, struct adit_ike_writer *m)
{
	struct adit_ike_child *child = NULL;

	while ((child = adit_child_of(ike, sa, child)) != NULL) {
		uint8_t spi[ESP_SPI_LEN];
		struct adit_ike_delete d = {ADIT_IKE_PROTO_ESP, 1, {spi, sizeof spi}};

		if (!child->wanted_down || child->state != ADIT_CHILD_UP)
			continue;
		adit_store32(spi, child->spi_in);
		adit_ike_put_delete(m, &d);
		child->state = ADIT_CHILD_DELETING;
	}
}

/* An SA that never was authenticated ends with the reason, one that was with a delete. */
static void
put_end(const struct adit_ike_sa *sa, struct adit_ike_writer *m)
{
	const struct adit_ike_delete d = {ADIT_IKE_PROTO_IKE, 0, {NULL, 0}};

	if (sa->notify == ADIT_N_AUTHENTICATION_FAILED && sa->reason == ADIT_ERR_AUTH)
		adit_ike_put_notify_data(m, sa->notify, (struct adit_span){NULL, 0});
	else
		adit_ike_put_delete(m, &d);
}

static enum adit_ike_job
take_want(struct adit_ike_sa *sa)
{
	static const struct {
		uint8_t want, job;
	} order[] = {{ADIT_WANT_DELETE_IKE, ADIT_JOB_DELETE_IKE},
		     {ADIT_WANT_DELETE_CHILD, ADIT_JOB_DELETE_CHILD},
		     {ADIT_WANT_PROBE, ADIT_JOB_PROBE}};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (sa->want & order[i].want) {
			sa->want = (uint8_t)(sa->want & ~order[i].want);
			return (enum adit_ike_job)order[i].job;
		}
	return ADIT_JOB_NONE;
}

static enum adit_status
send(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now, enum adit_ike_job job)
{
	struct adit_ike_writer m;
	enum adit_status st;

	adit_ikev2_begin(sa, &m, &sa->request, ADIT_EXCHANGE_INFORMATIONAL, false, sa->next_id);
	if (job == ADIT_JOB_DELETE_CHILD)
		put_child_deletes(ike, sa, &m);
	if (job == ADIT_JOB_DELETE_IKE)
		put_end(sa, &m);
	st = adit_ikev2_end(ike, sa, &m, &sa->request);
	if (st != ADIT_OK)
		return st;
	if (job == ADIT_JOB_DELETE_IKE)
		adit_ike_set_state(ike, sa, ADIT_IKE_DELETING);
	adit_ike_sent(ike, sa, now, job);
	return ADIT_OK;
}

void
adit_ikev2_next_job(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now)
{
	enum adit_ike_job job;
	enum adit_status st;

	if (sa->state != ADIT_IKE_UP || sa->job != ADIT_JOB_NONE)
		return;
	job = take_want(sa);
	if (job == ADIT_JOB_NONE)
		return;
	st = send(ike, sa, now, job);
	if (st != ADIT_OK)
		adit_ike_down(ike, sa, st, 0);
}
