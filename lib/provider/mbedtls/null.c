/* Integrity without encryption (RFC 2410), for ESP and AH. */
#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define NULL_AEAD(object, title, ...)                    \
	const struct adit_aead adit_mbedtls_##object = { \
		.name = title,                           \
		.encr = ADIT_ENCR_NULL,                  \
		.ctx_size = ADIT_ETM_CTX_SIZE(0),        \
		.block = 1,                              \
		.cipher = &adit_cipher_null,             \
		__VA_ARGS__,                             \
	}

ADIT_WITH_EACH(NULL_AEAD, null, "NULL");
