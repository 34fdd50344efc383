/* Stateless cookies (RFC 7296 2.6): version | prf(secret, Ni | IPi | SPIi). */
#include <string.h>

#include "crypto/prf.h"
#include "ike/cookie.h"

#define MAC_LEN (ADIT_COOKIE_LEN - 1)

enum adit_status
adit_cookie_rotate(struct adit_cookie_jar *jar, const struct adit_rng *rng, adit_ms now)
{
	uint8_t fresh[ADIT_COOKIE_SECRET_LEN];
	enum adit_status st;

	if (jar->secrets != 0 && now - jar->born < ADIT_COOKIE_PERIOD_MS)
		return ADIT_OK;
	st = rng->fill(rng->ctx, fresh, sizeof fresh);
	if (st != ADIT_OK)
		return st;
	/* After a long silence the one before is too old to be honoured. */
	jar->secrets = jar->secrets != 0 && now - jar->born < 2 * ADIT_COOKIE_PERIOD_MS ? 2 : 1;
	jar->version++;
	jar->born = now;
	memcpy(jar->secret[jar->version & 1], fresh, sizeof fresh);
	adit_wipe(fresh, sizeof fresh);
	return ADIT_OK;
}

static enum adit_status
make(const struct adit_cookie_jar *jar, uint8_t version, const struct adit_cookie_of *of,
     uint8_t *out)
{
	const struct adit_span secret = {jar->secret[version & 1], ADIT_COOKIE_SECRET_LEN};
	const struct adit_span parts[] = {of->ni,
					  {of->remote->b, of->remote->version == 4 ? 4 : 16},
					  {of->spi_i, ADIT_IKE_SPI_LEN}};
	uint8_t full[ADIT_HASH_MAX];
	enum adit_status st =
		adit_prf_sum(of->prf, secret, parts, sizeof parts / sizeof parts[0], full);

	if (st != ADIT_OK)
		return st;
	out[0] = version;
	memcpy(out + 1, full, MAC_LEN);
	adit_wipe(full, sizeof full);
	return ADIT_OK;
}

enum adit_status
adit_cookie_make(const struct adit_cookie_jar *jar, const struct adit_cookie_of *of, uint8_t *out)
{
	if (jar->secrets == 0)
		return ADIT_ERR_STATE;
	return make(jar, jar->version, of, out);
}

/* The present version, or the one before where its secret is still there. */
static bool
is_current(const struct adit_cookie_jar *jar, uint8_t version)
{
	return (jar->secrets >= 1 && version == jar->version) ||
	       (jar->secrets == 2 && version == (uint8_t)(jar->version - 1));
}

enum adit_status
adit_cookie_check(const struct adit_cookie_jar *jar, const struct adit_cookie_of *of,
		  struct adit_span cookie)
{
	uint8_t want[ADIT_COOKIE_LEN];
	enum adit_status st;

	if (cookie.n != ADIT_COOKIE_LEN || !is_current(jar, cookie.p[0]))
		return ADIT_ERR_COOKIE;
	st = make(jar, cookie.p[0], of, want);
	if (st == ADIT_OK && !adit_equal_ct(want, cookie.p, sizeof want))
		st = ADIT_ERR_COOKIE;
	adit_wipe(want, sizeof want);
	return st;
}
