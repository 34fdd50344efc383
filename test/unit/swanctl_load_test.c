/* A whole swanctl.conf as configuration of a node: what each keyword sets, and that none is skipped
 * in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../examples/aditd/conf.h"
#include "../../examples/aditd/swanctl.h"
#include "../../examples/aditd/values.h"

#define SECRETS "secrets {\n ike-1 {\n secret = s\n }\n}\n"
#define NO_BEGIN                                                                            \
	"start_action, close_action and dpd_action need remote_addrs with one address, or " \
	"trap and mode = transport without remote_ts\n"
#define AUTH "local { auth = psk }\nremote { auth = psk }\n"

static char said[1024];

static int
forget(void **state)
{
	(void)state;
	keep_nothing();
	return 0;
}

static struct swanctl *
load(const char *text)
{
	FILE *err = fmemopen(said, sizeof said, "w");
	struct swanctl *s = NULL;
	struct conf *root;

	assert_non_null(err);
	memset(said, 0, sizeof said);
	root = conf_read_memory("text", text, strlen(text), err);
	if (root)
		s = swanctl_load(root, err);
	conf_free(root);
	fclose(err);
	return s;
}

static void
expect_error(const char *text, const char *error)
{
	assert_null(load(text));
	assert_string_equal(said, error);
}

static void
test_a_connection_becomes_a_peer(void **state)
{
	struct swanctl *s =
		load("connections {\n"
		     "  t {\n"
		     "    version = 2\n"
		     "    local_addrs = 10.1.0.1\n"
		     "    remote_addrs = 10.1.0.2\n"
		     "    remote_port = 1500\n"
		     "    proposals = aes256gcm16-prfsha256-x25519,aes128-sha256-modp2048\n"
		     "    encap = yes\n"
		     "    dpd_delay = 30s\n"
		     "    mobike = no\n"
		     "    local { auth = psk\n id = a.test }\n"
		     "    remote { auth = psk\n id = b.test }\n"
		     "    children { c { } }\n"
		     "  }\n"
		     "}\n"
		     "secrets { ike-1 { id-a = a.test\n id-b = b.test\n secret = \"k\" } }\n");
	const struct adit_peer_config *p;

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->peer_count, 1);
	p = &s->peers[0];
	assert_string_equal(p->name, "t");
	assert_int_equal(p->local.version, 4);
	assert_memory_equal(p->remote.b, "\x0a\x01\x00\x02", 4);
	assert_int_equal(p->remote_port, 1500);
	assert_int_equal(p->proposal_count, 2);
	assert_true(p->encap);
	assert_int_equal(p->dpd_delay_ms, 30000);
	assert_int_equal(p->local_id.type, ADIT_ID_FQDN);
	assert_memory_equal(p->remote_id.data.p, "b.test", 6);
	assert_int_equal(p->psk.n, 1);
	assert_int_equal(p->child_count, 1);
}

static void
test_a_child_has_strongswans_defaults(void **state)
{
	struct swanctl *s = load("connections { t {\n" AUTH "children { c { } } } }\n" SECRETS);
	const struct adit_child_config *c;

	(void)state;
	assert_non_null(s);
	c = &s->peers[0].children[0];
	assert_string_equal(c->name, "c");
	assert_true(c->mode == 0 || c->mode == ADIT_TUNNEL);
	assert_int_equal(c->local_ts_count, 0);
	assert_int_equal(c->remote_ts_count, 0);
	assert_int_equal(c->proposal_count, 0);
	assert_int_equal(s->extras[0].children[0].start, ACTION_NONE);
	assert_int_equal(s->extras[0].children[0].close, ACTION_NONE);
	assert_int_equal(s->extras[0].children[0].dpd, ACTION_NONE);
}

static void
test_children_keep_their_order_and_settings(void **state)
{
	struct swanctl *s =
		load("connections { t {\n remote_addrs = 10.1.0.2\n" AUTH "children {\n"
		     " one { mode = transport\n replay_window = 128\n"
		     "  start_action = trap\n rekey_time = 0\n }\n"
		     " two { local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16,fd00::/8\n"
		     "  esp_proposals = aes128gcm16-esn\n start_action = start\n"
		     "  close_action = trap\n dpd_action = restart\n }\n"
		     "} } }\n" SECRETS);
	const struct adit_child_config *c;

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->child_count, 2);
	c = s->peers[0].children;
	assert_int_equal(c[0].mode, ADIT_TRANSPORT);
	assert_int_equal(c[0].replay_window, 128);
	assert_int_equal(s->extras[0].children[0].start, ACTION_TRAP);
	assert_int_equal(c[1].local_ts_count, 1);
	assert_int_equal(c[1].remote_ts_count, 2);
	assert_int_equal(c[1].proposal_count, 1);
	assert_int_equal(s->extras[0].children[1].start, ACTION_START);
	assert_int_equal(s->extras[0].children[1].close, ACTION_TRAP);
	assert_int_equal(s->extras[0].children[1].dpd, ACTION_START);
}

static void
test_pass_and_drop_are_policies_before_all_children(void **state)
{
	struct swanctl *s =
		load("connections {\n"
		     " shunts { local_addrs = 10.9.9.9\n children {\n"
		     "  web { mode = pass\n remote_ts = 10.0.0.1[tcp/80] }\n"
		     "  rest { mode = drop\n local_ts = 10.0.0.0/8\n remote_ts = 10.0.0.0/8 }\n"
		     " } }\n"
		     " t {\n" AUTH "children { c { } } }\n"
		     "}\n" SECRETS);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->first_count, 2);
	assert_int_equal(s->first[0].action, ADIT_BYPASS);
	assert_string_equal(s->first[0].name, "web");
	assert_int_equal(s->first[0].selectors.remote_n, 1);
	assert_int_equal(s->first[0].selectors.remote[0].port_first, 80);
	assert_int_equal(s->first[0].selectors.local_n, 2);
	assert_int_equal(s->first[1].action, ADIT_DISCARD);
	/* The connection without peer leaves nothing behind in the one that follows. */
	assert_int_equal(s->peer_count, 1);
	assert_string_equal(s->peers[0].name, "t");
	assert_int_equal(s->peers[0].local.version, 0);
}

