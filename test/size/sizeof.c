/* The sizes of what a caller gives storage for, readable from the object without running it: each
 * is the size of an array. */
#include <stddef.h>

#include "adit/adit.h"

#define SIZE_OF(type) char size_of_##type[sizeof(struct type)]

SIZE_OF(adit_sa);
SIZE_OF(adit_selectors);
SIZE_OF(adit_sad_word);
SIZE_OF(adit_sad_entry);
SIZE_OF(adit_sad);
SIZE_OF(adit_policy);
SIZE_OF(adit_spd);
SIZE_OF(adit_spd_cache_entry);
SIZE_OF(adit_ipsec);
SIZE_OF(adit_ike_sa);
SIZE_OF(adit_ike_child);
SIZE_OF(adit_ike_handshake);
SIZE_OF(adit_ike);
SIZE_OF(adit_node);
SIZE_OF(adit_pkt);
SIZE_OF(adit_verdict);
SIZE_OF(adit_fragmenter);
SIZE_OF(adit_reasm);
SIZE_OF(adit_reasm_slot);
SIZE_OF(adit_fragtrack);
SIZE_OF(adit_fragtrack_entry);

/* Where an AEAD object keeps the size of its keyed contexts; one more, so that 0 can be told. */
char size_of_ctx_size_offset[offsetof(struct adit_aead, ctx_size) + 1];
