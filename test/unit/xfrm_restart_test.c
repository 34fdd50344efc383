/* Manual SAs over a restart: what came once does not come again, and the way through a NAT stays
 * open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/manual.h"
#include "../../examples/aditd/values.h"
#include "adit/mbedtls.h"

#define KEY(first) "0x" first "0102030405060708090a0b0c0d0e0f10111213"
#define GCM(first) " aead rfc4106(gcm(aes)) " KEY(first) " 128\n"
#define END(from, to, spi)                                                                 \
	"state add src 10.0.0." from " dst 10.0.0." to " proto esp spi " spi " reqid " spi \
	" mode tunnel "
#define POLICY(dir, from, to, spi)                                                           \
	"policy add src 10." from ".0.0/16 dst 10." to ".0.0/16 dir " dir " tmpl proto esp " \
	"mode tunnel reqid " spi "\n"
/* 10.0.0.1 is ours. */
#define IN END("2", "1", "256") GCM("00") POLICY("in", "2", "1", "256")
#define ESN_IN \
	END("2", "1", "256") "flag esn replay-window 64" GCM("00") POLICY("in", "2", "1", "256")
#define ENCAP(own, peer) "encap espinudp " own " " peer " 0.0.0.0"
#define OUT(to, n)           \
	END("1", to, "30" n) \
	"replay-oseq 0 " ENCAP("4500", "4600") GCM("0" n) POLICY("out", "1", "5" n, "30" n)

enum { COUNT = 8, START = 100000 };

static char file[] = "/tmp/adit-restart-XXXXXX";

static struct {
	struct adit_node node;
	struct adit_sad_word words[COUNT];
	struct adit_sa sas[COUNT];
	struct adit_sad_entry entries[COUNT];
	union adit_keyctx keyctx[COUNT];
	uint32_t replay[COUNT * ADIT_REPLAY_WORDS(64)];
	uint32_t hash[COUNT], heads[COUNT];
} node;

static struct xfrm *x;
static struct manual *m;

static bool
is_own(const struct adit_ip *ip)
{
	return ip->b[3] == 1;
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return ADIT_OK;
}

/* The two databases, as a node has them. */
static void
make_node(void)
{
	const struct adit_rng rng = {.fill = fill};
	struct adit_sad_mem sad;
	struct adit_spd_mem spd;

	memset(&node, 0, sizeof node);
	memset(&sad, 0, sizeof sad);
	memset(&spd, 0, sizeof spd);
	sad.words = node.words;
	sad.sas = node.sas;
	sad.entries = node.entries;
	sad.count = sad.hash_count = COUNT;
	sad.keyctx = node.keyctx[0].mem;
	sad.keyctx_size = sizeof node.keyctx[0];
	sad.replay_bits = node.replay;
	sad.replay_words = ADIT_REPLAY_WORDS(64);
	sad.hash = node.hash;
	spd.policies = m->plan->policies;
	spd.count = m->plan->policy_count;
	spd.heads = node.heads;
	assert_int_equal(adit_sad_init(&node.node.sad, &sad, &rng), ADIT_OK);
	assert_int_equal(adit_spd_init(&node.node.spd, &spd), ADIT_OK);
	adit_ipsec_init(&node.node.ipsec, &node.node.sad, &node.node.spd);
}

static void
start(const char *text, const char *numbers)
{
	const struct manual_place place = {{is_own, false, 4500, 0}, numbers};

	x = xfrm_read_memory("text", text, strlen(text), stderr);
	assert_non_null(x);
	m = manual_plan(x, &place, stderr);
	assert_non_null(m);
	make_node();
	assert_true(manual_install(m, &node.node, START, stderr));
}

/* As a crash does it: nothing is told any more. */
static void
stop(void)
{
	for (size_t i = 0; i < COUNT; i++)
		adit_sa_wipe(&node.sas[i]);
	numbers_close(&m->numbers);
	xfrm_free(x);
	keep_nothing();
}

