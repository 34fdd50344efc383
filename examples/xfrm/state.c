/* "state add ...": an SA. */
#include <string.h>

#include "grammar.h"
#include "names.h"

enum { LIST_MAX = 400 };
enum { MS = 1000 };

/* A state and what of it is made at the end. */
struct reading {
	struct xfrm_state *s;
	const struct alg *aead, *cipher, *auth;
	uint8_t encr_key[ADIT_AEAD_KEY_MAX], auth_key[ADIT_AEAD_KEY_MAX];
	size_t encr_n, auth_n;
	uint64_t seq, seq_high, oseq, oseq_high;
	uint32_t limits; /* a bit for each that was said */
	bool has_align4;
};

static bool
no_such(struct words *w, int kind, const char *what, const char *name)
{
	char list[LIST_MAX];

	names_list(kind, list, sizeof list);
	return words_fail(w, "%s: no such %s here; known are: %s", name, what, list);
}

static bool
take_aead(struct words *w, void *to)
{
	struct reading *r = to;
	const char *name = grammar_word(w, "an algorithm");
	char kept[WORD_MAX];
	uint64_t bits;

	if (!name)
		return false;
	if (r->aead || r->cipher || r->auth)
		return words_fail(w, "aead stands alone, and once");
	snprintf(kept, sizeof kept, "%s", name);
	if (!names_aead(kept, 0))
		return no_such(w, NAMES_AEAD, "AEAD algorithm", kept);
	if (!grammar_key(w, r->encr_key, &r->encr_n) ||
	    !grammar_number(w, "the length of the ICV in bits", 512, &bits))
		return false;
	r->aead = bits ? names_aead(kept, (unsigned)bits) : NULL;
	return r->aead || words_fail(w, "%s has no ICV of %u bits here", kept, (unsigned)bits);
}

static bool
take_enc(struct words *w, void *to)
{
	struct reading *r = to;
	const char *name = grammar_word(w, "an algorithm");

	if (!name)
		return false;
	if (r->aead || r->cipher)
		return words_fail(w, "a second algorithm of encryption");
	r->cipher = names_cipher(name);
	if (!r->cipher)
		return no_such(w, NAMES_CIPHER, "cipher", name);
	return grammar_key(w, r->encr_key, &r->encr_n);
}

static bool
take_auth_by(struct words *w, struct reading *r, bool has_bits)
{
	const char *name = grammar_word(w, "an algorithm");
	char kept[WORD_MAX];
	uint64_t bits = 0;

	if (!name)
		return false;
	if (r->aead || r->auth)
		return words_fail(w, "a second algorithm of integrity");
	snprintf(kept, sizeof kept, "%s", name);
	if (!names_auth(kept, 0))
		return no_such(w, NAMES_AUTH, "algorithm of integrity", kept);
	if (!grammar_key(w, r->auth_key, &r->auth_n) ||
	    (has_bits && !grammar_number(w, "the length of the ICV in bits", 512, &bits)))
		return false;
	r->auth = bits || !has_bits ? names_auth(kept, (unsigned)bits) : NULL;
	if (!r->auth)
		return words_fail(w, "%s has no ICV of %u bits here", kept, (unsigned)bits);
	if (r->auth->id == ADIT_AUTH_NONE)
		return words_fail(w,
				  "%s with an ICV of %u bits (the kernel's choice) is not in any "
				  "RFC: say auth-trunc '%s' KEY 128",
				  kept, r->auth->bits, kept);
	return true;
}

static bool
take_auth(struct words *w, void *to)
{
	return take_auth_by(w, to, false);
}

static bool
take_auth_trunc(struct words *w, void *to)
{
	return take_auth_by(w, to, true);
}

static bool
take_src(struct words *w, void *to)
{
	return grammar_address(w, "src", &((struct reading *)to)->s->src);
}

static bool
take_dst(struct words *w, void *to)
{
	return grammar_address(w, "dst", &((struct reading *)to)->s->dst);
}

static bool
take_protocol(struct words *w, void *to)
{
	return grammar_protocol(w, "proto", &((struct reading *)to)->s->protocol);
}

static bool
take_mode(struct words *w, void *to)
{
	return grammar_mode(w, &((struct reading *)to)->s->mode);
}

