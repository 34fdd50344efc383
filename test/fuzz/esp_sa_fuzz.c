/* adit-pcap's esp_sa lines: any bytes give an SA that is whole, or words. */
#include <stdlib.h>

#include "../../examples/adit-pcap/esp_sa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct esp_sa sa;
	const char *wrong = esp_sa_parse(&sa, (const char *)data, n);

	(void)esp_sa_is_blank((const char *)data, n);
	if (wrong)
		return 0;
	if (sa.key_n != adit_aead_key_len(sa.aead) || sa.spi < 256 ||
	    sa.src.ip.version != sa.dst.ip.version)
		abort();
	(void)esp_sa_prefix_match(&sa.src, &sa.dst.ip);
	return 0;
}
