/* Replays handshakes recorded between two strongSwans (made for adit, with every secret logged):
 * each message is parsed and written again, keys are computed, SK payloads opened and sealed again,
 * AUTH verified, Child keys and NAT detection compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "ike/auth.h"
#include "ike/keymat.h"
#include "ike/natd.h"
#include "ike/negotiate.h"
#include "ike/protect.h"
#include "support/ike_rewrite.h"
#include "support/json.h"

#define DATA "test/vectors/data/recorded/"
#define SHARED "vectors/recorded/"

enum { PACKETS_MAX = 64, SAS_MAX = 3, SKIPS_MAX = 8, PAYLOAD_SKF = 53 };

/* What was done, over all recordings. */
static struct {
	unsigned recordings, written, keys, opened, sealed, auths, children, hashes;
} done;
static struct {
	const char *why;
	unsigned n;
} skips[SKIPS_MAX];

static void
skipped(const char *why)
{
	unsigned i = 0;

	while (i < SKIPS_MAX - 1 && skips[i].why != NULL && strcmp(skips[i].why, why) != 0)
		i++;
	skips[i].why = why;
	skips[i].n++;
}

/* An IKE SA of the recording; rekeyed ones come later. */
struct sa {
	uint8_t spi_i[8], spi_r[8];
	struct adit_ike_keys keys;
	struct adit_protect i, r;
};

struct replay {
	struct json *root;
	const struct json *log; /* the initiator's */
	struct adit_span packet[PACKETS_MAX];
	uint8_t *memory[PACKETS_MAX];
	size_t count;
	struct adit_ip ip_i, ip_r;
	struct adit_span init_request, init_response; /* that led on */
	struct adit_ike_suite suite;
	struct adit_span ni, nr, idi, idr;
	struct sa sa[SAS_MAX];
	unsigned sas;
	struct adit_ike_chain request; /* of the exchange under way, opened */
	unsigned child_secrets;        /* "DH secret"s of the log that are used up */
	bool changed_keys;             /* a PPK changed SK_d, SK_pi and SK_pr */
};

/* One message of it. */
struct message {
	struct replay *re;
	const struct json *packet;
	uint8_t *bytes;
	size_t n;
	bool from_i;
	struct adit_ike_header h;
	struct adit_ike_chain outer, inner;
	struct sa *sa;
};

/* --- The recording. */

static struct json *
load(const char *name)
{
	char path[256];
	struct json *j;

	snprintf(path, sizeof path, DATA "%s", name);
	j = json_load(path);
	if (j != NULL)
		return j;
	snprintf(path, sizeof path, SHARED "%s", name);
	return json_load(json_shared(path));
}

/* The k-th entry of that label in the log, from 0. */
static const struct json *
logged(const struct replay *re, const char *label, unsigned k)
{
	for (const struct json *e = json_at(re->log, 0); e != NULL; e = e->next)
		if (strcmp(json_text(json_get(e, "label")), label) == 0 && k-- == 0)
			return json_get(e, "hex");
	return NULL;
}

/* Copies a logged value; the number of its bytes, 0 where it is absent. */
static size_t
logged_bytes(const struct replay *re, const char *label, unsigned k, uint8_t *out, size_t cap)
{
	size_t n;
	uint8_t *bytes = json_hex(logged(re, label, k), &n);

	if (bytes == NULL)
		return 0;
	assert_true(n <= cap);
	memcpy(out, bytes, n);
	free(bytes);
	return n;
}

static void
assert_logged(const struct replay *re, const char *label, unsigned k, struct adit_span got)
{
	uint8_t want[512];

	assert_int_equal(logged_bytes(re, label, k, want, sizeof want), got.n);
	assert_memory_equal(want, got.p, got.n);
}

static struct adit_ip
ip_of(const struct json *j)
{
	unsigned a, b, c, d;
	struct adit_ip ip = {4, {0}};

	assert_int_equal(sscanf(json_text(j), "%u.%u.%u.%u", &a, &b, &c, &d), 4);
	ip.b[0] = (uint8_t)a;
	ip.b[1] = (uint8_t)b;
	ip.b[2] = (uint8_t)c;
	ip.b[3] = (uint8_t)d;
	return ip;
}

