/* What the SPD decides beside the first match: directions, the SA among several of a policy, what
 * is remembered of it, selectors from the packet (RFC 4301 4.1, 4.4.1; RFC 9611). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/spd.h"
#include "sa/spd.h"

enum { SLOTS = 8, WORDS = ADIT_REPLAY_WORDS(64), POLICIES = 3, CACHE = 64 };
enum { EF = 46, AF41 = 34, BEST_EFFORT = 0 };

static struct adit_sad sad;
static struct adit_sad_word words[SLOTS];
static struct adit_sa sas[SLOTS];
static struct adit_sad_entry entries[SLOTS];
static union adit_keyctx keys[SLOTS];
static uint32_t window[SLOTS * WORDS];
static struct adit_spd spd;
static uint32_t heads[POLICIES], next_spi;
static struct adit_spd_cache_entry cache[CACHE];
static struct adit_policy policies[POLICIES];

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0x5a, n);
	return ADIT_OK;
}

static struct adit_ts
net(uint8_t third)
{
	const struct adit_ip ip = {4, {10, 0, third}};

	return adit_ts_prefix(&ip, 24);
}

static void
set_policy(struct adit_policy *p, enum adit_action action, enum adit_direction dir)
{
	memset(p, 0, sizeof *p);
	p->action = action;
	p->dir = dir;
	p->selectors.local_n = p->selectors.remote_n = 1;
	p->selectors.local[0] = net(1);
	p->selectors.remote[0] = net(2);
}

/* Inbound in clear is thrown away, outbound is protected, both ways ICMP would pass. */
static int
begin(void **state)
{
	struct adit_sad_mem mem = {words,          sas,    entries, SLOTS, keys[0].mem,
				   sizeof keys[0], window, WORDS,   NULL,  0};
	struct adit_spd_mem smem = {policies, POLICIES, heads, cache, CACHE};
	struct adit_rng rng = {NULL, fill};

	(void)state;
	next_spi = 0x1000;
	set_policy(&policies[0], ADIT_DISCARD, ADIT_IN);
	set_policy(&policies[1], ADIT_PROTECT, ADIT_OUT);
	set_policy(&policies[2], ADIT_BYPASS, (enum adit_direction)0);
	policies[2].selectors.remote[0] = net(3);
	assert_int_equal(adit_sad_init(&sad, &mem, &rng), ADIT_OK);
	assert_int_equal(adit_spd_init(&spd, &smem), ADIT_OK);
	return 0;
}

static int
end(void **state)
{
	struct adit_sa_id id;

	(void)state;
	for (size_t cursor = 0; adit_sad_next(&sad, &cursor, &id) != NULL;) {
		adit_spd_unlink(&spd, &sad, id);
		assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	}
	for (unsigned i = 0; i < POLICIES; i++)
		assert_int_equal(heads[i], 0);
	return 0;
}

static struct adit_flow
flow(uint8_t remote)
{
	return (struct adit_flow){.local = {4, {10, 0, 1, 7}},
				  .remote = {4, {10, 0, remote, 9}},
				  .protocol = ADIT_PROTO_UDP,
				  .has_ports = true,
				  .local_port = 1000,
				  .remote_port = 53};
}

static struct adit_sa_id
add(uint64_t dscps, uint32_t resource, const struct adit_selectors *selectors)
{
	static const uint8_t key[20];
	const struct adit_sad_note note = {1, ADIT_BY_SPI, dscps, resource};
	const struct adit_sa_params p = {.dir = ADIT_OUT,
					 .spi = next_spi++,
					 .local = {4, {192, 0, 2, 1}},
					 .remote = {4, {192, 0, 2, 2}},
					 .aead = &adit_mbedtls_aes128_gcm16,
					 .key = {key, sizeof key},
					 .selectors = selectors};
	struct adit_sa_id id = {0, 0};

	assert_int_equal(adit_sad_add_noted(&sad, &p, &note, &id), ADIT_OK);
	assert_int_equal(adit_spd_link(&spd, &sad, id), ADIT_OK);
	return id;
}

/* Twice, so that the cache answers too. */
static struct adit_sa *
choose(uint8_t dscp, uint32_t resource)
{
	struct adit_flow f = flow(2);
	const struct adit_spd_ask ask = {&f, ADIT_OUT, dscp, resource};
	struct adit_sa *first, *again;
	struct adit_sa_id id;

	assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &id, &first), 1);
	assert_ptr_equal(adit_sad_get(&sad, id), first);
	assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &id, &again), 1);
	assert_ptr_equal(first, again);
	assert_ptr_equal(adit_sad_get(&sad, id), again);
	return first;
}

