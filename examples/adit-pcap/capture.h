/* A whole capture file: ESP off its packets, or on them, into another file. */
#ifndef ADIT_PCAP_CAPTURE_H
#define ADIT_PCAP_CAPTURE_H

#include <stdio.h>

#include "work.h"

struct capture_job {
	struct work *work; /* started, where it encapsulates */
	bool encap;
	const char *in, *out; /* "-": standard input, output */
	FILE *say;            /* what is to be told */
	const char *keys[2];  /* files that are not to be written either, or NULL */
};

/* The exit statuses of the program. */
enum capture_result {
	CAPTURE_FINE = 0,
	CAPTURE_PACKETS = 1, /* some of them failed */
	CAPTURE_TROUBLE = 2  /* a file can't be read, or not be written */
};

enum capture_result capture_run(const struct capture_job *job);

#endif