static int
remove_file(void **state)
{
	char lock[sizeof file + sizeof ".lock"];

	(void)state;
	snprintf(lock, sizeof lock, "%s.lock", file);
	unlink(lock);
	unlink(file);
	return 0;
}

/* --- What comes. */

static struct adit_pkt
inner(uint8_t *room, size_t n)
{
	static const uint8_t plain[28] = {0x45, 0, 0,  28, 0, 0, 0,  0, 64, ADIT_PROTO_UDP,
					  0,    0, 10, 2,  0, 1, 10, 1, 0,  1};
	struct adit_pkt pkt = {room, n, 200, sizeof plain};

	memcpy(room + pkt.off, plain, sizeof plain);
	return pkt;
}

/* The peer's packet of this number, offered as the daemon does it. */
static enum adit_status
comes_at(adit_ms now, uint64_t seq)
{
	static uint8_t room[512];
	const struct xfrm_state *s = m->plan->sas[0].state;
	struct adit_pkt pkt = inner(room, sizeof room);
	struct adit_sa_params p;
	struct adit_verdict v;
	union adit_keyctx kc;
	struct adit_sa peer;

	memset(&p, 0, sizeof p);
	p.dir = ADIT_OUT;
	p.spi = s->spi;
	p.local = s->src;
	p.remote = s->dst;
	p.aead = s->aead;
	p.key = (struct adit_span){s->key, s->key_n};
	p.esn = s->esn;
	assert_int_equal(adit_sa_init(&peer, &p, (struct adit_buf){kc.mem, sizeof kc.mem}, NULL, 0),
			 ADIT_OK);
	assert_int_equal(adit_esp_encap_at(&peer, seq, &pkt), ADIT_OK);
	adit_sa_wipe(&peer);
	adit_ipsec_in(&node.node.ipsec, &pkt, &v, 1);
	if (v.kind == ADIT_VERDICT_DELIVER)
		assert_true(manual_came(m, now, &v, stderr));
	return v.status;
}

static enum adit_status
comes(uint64_t seq)
{
	return comes_at(START, seq);
}

static uint64_t
kept_number(void)
{
	struct numbers n;

	assert_true(numbers_read(&n, file, stderr));
	assert_int_equal(n.count, 1);
	assert_int_equal(n.list[0].dir, ADIT_IN);
	return n.list[0].last;
}

static void
test_what_is_delivered_is_in_the_file_before(void **state)
{
	(void)state;
	start(IN, file);
	assert_true(kept_number() == NUMBERS_IN_LEAST);
	assert_int_equal(comes(NUMBERS_IN_LEAST), ADIT_OK);
	assert_true(kept_number() == NUMBERS_IN_LEAST);
	/* A peer that jumps too. */
	assert_int_equal(comes_at(START + 1000, 1000000), ADIT_OK);
	assert_true(kept_number() == 1000000 + NUMBERS_IN_LEAST);
	stop();
}

static void
test_nothing_that_came_comes_again_after_a_crash(void **state)
{
	static const char *const texts[] = {IN, ESN_IN};

	for (size_t i = 0; i < 2; i++) {
		start(texts[i], file);
		for (uint64_t seq = 1; seq <= 50; seq++)
			assert_int_equal(comes(seq), ADIT_OK);
		stop();
		start(texts[i], file);
		for (uint64_t seq = 1; seq <= 50; seq++)
			assert_int_not_equal(comes(seq), ADIT_OK);
		/* What the jump costs, and no more. */
		assert_int_not_equal(comes(NUMBERS_IN_LEAST), ADIT_OK);
		assert_int_equal(comes(NUMBERS_IN_LEAST + 1), ADIT_OK);
		assert_int_not_equal(comes(NUMBERS_IN_LEAST + 1), ADIT_OK);
		stop();
		remove_file(state);
	}
}