static struct adit_sa *
get(struct adit_sa_id id)
{
	return adit_sad_get(&sad, id);
}

static uint64_t
bit(unsigned dscp)
{
	return (uint64_t)1 << dscp;
}

static void
test_policies_are_of_a_direction(void **state)
{
	struct adit_flow f = flow(2), g = flow(3);
	struct adit_spd_ask ask = {&f, ADIT_IN, 0, 0};
	struct adit_sa_id id = add(0, 0, NULL);
	struct adit_sa *sa;

	(void)state;
	assert_int_equal(adit_spd_find(&spd, ADIT_IN, &f), 0);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &f), 1);
	assert_int_equal(adit_spd_find(&spd, ADIT_IN, &g), 2);
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &g), 2);
	/* The cache doesn't mix them up, and inbound asks for no SA. */
	for (unsigned i = 0; i < 2; i++) {
		ask.dir = ADIT_IN;
		assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &id, &sa), 0);
		assert_null(sa);
		ask.dir = ADIT_OUT;
		assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &id, &sa), 1);
		assert_non_null(sa);
	}
}

static void
test_what_no_policy_matches_has_none_also_from_the_cache(void **state)
{
	struct adit_flow f = flow(4);
	const struct adit_spd_ask ask = {&f, ADIT_OUT, 0, 0};
	struct adit_sa_id id;
	struct adit_sa *sa;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &id, &sa), ADIT_POLICY_NONE);
		assert_null(sa);
	}
}

static void
test_an_sa_takes_the_dscps_that_it_names(void **state)
{
	struct adit_sa_id any = add(0, 0, NULL);
	struct adit_sa_id voice = add(bit(EF), 0, NULL);
	struct adit_sa_id video = add(bit(AF41) | bit(63), 0, NULL);
	struct adit_sa_id newer = add(0, 0, NULL);

	(void)state;
	(void)any;
	assert_ptr_equal(choose(EF, 0), get(voice));
	assert_ptr_equal(choose(AF41, 0), get(video));
	assert_ptr_equal(choose(63, 0), get(video));
	assert_ptr_equal(choose(BEST_EFFORT, 0), get(newer));
}

static void
test_without_an_sa_for_a_dscp_there_is_none(void **state)
{
	struct adit_sa_id voice = add(bit(EF), 0, NULL);

	(void)state;
	assert_null(choose(BEST_EFFORT, 0));
	assert_ptr_equal(choose(EF, 0), get(voice));
}

/* RFC 9611: one SA for each resource, and one behind for all that have none. */
static void
test_a_resource_has_its_own_sa_or_that_of_none(void **state)
{
	struct adit_sa_id fallback = add(0, 0, NULL), one = add(0, 1, NULL), two = add(0, 2, NULL);

	(void)state;
	assert_ptr_equal(choose(0, 1), get(one));
	assert_ptr_equal(choose(0, 2), get(two));
	assert_ptr_equal(choose(0, 3), get(fallback));
	assert_ptr_equal(choose(0, 0), get(fallback));
	adit_spd_unlink(&spd, &sad, one);
	assert_ptr_equal(choose(0, 1), get(fallback));
	adit_spd_unlink(&spd, &sad, fallback);
	assert_null(choose(0, 1));
}

static void
test_the_resource_comes_before_the_dscp(void **state)
{
	struct adit_sa_id named = add(bit(EF), 0, NULL), resource = add(0, 1, NULL);
	struct adit_sa_id both = add(bit(EF), 1, NULL);

	(void)state;
	assert_ptr_equal(choose(EF, 1), get(both));
	assert_ptr_equal(choose(0, 1), get(resource));
	assert_ptr_equal(choose(EF, 2), get(named));
}

static void
test_decisions_are_void_after_2_to_the_32_changes(void **state)
{
	struct adit_sa_id id;

	(void)state;
	spd.generation = UINT32_MAX;
	assert_null(choose(0, 0)); /* remembered: no SA */
	id = add(0, 0, NULL);
	assert_int_not_equal(spd.generation, 0);
	assert_ptr_equal(choose(0, 0), get(id));
}

/* What was decided in the first generation is not what is decided in the first one of the next
 * round. */
