/* The capture that aditd writes of its outside, read back by libpcap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include <cmocka.h>

#include "../../examples/aditd/capture.h"

static const uint8_t bytes[9] = "datagram";

static pcap_t *
read_back(const char *name)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(name, error);

	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_RAW);
	return p;
}

static void
expect_datagram(pcap_t *p, const char *addresses, const char *ports)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	assert_int_equal(pcap_next_ex(p, &h, &data), 1);
	assert_int_equal(h->caplen, 20 + 8 + sizeof bytes);
	assert_memory_equal(data + 12, addresses, 8);
	assert_memory_equal(data + 20, ports, 4);
	assert_memory_equal(data + 28, bytes, sizeof bytes);
}

static void
test_datagrams_have_the_headers_they_had(void **state)
{
	const struct adit_path path = {{{4, {10, 0, 0, 1}}, 500}, {{4, {10, 0, 0, 2}}, 1500}};
	char name[] = "/tmp/adit-capture-XXXXXX";
	int fd = mkstemp(name);
	pcap_t *p;

	(void)state;
	assert_true(fd >= 0);
	assert_true(capture_open(name));
	capture_datagram(&path, false, bytes, sizeof bytes);
	capture_datagram(&path, true, bytes, sizeof bytes);
	capture_close();
	p = read_back(name);
	expect_datagram(p, "\x0a\0\0\x02\x0a\0\0\x01", "\x05\xdc\x01\xf4");
	expect_datagram(p, "\x0a\0\0\x01\x0a\0\0\x02", "\x01\xf4\x05\xdc");
	pcap_close(p);
	close(fd);
	unlink(name);
}

static void
test_a_file_that_can_not_be_made_is_told(void **state)
{
	(void)state;
	assert_false(capture_open("/nowhere/at/all"));
	capture_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams_have_the_headers_they_had),
		cmocka_unit_test(test_a_file_that_can_not_be_made_is_told),
	};

	return cmocka_run_group_tests_name("aditd_capture", tests, NULL, NULL);
}
