/* ENCR_NULL (RFC 2410): a cipher that leaves data as they are, for integrity alone in ESP and AH.
 */
#include "adit/crypto.h"

static enum adit_status
null_setkey(void *kc, struct adit_span key)
{
	(void)kc;
	return key.n == 0 ? ADIT_OK : ADIT_ERR_ARG;
}

static enum adit_status
null_make_iv(void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	(void)n;
	(void)iv;
	return ADIT_OK;
}

static enum adit_status
null_crypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	(void)kc;
	(void)iv;
	(void)data;
	(void)len;
	return ADIT_OK;
}

static void
null_wipe(void *kc)
{
	(void)kc;
}

const struct adit_cipher adit_cipher_null = {
	"ENCR_NULL", ADIT_ENCR_NULL, 0,          1,          0,
	null_setkey, null_make_iv,   null_crypt, null_crypt, null_wipe};
