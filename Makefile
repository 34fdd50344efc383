# adit: make, make test, make demo; `make help` lists the rest.
# Variables: BUILD (folder of everything made), CC, CFLAGS, LDFLAGS, OPT, MBEDTLS_DIR (another
# mbedTLS: a source tree with include/ and library/), CMOCKA_DIR (include/ and lib/), PREFIX and
# DESTDIR of install, V=1 to see the commands.
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
CXX ?= g++
AR ?= ar
OPT ?= -O2 -g
PIC ?= -fPIC
MBEDTLS_DIR ?=
CMOCKA_DIR ?=
PREFIX ?= /usr/local
DESTDIR ?=
.DELETE_ON_ERROR:
.SUFFIXES:

# What is done is said in a word; V=1 shows the commands, make -s says nothing.
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %s %s\n' $(1) $@; )

VERSION := $(shell sed -n 's/^\#define ADIT_VERSION "\(.*\)"/\1/p' include/adit/version.h)
SONAME := libadit.so.$(firstword $(subst ., ,$(VERSION)))

WARN := -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror
INC := -Iinclude $(if $(MBEDTLS_DIR),-isystem $(MBEDTLS_DIR)/include)
LIB_CFLAGS := -std=c99 $(WARN) $(OPT) $(INC) -Ilib $(PIC) -MMD -MP $(CFLAGS)
APP_CFLAGS := -std=gnu11 $(WARN) $(OPT) $(INC) -MMD -MP $(CFLAGS)
TEST_CFLAGS := $(APP_CFLAGS) -Ilib -Itest $(if $(CMOCKA_DIR),-isystem $(CMOCKA_DIR)/include)
MBEDTLS_LIBS := $(if $(MBEDTLS_DIR),-L$(MBEDTLS_DIR)/library) -lmbedcrypto
CMOCKA_LIBS := $(if $(CMOCKA_DIR),-L$(CMOCKA_DIR)/lib) -lcmocka