static const char *
psk_of(struct swanctl *s, uint16_t peer)
{
	static char text[16];

	assert_non_null(s);
	assert_true(s->peers[peer].psk.n < sizeof text);
	memset(text, 0, sizeof text);
	memcpy(text, s->peers[peer].psk.p, s->peers[peer].psk.n);
	return text;
}

static void
test_a_secret_is_found_by_identities_then_by_address_then_for_all(void **state)
{
	struct swanctl *s = load("connections {\n"
				 " a { local { auth = psk\n id = me }\n"
				 "     remote { auth = psk\n id = you }\n children { c { } } }\n"
				 " b { remote_addrs = 10.0.0.2\n" AUTH "children { c { } } }\n"
				 " c { local { auth = psk\n id = else }\n"
				 "     remote { auth = psk }\n children { c { } } }\n"
				 "}\n"
				 "secrets {\n"
				 " ike-any { secret = all }\n"
				 " ike-me { id = me\n secret = mine }\n"
				 " ike-you { id-1 = you\n id-2 = x\n secret = yours }\n"
				 " ike-ip { id = 10.0.0.2\n secret = address }\n"
				 "}\n");

	(void)state;
	assert_string_equal(psk_of(s, 0), "yours");
	assert_string_equal(psk_of(s, 1), "address");
	assert_string_equal(psk_of(s, 2), "all");
}

static void
test_a_connection_without_a_secret_is_an_error(void **state)
{
	(void)state;
	expect_error("connections {\n t {\n" AUTH "children { c { } } } }\n"
		     "secrets { ike { id = somebody.else\n secret = x } }\n",
		     "text:2: t: no secret for its identities in secrets.ike*\n");
}

static void
test_a_keyword_that_is_not_supported_is_told_with_file_and_line(void **state)
{
	(void)state;
	expect_error("connections { t {\n" AUTH
		     "pools = p\n children { c {\n updown = x\n } } } }\n"
		     "pools { }\n" SECRETS,
		     "text:8: pools: only the sections connections and secrets are supported\n"
		     "text:4: pools: not supported here\n"
		     "text:6: updown: not supported here\n");
	expect_error("connections { t {\n" AUTH "children { c { } } } }\n"
		     "secrets { ike { secret = x\n file = y\n }\n rsa { } }\n",
		     "text:6: file: not supported here\n"
		     "text:8: rsa: only sections ike* are supported\n");
	expect_error("connections { t { local { certs = x\n auth = psk }\n remote { auth = psk }\n"
		     "children { c { } } } }\n" SECRETS,
		     "text:1: certs: not supported here\n");
}

