/* Two SAs, one at each end, and packets between them: for tests over the public headers. Byte
 * order, checksums and headers are written here a second time, so that a fault of the library's own
 * does not cancel out. */
#ifndef ADIT_TEST_LANE_H
#define ADIT_TEST_LANE_H

#include "adit/ah.h"
#include "adit/esp.h"

enum {
	LANE_BUF = 4096,
	LANE_ROOM = 256,
	LANE_SPI = 0x1234,
	LANE_WINDOW_MAX = 1024,
	LANE_V4 = 20,
	LANE_V6 = 40
};

struct lane {
	struct adit_sa out, in;
	struct adit_sa_more more[2];
	union adit_keyctx kc[2];
	uint32_t bits[ADIT_REPLAY_WORDS(LANE_WINDOW_MAX)];
	uint8_t buf[LANE_BUF], kept[LANE_BUF];
	struct adit_pkt pkt, kept_pkt;
	struct adit_esp_rx rx;
};

/* The hosts, as sender (0) and receiver (1) of every packet here. */
extern const struct adit_ip lane_v4[2], lane_v6[2];

/* Parameters of the sender's SA: ESP, SPI LANE_SPI, a key that fits. */
struct adit_sa_params lane_params(uint8_t version, enum adit_mode mode,
				  const struct adit_aead *aead);
/* Makes the sender's SA from *out and the receiver's from its mirror image. Both statuses have to
 * be the one returned. */
enum adit_status lane_try(struct lane *l, const struct adit_sa_params *out);
void lane_open(struct lane *l, const struct adit_sa_params *out);
void lane_close(struct lane *l);

/* Puts a UDP packet of n bytes, from host 0 to host 1, into the lane; its checksum is right. */
void lane_udp(struct lane *l, uint8_t version, size_t n);
/* Puts any bytes. */
void lane_bytes(struct lane *l, const uint8_t *p, size_t n);
/* The first byte of the packet. */
uint8_t *lane_data(struct lane *l);

/* ESP or AH, as the SAs say. */
enum adit_status lane_send(struct lane *l);
enum adit_status lane_send_at(struct lane *l, uint64_t seq);
enum adit_status lane_receive(struct lane *l);
/* Keeps the packet as it is now; makes it that again. */
void lane_keep(struct lane *l);
void lane_again(struct lane *l);
/* Whether the packet is the kept one, byte for byte. */
bool lane_is_kept(const struct lane *l);

/* Puts an ESP packet whose enciphered part is plain[n], trailer included, with the sender's key:
 * what a peer with other ideas sends. Numbers without high half. */
void lane_seal(struct lane *l, uint32_t seq, const uint8_t *plain, size_t n);
/* The same with payload[n], `pad` bytes of right padding and next header. */
void lane_seal_payload(struct lane *l, uint32_t seq, const uint8_t *payload, size_t n, uint8_t pad,
		       uint8_t next);

/* Writes the length of the IP packet at p (and, IPv4, its checksum). */
void lane_set_length(uint8_t *p, size_t n);
void lane_ipv4_checksum(uint8_t *p);
/* The Internet checksum of n bytes on top of `sum`. */
uint16_t lane_checksum(uint32_t sum, const uint8_t *p, size_t n);
/* Big-endian, by hand. */
void lane_put16(uint8_t *p, unsigned v);
void lane_put32(uint8_t *p, uint32_t v);
unsigned lane_get16(const uint8_t *p);

/* Runs on every AEAD of all lists: for ESP those that ESP can use, for AH likewise. */
void lane_for_each_aead(uint8_t protocol, void (*run)(const struct adit_aead *aead));

#endif
