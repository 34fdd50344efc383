/* Authentication by pre-shared key (RFC 7296 2.15). */
#include "crypto/prf.h"
#include "ike/auth.h"

#define KEY_PAD_LEN 17
static const uint8_t key_pad[KEY_PAD_LEN + 1] = "Key Pad for IKEv2";

enum adit_status
adit_auth_psk(const struct adit_prf *prf, struct adit_span psk, const struct adit_auth_signed *s,
	      uint8_t *out)
{
	const struct adit_span pad = {key_pad, KEY_PAD_LEN};
	uint8_t key[ADIT_HASH_MAX], maced_id[ADIT_HASH_MAX];
	const struct adit_span octets[] = {s->message, s->nonce, {maced_id, prf->mac->out_len}};
	enum adit_status st = adit_prf_sum(prf, s->sk_p, &s->id, 1, maced_id);

	if (st == ADIT_OK)
		st = adit_prf_sum(prf, psk, &pad, 1, key);
	if (st == ADIT_OK)
		st = adit_prf_sum(prf, (struct adit_span){key, prf->mac->out_len}, octets,
				  sizeof octets / sizeof octets[0], out);
	adit_wipe(key, sizeof key);
	return st;
}

enum adit_status
adit_auth_psk_verify(const struct adit_prf *prf, struct adit_span psk,
		     const struct adit_auth_signed *s, struct adit_span auth)
{
	uint8_t want[ADIT_HASH_MAX];
	enum adit_status st = adit_auth_psk(prf, psk, s, want);

	if (st == ADIT_OK && (auth.n != prf->mac->out_len || !adit_equal_ct(want, auth.p, auth.n)))
		st = ADIT_ERR_AUTH;
	adit_wipe(want, sizeof want);
	return st;
}
