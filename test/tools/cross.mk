# Builds of the same sources elsewhere: sanitizers, another mbedTLS, other machines. Each is the
# ordinary Makefile with other variables and a build folder of its own. Sources of mbedTLS and
# CMocka for them come from Debian's source packages, once, into CACHE.
CACHE ?= build/cross

# Debian 13's mbedTLS is 3.6; that of this machine's own suite is what `make` uses.
$(CACHE)/src/mbedtls36/.unpacked: | $(HAVE)/source
	test/tools/debian-source.sh trixie mbedtls $(@D) && touch $@

$(CACHE)/src/%/.unpacked: | $(HAVE)/source
	test/tools/debian-source.sh - $* $(@D) && touch $@

# A copy of the mbedTLS source whose .unpacked is the first thing needed; $(@D) is its library/.
define mbedtls-copy
	@rm -rf $(dir $(@D)) && mkdir -p $(dir $(@D))
	@cd $(<D) && cp -r include library 3rdparty scripts $$(ls -d framework 2>/dev/null) $(abspath $(dir $(@D)))
endef
# CMocka is one source file; its configuration is what a Linux has.
CMOCKA_HAS := SIGNAL_H INTTYPES_H STDINT_H STRINGS_H MALLOC_H STRUCT_TIMESPEC CLOCK_REALTIME STRSIGNAL
define cmocka-build
	@mkdir -p $(@D) $(dir $(@D))include
	cp $(<D)/include/*.h $(dir $(@D))include
	$(CMOCKA_CC) -O2 $(CMOCKA_HAS:%=-DHAVE_%) -D_GNU_SOURCE -I$(<D)/include -c $(<D)/src/cmocka.c -o $(@D)/cmocka.o
	rm -f $@
	$(CMOCKA_AR) rcs $@ $(@D)/cmocka.o
endef
CMOCKA_AR = ar
MBEDTLS_MAKE = env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -s -C $(@D) GEN_FILES= libmbedcrypto.a

# --- Sanitizers.
.PHONY: test-asan
test-asan: | $(HAVE)/clang
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CC=clang OPT='-O1 -g' \
		CFLAGS='$(SANITIZE)' LDFLAGS='$(SANITIZE)' all test

# Uninitialised memory: everything that writes must be compiled for it, so mbedTLS and CMocka too,
# and mbedTLS without its assembly.
MSAN := $(CACHE)/msan
MSAN_FLAGS := -fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer
MSAN_WITHOUT := MBEDTLS_HAVE_ASM MBEDTLS_AESNI_C MBEDTLS_PADLOCK_C
$(MSAN)/mbedtls/library/libmbedcrypto.a: $(CACHE)/src/mbedtls/.unpacked | $(HAVE)/clang
	$(mbedtls-copy)
	sed -i $(MSAN_WITHOUT:%=-e 's,^#define %$$,/* & */,') $(dir $(@D))include/mbedtls/config.h
	$(MBEDTLS_MAKE) CC=clang CFLAGS='-O1 -g $(MSAN_FLAGS)'

$(MSAN)/cmocka/lib/libcmocka.a: CMOCKA_CC := clang $(MSAN_FLAGS)
$(MSAN)/cmocka/lib/libcmocka.a: $(CACHE)/src/cmocka/.unpacked | $(HAVE)/clang
	$(cmocka-build)

.PHONY: test-msan
test-msan: $(MSAN)/mbedtls/library/libmbedcrypto.a $(MSAN)/cmocka/lib/libcmocka.a
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/msan CC=clang OPT='-O1 -g' \
		CFLAGS='$(MSAN_FLAGS)' LDFLAGS='$(MSAN_FLAGS)' \
		MBEDTLS_DIR=$(MSAN)/mbedtls CMOCKA_DIR=$(MSAN)/cmocka test

# --- The least build, ADIT_EXTRAS 0: the tests of what it has.
LEAST_TESTS := $(patsubst %,$(BUILD)/least/test/unit/%_test,esp ipsec node replay sad_spd transport)
.PHONY: test-least
test-least: | $(HAVE)/mbedtls $(HAVE)/cmocka
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/least CFLAGS=-DADIT_EXTRAS=0 $(LEAST_TESTS)
	@test/tools/run-tests.sh $(LEAST_TESTS)

