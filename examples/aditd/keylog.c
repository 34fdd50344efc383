/* Wireshark's key files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keylog.h"
#include "log.h"

#define OWNER_ONLY 0600
#define OWNER_ONLY_DIR 0700

static FILE *ike_file, *esp_file;

/* Wireshark's words for an algorithm: in the table of IKE, in that of ESP. NULL: that table has
 * none in Wireshark 4.0, which refuses a whole file for one word that it does not know. */
struct names {
	uint16_t id, key_bits;
	const char *ike, *esp;
};

static const struct names ciphers[] = {
	{ADIT_ENCR_AES_CBC, 128, "AES-CBC-128 [RFC3602]", "AES-CBC [RFC3602]"},
	{ADIT_ENCR_AES_CBC, 192, "AES-CBC-192 [RFC3602]", "AES-CBC [RFC3602]"},
	{ADIT_ENCR_AES_CBC, 256, "AES-CBC-256 [RFC3602]", "AES-CBC [RFC3602]"},
	{ADIT_ENCR_AES_GCM_16, 128, "AES-GCM-128 with 16 octet ICV [RFC5282]",
	 "AES-GCM with 16 octet ICV [RFC4106]"},
	{ADIT_ENCR_AES_GCM_16, 192, "AES-GCM-192 with 16 octet ICV [RFC5282]",
	 "AES-GCM with 16 octet ICV [RFC4106]"},
	{ADIT_ENCR_AES_GCM_16, 256, "AES-GCM-256 with 16 octet ICV [RFC5282]",
	 "AES-GCM with 16 octet ICV [RFC4106]"},
};

static const struct names macs[] = {
	{ADIT_AUTH_NONE, 0, "NONE [RFC4306]", "NULL"},
	{ADIT_AUTH_HMAC_SHA1_96, 0, "HMAC_SHA1_96 [RFC2404]", "HMAC-SHA-1-96 [RFC2404]"},
	{ADIT_AUTH_HMAC_SHA2_256_128, 0, "HMAC_SHA2_256_128 [RFC4868]",
	 "HMAC-SHA-256-128 [RFC4868]"},
	{ADIT_AUTH_HMAC_SHA2_384_192, 0, "HMAC_SHA2_384_192 [RFC4868]",
	 "HMAC-SHA-384-192 [RFC4868]"},
	{ADIT_AUTH_HMAC_SHA2_512_256, 0, "HMAC_SHA2_512_256 [RFC4868]",
	 "HMAC-SHA-512-256 [RFC4868]"},
};

static const struct names *
find(const struct names *list, size_t n, uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].id == id && list[i].key_bits == key_bits)
			return &list[i];
	return NULL;
}

static const struct names *
cipher_of(const struct adit_aead *aead)
{
	return find(ciphers, sizeof ciphers / sizeof ciphers[0], aead->encr, aead->key_bits);
}

static const struct names *
mac_of(const struct adit_aead *aead)
{
	return find(macs, sizeof macs / sizeof macs[0], aead->integ, 0);
}

static FILE *
open_one(const char *dir, const char *name)
{
	char path[PATH_MAX];
	FILE *f;
	int fd;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, OWNER_ONLY);
	f = fd < 0 ? NULL : fdopen(fd, "a");
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

bool
keylog_open(const char *dir)
{
	if (mkdir(dir, OWNER_ONLY_DIR) < 0 && errno != EEXIST)
		return false;
	ike_file = open_one(dir, "ikev2_decryption_table");
	if (ike_file)
		esp_file = open_one(dir, "esp_sa");
	return esp_file != NULL;
}

static void
put_hex(FILE *f, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02x", p[i]);
}

/* What the table has no word for is a comment, for people and other tools. */
static const char *
lead_in(const struct names *cipher, const struct names *mac)
{
	return cipher && mac ? "" : "# ";
}

void
keylog_ike(const struct adit_trace_record *rec)
{
	const struct names *cipher = cipher_of(rec->aead), *mac = mac_of(rec->aead);
	FILE *f = ike_file;

	if (!f)
		return;
	fputs(lead_in(cipher, mac), f);
	put_hex(f, rec->spi_i, sizeof rec->spi_i);
	fputc(',', f);
	put_hex(f, rec->spi_r, sizeof rec->spi_r);
	fputc(',', f);
	put_hex(f, rec->sk_ei.p, rec->sk_ei.n);
	fputc(',', f);
	put_hex(f, rec->sk_er.p, rec->sk_er.n);
	fprintf(f, ",\"%s\",", cipher ? cipher->ike : rec->aead->name);
	put_hex(f, rec->sk_ai.p, rec->sk_ai.n);
	fputc(',', f);
	put_hex(f, rec->sk_ar.p, rec->sk_ar.n);
	fprintf(f, ",\"%s\"\n", mac ? mac->ike : "?");
	fflush(f);
}

/* Words of later Wireshark versions. */
static const char *
other_name(const struct adit_aead *aead)
{
	return aead->encr == ADIT_ENCR_CHACHA20_POLY1305 ? "ChaCha20 with Poly1305 [RFC7634]"
							 : aead->name;
}

static void
put_sa(FILE *f, const struct adit_sa_params *sa)
{
	const struct names *cipher = cipher_of(sa->aead), *mac = mac_of(sa->aead);
	const struct adit_ip *from = sa->dir == ADIT_IN ? &sa->remote : &sa->local;
	const struct adit_ip *to = sa->dir == ADIT_IN ? &sa->local : &sa->remote;
	size_t encr = sa->aead->encr_key_len;

	fprintf(f, "%s\"IPv%u\",\"%s\",\"%s\",\"0x%08x\",\"%s\",\"0x", lead_in(cipher, mac),
		sa->local.version, text_ip(from), text_ip(to), sa->spi,
		cipher ? cipher->esp : other_name(sa->aead));
	put_hex(f, sa->key.p, encr);
	fprintf(f, "\",\"%s\",\"%s", mac ? mac->esp : "?", sa->key.n > encr ? "0x" : "");
	put_hex(f, sa->key.p + encr, sa->key.n - encr);
	/* Wireshark 4.0 knows eight fields, later ones take the defaults of two more from there;
	 * only where these matter are they written. */
	fputs(sa->esn ? "\",\"64-bit\",\"0\"\n" : "\"\n", f);
	fflush(f);
}

void
keylog_sa(const struct adit_sa_params *sa)
{
	if (esp_file && sa->protocol != ADIT_PROTO_AH)
		put_sa(esp_file, sa);
}

void
keylog_child(const struct adit_ike_event *ev)
{
	keylog_sa(&ev->in);
	keylog_sa(&ev->out);
}