static void
test_decisions_of_the_round_before_are_void(void **state)
{
	struct adit_sa_id id;

	(void)state;
	assert_int_equal(spd.generation, 1);
	assert_null(choose(0, 0));
	spd.generation = UINT32_MAX;
	id = add(0, 0, NULL);
	assert_int_equal(spd.generation, 1);
	assert_ptr_equal(choose(0, 0), get(id));
}

static void
test_a_cache_begins_empty_whatever_its_memory_held(void **state)
{
	struct adit_spd_mem smem = {policies, POLICIES, heads, cache, CACHE};

	(void)state;
	memset(cache, 0xa5, sizeof cache);
	assert_int_equal(adit_spd_init(&spd, &smem), ADIT_OK);
	for (unsigned i = 0; i < CACHE; i++)
		assert_int_equal(cache[i].generation, 0);
}

/* Whatever its size, and whatever of it was overwritten. */
static void
test_the_cache_changes_no_answer(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 4, CACHE};
	struct adit_sa_id any = add(0, 0, NULL), voice = add(bit(EF), 0, NULL);
	struct adit_sa_id one = add(0, 1, NULL), id;
	uint32_t lcg = 1;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct adit_flow f = flow((uint8_t)(2 + (lcg >> 28 & 3)));
		struct adit_spd_ask ask = {&f, lcg >> 27 & 1 ? ADIT_OUT : ADIT_IN,
					   lcg >> 26 & 1 ? EF : 0, lcg >> 25 & 1};
		struct adit_sa *sa, *want = get(ask.resource ? one : ask.dscp ? voice : any);

		f.remote_port = (uint16_t)(lcg >> 21 & 7);
		spd.mem.cache_count = sizes[i / 1000];
		assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &id, &sa),
				 adit_spd_scan(&spd, ask.dir, &f));
		assert_ptr_equal(sa, f.remote.b[2] == 2 && ask.dir == ADIT_OUT ? want : NULL);
		assert_ptr_equal(sa, get(id));
		lcg = lcg * 1664525u + 1013904223u;
	}
}

static unsigned scans;

static uint32_t
count_scans(const struct adit_spd_index *index, enum adit_direction dir,
	    const struct adit_flow *flow)
{
	(void)index;
	scans++;
	return adit_spd_scan(&spd, dir, flow);
}

/* Policies scanned for one packet. */
static unsigned
scans_for(const struct adit_spd_ask *ask)
{
	struct adit_sa_id id;
	struct adit_sa *sa;

	scans = 0;
	(void)adit_spd_lookup(&spd, &sad, ask, &id, &sa);
	return scans;
}

static void
test_a_cache_of_one_place_has_no_second(void **state)
{
	(void)state;
	memset(cache, 0, sizeof cache);
	spd.mem.cache_count = 1;
	for (uint8_t host = 0; host < 20; host++) {
		struct adit_flow f = flow(host);
		const struct adit_spd_ask ask = {&f, ADIT_OUT, EF, 0};

		(void)scans_for(&ask);
		assert_int_not_equal(cache[0].generation, 0);
		assert_int_equal(cache[1].generation, 0);
	}
}

/* Whatever of the packet differs; and it is asked anew when something has changed. */
static void
test_what_was_decided_is_not_decided_again(void **state)
{
	struct adit_flow f = flow(2), other = flow(2);
	const struct adit_spd_ask asks[] = {{&f, ADIT_OUT, 0, 0},
					    {&f, ADIT_OUT, EF, 0},
					    {&f, ADIT_OUT, EF, 7},
					    {&f, ADIT_IN, EF, 7},
					    {&other, ADIT_IN, EF, 7}};
	const size_t n = sizeof asks / sizeof asks[0];

	(void)state;
	other.local_port++;
	spd.index.find = count_scans;
	spd.mem.cache_count = 2;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(scans_for(&asks[i]), 1);
		assert_int_equal(scans_for(&asks[i]), 0);
		/* Two go into two places; the one before these is gone. */
		assert_int_equal(scans_for(&asks[i ? i - 1 : 0]), 0);
		if (i < 2)
			continue;
		assert_int_equal(scans_for(&asks[i - 2]), 1);
		assert_int_equal(scans_for(&asks[i - 1]), 1);
		assert_int_equal(scans_for(&asks[i]), 1);
	}
	(void)add(0, 0, NULL);
	assert_int_equal(scans_for(&asks[n - 1]), 1);
	adit_spd_changed(&spd);
	spd.index.find = count_scans;
	assert_int_equal(scans_for(&asks[n - 1]), 1);
	assert_int_equal(scans_for(&asks[n - 1]), 0);
}

