/* ESP behind a cipher that lets everything pass, so that all that follows authentication is
 * reached: padding, next header, inner packets, selectors, and the window. The first byte picks
 * mode and encapsulation, the second moves the window's top; the rest is the packet. */
#include <stdlib.h>
#include <string.h>

#include "adit/esp.h"
#include "fuzz/open_door.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SPI = 0x1234, ROOM = 64 };

static void
make_sa(struct adit_sa *sa, uint8_t how, uint64_t *kc, uint32_t *window)
{
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = ADIT_IN;
	p.mode = how & 1 ? ADIT_TRANSPORT : ADIT_TUNNEL;
	p.udp_encap = (how & 2) != 0;
	p.esn = (how & 4) != 0;
	p.spi = SPI;
	p.local.version = p.remote.version = how & 8 ? 6 : 4;
	p.aead = &open_door;
	p.replay_window = 64;
	if (adit_sa_init(sa, &p, (struct adit_buf){(uint8_t *)kc, OPEN_DOOR_CTX}, window,
			 ADIT_REPLAY_WORDS(64)) != ADIT_OK)
		abort();
}

/* What was delivered is a whole IP packet within its buffer, and its number is used up. */
static void
check_delivered(const struct adit_sa *sa, const struct adit_pkt *pkt, uint64_t seq)
{
	struct adit_flow flow;

	if (pkt->off > pkt->cap || pkt->len > pkt->cap - pkt->off)
		abort();
	if (adit_flow_read(&flow, ADIT_IN, adit_pkt_data(pkt), pkt->len) != ADIT_OK)
		abort();
	if (adit_replay_check(&sa->window, seq) != ADIT_ERR_REPLAY)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint32_t window[ADIT_REPLAY_WORDS(64)];
	uint64_t kc[OPEN_DOOR_CTX / sizeof(uint64_t)];
	struct adit_esp_rx rx;
	struct adit_pkt pkt;
	struct adit_sa sa;
	uint8_t *buf;

	if (n < 2)
		return 0;
	make_sa(&sa, data[0], kc, window);
	sa.window.top = (uint64_t)data[1] << (sa.esn ? 28 : 20);
	buf = malloc(ROOM + n - 2);
	if (buf == NULL)
		abort();
	memset(buf, 0, ROOM);
	memcpy(buf + ROOM, data + 2, n - 2);
	pkt = (struct adit_pkt){buf, ROOM + n - 2, ROOM, n - 2};
	if (adit_esp_decap(&sa, &pkt, &rx) == ADIT_OK)
		check_delivered(&sa, &pkt, rx.seq);
	/* The same bytes as an outbound packet: too little tailroom at least. */
	sa.dir = ADIT_OUT;
	pkt = (struct adit_pkt){buf, ROOM + n - 2, ROOM, n - 2};
	(void)adit_esp_encap_at(&sa, 1, &pkt);
	free(buf);
	return 0;
}
