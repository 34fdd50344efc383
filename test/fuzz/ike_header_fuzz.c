/* The IKE header: what is accepted is written back byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "wire/ike_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t out[ADIT_IKE_HEADER_LEN];
	struct adit_ike_header h;
	struct adit_ike_writer m;
	size_t len;

	if (adit_ike_get_header((struct adit_span){data, n}, &h) != ADIT_OK)
		return 0;
	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &h);
	if (adit_ike_put_end(&m, &len) != ADIT_OK || len != sizeof out)
		abort();
	if (memcmp(out, data, 16) != 0 || memcmp(out + 18, data + 18, 6) != 0)
		abort();
	return 0;
}