static bool
take_32(struct words *w, const char *what, uint32_t *out)
{
	uint64_t n;

	if (!grammar_number(w, what, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool
take_spi(struct words *w, void *to)
{
	struct reading *r = to;

	if (!take_32(w, "spi", &r->s->spi))
		return false;
	return r->s->spi >= ADIT_SPI_MIN ||
	       words_fail(w, "an SPI below %d is reserved", ADIT_SPI_MIN);
}

static bool
take_reqid(struct words *w, void *to)
{
	return take_32(w, "reqid", &((struct reading *)to)->s->reqid);
}

static bool
take_window(struct words *w, void *to)
{
	struct reading *r = to;
	uint64_t n;

	if (!grammar_number(w, "replay-window", ADIT_REPLAY_MAX, &n))
		return false;
	if (n == 0)
		return words_fail(w, "a replay window is never off here: leave replay-window out");
	r->s->replay_window = n < ADIT_REPLAY_MIN ? ADIT_REPLAY_MIN : (uint32_t)n;
	return true;
}

static bool
take_seq(struct words *w, void *to)
{
	return grammar_number(w, "replay-seq", UINT32_MAX, &((struct reading *)to)->seq);
}

static bool
take_seq_high(struct words *w, void *to)
{
	return grammar_number(w, "replay-seq-hi", UINT32_MAX, &((struct reading *)to)->seq_high);
}

static bool
take_oseq(struct words *w, void *to)
{
	struct reading *r = to;

	r->s->has_oseq = true;
	return grammar_number(w, "replay-oseq", UINT32_MAX, &r->oseq);
}

static bool
take_oseq_high(struct words *w, void *to)
{
	struct reading *r = to;

	r->s->has_oseq = true;
	return grammar_number(w, "replay-oseq-hi", UINT32_MAX, &r->oseq_high);
}

static bool
take_tfc(struct words *w, void *to)
{
	uint64_t n;

	if (!grammar_number(w, "tfcpad", UINT16_MAX, &n))
		return false;
	((struct reading *)to)->s->tfc = (uint16_t)n;
	return true;
}

static bool
take_direction(struct words *w, void *to)
{
	struct reading *r = to;
	const char *word = grammar_word(w, "dir");

	if (!word)
		return false;
	r->s->dir = strcmp(word, "out") == 0 ? ADIT_OUT : ADIT_IN;
	return r->s->dir == ADIT_OUT || strcmp(word, "in") == 0 ||
	       words_fail(w, "dir of a state is in or out, not %s", word);
}

/* --- Flags: words as long as they are known. */

static bool
flag_esn(struct words *w, void *to)
{
	(void)w;
	((struct reading *)to)->s->esn = true;
	return true;
}

static bool
flag_align4(struct words *w, void *to)
{
	(void)w;
	((struct reading *)to)->has_align4 = true;
	return true;
}

/* What is inside may be of another IP version: here it may always. */
static bool
flag_af_unspec(struct words *w, void *to)
{
	(void)w;
	(void)to;
	return true;
}

static bool
flag_nopmtudisc(struct words *w, void *to)
{
	(void)w;
	((struct reading *)to)->s->flags |= ADIT_SA_CLEAR_DF;
	return true;
}

static bool
flag_noecn(struct words *w, void *to)
{
	(void)w;
	((struct reading *)to)->s->flags |= ADIT_SA_NO_ECN;
	return true;
}

static bool
flag_decap_dscp(struct words *w, void *to)
{
	(void)w;
	((struct reading *)to)->s->flags |= ADIT_SA_DECAP_DSCP;
	return true;
}

static bool
flag_dont_encap_dscp(struct words *w, void *to)
{
	(void)w;
	((struct reading *)to)->s->flags |= ADIT_SA_SET_DSCP; /* to zero */
	return true;
}

/* At least one, and words that are no flags end the list. */
static bool
take_flags(struct words *w, const struct keyword *known, const char *what, void *to)
{
	const char *word = grammar_word(w, what);
	const struct keyword *k;

	if (!word)
		return false;
	for (k = known; k->word && strcmp(k->word, word) != 0; k++)
		;
	words_back(w);
	return grammar_take(w, known, to, !k->word);
}

static bool
take_flag(struct words *w, void *to)
{
	static const struct keyword known[] = {{"esn", flag_esn, AGAIN},
					       {"align4", flag_align4, AGAIN},
					       {"af-unspec", flag_af_unspec, AGAIN},
					       {"nopmtudisc", flag_nopmtudisc, AGAIN},
					       {"noecn", flag_noecn, AGAIN},
					       {"decap-dscp", flag_decap_dscp, AGAIN},
					       {NULL, NULL, ONCE}};

	return take_flags(w, known, "a flag", to);
}

static bool
take_extra_flag(struct words *w, void *to)
{
	static const struct keyword known[] = {{"dont-encap-dscp", flag_dont_encap_dscp, AGAIN},
					       {NULL, NULL, ONCE}};

	return take_flags(w, known, "an extra flag", to);
}

static bool
take_sel(struct words *w, void *to)
{
	struct xfrm_state *s = ((struct reading *)to)->s;

	s->has_sel = true;
	return grammar_selector(w, s->dst.version ? s->dst.version : 4, &s->sel);
}

static bool
take_port(struct words *w, const char *what, uint16_t *out)
{
	uint64_t n;

	if (!grammar_number(w, what, UINT16_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return n != 0 || words_fail(w, "%s can't be 0", what);
}

static bool
take_encap(struct words *w, void *to)
{
	struct xfrm_state *s = ((struct reading *)to)->s;
	static const uint8_t none[16];
	const char *word = grammar_word(w, "encap");

	if (!word)
		return false;
	if (strcmp(word, "espinudp") != 0)
		return words_fail(w, "encap is espinudp here, not %s", word);
	s->encap = true;
	if (!take_port(w, "the source port of encap", &s->sport) ||
	    !take_port(w, "the destination port of encap", &s->dport) ||
	    !grammar_address(w, "the original address of encap", &s->original))
		return false;
	if (memcmp(s->original.b, none, sizeof none) == 0)
		s->original.version = 0;
	return true;
}

static bool
take_limit(struct words *w, void *to)
{
	struct reading *r = to;
	struct xfrm_state *s = r->s;
	const struct {
		const char *name;
		uint64_t *at, most, unit;
	} known[] = {{"byte-soft", &s->soft.bytes, UINT64_MAX, 1},
		     {"byte-hard", &s->hard.bytes, UINT64_MAX, 1},
		     {"packet-soft", &s->soft.packets, UINT64_MAX, 1},
		     {"packet-hard", &s->hard.packets, UINT64_MAX, 1},
		     {"time-soft", &s->soft.time, UINT64_MAX / MS, MS},
		     {"time-hard", &s->hard.time, UINT64_MAX / MS, MS}};
	const char *word = grammar_word(w, "limit");

	for (size_t i = 0; word && i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(word, known[i].name) != 0)
			continue;
		if (r->limits >> i & 1)
			return words_fail(w, "limit %s is said twice", word);
		r->limits |= UINT32_C(1) << i;
		if (!grammar_number(w, known[i].name, known[i].most, known[i].at))
			return false;
		*known[i].at *= known[i].unit;
		return true;
	}
	return words_fail(w,
			  "limit %s is not known here; known are: byte-soft byte-hard packet-soft "
			  "packet-hard time-soft time-hard",
			  word ? word : "");
}

/* --- The whole. */

static bool
put_algorithms(struct words *w, struct reading *r)
{
	struct xfrm_state *s = r->s;
	uint16_t encr = ADIT_ENCR_NULL, integ = ADIT_AUTH_NONE;
	const char *why;

	if (s->protocol == ADIT_PROTO_AH && (r->aead || r->cipher))
		return words_fail(w, "AH has no encryption: auth or auth-trunc alone");
	if (!r->aead && !r->auth)
		return words_fail(w,
				  "an SA without integrity is refused: auth, auth-trunc or aead is "
				  "missing");
	if (s->protocol == ADIT_PROTO_ESP && !r->aead && !r->cipher)
		return words_fail(w, "ESP without encryption says so: enc ecb(cipher_null) ''");
	if (r->aead)
		encr = r->aead->id;
	else if (r->cipher)
		encr = r->cipher->id;
	if (r->auth)
		integ = r->auth->id;
	s->aead = names_object(encr, integ, r->encr_n, r->auth_n, &why);
	if (!s->aead)
		return words_fail(w, "%s", why);
	s->is_legacy = names_is_legacy(s->aead);
	if (r->encr_n + r->auth_n > sizeof s->key)
		return words_fail(w, "the keys are longer than any of adit's algorithms takes");
	memcpy(s->key, r->encr_key, r->encr_n);
	memcpy(s->key + r->encr_n, r->auth_key, r->auth_n);
	s->key_n = r->encr_n + r->auth_n;
	return true;
}

static bool
put_numbers(struct words *w, struct reading *r)
{
	if (!r->s->esn && (r->seq_high || r->oseq_high))
		return words_fail(w, "replay-seq-hi and replay-oseq-hi need flag esn");
	r->s->seq = r->seq_high << 32 | r->seq;
	r->s->oseq = r->oseq_high << 32 | r->oseq;
	return true;
}

static bool
check(struct words *w, struct xfrm_state *s)
{
	if (!s->src.version || !s->dst.version)
		return words_fail(w, "a state needs src and dst");
	if (s->src.version != s->dst.version)
		return words_fail(w, "src and dst are not of one IP version");
	if (!s->protocol)
		return words_fail(w, "a state needs proto esp or proto ah");
	if (!s->spi)
		return words_fail(w, "a state needs its spi");
	if (s->encap && s->protocol == ADIT_PROTO_AH)
		return words_fail(w, "AH can't be in UDP: it protects the outer addresses too");
	if (s->mode == ADIT_BEET && s->protocol == ADIT_PROTO_AH)
		return words_fail(w, "mode beet is ESP's alone");
	if (s->mode == ADIT_BEET && !s->has_sel)
		return words_fail(w, "mode beet needs sel: the addresses that are not sent");
	if (s->tfc && (s->mode != ADIT_TUNNEL || s->protocol == ADIT_PROTO_AH))
		return words_fail(w, "tfcpad is for ESP in tunnel mode");
	return true;
}

/* Words about headers that a mode doesn't make change nothing there, as in the kernel. */
static void
settle(struct reading *r)
{
	struct xfrm_state *s = r->s;

	if (s->mode != ADIT_TUNNEL)
		s->flags = 0;
	if (s->protocol == ADIT_PROTO_AH && s->dst.version == 4 && !r->has_align4)
		s->flags |= ADIT_SA_ALIGN8;
}

static bool
read_words(struct words *w, struct reading *r)
{
	static const struct keyword known[] = {
		{"src", take_src, ONCE},
		{"dst", take_dst, ONCE},
		{"proto", take_protocol, ONCE},
		{"spi", take_spi, ONCE},
		{"reqid", take_reqid, ONCE},
		{"mode", take_mode, ONCE},
		{"dir", take_direction, ONCE},
		{"aead", take_aead, ONCE},
		{"enc", take_enc, ONCE},
		{"auth", take_auth, ONCE},
		{"auth-trunc", take_auth_trunc, ONCE},
		{"replay-window", take_window, ONCE},
		{"replay-seq", take_seq, ONCE},
		{"replay-seq-hi", take_seq_high, ONCE},
		{"replay-oseq", take_oseq, ONCE},
		{"replay-oseq-hi", take_oseq_high, ONCE},
		{"flag", take_flag, AGAIN},
		{"extra-flag", take_extra_flag, AGAIN},
		{"sel", take_sel, ONCE},
		{"limit", take_limit, AGAIN},
		{"encap", take_encap, ONCE},
		{"tfcpad", take_tfc, ONCE},
		{NULL, NULL, ONCE},
	};

	return grammar_take(w, known, r, true) && check(w, r->s) && put_algorithms(w, r) &&
	       put_numbers(w, r);
}

bool
state_read(struct words *w, struct xfrm_state *s)
{
	struct reading r;
	bool ok;

	memset(&r, 0, sizeof r);
	memset(s, 0, sizeof *s);
	s->line = w->word_line;
	s->mode = ADIT_TRANSPORT; /* ip-xfrm(8)'s choice */
	r.s = s;
	ok = read_words(w, &r);
	if (ok)
		settle(&r);
	adit_wipe(&r, sizeof r);
	return ok;
}