/* What the file says stays ahead. */
static void
test_an_end_that_can_not_be_written_says_so(void **state)
{
	char fresh[160];
	uint64_t ahead;

	(void)state;
	snprintf(fresh, sizeof fresh, "%s.new", file);
	start(IN, file);
	assert_int_equal(comes(7), ADIT_OK);
	ahead = kept_number();
	assert_int_equal(mkdir(fresh, 0700), 0);
	assert_false(manual_end(m, &node.node));
	assert_int_equal(rmdir(fresh), 0);
	assert_true(kept_number() == ahead && ahead >= 7);
	stop();
}

static void
test_an_end_in_order_loses_nothing(void **state)
{
	(void)state;
	start(IN, file);
	assert_int_equal(comes(7), ADIT_OK);
	assert_true(manual_end(m, &node.node));
	assert_true(kept_number() == 7);
	stop();
	start(IN, file);
	assert_int_not_equal(comes(7), ADIT_OK);
	assert_int_equal(comes(8), ADIT_OK);
	stop();
}

/* How far ahead the file is after a packet that was not in it. */
static uint64_t
step_at(adit_ms now)
{
	uint64_t seq = kept_number() + 1;

	assert_int_equal(comes_at(now, seq), ADIT_OK);
	return kept_number() - seq;
}

static void
test_the_file_is_as_far_ahead_as_comes_in_a_second(void **state)
{
	adit_ms now = START + 999;

	(void)state;
	start(IN, file);
	assert_int_equal(step_at(now), 2 * NUMBERS_IN_LEAST);
	assert_int_equal(step_at(now + 999), 4 * NUMBERS_IN_LEAST);
	assert_int_equal(step_at(now + 1999), 2 * NUMBERS_IN_LEAST);
	for (int i = 0; i < 20; i++)
		(void)step_at(now + 2000);
	assert_int_equal(step_at(now + 2000), NUMBERS_IN_MOST);
	/* A late packet takes nothing back. */
	assert_int_equal(comes_at(now + 9000, kept_number() - NUMBERS_IN_MOST - 1), ADIT_OK);
	assert_int_equal(step_at(now + 2001), NUMBERS_IN_MOST);
	/* Where nothing comes it draws near. */
	for (unsigned i = 3; i < 12; i++)
		assert_true(manual_tick(m, &node.node, now + i * 1001, stderr));
	assert_true(kept_number() == adit_sad_get(&node.node.sad, m->plan->sas[0].id)->window.top +
					     NUMBERS_IN_LEAST);
	stop();
}

/* Of a packet that carries nothing to deliver, too: once the daemon has looked round. */
static void
test_numbers_of_dummy_packets_are_kept_too(void **state)
{
	(void)state;
	start(IN, file);
	adit_replay_commit(&adit_sad_get(&node.node.sad, m->plan->sas[0].id)->window, 20000);
	assert_true(manual_tick(m, &node.node, START + 1000, stderr));
	assert_true(kept_number() == 20000 + NUMBERS_IN_LEAST);
	stop();
}

static void
test_the_line_is_obeyed_where_it_is_ahead_of_the_file(void **state)
{
	(void)state;
	start(END("2", "1", "256") "replay-seq 500000" GCM("00") POLICY("in", "2", "1", "256"),
	      file);
	assert_int_not_equal(comes(500000), ADIT_OK);
	assert_int_equal(comes(500001), ADIT_OK);
	stop();
}

static void
test_what_can_not_be_kept_is_not_delivered(void **state)
{
	struct adit_verdict v;
	char said[256] = "";
	FILE *err = fmemopen(said, sizeof said, "w");

	(void)state;
	start(IN, file);
	m->numbers.file = "/nowhere/at/all";
	memset(&v, 0, sizeof v);
	v.kind = ADIT_VERDICT_DELIVER;
	v.sa = m->plan->sas[0].id;
	v.seq = NUMBERS_IN_LEAST;
	assert_true(manual_came(m, START, &v, err));
	v.seq++;
	assert_false(manual_came(m, START, &v, err));
	/* IKE's SAs are none of these. */
	v.sa.generation += 2;
	assert_true(manual_came(m, START, &v, err));
	fclose(err);
	stop();
}

/* --- Keep-alives. */

