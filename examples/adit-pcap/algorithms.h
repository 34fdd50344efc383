/* Wireshark's names of ESP's algorithms, as transform objects. */
#ifndef ADIT_PCAP_ALGORITHMS_H
#define ADIT_PCAP_ALGORITHMS_H

#include "adit/crypto.h"

/* The object for two of Wireshark's names and a cipher key (with its salt) of key_n bytes. NULL:
 * *out is it; else what is wrong, in words. */
const char *algorithms_find(const struct adit_aead **out, const char *encr, const char *integ,
			    size_t key_n);

#endif
