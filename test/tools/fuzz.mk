# make fuzz: every test/fuzz/NAME_fuzz.c with libFuzzer, ASan and UBSan, two at a time.
FUZZ_SECONDS ?= 10
FUZZ_JOBS ?= 2
FUZZ_SRC := $(sort $(wildcard test/fuzz/*_fuzz.c))
FUZZ_BIN := $(FUZZ_SRC:%.c=$(BUILD)/%)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: fuzz fuzz-programs
fuzz: | $(HAVE)/clang
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang OPT='-O1 -g' \
		CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' fuzz-programs
	@FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_JOBS=$(FUZZ_JOBS) test/tools/fuzz.sh $(BUILD)/fuzz \
		$(FUZZ_SRC:%.c=$(BUILD)/fuzz/%)

fuzz-programs: $(FUZZ_BIN)

# An archive, since some of the support is for CMocka's tests alone.
FUZZ_SUPPORT := $(BUILD)/test/support.a
$(FUZZ_SUPPORT): $(SUPPORT_OBJ) $(OBJECTS)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(SUPPORT_OBJ)

$(FUZZ_BIN): %: %.o $(PROG_PARTS) $(FUZZ_SUPPORT) $(LIB) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $< -o $@ $(PROG_PARTS) $(FUZZ_SUPPORT) $(LIB) $(MBEDTLS_LIBS)

$(FUZZ_BIN:=.o): $(BUILD)/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(APP_CFLAGS) -Ilib -Itest -c $< -o $@

-include $(FUZZ_BIN:=.d)

#: make fuzz       fuzzes every parser for FUZZ_SECONDS=10 each; a crash fails