static void
send_by(size_t i)
{
	uint64_t first;

	assert_int_equal(
		adit_sa_take_seq(adit_sad_get(&node.node.sad, m->plan->sas[i].id), 1, &first),
		ADIT_OK);
}

/* The last byte of the addresses that keep-alives go to at this time, as digits. */
static unsigned
alive_at(adit_ms now)
{
	struct adit_path path;
	unsigned to = 0;

	assert_true(manual_tick(m, &node.node, now, stderr));
	while (manual_keepalive(m, now, &path)) {
		assert_int_equal(path.local.ip.b[3], 1);
		assert_int_equal(path.local.port, 4500);
		assert_int_equal(path.remote.port, 4600);
		to = to * 10 + path.remote.ip.b[3];
	}
	return to;
}

static void
test_a_quiet_path_is_kept_alive(void **state)
{
	(void)state;
	start(OUT("2", "1"), NULL);
	assert_int_equal(alive_at(START), 2);
	assert_true(manual_deadline(m) == START + 20000);
	assert_int_equal(alive_at(START + 19999), 0);
	send_by(0);
	assert_int_equal(alive_at(START + 19999), 0);
	assert_true(manual_deadline(m) == START + 39999);
	assert_int_equal(alive_at(START + 39998), 0);
	assert_int_equal(alive_at(START + 39999), 2);
	assert_int_equal(alive_at(START + 59999), 2);
	stop();
}

static void
test_sas_of_one_path_keep_it_alive_together(void **state)
{
	(void)state;
	start(OUT("2", "1") OUT("3", "2") OUT("2", "3"), NULL);
	assert_int_equal(alive_at(START), 23);
	send_by(2);
	assert_int_equal(alive_at(START + 10000), 0);
	assert_int_equal(alive_at(START + 20000), 3);
	assert_int_equal(alive_at(START + 30000), 2);
	stop();
}

static void
test_only_what_can_still_send_keeps_its_path_alive(void **state)
{
	(void)state;
	start(END("1", "2", "300") "limit packet-hard 1 replay-oseq 0 " ENCAP("4500", "4600")
		      GCM("00") POLICY("out", "1", "5", "300"),
	      NULL);
	assert_int_equal(alive_at(START), 2);
	send_by(0);
	assert_int_equal(alive_at(START + 30000), 0);
	assert_true(manual_deadline(m) == ADIT_NEVER);
	stop();
	/* Without UDP there is no mapping to keep. */
	start(END("1", "2", "300") "replay-oseq 0" GCM("01") POLICY("out", "1", "5", "300") IN,
	      NULL);
	assert_int_equal(alive_at(START), 0);
	assert_true(manual_deadline(m) == ADIT_NEVER);
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_what_is_delivered_is_in_the_file_before,
					  remove_file),
		cmocka_unit_test_teardown(test_nothing_that_came_comes_again_after_a_crash,
					  remove_file),
		cmocka_unit_test_teardown(test_an_end_that_can_not_be_written_says_so, remove_file),
		cmocka_unit_test_teardown(test_an_end_in_order_loses_nothing, remove_file),
		cmocka_unit_test_teardown(test_the_file_is_as_far_ahead_as_comes_in_a_second,
					  remove_file),
		cmocka_unit_test_teardown(test_numbers_of_dummy_packets_are_kept_too, remove_file),
		cmocka_unit_test_teardown(test_the_line_is_obeyed_where_it_is_ahead_of_the_file,
					  remove_file),
		cmocka_unit_test_teardown(test_what_can_not_be_kept_is_not_delivered, remove_file),
		cmocka_unit_test(test_a_quiet_path_is_kept_alive),
		cmocka_unit_test(test_sas_of_one_path_keep_it_alive_together),
		cmocka_unit_test(test_only_what_can_still_send_keeps_its_path_alive),
	};
	int fd = mkstemp(file);

	if (fd < 0)
		return 1;
	close(fd);
	unlink(file);
	return cmocka_run_group_tests_name("xfrm_restart", tests, NULL, NULL);
}