static void
test_a_burst_is_answered_as_single_packets_are(void **state)
{
	enum { N = 2 * ADIT_BURST + 3 };
	struct adit_flow flows[N];
	struct adit_spd_ask asks[N];
	struct adit_spd_answer answers[N], want;

	(void)state;
	(void)add(0, 0, NULL);
	(void)add(bit(EF), 0, NULL);
	(void)add(0, 1, NULL);
	for (size_t n = 0; n <= N; n++) {
		spd.mem.cache_count = n % 3 ? 2u << n % 5 : 0;
		for (size_t i = 0; i < n; i++) {
			flows[i] = flow((uint8_t)(2 + i % 3));
			asks[i] = (struct adit_spd_ask){&flows[i], i % 4 ? ADIT_OUT : ADIT_IN,
							i % 5 ? EF : 0, i % 2};
		}
		memset(answers, 0xff, sizeof answers);
		adit_spd_lookup_burst(&spd, &sad, asks, answers, n);
		for (size_t i = 0; i < n; i++) {
			adit_spd_decide(&spd, &sad, &asks[i], &want);
			assert_int_equal(answers[i].policy, want.policy);
			assert_ptr_equal(answers[i].sa, want.sa);
			assert_int_equal(answers[i].id.slot, want.id.slot);
			assert_int_equal(answers[i].id.generation, want.id.generation);
		}
		for (size_t i = n; i < N; i++)
			assert_int_equal(answers[i].policy, UINT32_MAX);
	}
}

/* --- Selectors from the packet. */

static void
test_nothing_is_taken_from_the_packet_unasked(void **state)
{
	struct adit_flow f = flow(2);
	struct adit_selectors s;

	(void)state;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
	assert_int_equal(s.local_n, 1);
	assert_int_equal(s.remote_n, 1);
	assert_memory_equal(&s.local[0], &policies[1].selectors.local[0], sizeof s.local[0]);
	assert_memory_equal(&s.remote[0], &policies[1].selectors.remote[0], sizeof s.remote[0]);
}

static void
test_each_selector_is_taken_from_the_packet_by_itself(void **state)
{
	struct adit_flow f = flow(2);
	const struct adit_ts local = adit_ts_prefix(&f.local, 32);
	const struct adit_ts remote = adit_ts_prefix(&f.remote, 32);

	(void)state;
	for (uint8_t pfp = 0; pfp < 32; pfp++) {
		bool protocol = (pfp & ~(ADIT_PFP_LOCAL | ADIT_PFP_REMOTE)) != 0;
		struct adit_ts l = pfp & ADIT_PFP_LOCAL ? local : net(1);
		struct adit_ts r = pfp & ADIT_PFP_REMOTE ? remote : net(2);
		struct adit_selectors s;

		l.protocol = r.protocol = protocol ? ADIT_PROTO_UDP : 0;
		if (pfp & ADIT_PFP_LOCAL_PORT)
			l.port_first = l.port_last = 1000;
		if (pfp & ADIT_PFP_REMOTE_PORT)
			r.port_first = r.port_last = 53;
		policies[1].pfp = pfp;
		assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
		assert_int_equal(s.local_n, 1);
		assert_int_equal(s.remote_n, 1);
		assert_memory_equal(&s.local[0], &l, sizeof l);
		assert_memory_equal(&s.remote[0], &r, sizeof r);
	}
}

static void
test_ranges_that_the_packet_is_not_in_are_left_out(void **state)
{
	struct adit_flow f = flow(2);
	struct adit_selectors s, *from = &policies[1].selectors;

	(void)state;
	from->remote_n = 4;
	from->remote[1] = net(3);
	from->remote[2] = net(2); /* becomes the same as the first */
	from->remote[2].port_last = 1024;
	from->remote[2].protocol = ADIT_PROTO_UDP;
	from->remote[3] = net(2);
	from->remote[3].protocol = ADIT_PROTO_TCP;
	policies[1].pfp = ADIT_PFP_REMOTE | ADIT_PFP_REMOTE_PORT;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
	assert_int_equal(s.remote_n, 1);
	/* A port alone leaves the addresses alone. */
	policies[1].pfp = ADIT_PFP_REMOTE_PORT;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
	assert_int_equal(s.remote_n, 2);
	assert_int_equal(s.remote[1].first[2], 3);
}

