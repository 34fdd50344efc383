/* Wireshark's esp_sa lines: SAs by hand, one a line, as its preferences and key logs have them:
 *
 *   "IPv4","10.0.0.1","10.0.0.2","0x03030303","AES-GCM with 16 octet ICV [RFC4106]","0xKEYSALT",
 *   "NULL","","32-bit","0"
 *
 * Ten fields, or the eight of Wireshark 4.0 and before, which have no extended numbers. */
#ifndef ADIT_PCAP_ESP_SA_H
#define ADIT_PCAP_ESP_SA_H

#include "adit/crypto.h"

/* The addresses that a line speaks of: bits of ip; bits 0: all ("*"). */
struct esp_sa_prefix {
	struct adit_ip ip;
	unsigned bits;
};

/* One line. */
struct esp_sa {
	struct esp_sa_prefix src, dst; /* outer addresses, of one version */
	uint32_t spi;
	const struct adit_aead *aead;
	uint8_t key[ADIT_AEAD_KEY_MAX]; /* as adit_aead has it: cipher key, salt, integrity key */
	size_t key_n;
	bool esn;
	uint32_t seq_high; /* of the first packet, where esn */
};

/* Reads the line of n bytes at text, without its end of line. NULL: *sa is the SA; else what is
 * wrong with the line, in words. */
const char *esp_sa_parse(struct esp_sa *sa, const char *text, size_t n);

/* Empty, or a comment (#). */
bool esp_sa_is_blank(const char *text, size_t n);

bool esp_sa_prefix_match(const struct esp_sa_prefix *prefix, const struct adit_ip *ip);
/* The prefix is one address. */
bool esp_sa_prefix_is_host(const struct esp_sa_prefix *prefix);

#endif
