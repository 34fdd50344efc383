/* Slots of IKE SAs, Child SAs and handshakes in the caller's memory, and the writer of states. */
#include <string.h>

#include "base/check.h"
#include "base/endian.h"
#include "ike/lists.h"
#include "ike/slots.h"
#include "ike/timers.h"

#define SPI_LEN 8
#define SPI_SLOT_AT \
	6 /* the last two bytes of an SPI of ours are its slot: look-up without search */

/* struct adit_ike_identity counts in a byte, and holds an IPv6 address. */
ADIT_CHECK(id_max, ADIT_ID_MAX >= 16 && ADIT_ID_MAX <= 255);

static uint16_t
slot_of(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	return (uint16_t)(sa - ike->mem.sas);
}

void
adit_ike_set_state(struct adit_ike *ike, struct adit_ike_sa *sa, enum adit_ike_state state)
{
	if (sa->state == ADIT_IKE_INIT_DONE)
		ike->half_open--;
	if (state == ADIT_IKE_INIT_DONE)
		ike->half_open++;
	sa->state = (uint8_t)state;
}

/* Never zero, which means "none" on the wire. */
static enum adit_status
make_spi(const struct adit_ike *ike, const struct adit_ike_sa *sa, uint8_t *spi)
{
	if (ike->cfg->rng.fill(ike->cfg->rng.ctx, spi, SPI_LEN) != ADIT_OK)
		return ADIT_ERR_RANDOM;
	adit_store16(spi + SPI_SLOT_AT, slot_of(ike, sa));
	spi[0] |= 0x80;
	return ADIT_OK;
}

enum adit_status
adit_ike_take(struct adit_ike *ike, bool initiator, const struct adit_path *path,
	      struct adit_ike_sa **out)
{
	uint16_t slot = (uint16_t)(ike->free_sas.first - 1);
	uint16_t hs_slot = (uint16_t)(ike->free_handshakes.first - 1);
	struct adit_ike_sa *sa;
	uint8_t spi[SPI_LEN];
	enum adit_status st;

	if (ike->free_sas.first == 0 || ike->free_handshakes.first == 0)
		return ADIT_ERR_FULL;
	sa = &ike->mem.sas[slot];
	st = make_spi(ike, sa, spi);
	if (st != ADIT_OK)
		return st;
	adit_list_remove(ike, adit_link_of_sa, &ike->free_sas, slot);
	adit_list_remove(ike, adit_link_of_handshake, &ike->free_handshakes, hs_slot);
	sa->initiator = initiator;
	sa->path = sa->asked_from = *path;
	memcpy(initiator ? sa->spi_i : sa->spi_r, spi, SPI_LEN);
	sa->handshake = (uint16_t)(hs_slot + 1);
	ike->mem.handshakes[hs_slot].owner = (uint16_t)(slot + 1);
	sa->generation++;
	if (sa->generation == 0) /* 0 says "none" in a handle */
		sa->generation = 1;
	adit_ike_set_state(ike, sa, ADIT_IKE_IDLE);
	*out = sa;
	return ADIT_OK;
}

void
adit_ike_end_handshake(struct adit_ike *ike, struct adit_ike_sa *sa)
{
	uint16_t slot = (uint16_t)(sa->handshake - 1);

	if (sa->handshake == 0)
		return;
	adit_wipe(&ike->mem.handshakes[slot], sizeof *ike->mem.handshakes);
	adit_list_prepend(ike, adit_link_of_handshake, &ike->free_handshakes, slot);
	sa->handshake = 0;
}

void
adit_ike_free(struct adit_ike *ike, struct adit_ike_sa *sa)
{
	uint16_t generation = sa->generation, entry = sa->timer_entry, slot = slot_of(ike, sa);
	struct adit_ike_child *child;

	while ((child = adit_child_of(ike, sa, NULL)) != NULL)
		adit_child_free(ike, child);
	adit_ike_end_handshake(ike, sa);
	adit_timer_stop(ike, sa);
	adit_list_remove(ike, adit_link_of_sending, &ike->sending, slot);
	adit_list_remove(ike, adit_link_of_telling, &ike->telling, slot);
	adit_ike_set_state(ike, sa, ADIT_IKE_FREE);
	adit_wipe(sa, sizeof *sa);
	/* The heap's entry is that of the slot and not of the SA. */
	sa->generation = generation;
	sa->timer_entry = entry;
	adit_list_prepend(ike, adit_link_of_sa, &ike->free_sas, slot);
}