/* The chain, written behind a header again, is what was recorded. */
static void
write_again(const struct message *msg, const struct adit_ike_chain *chain)
{
	static uint8_t out[4096];
	struct adit_ike_writer m;
	size_t n = 0;

	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &msg->h);
	assert_true(ike_rewrite(&m, chain));
	assert_int_equal(adit_ike_put_end(&m, &n), ADIT_OK);
	assert_int_equal(n - ADIT_IKE_HEADER_LEN, chain->all.n);
	assert_int_equal(out[16], chain->first);
	assert_memory_equal(out + ADIT_IKE_HEADER_LEN, chain->all.p, chain->all.n);
	if (chain == &msg->outer)
		assert_memory_equal(out, msg->bytes, n);
	done.written++;
}

/* --- IKE_SA_INIT. */

static void
check_natd(const struct message *msg)
{
	struct adit_path path = {{msg->from_i ? msg->re->ip_r : msg->re->ip_i,
				  (uint16_t)json_long(json_get(msg->packet, "dport"))},
				 {msg->from_i ? msg->re->ip_i : msg->re->ip_r,
				  (uint16_t)json_long(json_get(msg->packet, "sport"))}};
	struct adit_ike_notify n;
	uint8_t hash[ADIT_NATD_LEN];
	struct adit_natd nat;

	if (!adit_ike_find_notify(&msg->outer, ADIT_N_NAT_DETECTION_DESTINATION_IP, &n))
		return;
	assert_int_equal(
		adit_natd_hash(&adit_mbedtls_sha1, msg->h.spi_i, msg->h.spi_r, &path.local, hash),
		ADIT_OK);
	assert_int_equal(n.data.n, sizeof hash);
	assert_memory_equal(n.data.p, hash, sizeof hash);
	assert_int_equal(adit_natd_detect(&adit_mbedtls_sha1, &msg->outer, &msg->h, &path, &nat),
			 ADIT_OK);
	assert_true(nat.supported);
	assert_false(nat.local);
	/* The peers were configured to force encapsulation: they send a false source. */
	assert_true(nat.remote);
	done.hashes++;
}

static struct adit_span
nonce_of(const struct adit_ike_chain *chain)
{
	struct adit_span nonce;

	assert_int_equal(adit_ike_get_nonce(adit_ike_body(chain, ADIT_PAYLOAD_NONCE), &nonce),
			 ADIT_OK);
	return nonce;
}

static void
key_sa(struct replay *re, struct sa *sa)
{
	const struct adit_aead *aead = re->suite.aead;

	assert_int_equal(
		adit_protect_key(&sa->i, aead, adit_keymat_aead_key(&sa->keys, aead, true)),
		ADIT_OK);
	assert_int_equal(
		adit_protect_key(&sa->r, aead, adit_keymat_aead_key(&sa->keys, aead, false)),
		ADIT_OK);
}

static void
check_keys(const struct replay *re, const struct adit_ike_keys *keys)
{
	const struct adit_aead *aead = re->suite.aead;

	assert_logged(re, "Sk_d secret", 0, adit_keymat_sk_d(keys));
	assert_logged(re, "Sk_ei secret", 0, adit_keymat_sk_e(keys, aead, true));
	assert_logged(re, "Sk_er secret", 0, adit_keymat_sk_e(keys, aead, false));
	assert_logged(re, "Sk_pi secret", 0, adit_keymat_sk_p(keys, true));
	assert_logged(re, "Sk_pr secret", 0, adit_keymat_sk_p(keys, false));
	if (aead->integ_key_len == 0)
		return;
	assert_logged(re, "Sk_ai secret", 0, adit_keymat_sk_a(keys, aead, true));
	assert_logged(re, "Sk_ar secret", 0, adit_keymat_sk_a(keys, aead, false));
}

/* Chooses from both SA payloads, and takes the same from both. false: nothing that is built. */
static bool
choose(struct replay *re, const struct adit_ike_chain *response)
{
	const struct adit_offer all = {&adit_mbedtls_compat, NULL, 0, ADIT_IKE_PROTO_IKE};
	struct adit_ike_suite asked;
	struct adit_span spi;
	struct adit_ike_ke ke;

	assert_int_equal(adit_ike_get_ke(adit_ike_body(response, ADIT_PAYLOAD_KE), &ke), ADIT_OK);
	if (adit_negotiate_choose(&all, adit_ike_body(response, ADIT_PAYLOAD_SA), ke.method,
				  &re->suite, &spi) != ADIT_OK)
		return false;
	assert_int_equal(adit_negotiate_choose(&all, adit_ike_body(&re->request, ADIT_PAYLOAD_SA),
					       ke.method, &asked, &spi),
			 ADIT_OK);
	assert_ptr_equal(asked.aead, re->suite.aead);
	assert_ptr_equal(asked.prf, re->suite.prf);
	assert_ptr_equal(asked.ke, re->suite.ke);
	return true;
}