# --- mbedTLS 3.6.
MBEDTLS36 := $(CACHE)/mbedtls36/mbedtls
$(MBEDTLS36)/library/libmbedcrypto.a: $(CACHE)/src/mbedtls36/.unpacked
	$(mbedtls-copy)
	$(MBEDTLS_MAKE) CC=$(CC) CFLAGS=-O2

.PHONY: test-mbedtls36
test-mbedtls36: $(MBEDTLS36)/library/libmbedcrypto.a
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/mbedtls36 MBEDTLS_DIR=$(MBEDTLS36) test

# --- A big-endian 32-bit machine, under an emulator.
BE32 := $(CACHE)/be32
BE32_CC := mips-linux-gnu-gcc
$(BE32)/mbedtls/library/libmbedcrypto.a: $(CACHE)/src/mbedtls/.unpacked | $(HAVE)/mips
	$(mbedtls-copy)
	$(MBEDTLS_MAKE) CC=$(BE32_CC) AR=mips-linux-gnu-ar CFLAGS=-O2

$(BE32)/cmocka/lib/libcmocka.a: CMOCKA_CC := $(BE32_CC)
$(BE32)/cmocka/lib/libcmocka.a: CMOCKA_AR := mips-linux-gnu-ar
$(BE32)/cmocka/lib/libcmocka.a: $(CACHE)/src/cmocka/.unpacked | $(HAVE)/mips
	$(cmocka-build)

.PHONY: test-be32
test-be32: $(BE32)/mbedtls/library/libmbedcrypto.a $(BE32)/cmocka/lib/libcmocka.a
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/be32 CC=$(BE32_CC) AR=mips-linux-gnu-ar \
		MBEDTLS_DIR=$(BE32)/mbedtls CMOCKA_DIR=$(BE32)/cmocka \
		RUN='qemu-mips-static -L /usr/mips-linux-gnu' test

# --- A Cortex-M4: the library alone, for size. Packets come one at a time there.
M4 := $(CACHE)/m4
M4_FLAGS := -mcpu=cortex-m4 -mthumb -ffunction-sections -fdata-sections -fcallgraph-info=su \
	-DADIT_BURST=1 -isystem /usr/include/newlib
$(M4)/mbedtls/library/libmbedcrypto.a: $(CACHE)/src/mbedtls/.unpacked test/size/mbedtls_config.h | $(HAVE)/arm
	$(mbedtls-copy)
	cp test/size/mbedtls_config.h $(dir $(@D))include/mbedtls/config.h
	$(MBEDTLS_MAKE) CC=arm-none-eabi-gcc AR=arm-none-eabi-ar CFLAGS='-Os -fno-ipa-icf $(M4_FLAGS)'

# The same for devices that need few ciphers.
M4_LEAST := $(CACHE)/m4-least
$(M4_LEAST)/mbedtls/library/libmbedcrypto.a: $(CACHE)/src/mbedtls/.unpacked test/size/mbedtls_config.h | $(HAVE)/arm
	$(mbedtls-copy)
	cp test/size/mbedtls_config.h $(dir $(@D))include/mbedtls/config.h
	$(MBEDTLS_MAKE) CC=arm-none-eabi-gcc AR=arm-none-eabi-ar \
		CFLAGS='-Os -fno-ipa-icf $(M4_FLAGS) -DADIT_SIZE_LEAST'

.PHONY: cross-m4
cross-m4: $(M4)/mbedtls/library/libmbedcrypto.a
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/m4 CC=arm-none-eabi-gcc AR=arm-none-eabi-ar \
		OPT=-Os PIC= CFLAGS='$(M4_FLAGS)' MBEDTLS_DIR=$(M4)/mbedtls $(BUILD)/m4/libadit.a

#: make test-asan  all programs and the same tests by clang with the address and undefined-behaviour sanitizers
#: make test-msan  the same tests by clang with the memory sanitizer, mbedTLS and CMocka with it
#: make test-least  the tests of the data path on a build for the smallest devices
#: make test-mbedtls36  the same tests with mbedTLS 3.6, built from Debian 13's source
#: make test-be32  the same tests on a big-endian 32-bit machine (mips), emulated
#: make cross-m4   the library for a Cortex-M4, in build/m4