/* RFC 4301 4.4.2.1: a packet that lacks what is to be taken from it is discarded. */
static void
test_a_port_can_t_be_taken_from_a_fragment(void **state)
{
	struct adit_flow f = flow(2), gre = flow(2);
	struct adit_selectors s;

	(void)state;
	f.has_ports = false;
	policies[1].pfp = ADIT_PFP_PORTS;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_ERR_SELECTOR);
	policies[1].pfp = ADIT_PFP_LOCAL;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
	/* A protocol without ports has none to be taken. */
	gre.protocol = 47;
	gre.has_ports = false;
	policies[1].pfp = ADIT_PFP_PORTS;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &gre, &s), ADIT_OK);
	assert_int_equal(s.local[0].protocol, 47);
	assert_int_equal(s.local[0].port_last, UINT16_MAX);
}

/* Zero in a selector is every protocol: a host that sends packets of protocol 0 must not get an SA
 * for all. */
static void
test_protocol_zero_of_a_packet_does_not_become_any(void **state)
{
	struct adit_flow f = flow(2);
	struct adit_selectors s;

	(void)state;
	f.protocol = 0;
	f.has_ports = false;
	f.local_port = f.remote_port = 0;
	policies[1].pfp = ADIT_PFP_PROTOCOL;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_ERR_SELECTOR);
	policies[1].pfp = ADIT_PFP_REMOTE_PORT;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_ERR_SELECTOR);
	policies[1].pfp = ADIT_PFP_REMOTE;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
}

static void
test_a_packet_outside_of_the_policy_gives_no_selectors(void **state)
{
	struct adit_flow f = flow(3);
	struct adit_selectors s;

	(void)state;
	for (uint8_t pfp = 0; pfp < 32; pfp++) {
		policies[1].pfp = pfp;
		assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s),
				 ADIT_ERR_SELECTOR);
	}
}

/* Each flow has its SA, and finds it again. */
static void
test_sas_from_packets_serve_their_flows_alone(void **state)
{
	struct adit_flow f = flow(2), g = flow(2);
	struct adit_spd_ask ask = {&f, ADIT_OUT, 0, 0};
	struct adit_selectors s;
	struct adit_sa_id first, second, id;
	struct adit_sa *sa;

	(void)state;
	g.remote_port = 54;
	policies[1].pfp = ADIT_PFP_REMOTE | ADIT_PFP_PORTS;
	assert_int_equal(adit_selectors_from_packet(&policies[1], &f, &s), ADIT_OK);
	first = add(0, 0, &s);
	ask.flow = &g;
	(void)adit_spd_lookup(&spd, &sad, &ask, &id, &sa);
	assert_null(sa);
	assert_int_equal(adit_selectors_from_packet(&policies[1], &g, &s), ADIT_OK);
	second = add(0, 0, &s);
	(void)adit_spd_lookup(&spd, &sad, &ask, &id, &sa);
	assert_ptr_equal(sa, get(second));
	ask.flow = &f;
	(void)adit_spd_lookup(&spd, &sad, &ask, &id, &sa);
	assert_ptr_equal(sa, get(first));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_policies_are_of_a_direction),
		TEST(test_what_no_policy_matches_has_none_also_from_the_cache),
		TEST(test_an_sa_takes_the_dscps_that_it_names),
		TEST(test_without_an_sa_for_a_dscp_there_is_none),
		TEST(test_a_resource_has_its_own_sa_or_that_of_none),
		TEST(test_the_resource_comes_before_the_dscp),
		TEST(test_decisions_are_void_after_2_to_the_32_changes),
		TEST(test_decisions_of_the_round_before_are_void),
		TEST(test_a_cache_begins_empty_whatever_its_memory_held),
		TEST(test_a_cache_of_one_place_has_no_second),
		TEST(test_the_cache_changes_no_answer),
		TEST(test_what_was_decided_is_not_decided_again),
		TEST(test_a_burst_is_answered_as_single_packets_are),
		TEST(test_nothing_is_taken_from_the_packet_unasked),
		TEST(test_each_selector_is_taken_from_the_packet_by_itself),
		TEST(test_ranges_that_the_packet_is_not_in_are_left_out),
		TEST(test_a_port_can_t_be_taken_from_a_fragment),
		TEST(test_protocol_zero_of_a_packet_does_not_become_any),
		TEST(test_a_packet_outside_of_the_policy_gives_no_selectors),
		TEST(test_sas_from_packets_serve_their_flows_alone),
	};

	return cmocka_run_group_tests_name("spd_choice", tests, NULL, NULL);
}
