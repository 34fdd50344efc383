/* Integrity without encryption (RFC 2410), for ESP and AH. */
#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define NULL_WITH(object, title, with)                        \
	const struct adit_aead adit_mbedtls_null_##object = { \
		.name = "NULL+" title,                        \
		.encr = ADIT_ENCR_NULL,                       \
		.ctx_size = ADIT_ETM_CTX_SIZE(0),             \
		.block = 1,                                   \
		.cipher = &adit_cipher_null,                  \
		with,                                         \
	}

NULL_WITH(sha1, "HMAC-SHA1-96", ADIT_WITH_SHA1_96);
NULL_WITH(sha256, "HMAC-SHA2-256-128", ADIT_WITH_SHA256_128);
NULL_WITH(sha384, "HMAC-SHA2-384-192", ADIT_WITH_SHA384_192);
NULL_WITH(sha512, "HMAC-SHA2-512-256", ADIT_WITH_SHA512_256);