static void
test_a_value_that_is_not_supported_is_told_with_its_reason(void **state)
{
	static const struct {
		const char *setting, *error;
	} bad[] = {
		{"version = 1", "version: only IKEv2 is supported (version = 2)"},
		{"remote_addrs = a.test",
		 "remote_addrs: not an IP address; host names are not supported"},
		{"remote_port = 70000", "remote_port: the number is too large"},
		{"proposals = des-md5-modp768",
		 "proposals: an algorithm that is unknown or not supported: des"},
		{"mobike = yes", "mobike: not supported yet: only no, 0 or never can be given"},
		{"rekey_time = 4h",
		 "rekey_time: not supported yet: only no, 0 or never can be given"},
		{"encap = perhaps", "encap: neither yes nor no"},
		{"dpd_delay = soon",
		 "dpd_delay: not a time: a number with s, m, h or d was expected"},
		{"dpd_delay { }", "dpd_delay: a value was expected, not a section"},
		{"children = c", "children: a section was expected"},
		{"local2 { auth = psk }", "local2: not supported here"},
	};
	char text[512], error[256];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text,
			 "connections { t {\n%s\n" AUTH "children { c { } } } }\n%s",
			 bad[i].setting, SECRETS);
		snprintf(error, sizeof error, "text:2: %s\n", bad[i].error);
		expect_error(text, error);
	}
}

static void
test_a_childs_value_that_is_not_supported_is_told_with_its_reason(void **state)
{
	static const struct {
		const char *setting, *error;
	} bad[] = {
		{"mode = beet", "mode: only tunnel, transport, pass and drop are supported"},
		{"start_action = maybe", "start_action: only none, trap and start are supported"},
		{"replay_window = 0", "replay_window: 32 to 4096 packets are supported"},
		{"replay_window = 5000", "replay_window: the number is too large"},
		{"local_ts = 10.0.0.0/99", "local_ts: the prefix length is out of range"},
		{"esp_proposals = aes128gcm16 aes256gcm16",
		 "esp_proposals: an algorithm that is unknown or not supported: aes128gcm16 "
		 "aes256gcm16"},
		{"esp_proposals = null-sha1",
		 "esp_proposals: an algorithm that is unknown or not supported: null"},
		{"ipcomp = yes", "ipcomp: not supported yet: only no, 0 or never can be given"},
		{"ah_proposals = sha256", "ah_proposals: not supported here"},
	};
	char text[512], error[256];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text,
			 "connections { t {\n" AUTH "children { c {\n%s\n} } } }\n%s",
			 bad[i].setting, SECRETS);
		snprintf(error, sizeof error, "text:5: %s\n", bad[i].error);
		expect_error(text, error);
	}
}

/* Found by make fuzz: behind a setting of that name each section was one of its own, and the
 * children of all were written where those of the last had room. */
static void
test_children_of_many_sections_have_room_beside_a_setting_of_that_name(void **state)
{
	(void)state;
	expect_error("connections { t {\n" AUTH
		     "children = x\n children { a { } }\n children { b { } }\n"
		     "children { c { } d { } } } }\n" SECRETS,
		     "text:4: children: a section was expected\n");
	expect_error(
		"connections = x\nconnections { t {\n" AUTH "children { c { } } } }\n" SECRETS,
		"text:1: connections: only the sections connections and secrets are supported\n");
}

/* A group: no address, transport mode, and traffic begins. */
static void
test_a_group_is_trapped_in_transport_mode(void **state)
{
	struct swanctl *s = load("connections { t {\n" AUTH
				 "children { c { mode = transport\n start_action = trap\n"
				 "inactivity = 30s } } } }\n" SECRETS);

	(void)state;
	assert_non_null(s);
	assert_true(swanctl_is_group(&s->peers[0], &s->peers[0].children[0]));
	assert_int_equal(s->peers[0].children[0].inactivity_ms, 30000);
	expect_error("connections { t {\n" AUTH
		     "children { c { mode = transport\n start_action = start } } } }\n" SECRETS,
		     "text:1: t: " NO_BEGIN);
	expect_error("connections { t {\n" AUTH
		     "children { c { start_action = trap } } } }\n" SECRETS,
		     "text:1: t: " NO_BEGIN);
}

/* What would be accepted, and never do anything. */
static void
test_a_child_that_no_packet_can_match_is_told(void **state)
{
	static const struct {
		const char *local, *remote;
		bool ok;
	} rows[] = {{"10.0.0.0/8", "fd00::/8", false},
		    {"10.0.0.0/8[tcp]", "10.0.0.0/8[udp]", false},
		    {"10.0.0.0/8,fd00::/8[tcp]", "192.0.2.0/24[tcp],fd00::/8[udp]", true},
		    {"10.0.0.0/8[tcp],fd00::/8[tcp]", "192.0.2.0/24[udp],fd00::/8[udp]", false},
		    {"10.0.0.0/8[tcp]", "dynamic", true},
		    {"dynamic", "10.0.0.0/8[tcp]", true},
		    {"10.0.0.0/8[tcp]", "10.0.0.0/8[/80]", true},
		    {"10.0.0.0/8[/80]", "10.0.0.0/8[tcp]", true}};
	static const char *const modes[] = {"tunnel", "drop"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text,
			 "connections { t {\n" AUTH "children { a { }\n c {\n mode = %s\n"
			 "local_ts = %s\nremote_ts = %s\n} } } }\n" SECRETS,
			 modes[i % 2], rows[i / 2].local, rows[i / 2].remote);
		if (rows[i / 2].ok)
			assert_non_null(load(text));
		else
			expect_error(
				text,
				"text:5: c: no packet can have its local_ts and its remote_ts\n");
	}
}

