# make coverage: which branches of lib/ the tests take, and why no test takes the rest.
COVERAGE := $(BUILD)/coverage

# Unoptimised, and each condition by itself, so that a branch is one of the source.
COVERAGE_MAKE = $(MAKE) --no-print-directory BUILD=$(COVERAGE) CC=gcc OPT='-O0 -g' LDFLAGS=--coverage \
	PIC='-fPIC --coverage --param logical-op-non-short-circuit=0'

# What runs: targets of the Makefile, built and run as by hand. Files that are not part of the
# repository are left out, and seeds are given, so that the figure is the same everywhere.
COVERAGE_RUNS := test

.PHONY: coverage
coverage: | $(HAVE)/mbedtls $(HAVE)/cmocka $(HAVE)/pcap
	@find $(COVERAGE) -name '*.gcda' -delete 2>/dev/null || true
	+@ADIT_SHARED=/nonexistent ADIT_SEED=1 $(COVERAGE_MAKE) $(COVERAGE_RUNS)
	@perl test/coverage/report.pl $(COVERAGE) test/coverage/uncovered.list

#: make coverage   branches of lib/ that the tests take, by file, and why not the rest; build/coverage.json