struct adit_ike_sa *
adit_ike_by_spi(const struct adit_ike *ike, const uint8_t *spi_i, const uint8_t *spi_r,
		bool from_initiator)
{
	const uint8_t *ours = from_initiator ? spi_r : spi_i;
	uint16_t slot = adit_load16(ours + SPI_SLOT_AT);
	struct adit_ike_sa *sa;
	const uint8_t *theirs;

	if (slot >= ike->mem.sa_count)
		return NULL;
	sa = &ike->mem.sas[slot];
	if (sa->state == ADIT_IKE_FREE || sa->initiator == from_initiator)
		return NULL;
	if (memcmp(ours, sa->initiator ? sa->spi_i : sa->spi_r, SPI_LEN) != 0)
		return NULL;
	/* An initiator learns the other SPI from the IKE_SA_INIT response. */
	theirs = from_initiator ? spi_i : spi_r;
	if (sa->state != ADIT_IKE_INIT_SENT &&
	    memcmp(theirs, sa->initiator ? sa->spi_r : sa->spi_i, SPI_LEN) != 0)
		return NULL;
	return sa;
}

struct adit_ike_sa *
adit_ike_by_id(const struct adit_ike *ike, struct adit_ike_id id)
{
	struct adit_ike_sa *sa;

	if (id.slot >= ike->mem.sa_count)
		return NULL;
	sa = &ike->mem.sas[id.slot];
	if (sa->state == ADIT_IKE_FREE || sa->generation != id.generation)
		return NULL;
	return sa;
}

struct adit_ike_id
adit_ike_id_of(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	return (struct adit_ike_id){slot_of(ike, sa), sa->generation};
}

struct adit_ike_handshake *
adit_ike_handshake_of(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	return sa->handshake ? &ike->mem.handshakes[sa->handshake - 1] : NULL;
}

/* Looks at the handshakes alone, whose number the caller has chosen, and not at all SAs. */
struct adit_ike_sa *
adit_ike_half_open(const struct adit_ike *ike, const uint8_t *spi_i, const struct adit_path *path)
{
	for (uint16_t i = 0; i < ike->mem.handshake_count; i++) {
		const struct adit_ike_handshake *hs = &ike->mem.handshakes[i];
		struct adit_ike_sa *sa;

		if (hs->owner == 0)
			continue;
		sa = &ike->mem.sas[hs->owner - 1];
		if (!sa->initiator && memcmp(sa->spi_i, spi_i, SPI_LEN) == 0 &&
		    adit_endpoint_equal(&sa->path.remote, &path->remote))
			return sa;
	}
	return NULL;
}

/* IPv4: one address; IPv6: one /64. */
static bool
same_prefix(const struct adit_ip *a, const struct adit_ip *b)
{
	return a->version == b->version && memcmp(a->b, b->b, a->version == 4 ? 4 : 8) == 0;
}

unsigned
adit_ike_half_open_of(const struct adit_ike *ike, const struct adit_ip *remote, bool proved)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < ike->mem.handshake_count; i++) {
		const struct adit_ike_handshake *hs = &ike->mem.handshakes[i];

		if (hs->owner != 0 && hs->proved == proved &&
		    !ike->mem.sas[hs->owner - 1].initiator &&
		    same_prefix(&ike->mem.sas[hs->owner - 1].path.remote.ip, remote))
			n++;
	}
	return n;
}

static enum adit_status
take_spi(const struct adit_ike *ike, uint32_t *spi)
{
	const struct adit_spi_source *source = &ike->cfg->spis;
	uint8_t raw[4];

	if (source->alloc)
		return source->alloc(source->ctx, spi);
	if (ike->cfg->rng.fill(ike->cfg->rng.ctx, raw, sizeof raw) != ADIT_OK)
		return ADIT_ERR_RANDOM;
	/* The highest bit keeps it clear of the reserved ones. */
	*spi = adit_load32(raw) | 0x80000000u;
	return ADIT_OK;
}

enum adit_status
adit_child_take(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_child **out)
{
	uint16_t slot = (uint16_t)(ike->free_children.first - 1);
	struct adit_ike_child *child;
	enum adit_status st;
	uint32_t spi;

	if (ike->free_children.first == 0)
		return ADIT_ERR_FULL;
	child = &ike->mem.children[slot];
	st = take_spi(ike, &spi);
	if (st != ADIT_OK)
		return st;
	adit_list_remove(ike, adit_link_of_child, &ike->free_children, slot);
	adit_list_append(ike, adit_link_of_child, &sa->children, slot);
	child->spi_in = spi;
	child->owner = slot_of(ike, sa);
	child->generation++;
	if (child->generation == 0)
		child->generation = 1;
	child->state = ADIT_CHILD_ASKED;
	*out = child;
	return ADIT_OK;
}

