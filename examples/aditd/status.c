/* What SIGUSR1 prints: the SAs and the counters. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon.h"
#include "log.h"

static void
print_spi(const uint8_t *spi)
{
	for (int i = 0; i < 8; i++)
		printf("%02x", spi[i]);
}

static void
print_ike(const struct daemon *d, const struct adit_ike_info *i)
{
	printf("%s: #%u, %s, IKEv2, ", d->swanctl->peers[i->peer].name, i->id.slot, i->state);
	print_spi(i->spi_i);
	printf("_i%s ", i->initiator ? "*" : "");
	print_spi(i->spi_r);
	printf("_r%s\n", i->initiator ? "" : "*");
	printf("  local  %s%s\n", text_end(&i->path.local), i->nat_local ? ", behind a NAT" : "");
	printf("  remote '%s' @ %s%s\n", text_id(&i->remote_id), text_end(&i->path.remote),
	       i->nat_remote ? ", behind a NAT" : "");
	if (i->aead)
		printf("  %s/%s/%s\n", i->aead->name, i->prf->name, i->ke->name);
}

static const char *
mode_name(uint8_t mode)
{
	switch (mode) {
	case ADIT_TRANSPORT:
		return "TRANSPORT";
	case ADIT_BEET:
		return "BEET";
	case ADIT_IPTFS:
		return "IPTFS";
	default:
		return "TUNNEL";
	}
}

static void
print_sa(const struct adit_sa *sa)
{
	struct adit_path path = adit_sa_path(sa);
	struct adit_sa_audit audit = adit_sa_audit(sa);

	printf("  %s %s %08x, %s%s, %s%s, %s -> %s\n",
	       sa->protocol == ADIT_PROTO_AH ? "AH " : "ESP", sa->dir == ADIT_IN ? "in " : "out",
	       sa->spi, mode_name(sa->mode), sa->udp_encap ? "-in-UDP" : "", sa->aead->name,
	       sa->esn ? ", ESN" : "",
	       text_ip(sa->dir == ADIT_IN ? &path.remote.ip : &path.local.ip),
	       text_ip(sa->dir == ADIT_IN ? &path.local.ip : &path.remote.ip));
	printf("      %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " dropped", sa->n.packets,
	       sa->n.bytes, sa->n.drops);
	printf(" (replayed %" PRIu32 ", forged %" PRIu32 ", malformed %" PRIu32 ", outside %" PRIu32
	       ", exhausted %" PRIu32 ")\n",
	       audit.replayed, audit.forged, audit.malformed, audit.outside, audit.exhausted);
	if (sa->dir == ADIT_IN && sa->selectors) {
		printf("      local  %s\n",
		       text_selectors(sa->selectors->local, sa->selectors->local_n));
		printf("      remote %s\n",
		       text_selectors(sa->selectors->remote, sa->selectors->remote_n));
	}
}

static void
print_counters(const char *what, const uint64_t *n)
{
	printf("%s:", what);
	for (int i = 0; i < ADIT_STATUS_COUNT; i++)
		if (n[i])
			printf(" %s %" PRIu64, adit_status_name((enum adit_status)i), n[i]);
	putchar('\n');
}

void
status_print(struct daemon *d)
{
	struct adit_ike_info info;
	const struct adit_sa *sa;
	uint16_t at = 0;
	size_t cursor = 0;

	while (adit_ike_next(&d->node.ike, &at, &info))
		print_ike(d, &info);
	puts("SAs:");
	while ((sa = adit_sad_next(&d->node.sad, &cursor, NULL)) != NULL)
		print_sa(sa);
	print_counters("IKE datagrams", adit_ike_counters(&d->node.ike));
	print_counters("packets out", d->node.ipsec.out);
	print_counters("packets in", d->node.ipsec.in);
	fflush(stdout);
}