static void
test_addresses_of_two_ip_versions_are_told(void **state)
{
	(void)state;
	expect_error("connections { t { local_addrs = ::1\n remote_addrs = 10.0.0.2\n" AUTH
		     "children { c { } } } }\n" SECRETS,
		     "text:1: t: local_addrs and remote_addrs are of two IP versions\n");
	assert_non_null(load("connections { t { local_addrs = ::1\n" AUTH
			     "children { c { } } } }\n" SECRETS));
	assert_non_null(load("connections { t { remote_addrs = 10.0.0.2\n" AUTH
			     "children { c { } } } }\n" SECRETS));
}

/* A thousand: each was once kept with all before it. */
static void
test_many_pass_and_drop_children_keep_their_order(void **state)
{
	enum { MANY = 1000 };
	char *text = calloc(MANY + 8, 64), name[16];
	size_t n = 0;
	struct swanctl *s;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < MANY; i++)
		n += (size_t)sprintf(text + n, "%s c%u { mode = %s }\n",
				     i % 100 ? ""
				     : i     ? "} }\nx { children {\n"
					     : "connections { x { children {\n",
				     i, i % 2 ? "pass" : "drop");
	sprintf(text + n, "} } }\n");
	s = load(text);
	free(text);
	assert_non_null(s);
	assert_int_equal(s->first_count, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "c%u", i);
		assert_string_equal(s->first[i].name, name);
		assert_int_equal(s->first[i].action, i % 2 ? ADIT_BYPASS : ADIT_DISCARD);
	}
}

static void
test_what_a_connection_lacks_is_told(void **state)
{
	(void)state;
	expect_error("connections { t { children { c { } } } }\n" SECRETS,
		     "text:1: t: auth = psk is needed in both local and remote\n");
	expect_error("connections { t {\n" AUTH "} }\n" SECRETS, "text:1: t: a child is needed\n");
	expect_error("connections { t {\n" AUTH
		     "children { c { start_action = start } } } }\n" SECRETS,
		     "text:1: t: " NO_BEGIN);
	expect_error("connections { t {\n" AUTH
		     "children { c { close_action = start } } } }\n" SECRETS,
		     "text:1: t: " NO_BEGIN);
	expect_error("connections { t {\n" AUTH
		     "children { c { dpd_action = restart } } } }\n" SECRETS,
		     "text:1: t: " NO_BEGIN);
	expect_error(SECRETS, "text: no connections\n");
	expect_error("connections { t {\n local { auth = pubkey }\n remote { auth = psk }\n"
		     "children { c { } } } }\n" SECRETS,
		     "text:2: auth: only psk is supported\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_connection_becomes_a_peer),
		cmocka_unit_test(test_a_child_has_strongswans_defaults),
		cmocka_unit_test(test_children_keep_their_order_and_settings),
		cmocka_unit_test(test_pass_and_drop_are_policies_before_all_children),
		cmocka_unit_test(test_a_secret_is_found_by_identities_then_by_address_then_for_all),
		cmocka_unit_test(test_a_connection_without_a_secret_is_an_error),
		cmocka_unit_test(test_a_keyword_that_is_not_supported_is_told_with_file_and_line),
		cmocka_unit_test(test_a_value_that_is_not_supported_is_told_with_its_reason),
		cmocka_unit_test(test_a_childs_value_that_is_not_supported_is_told_with_its_reason),
		cmocka_unit_test(
			test_children_of_many_sections_have_room_beside_a_setting_of_that_name),
		cmocka_unit_test(test_a_group_is_trapped_in_transport_mode),
		cmocka_unit_test(test_a_child_that_no_packet_can_match_is_told),
		cmocka_unit_test(test_addresses_of_two_ip_versions_are_told),
		cmocka_unit_test(test_many_pass_and_drop_children_keep_their_order),
		cmocka_unit_test(test_what_a_connection_lacks_is_told),
	};

	return cmocka_run_group_tests_name("swanctl_load", tests, NULL, forget);
}
