# Builds of the same sources elsewhere: sanitizers, another mbedTLS, another machine. Each is the
# ordinary Makefile with other variables and a build folder of its own.

.PHONY: test-asan
test-asan: | $(HAVE)/clang
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CC=clang OPT='-O1 -g' \
		CFLAGS='$(SANITIZE)' LDFLAGS='$(SANITIZE)' test

#: make test-asan  the same tests by clang with the address and undefined-behaviour sanitizers