void
adit_child_free(struct adit_ike *ike, struct adit_ike_child *child)
{
	const struct adit_spi_source *source = &ike->cfg->spis;
	uint16_t generation = child->generation, slot = (uint16_t)(child - ike->mem.children);

	if (!child->told_up && source->release)
		source->release(source->ctx, child->spi_in);
	adit_list_remove(ike, adit_link_of_child, &ike->mem.sas[child->owner].children, slot);
	adit_wipe(child, sizeof *child);
	child->generation = generation;
	adit_list_prepend(ike, adit_link_of_child, &ike->free_children, slot);
}

struct adit_ike_child *
adit_child_of(const struct adit_ike *ike, const struct adit_ike_sa *sa,
	      const struct adit_ike_child *after)
{
	uint16_t number = after ? after->link.next : sa->children.first;

	return number ? &ike->mem.children[number - 1] : NULL;
}

struct adit_ike_child *
adit_child_by_id(const struct adit_ike *ike, struct adit_child_id id)
{
	struct adit_ike_child *child;

	if (id.slot >= ike->mem.child_count)
		return NULL;
	child = &ike->mem.children[id.slot];
	if (child->state == ADIT_CHILD_FREE || child->generation != id.generation)
		return NULL;
	return child;
}

struct adit_child_id
adit_child_id_of(const struct adit_ike *ike, const struct adit_ike_child *child)
{
	return (struct adit_child_id){(uint16_t)(child - ike->mem.children), child->generation};
}

void
adit_child_down(struct adit_ike *ike, struct adit_ike_child *child, enum adit_status reason)
{
	if (child->state == ADIT_CHILD_DEAD)
		return;
	adit_wipe(&child->keys, sizeof child->keys);
	/* What was never told to be there need not be told to be gone. */
	if (!child->told_up) {
		adit_child_free(ike, child);
		return;
	}
	child->state = ADIT_CHILD_DEAD;
	child->reason = (uint8_t)reason;
	child->tell = ADIT_TELL_DOWN;
	adit_ike_note_event(ike, &ike->mem.sas[child->owner]);
}

void
adit_children_down(struct adit_ike *ike, const struct adit_ike_sa *sa, enum adit_status reason)
{
	struct adit_ike_child *child = adit_child_of(ike, sa, NULL), *next;

	for (; child; child = next) {
		next = adit_child_of(ike, sa, child);
		adit_child_down(ike, child, reason);
	}
}

void
adit_ike_down(struct adit_ike *ike, struct adit_ike_sa *sa, enum adit_status reason,
	      uint16_t notify)
{
	bool tell = sa->initiator || sa->state == ADIT_IKE_UP || sa->state == ADIT_IKE_DELETING;

	if (sa->state == ADIT_IKE_DEAD)
		return;
	/* A DELETING SA has noted already why it ends, be it that somebody asked for it; that the
	 * peer did not answer to that is no other reason. */
	if (sa->state != ADIT_IKE_DELETING && sa->reason == ADIT_OK) {
		sa->reason = (uint8_t)reason;
		sa->notify = notify;
	}
	adit_children_down(ike, sa, (enum adit_status)sa->reason);
	adit_ike_end_handshake(ike, sa);
	adit_timer_stop(ike, sa);
	adit_ike_set_state(ike, sa, ADIT_IKE_DEAD);
	sa->job = ADIT_JOB_NONE;
	sa->want = 0;
	sa->due &= ADIT_DUE_RESPONSE;
	/* A stranger's half-open attempt is no event. */
	if (tell)
		sa->tell |= ADIT_TELL_DOWN;
	adit_ike_note_event(ike, sa);
	adit_ike_reap(ike, sa);
}

void
adit_ike_reap(struct adit_ike *ike, struct adit_ike_sa *sa)
{
	if (sa->state == ADIT_IKE_DEAD && sa->due == 0 && sa->tell == 0 &&
	    adit_child_of(ike, sa, NULL) == NULL)
		adit_ike_free(ike, sa);
}

bool
adit_ike_follow(struct adit_ike_sa *sa, const struct adit_path *path)
{
	if (!sa->nat_remote || sa->nat_local ||
	    !adit_endpoint_equal(&path->local, &sa->path.local) ||
	    adit_endpoint_equal(&sa->path.remote, &path->remote))
		return false;
	sa->path = *path;
	return true;
}