LIB_SRC := $(sort $(wildcard lib/*/*.c lib/*/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libadit.a

# A folder of examples/ is a program of that name; a file there is a program by itself.
# examples/demo is a script; what it needs is no program to install. examples/xfrm is part of both
# programs.
PROG_NAMES := $(filter-out demo xfrm,$(sort $(patsubst examples/%/,%,$(dir $(wildcard examples/*/*.c)))))
PROGS := $(PROG_NAMES:%=$(BUILD)/%)
PROG_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out examples/demo/%,$(wildcard examples/*/*.c)))
PROG_PARTS := $(BUILD)/examples/parts.a
XFRM_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard examples/xfrm/*.c)))
SINGLE_SRC := $(sort $(wildcard examples/*.c))
SINGLES := $(SINGLE_SRC:%.c=$(BUILD)/%)

TEST_SRC := $(sort $(wildcard test/unit/*_test.c test/vectors/*_test.c test/rules/*_test.c))
# libpcap and the kernel are this machine's alone: what needs them is not tested on others.
ifneq ($(CMOCKA_DIR),)
TEST_SRC := $(filter-out %/aditd_capture_test.c %/aditd_tun_test.c %/pcap_program_test.c \
	%/fragment_kernel_test.c,$(TEST_SRC))
endif
TEST_BIN := $(TEST_SRC:%.c=$(BUILD)/%)
SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard test/support/*.c)))

.PHONY: all
all: $(LIB) $(BUILD)/libadit.so $(PROGS) $(SINGLES)

# --- Stamps that change when what they tell changes: a file and the words it holds.
define stamp
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $$@ || printf '%s\n' '$(subst ','\'',$(2))' >$$@
endef
FLAGS := $(BUILD)/.flags
OBJECTS := $(BUILD)/.objects
.PHONY: FORCE
$(eval $(call stamp,$(FLAGS),$(CC) $(LIB_CFLAGS) $(APP_CFLAGS) $(LDFLAGS) $(MBEDTLS_DIR) $(CMOCKA_DIR)))
$(eval $(call stamp,$(OBJECTS),$(LIB_OBJ) $(PROG_OBJ) $(SUPPORT_OBJ)))

# --- What must be there. One stamp for each thing, so that a build asks once.
HAVE := $(BUILD)/.have
export CC MBEDTLS_DIR CMOCKA_DIR

.PRECIOUS: $(HAVE)/%
$(HAVE)/%: $(FLAGS)
	@mkdir -p $(@D)
	@test/tools/deps.sh $*
	@touch $@

.PHONY: deps
deps:
	@test/tools/deps.sh mbedtls cmocka pcap

# --- The library.
$(LIB): $(LIB_OBJ) $(OBJECTS)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(LIB_OBJ)

$(BUILD)/libadit.so: $(LIB_OBJ) $(OBJECTS)
	$(call say,LD)$(CC) -shared -Wl,-soname,$(SONAME) $(CFLAGS) $(LDFLAGS) $(LIB_OBJ) -o $@ $(MBEDTLS_LIBS)

$(BUILD)/lib/%.o: lib/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(LIB_CFLAGS) -c $< -o $@

$(filter $(BUILD)/lib/provider/mbedtls/%,$(LIB_OBJ)): | $(HAVE)/mbedtls

# --- The programs: on the public headers alone.
# Capture files are libpcap's affair.
adit-pcap_LIBS := -lpcap
aditd_LIBS := -lpcap
$(filter $(BUILD)/examples/adit-pcap/% $(BUILD)/examples/aditd/%,$(PROG_OBJ)): | $(HAVE)/pcap

$(BUILD)/examples/%.o: examples/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(APP_CFLAGS) -c $< -o $@

define program
$(BUILD)/$(1): $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard examples/$(1)/*.c))) $(XFRM_OBJ) $(LIB) $(OBJECTS)
	$$(call say,LD)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(filter %.o,$$^) -o $$@ $(LIB) $$(MBEDTLS_LIBS) $($(1)_LIBS)
endef
$(foreach p,$(PROG_NAMES),$(eval $(call program,$(p))))

# All of the programs but their main(), for tests of what is inside them.
$(PROG_PARTS): $(filter-out %/main.o %/capture.o,$(PROG_OBJ)) $(OBJECTS)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(filter %.o,$^)

$(SINGLES): $(BUILD)/%: $(BUILD)/%.o $(LIB)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $< -o $@ $(LIB) $(MBEDTLS_LIBS)

# --- The tests.
$(BUILD)/test/%.o: test/%.c $(FLAGS) | $(HAVE)/cmocka
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(TEST_CFLAGS) -c $< -o $@

$(TEST_BIN): %: %.o $(SUPPORT_OBJ) $(PROG_PARTS) $(LIB) $(OBJECTS) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) -o $@ $(PROG_PARTS) $(LIB) $(MBEDTLS_LIBS) $(CMOCKA_LIBS) $(TEST_LIBS)

$(BUILD)/test/unit/aditd_capture_test: $(BUILD)/examples/aditd/capture.o
$(BUILD)/test/unit/aditd_capture_test: private TEST_LIBS := -lpcap
$(BUILD)/test/unit/pcap_program_test: $(BUILD)/examples/adit-pcap/capture.o
$(BUILD)/test/unit/pcap_program_test: private TEST_LIBS := -lpcap

.PHONY: tests test
tests: $(TEST_BIN)

test: tests
	@RUN='$(RUN)' test/tools/run-tests.sh $(TEST_BIN)

.PHONY: readme
readme: $(LIB) $(SINGLES) | $(HAVE)/mbedtls
	@set -e; for program in $(SINGLES); do timeout 10 $$program; done
	@COMPILE='$(CC) $(APP_CFLAGS) $(LDFLAGS)' LIBS='$(LIB) $(MBEDTLS_LIBS)' \
		test/tools/readme.sh $(BUILD)/readme

# --- The whole in use: speed, real peers, two nodes on this machine.
BENCH_SRC := $(sort $(wildcard test/bench/*.c))
$(BUILD)/test/bench/bench: $(BENCH_SRC:%.c=$(BUILD)/%.o) $(LIB) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) -o $@ $(LIB) $(MBEDTLS_LIBS)

.PHONY: bench interop demo
bench: $(BUILD)/test/bench/bench
	@$< $(BUILD)/bench.json

# The small helpers of the scripts: a file, a program.
INTEROP_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard test/interop/*.c))
DEMO_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard examples/demo/*.c))
$(BUILD)/examples/demo/sniff: HELPER_LIBS := -lpcap
$(BUILD)/examples/demo/sniff.o: | $(HAVE)/pcap

$(INTEROP_BIN) $(DEMO_BIN): %: %.o
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $< -o $@ $(HELPER_LIBS)

interop: all $(INTEROP_BIN)
	@BUILD=$(BUILD) test/interop/run.sh; strongswan=$$?; \
	BUILD=$(BUILD) test/interop/pmtu.sh; sizes=$$?; \
	BUILD=$(BUILD) test/interop/kernel.sh && [ $$strongswan = 0 ] && exit $$sizes

demo: all $(DEMO_BIN)
	@BUILD=$(BUILD) examples/demo/demo.sh

# --- What the house rules say of lib/ and of the public headers.
.PHONY: layers
layers: $(LIB) | $(HAVE)/cxx
	@test/tools/floors.sh $(LIB)
	@test/tools/promises.sh $(LIB)
	@CXX='$(CXX)' test/tools/headers.sh

include test/tools/fuzz.mk
include test/tools/cross.mk
include test/sim/sim.mk
include test/size/size.mk
include test/differential/differential.mk
include test/ct/ct.mk
include test/analyze/analyze.mk
include test/conformance/conformance.mk
include test/coverage/coverage.mk
include test/proof/proof.mk
include test/mutation/mutation.mk

# --- Installation.
MAN := $(wildcard examples/*/*.1 examples/*/*.8)
.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/adit
	install -m 644 include/adit/*.h $(DESTDIR)$(PREFIX)/include/adit
	install -m 644 $(LIB) $(DESTDIR)$(PREFIX)/lib
	install -m 644 $(BUILD)/libadit.so $(DESTDIR)$(PREFIX)/lib/libadit.so.$(VERSION)
	ln -sf libadit.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(PREFIX)/lib/libadit.so
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
		'Name: adit' 'Description: embeddable IPsec: ESP and IKEv2' 'Version: $(VERSION)' \
		'Libs: -L$${libdir} -ladit' 'Libs.private: -lmbedcrypto' \
		'Cflags: -I$${includedir} $(filter -DADIT_%,$(CFLAGS))' \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/adit.pc
	$(if $(PROGS),install -d $(DESTDIR)$(PREFIX)/bin)
	$(if $(PROGS),install -m 755 $(PROGS) $(DESTDIR)$(PREFIX)/bin)
	$(foreach m,$(MAN),install -D -m 644 $(m) \
		$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(m)))/$(notdir $(m)) &&) true

.PHONY: clean help
clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)

#: make            the library (build/libadit.a, .so) and the programs
#: make test       the unit and vector tests; ends with "N passed, N failed, N skipped"
#: make layers     floors of lib/, no allocation, no writable data, each header alone, C and C++
#: make readme     builds the README's programs, and runs those that end; runs examples/*.c
#: make demo       two nodes with a tunnel between them, on this machine
#: make interop    adit against strongSwan and a Linux kernel (user-mode-linux), as root
#: make bench      packets per second beside the bare cipher; figures in build/bench.json
#: make deps       installs what is missing to build and test
#: make install    library, headers, programs, man pages, adit.pc; PREFIX=, DESTDIR=
#: make clean      removes build/

-include $(LIB_OBJ:.o=.d) $(PROG_OBJ:.o=.d) $(SINGLES:=.d) $(SUPPORT_OBJ:.o=.d) $(TEST_BIN:=.d) \
	$(BENCH_SRC:%.c=$(BUILD)/%.d)