static void
finish_init(const struct message *msg)
{
	struct replay *re = msg->re;
	struct sa *sa = &re->sa[0];
	uint8_t secret[ADIT_KE_PUBLIC_MAX];
	struct adit_keymat_seed seed;

	if (!choose(re, &msg->outer)) {
		skipped("recordings of transforms that are not built");
		skip();
	}
	re->init_response = (struct adit_span){msg->bytes, msg->n};
	re->ni = nonce_of(&re->request);
	re->nr = nonce_of(&msg->outer);
	memcpy(sa->spi_i, msg->h.spi_i, 8);
	memcpy(sa->spi_r, msg->h.spi_r, 8);
	seed = (struct adit_keymat_seed){re->ni, re->nr, {secret, 0}, sa->spi_i, sa->spi_r};
	seed.secret.n = logged_bytes(re, "shared Diffie Hellman secret", 0, secret, sizeof secret);
	assert_int_equal(seed.secret.n, re->suite.ke->secret_len);
	assert_int_equal(adit_keymat_ike(&sa->keys, &re->suite, &seed), ADIT_OK);
	check_keys(re, &sa->keys);
	key_sa(re, sa);
	re->sas = 1;
	done.keys++;
}

static void
take_init(const struct message *msg)
{
	struct replay *re = msg->re;

	const struct json *payloads = json_get(msg->packet, "payloads");

	write_again(msg, &msg->outer);
	/* Messages of others, made up to fill the responder's table, lead nowhere. */
	if (payloads == NULL || payloads->kind == JSON_NULL)
		return;
	check_natd(msg);
	if (!(msg->h.flags & ADIT_IKE_FLAG_RESPONSE)) {
		re->init_request = (struct adit_span){msg->bytes, msg->n};
		re->request = msg->outer;
	} else if (adit_ike_has(&msg->outer, ADIT_PAYLOAD_KE)) {
		finish_init(msg);
	}
}

/* --- SK payloads. */

