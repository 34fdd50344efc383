/* Any SA, with a cipher of any sizes that opens to anything. */
#ifndef ADIT_TEST_PROOF_SA_H
#define ADIT_TEST_PROOF_SA_H

#include "adit/sa.h"
#include "proof.h"

static unsigned opened; /* packets found authentic */

/* Looks whether all that it is given is there, writes any bytes, and says anything. With
 * PROOF_BYTES_UNREAD nothing is written: bytes that nobody has read yet are any bytes as they are.
 */
static void
any_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	(void)kc;
	SHOW(n == 1);
	SHOW(__CPROVER_r_ok(ops->iv, aead->implicit_iv ? 8 : aead->iv_len));
	SHOW(__CPROVER_r_ok(ops->aad.p, ops->aad.n));
	SHOW(ops->tail.n == 0 || __CPROVER_r_ok(ops->tail.p, ops->tail.n));
	SHOW(__CPROVER_r_ok(ops->icv, aead->icv_len));
	SHOW(__CPROVER_w_ok(ops->data, ops->len));
	SHOW((ops->len & (aead->block - 1U)) == 0);
#ifndef PROOF_BYTES_UNREAD
	__CPROVER_havoc_slice(ops->data, ops->len);
#endif
	ops->status = nondet_bool() ? ADIT_OK : ADIT_ERR_ICV;
	opened += ops->status == ADIT_OK;
}

static struct adit_aead any_aead_object;
static struct adit_sa_more any_more;
static struct adit_selectors any_selectors_object;
static uint32_t any_window[ADIT_REPLAY_WORDS(64)];
static uint64_t any_context[1];

/* What crypto.h promises of every object: a block is a power of two. */
static const struct adit_aead *
any_aead(void)
{
	struct adit_aead a;
	uint8_t shift = nondet_u8();

	GIVEN(a.iv_len <= ADIT_IV_MAX && a.icv_len > 0 && a.icv_len <= ADIT_ICV_MAX);
	GIVEN(!a.implicit_iv || a.iv_len == 0);
	GIVEN(shift <= 4);
	a.block = (uint8_t)(1U << shift);
	a.open = any_open;
	any_aead_object = a;
	return &any_aead_object;
}

/* Any SA that adit_sa_init() can make and packets can have changed. */
static void
any_sa(struct adit_sa *sa)
{
	struct adit_sa any;

	__CPROVER_havoc_object(any_window);
	__CPROVER_havoc_object(&any_more);
	*sa = any;
	sa->aead = any_aead();
	sa->kc = any_context;
	sa->more = nondet_bool() ? &any_more : NULL;
	sa->selectors = nondet_bool() ? &any_selectors_object : NULL;
	GIVEN(sa->dir == ADIT_IN || sa->dir == ADIT_OUT);
	GIVEN(sa->mode >= ADIT_TUNNEL && sa->mode <= ADIT_IPTFS);
	GIVEN(sa->protocol == ADIT_PROTO_ESP || sa->protocol == ADIT_PROTO_AH);
	GIVEN(sa->mode <= ADIT_TRANSPORT || sa->protocol == ADIT_PROTO_ESP);
	GIVEN(!sa->udp_encap || sa->protocol == ADIT_PROTO_ESP);
	GIVEN(sa->mode != ADIT_BEET || sa->more);
	GIVEN(!sa->bounded || sa->more);
	GIVEN(sa->outer[0] == 0x45 || sa->outer[0] == 0x60);
	sa->outer_len = (sa->outer[0] == 0x45 ? 20 : 40) + (sa->udp_encap ? 8 : 0);
	GIVEN(sa->mode != ADIT_BEET || any_more.inside[0].version == sa->outer[0] >> 4);
	GIVEN(sa->mode != ADIT_BEET || any_more.inside[1].version == sa->outer[0] >> 4);
	sa->window.bits = any_window;
	sa->window.mask = sizeof any_window / sizeof *any_window - 1;
	sa->window.packets = 64;
	sa->window.esn = sa->esn;
	GIVEN(sa->esn || sa->window.top <= UINT32_MAX);
}

#endif
