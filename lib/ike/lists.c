/* Lists that go through slots, both ways: no storage but the slots' own, and every change at the
 * same cost however long the list is. */
#include "ike/lists.h"

struct adit_ike_link *
adit_link_of_child(const struct adit_ike *ike, uint16_t slot)
{
	return &ike->mem.children[slot].link;
}

struct adit_ike_link *
adit_link_of_handshake(const struct adit_ike *ike, uint16_t slot)
{
	return &ike->mem.handshakes[slot].link;
}

struct adit_ike_link *
adit_link_of_sending(const struct adit_ike *ike, uint16_t slot)
{
	return &ike->mem.sas[slot].sending;
}

struct adit_ike_link *
adit_link_of_telling(const struct adit_ike *ike, uint16_t slot)
{
	return &ike->mem.sas[slot].telling;
}

/* A free SA sends nothing. */
struct adit_ike_link *
adit_link_of_sa(const struct adit_ike *ike, uint16_t slot)
{
	return adit_link_of_sending(ike, slot);
}

bool
adit_list_has(const struct adit_ike *ike, adit_link_at *at, const struct adit_ike_list *list,
	      uint16_t slot)
{
	return list->first == slot + 1 || at(ike, slot)->prev != 0;
}

void
adit_list_append(const struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
		 uint16_t slot)
{
	uint16_t number = (uint16_t)(slot + 1);

	*at(ike, slot) = (struct adit_ike_link){0, list->last};
	if (list->last)
		at(ike, (uint16_t)(list->last - 1))->next = number;
	else
		list->first = number;
	list->last = number;
}

void
adit_list_prepend(const struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
		  uint16_t slot)
{
	uint16_t number = (uint16_t)(slot + 1);

	*at(ike, slot) = (struct adit_ike_link){list->first, 0};
	if (list->first)
		at(ike, (uint16_t)(list->first - 1))->prev = number;
	else
		list->last = number;
	list->first = number;
}

void
adit_list_remove(const struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
		 uint16_t slot)
{
	struct adit_ike_link *link = at(ike, slot);

	if (!adit_list_has(ike, at, list, slot))
		return;
	if (link->prev)
		at(ike, (uint16_t)(link->prev - 1))->next = link->next;
	else
		list->first = link->next;
	if (link->next)
		at(ike, (uint16_t)(link->next - 1))->prev = link->prev;
	else
		list->last = link->prev;
	*link = (struct adit_ike_link){0, 0};
}

void
adit_lists_begin(struct adit_ike *ike)
{
	for (uint16_t i = 0; i < ike->mem.sa_count; i++)
		adit_list_append(ike, adit_link_of_sa, &ike->free_sas, i);
	for (uint16_t i = 0; i < ike->mem.child_count; i++)
		adit_list_append(ike, adit_link_of_child, &ike->free_children, i);
	for (uint16_t i = 0; i < ike->mem.handshake_count; i++)
		adit_list_append(ike, adit_link_of_handshake, &ike->free_handshakes, i);
}

static void
note(struct adit_ike *ike, adit_link_at *at, struct adit_ike_list *list,
     const struct adit_ike_sa *sa)
{
	uint16_t slot = (uint16_t)(sa - ike->mem.sas);

	if (!adit_list_has(ike, at, list, slot))
		adit_list_append(ike, at, list, slot);
}

void
adit_ike_note_output(struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	note(ike, adit_link_of_sending, &ike->sending, sa);
}

void
adit_ike_note_event(struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	note(ike, adit_link_of_telling, &ike->telling, sa);
}
