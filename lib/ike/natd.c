/* NAT detection (RFC 7296 2.23): hashes of the addresses as each side sees them. */
#include <string.h>

#include "adit/trace.h"
#include "crypto/hash.h"
#include "ike/natd.h"

enum adit_status
adit_natd_hash(const struct adit_hash *sha1, const uint8_t *spi_i, const uint8_t *spi_r,
	       const struct adit_endpoint *end, uint8_t *out)
{
	uint8_t port[2];
	const struct adit_span parts[] = {{spi_i, ADIT_IKE_SPI_LEN},
					  {spi_r, ADIT_IKE_SPI_LEN},
					  {end->ip.b, end->ip.version == 4 ? 4 : 16},
					  {port, sizeof port}};

	adit_store16(port, end->port);
	return adit_hash_sum(sha1, parts, sizeof parts / sizeof parts[0], out);
}

static enum adit_status
put_one(struct adit_ike_writer *m, uint16_t type, const struct adit_hash *sha1,
	const struct adit_ike_header *h, const struct adit_endpoint *end)
{
	uint8_t hash[ADIT_NATD_LEN];
	enum adit_status st = adit_natd_hash(sha1, h->spi_i, h->spi_r, end, hash);

	if (st == ADIT_OK)
		adit_ike_put_notify_data(m, type, (struct adit_span){hash, sizeof hash});
	return st;
}

enum adit_status
adit_natd_put(struct adit_ike_writer *m, const struct adit_hash *sha1,
	      const struct adit_ike_header *h, const struct adit_path *path)
{
	enum adit_status st = put_one(m, ADIT_N_NAT_DETECTION_SOURCE_IP, sha1, h, &path->local);

	if (st != ADIT_OK)
		return st;
	return put_one(m, ADIT_N_NAT_DETECTION_DESTINATION_IP, sha1, h, &path->remote);
}

/* What the notifies of one type say: are there any, does one of them fit. */
struct verdict {
	bool seen, fits;
};

static struct verdict
look(const struct adit_ike_chain *chain, uint16_t type, const uint8_t *want)
{
	struct adit_span rest = chain->all, body;
	struct verdict v = {false, false};
	struct adit_ike_notify n;
	uint8_t next = chain->first;

	for (;;) {
		bool is_notify = next == ADIT_PAYLOAD_NOTIFY;

		if (!adit_payload_next(&next, &rest, &body))
			return v;
		if (!is_notify || adit_ike_get_notify(body, &n) != ADIT_OK || n.type != type ||
		    n.data.n != ADIT_NATD_LEN)
			continue;
		v.seen = true;
		v.fits = v.fits || memcmp(n.data.p, want, ADIT_NATD_LEN) == 0;
	}
}

enum adit_status
adit_natd_detect(const struct adit_hash *sha1, const struct adit_ike_chain *chain,
		 const struct adit_ike_header *h, const struct adit_path *path,
		 struct adit_natd *nat)
{
	uint8_t local[ADIT_NATD_LEN], remote[ADIT_NATD_LEN];
	struct verdict source, destination;
	enum adit_status st;

	memset(nat, 0, sizeof *nat);
	st = adit_natd_hash(sha1, h->spi_i, h->spi_r, &path->local, local);
	if (st == ADIT_OK)
		st = adit_natd_hash(sha1, h->spi_i, h->spi_r, &path->remote, remote);
	if (st != ADIT_OK)
		return st;
	source = look(chain, ADIT_N_NAT_DETECTION_SOURCE_IP, remote);
	destination = look(chain, ADIT_N_NAT_DETECTION_DESTINATION_IP, local);
	nat->supported = source.seen && destination.seen;
	nat->remote = nat->supported && !source.fits;
	nat->local = nat->supported && !destination.fits;
	return ADIT_OK;
}