/* The recorded plaintext, padding and all, sealed with the recorded IV is the recorded message. */
static void
seal_again(const struct message *msg, struct adit_protect *p, const uint8_t *recorded)
{
	const struct adit_aead *aead = p->aead;
	static uint8_t out[4096];
	struct adit_aead_op op;
	size_t n;
	uint8_t *plain = json_hex(json_get(msg->packet, "sk_plaintext"), &n);

	assert_non_null(plain);
	assert_int_equal(msg->n, (size_t)32 + aead->iv_len + n + aead->icv_len);
	memcpy(out, recorded, msg->n);
	memcpy(out + 32 + aead->iv_len, plain, n);
	memset(&op, 0, sizeof op);
	op.iv = out + 32;
	op.aad = (struct adit_span){out, 32};
	op.data = out + 32 + aead->iv_len;
	op.len = n;
	op.icv = op.data + n;
	memset(op.icv, 0, aead->icv_len);
	aead->seal(aead, &p->kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	assert_memory_equal(out, recorded, msg->n);
	free(plain);
	done.sealed++;
}

static void
open_sk(struct message *msg)
{
	bool by_initiator = (msg->h.flags & ADIT_IKE_FLAG_INITIATOR) != 0;
	struct adit_protect *p = by_initiator ? &msg->sa->i : &msg->sa->r;
	static uint8_t recorded[4096];
	struct adit_span inner;
	uint8_t first, *plain;
	size_t n;

	assert_true(msg->n <= sizeof recorded);
	memcpy(recorded, msg->bytes, msg->n);
	assert_int_equal(adit_protect_open(p, msg->bytes, &msg->outer, &first, &inner), ADIT_OK);
	assert_int_equal(first, json_long(json_get(msg->packet, "inner_first_payload")));
	plain = json_hex(json_get(msg->packet, "inner"), &n);
	assert_int_equal(n, inner.n);
	if (n)
		assert_memory_equal(plain, inner.p, n);
	free(plain);
	assert_int_equal(adit_ike_get_chain(inner, first, &msg->inner), ADIT_OK);
	done.opened++;
	seal_again(msg, p, recorded);
	write_again(msg, &msg->inner);
}

/* --- IKE_AUTH. */

static void
check_auth(const struct message *msg)
{
	const struct replay *re = msg->re;
	const struct adit_ike_keys *keys = &msg->sa->keys;
	struct adit_auth_signed s;
	struct adit_ike_auth auth;
	uint8_t psk[128];
	struct adit_span key = {psk, 0};

	if (!adit_ike_has(&msg->inner, ADIT_PAYLOAD_AUTH))
		return;
	assert_int_equal(adit_ike_get_auth(adit_ike_body(&msg->inner, ADIT_PAYLOAD_AUTH), &auth),
			 ADIT_OK);
	if (auth.method != ADIT_AUTH_METHOD_PSK) {
		skipped("AUTH by signature");
		return;
	}
	if (re->changed_keys) {
		skipped("AUTH and Child keys made with a PPK (RFC 8784)");
		return;
	}
	/* One for each side: EAP methods without a key have SK_pi and SK_pr in its place. */
	key.n = logged_bytes(re, "secret", msg->from_i ? 0 : 1, psk, sizeof psk);
	assert_true(key.n > 0);
	s.message = msg->from_i ? re->init_request : re->init_response;
	s.nonce = msg->from_i ? re->nr : re->ni;
	s.sk_p = adit_keymat_sk_p(keys, msg->from_i);
	s.id = msg->from_i ? re->idi : re->idr;
	assert_int_equal(adit_auth_psk_verify(re->suite.prf, key, &s, auth.data), ADIT_OK);
	s.sk_p = adit_keymat_sk_p(keys, !msg->from_i);
	assert_int_equal(adit_auth_psk_verify(re->suite.prf, key, &s, auth.data), ADIT_ERR_AUTH);
	done.auths++;
}

static void
take_ids(const struct message *msg)
{
	struct adit_span idi = adit_ike_body(&msg->inner, ADIT_PAYLOAD_IDI);
	struct adit_span idr = adit_ike_body(&msg->inner, ADIT_PAYLOAD_IDR);

	if (msg->from_i && idi.n)
		msg->re->idi = idi;
	if (!msg->from_i && idr.n)
		msg->re->idr = idr;
}

/* --- Child SAs. */

static const struct adit_aead *
child_aead(struct adit_span body, uint8_t *spi)
{
	uint16_t encr = 0, bits = 0, integ = ADIT_AUTH_NONE;
	struct adit_ike_proposal p;
	struct adit_ike_transform t;

	assert_true(adit_ike_proposal_next(&body, &p));
	assert_int_equal(p.protocol, ADIT_IKE_PROTO_ESP);
	memcpy(spi, p.spi.p, 4);
	while (adit_ike_transform_next(&p.transforms, &t)) {
		if (t.t.type == ADIT_TRANSFORM_ENCR) {
			encr = t.t.id;
			bits = t.t.key_bits;
		} else if (t.t.type == ADIT_TRANSFORM_INTEG) {
			integ = t.t.id;
		}
	}
	return adit_crypto_aead(&adit_mbedtls_compat, encr, bits, integ);
}

static void
assert_child_key(const struct message *msg, const uint8_t *spi, const struct adit_aead *aead,
		 const uint8_t *key)
{
	char name[9];
	const struct json *pair;
	uint8_t *encr, *integ;
	size_t n_encr, n_integ;

	snprintf(name, sizeof name, "%02x%02x%02x%02x", spi[0], spi[1], spi[2], spi[3]);
	pair = json_get(json_get(msg->packet, "child_keys"), name);
	encr = json_hex(json_at(pair, 0), &n_encr);
	integ = json_hex(json_at(pair, 1), &n_integ);
	assert_non_null(encr);
	assert_non_null(integ);
	assert_int_equal(n_encr, aead->encr_key_len);
	assert_memory_equal(encr, key, n_encr);
	assert_int_equal(n_integ, aead->integ_key_len);
	assert_memory_equal(integ, key + n_encr, n_integ);
	free(encr);
	free(integ);
}

/* Keys go with the SPI that their receiver chose. */
static void
check_child(const struct message *msg, struct adit_keymat_child_seed *seed)
{
	uint8_t spi_i[4], spi_r[4];
	struct adit_child_keys keys;
	const struct adit_aead *aead =
		child_aead(adit_ike_body(&msg->inner, ADIT_PAYLOAD_SA), spi_r);

	(void)child_aead(adit_ike_body(&msg->re->request, ADIT_PAYLOAD_SA), spi_i);
	if (aead == NULL) {
		skipped("Child SAs of transforms that are not built");
		return;
	}
	seed->prf = msg->re->suite.prf;
	seed->sk_d = adit_keymat_sk_d(&msg->sa->keys);
	assert_int_equal(adit_keymat_child(&keys, aead, seed), ADIT_OK);
	assert_child_key(msg, spi_r, aead, keys.i);
	assert_child_key(msg, spi_i, aead, keys.r);
	done.children++;
}

static void
take_auth(struct message *msg)
{
	struct adit_keymat_child_seed seed = {0};
	struct replay *re = msg->re;

	take_ids(msg);
	check_auth(msg);
	if (!(msg->h.flags & ADIT_IKE_FLAG_RESPONSE)) {
		/* With EAP the SA payload is in the first request, the answer to it in the last. */
		if (adit_ike_has(&msg->inner, ADIT_PAYLOAD_SA))
			re->request = msg->inner;
		return;
	}
	if (!adit_ike_has(&msg->inner, ADIT_PAYLOAD_SA) || re->changed_keys)
		return;
	seed.ni = re->ni;
	seed.nr = re->nr;
	check_child(msg, &seed);
}

/* A new IKE SA: its keys come from the log. */
static void
take_rekeyed(const struct message *msg)
{
	struct replay *re = msg->re;
	struct sa *sa = &re->sa[re->sas];
	struct adit_span i = adit_ike_body(&re->request, ADIT_PAYLOAD_SA);
	struct adit_span r = adit_ike_body(&msg->inner, ADIT_PAYLOAD_SA);
	size_t encr = re->suite.aead->encr_key_len, n = re->suite.prf->key_len;
	struct adit_ike_proposal p;
	unsigned k = re->sas++;

	assert_true(k < SAS_MAX);
	assert_true(adit_ike_proposal_next(&i, &p));
	memcpy(sa->spi_i, p.spi.p, 8);
	assert_true(adit_ike_proposal_next(&r, &p));
	memcpy(sa->spi_r, p.spi.p, 8);
	sa->keys.prf_len = (uint8_t)n;
	assert_int_equal(logged_bytes(re, "Sk_d secret", k, sa->keys.d, n), n);
	assert_int_equal(logged_bytes(re, "Sk_ei secret", k, sa->keys.i, encr), encr);
	assert_int_equal(logged_bytes(re, "Sk_er secret", k, sa->keys.r, encr), encr);
	(void)logged_bytes(re, "Sk_ai secret", k, sa->keys.i + encr, ADIT_HASH_MAX);
	(void)logged_bytes(re, "Sk_ar secret", k, sa->keys.r + encr, ADIT_HASH_MAX);
	key_sa(re, sa);
}

static void
take_create_child(struct message *msg)
{
	struct adit_keymat_child_seed seed = {0};
	uint8_t secret[ADIT_KE_PUBLIC_MAX];
	struct replay *re = msg->re;

	if (!(msg->h.flags & ADIT_IKE_FLAG_RESPONSE)) {
		re->request = msg->inner;
		return;
	}
	if (!adit_ike_has(&msg->inner, ADIT_PAYLOAD_TSI)) {
		take_rekeyed(msg);
		return;
	}
	seed.ni = nonce_of(&re->request);
	seed.nr = nonce_of(&msg->inner);
	if (adit_ike_has(&msg->inner, ADIT_PAYLOAD_KE)) {
		seed.secret.p = secret;
		seed.secret.n =
			logged_bytes(re, "DH secret", re->child_secrets++, secret, sizeof secret);
		assert_true(seed.secret.n > 0);
	}
	check_child(msg, &seed);
}

/* --- A whole recording. */

static struct sa *
find_sa(struct replay *re, const struct adit_ike_header *h)
{
	for (unsigned i = 0; i < re->sas; i++)
		if (memcmp(re->sa[i].spi_i, h->spi_i, 8) == 0 &&
		    memcmp(re->sa[i].spi_r, h->spi_r, 8) == 0)
			return &re->sa[i];
	return NULL;
}

static void
take_message(struct message *msg)
{
	struct adit_span all = {msg->bytes, msg->n};

	assert_int_equal(adit_ike_get_header(all, &msg->h), ADIT_OK);
	if (msg->h.first_payload == PAYLOAD_SKF) {
		skipped("fragments of messages (RFC 7383)");
		return;
	}
	assert_int_equal(adit_ike_get_chain((struct adit_span){msg->bytes + ADIT_IKE_HEADER_LEN,
							       msg->n - ADIT_IKE_HEADER_LEN},
					    msg->h.first_payload, &msg->outer),
			 ADIT_OK);
	if (msg->h.exchange == ADIT_EXCHANGE_SA_INIT) {
		take_init(msg);
		return;
	}
	msg->sa = find_sa(msg->re, &msg->h);
	assert_non_null(msg->sa);
	open_sk(msg);
	if (msg->h.exchange == ADIT_EXCHANGE_AUTH)
		take_auth(msg);
	else if (msg->h.exchange == ADIT_EXCHANGE_CREATE_CHILD)
		take_create_child(msg);
}

static void
replay(struct replay *re)
{
	const struct json *packet = json_at(json_get(re->root, "packets"), 0);

	re->log = json_get(re->root, "initiator_log_secrets");
	re->ip_i = ip_of(json_get(re->root, "initiator"));
	re->ip_r = ip_of(json_get(re->root, "responder"));
	re->changed_keys = logged(re, "PPK", 0) != NULL;
	for (; packet != NULL; packet = packet->next) {
		struct message msg;

		if (strcmp(json_text(json_get(packet, "kind")), "IKE") != 0)
			continue;
		assert_true(re->count < PACKETS_MAX);
		memset(&msg, 0, sizeof msg);
		msg.re = re;
		msg.packet = packet;
		msg.from_i = strcmp(json_text(json_get(packet, "dir")), "i->r") == 0;
		msg.bytes = json_hex(json_get(packet, "hex"), &msg.n);
		assert_non_null(msg.bytes);
		re->memory[re->count++] = msg.bytes;
		take_message(&msg);
	}
	done.recordings++;
}

static int
open_recording(void **state)
{
	struct replay *re = calloc(1, sizeof *re);

	if (re == NULL)
		return -1;
	re->root = load(*state);
	*state = re;
	return 0;
}

static int
close_recording(void **state)
{
	struct replay *re = *state;

	for (unsigned i = 0; i < re->sas; i++) {
		adit_protect_wipe(&re->sa[i].i);
		adit_protect_wipe(&re->sa[i].r);
	}
	for (size_t i = 0; i < re->count; i++)
		free(re->memory[i]);
	json_free(re->root);
	free(re);
	return 0;
}

static void
test_recording(void **state)
{
	struct replay *re = *state;

	if (re->root == NULL) {
		skipped("recordings that are not here (../shared)");
		skip();
	}
	replay(re);
}

static int
tell(void **state)
{
	(void)state;
	printf("recorded handshakes: %u replayed; %u chains written again, %u key sets, %u SK "
	       "payloads opened, %u sealed again, %u AUTH, %u Child SAs, %u NAT detections\n",
	       done.recordings, done.written, done.keys, done.opened, done.sealed, done.auths,
	       done.children, done.hashes);
	for (unsigned i = 0; i < SKIPS_MAX && skips[i].why != NULL; i++)
		printf("recorded handshakes: skipped: %u %s\n", skips[i].n, skips[i].why);
	return 0;
}

#define RECORDING(name)                                                                  \
	{                                                                                \
		"test_recording_" name, test_recording, open_recording, close_recording, \
			(void *)(uintptr_t)("ikev2-" name ".json")                       \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING("auth-failed-psk"),
		RECORDING("childless-then-child"),
		RECORDING("cookie"),
		RECORDING("cookie-and-invalid-ke"),
		RECORDING("eap-md5"),
		RECORDING("eap-mschapv2"),
		RECORDING("ecdsa-rfc7427"),
		RECORDING("no-proposal-chosen"),
		RECORDING("ppk-rfc8784"),
		RECORDING("psk-aes128cbc-sha256-modp2048"),
		RECORDING("psk-aes128ccm8-sha512-ecp521"),
		RECORDING("psk-aes192ctr-sha512-modp3072"),
		RECORDING("psk-chacha20-sha256-x25519"),
		RECORDING("rsa-fragmented"),
		RECORDING("ts-unacceptable"),
		RECORDING("virtual-ip-cp"),
	};

	return cmocka_run_group_tests_name("recorded", tests, NULL, tell);
}
