/* "policy add ...": which packets go through which SAs, in clear, or not at all. */
#include <string.h>

#include "grammar.h"

struct reading {
	struct xfrm_policy *p;
	uint8_t version;
	bool has_selector;
};

/* The words of a selector stand together, before or behind dir. */
static bool
take_selector(struct words *w, void *to)
{
	struct reading *r = to;

	if (r->has_selector)
		return words_fail(w, "a second selector");
	r->has_selector = true;
	words_back(w);
	return grammar_selector(w, r->version, &r->p->sel);
}

static bool
take_direction(struct words *w, void *to)
{
	struct xfrm_policy *p = ((struct reading *)to)->p;
	const char *word = grammar_word(w, "dir");

	if (!word)
		return false;
	if (strcmp(word, "out") == 0)
		p->dir = XFRM_OUT;
	else if (strcmp(word, "in") == 0)
		p->dir = XFRM_IN;
	else if (strcmp(word, "fwd") == 0)
		p->dir = XFRM_FORWARD;
	else
		return words_fail(w, "dir of a policy is out, in or fwd, not %s", word);
	return true;
}

static bool
take_action(struct words *w, void *to)
{
	struct xfrm_policy *p = ((struct reading *)to)->p;
	const char *word = grammar_word(w, "action");

	if (!word)
		return false;
	p->block = strcmp(word, "block") == 0;
	return p->block || strcmp(word, "allow") == 0 ||
	       words_fail(w, "action is allow or block, not %s", word);
}

static bool
take_priority(struct words *w, void *to)
{
	uint64_t n;

	if (!grammar_number(w, "priority", UINT32_MAX, &n))
		return false;
	((struct reading *)to)->p->priority = (uint32_t)n;
	return true;
}

static bool
take_ptype(struct words *w, void *to)
{
	const char *word = grammar_word(w, "ptype");

	(void)to;
	return word &&
	       (strcmp(word, "main") == 0 || words_fail(w, "ptype is main here, not %s", word));
}

/* --- tmpl. */

/* All zeros: any, as nothing said. */
static bool
take_end(struct words *w, const char *what, struct adit_ip *out)
{
	static const uint8_t none[16];

	if (!grammar_address(w, what, out))
		return false;
	if (memcmp(out->b, none, sizeof none) == 0)
		out->version = 0;
	return true;
}

static bool
template_src(struct words *w, void *to)
{
	return take_end(w, "src of tmpl", &((struct xfrm_template *)to)->src);
}

static bool
template_dst(struct words *w, void *to)
{
	return take_end(w, "dst of tmpl", &((struct xfrm_template *)to)->dst);
}

static bool
template_protocol(struct words *w, void *to)
{
	return grammar_protocol(w, "proto of tmpl", &((struct xfrm_template *)to)->protocol);
}

static bool
template_mode(struct words *w, void *to)
{
	return grammar_mode(w, &((struct xfrm_template *)to)->mode);
}

static bool
template_reqid(struct words *w, void *to)
{
	uint64_t n;

	if (!grammar_number(w, "reqid of tmpl", UINT32_MAX, &n))
		return false;
	((struct xfrm_template *)to)->reqid = (uint32_t)n;
	return true;
}

static bool
template_spi(struct words *w, void *to)
{
	uint64_t n;

	if (!grammar_number(w, "spi of tmpl", UINT32_MAX, &n))
		return false;
	((struct xfrm_template *)to)->spi = (uint32_t)n;
	return true;
}

static bool
template_level(struct words *w, void *to)
{
	const char *word = grammar_word(w, "level");

	(void)to;
	if (!word)
		return false;
	if (strcmp(word, "use") == 0)
		return words_fail(w, "level use would send in clear where there is no SA: it is "
				     "refused, level required is what there is");
	return strcmp(word, "required") == 0 || words_fail(w, "level is required, not %s", word);
}

static bool
take_template(struct words *w, void *to)
{
	static const struct keyword known[] = {
		{"src", template_src, ONCE},        {"dst", template_dst, ONCE},
		{"proto", template_protocol, ONCE}, {"spi", template_spi, ONCE},
		{"mode", template_mode, ONCE},      {"reqid", template_reqid, ONCE},
		{"level", template_level, ONCE},    {NULL, NULL, ONCE}};
	struct xfrm_policy *p = ((struct reading *)to)->p;
	struct xfrm_template *t = &p->templates[p->template_n];

	if (p->template_n == XFRM_TEMPLATES)
		return words_fail(w, "more than %d templates in one policy", XFRM_TEMPLATES);
	t->mode = ADIT_TRANSPORT; /* ip-xfrm(8)'s choice */
	if (!grammar_take(w, known, t, false))
		return false;
	if (!t->protocol)
		return words_fail(w, "tmpl needs proto esp or proto ah");
	p->template_n++;
	return true;
}

static bool
read_words(struct words *w, struct reading *r)
{
	static const struct keyword known[] = {
		{"src", take_selector, ONCE},
		{"dst", take_selector, ONCE},
		{"proto", take_selector, ONCE},
		{"sport", take_selector, ONCE},
		{"dport", take_selector, ONCE},
		{"type", take_selector, ONCE},
		{"code", take_selector, ONCE},
		{"dir", take_direction, ONCE},
		{"action", take_action, ONCE},
		{"priority", take_priority, ONCE},
		{"ptype", take_ptype, ONCE},
		{"tmpl", take_template, AGAIN},
		{NULL, NULL, ONCE},
	};

	if (!grammar_take(w, known, r, true))
		return false;
	return r->has_selector || grammar_selector(w, r->version, &r->p->sel);
}

bool
policy_read(struct words *w, uint8_t version, struct xfrm_policy *p)
{
	struct reading r = {p, version, false};

	memset(p, 0, sizeof *p);
	p->line = w->word_line;
	if (!read_words(w, &r))
		return false;
	if (!p->dir)
		return words_fail(w, "a policy needs dir out, dir in or dir fwd");
	return !p->block || p->template_n == 0 || words_fail(w, "what is blocked needs no tmpl");
}
