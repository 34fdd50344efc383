# make fuzz: every test/fuzz/NAME_fuzz.c with libFuzzer, ASan and UBSan; make fuzz-afl: the same with
# AFL++. MINUTES or FUZZ_SECONDS for each, FUZZ_JOBS at a time, FUZZ='names' for some of them.
MINUTES ?=
FUZZ_SECONDS ?= $(if $(MINUTES),$(shell echo $$(($(MINUTES) * 60))),10)
FUZZ_JOBS ?= $(shell echo $$(($(shell nproc) > 2 ? $(shell nproc) : 2)))
FUZZ_ALL := $(sort $(patsubst test/fuzz/%_fuzz.c,%,$(wildcard test/fuzz/*_fuzz.c)))
FUZZ ?= $(FUZZ_ALL)
$(if $(filter-out $(FUZZ_ALL),$(FUZZ)),$(error FUZZ="$(FUZZ)": known are $(FUZZ_ALL)))
FUZZ_BIN := $(FUZZ:%=$(BUILD)/test/fuzz/%_fuzz)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Both build in a folder of their own, by a make of its own; this is how its targets are called.
fuzz-make = +@$(MAKE) --no-print-directory FUZZ='$(FUZZ)' OPT='-O1 -g'
fuzz-run = @FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_JOBS=$(FUZZ_JOBS) test/tools/fuzz.sh

.PHONY: fuzz fuzz-corpus fuzz-afl fuzz-grow fuzz-libfuzzer fuzz-programs
fuzz: fuzz-libfuzzer
	$(fuzz-run) fuzz $(BUILD)/fuzz $(FUZZ:%=$(BUILD)/fuzz/test/fuzz/%_fuzz)

fuzz-corpus: fuzz-libfuzzer
	$(fuzz-run) corpus $(BUILD)/fuzz $(FUZZ:%=$(BUILD)/fuzz/test/fuzz/%_fuzz)

fuzz-libfuzzer: | $(HAVE)/clang
	$(fuzz-make) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' \
		fuzz-programs

fuzz-afl: | $(HAVE)/clang $(HAVE)/afl
	$(fuzz-make) BUILD=$(BUILD)/afl CC=afl-clang-fast CFLAGS='$(SANITIZE)' fuzz-programs
	@$(CC) $(APP_CFLAGS) -MF $(BUILD)/afl/mutator.d -Itest -fPIC -shared test/fuzz/afl_mutator.c test/fuzz/shape.c -o $(BUILD)/afl/mutator.so
	$(fuzz-run) afl $(BUILD)/afl $(FUZZ:%=$(BUILD)/afl/test/fuzz/%_fuzz)

export AFL_QUIET := 1

fuzz-grow: fuzz-libfuzzer $(BUILD)/test/sim/frames
	@test/fuzz/grow.sh $(BUILD)/fuzz $(BUILD)/test/sim/frames $(FUZZ:%=$(BUILD)/fuzz/test/fuzz/%_fuzz)

fuzz-programs: $(FUZZ_BIN)

# What targets share. An archive, since some of the support is for CMocka's tests alone.
FUZZ_PARTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_fuzz.c %_mutator.c,$(sort $(wildcard test/fuzz/*.c))))
# Mutations that know the structure: AFL++ loads them from beside.
FUZZ_MUTATOR := $(if $(findstring afl,$(CC)),,$(BUILD)/test/fuzz/libfuzzer_mutator.o)
FUZZ_SUPPORT := $(BUILD)/test/fuzz/support.a
$(FUZZ_SUPPORT): $(SUPPORT_OBJ) $(FUZZ_PARTS) $(OBJECTS)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(filter %.o,$^)

$(FUZZ_BIN): %: %.o $(FUZZ_MUTATOR) $(PROG_PARTS) $(FUZZ_SUPPORT) $(LIB) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $(filter %.o,$^) -o $@ $(PROG_PARTS) $(FUZZ_SUPPORT) $(LIB) $(MBEDTLS_LIBS) $(FUZZ_LIBS)

$(BUILD)/test/fuzz/pcap_file_fuzz: $(BUILD)/examples/adit-pcap/capture.o
$(BUILD)/test/fuzz/pcap_file_fuzz: private FUZZ_LIBS := -lpcap

$(BUILD)/test/fuzz/pcap_file_fuzz.o: | $(HAVE)/pcap
$(FUZZ_BIN:=.o) $(FUZZ_PARTS) $(FUZZ_MUTATOR): $(BUILD)/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(APP_CFLAGS) -Ilib -Itest -c $< -o $@

-include $(FUZZ_BIN:=.d) $(FUZZ_PARTS:.o=.d)

#: make fuzz       the committed inputs, then libFuzzer for MINUTES= on each target; a crash fails
#: make fuzz-corpus  the committed inputs alone; make fuzz-afl: AFL++ for MINUTES= on each target
#: make fuzz-grow  the committed inputs anew, from vectors, the simulator, and what fuzzing has found
