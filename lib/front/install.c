/* The glue between IKE's events and our databases. */
#include "front/install.h"

uint32_t
adit_child_word(struct adit_child_id id)
{
	return (uint32_t)id.slot << 16 | id.generation;
}

struct adit_child_id
adit_word_child(uint32_t word)
{
	return (struct adit_child_id){(uint16_t)(word >> 16), (uint16_t)word};
}

/* Inbound first: the peer may send as soon as it hears from us. */
enum adit_status
adit_install(struct adit_sad *sad, struct adit_spd *spd, const struct adit_ike_event *ev,
	     uint32_t policy, struct adit_sa_id *in, struct adit_sa_id *out)
{
	enum adit_status st = adit_sad_add(sad, &ev->in, policy, in);

	if (st != ADIT_OK)
		return st;
	st = adit_sad_add(sad, &ev->out, policy, out);
	if (st != ADIT_OK) {
		adit_sad_remove(sad, *in);
		return st;
	}
	st = adit_sad_pair(sad, *in, *out, adit_child_word(ev->child));
	if (st == ADIT_OK)
		st = adit_spd_link(spd, sad, *out);
	if (st != ADIT_OK) {
		adit_sad_remove(sad, *in);
		adit_sad_remove(sad, *out);
	}
	return st;
}

void
adit_uninstall(struct adit_sad *sad, struct adit_spd *spd, const struct adit_ike_event *ev)
{
	struct adit_sa_id in, out;
	uint32_t word;

	/* An SPI of another child may stand in a slot that ours never got. */
	if (!adit_sad_find(sad, ev->spi_in, &in) || !adit_sad_other(sad, in, &out, &word) ||
	    word != adit_child_word(ev->child))
		return;
	adit_spd_unlink(spd, sad, out);
	adit_sad_remove(sad, out);
	adit_sad_remove(sad, in);
}
