# make mutation: would the tests see it if the library were wrong? A score over random mutants.
# MUTANTS= how many, MUTATION_SEED= which, MUTATION_LEAST= percent that must be killed,
# MUTATION_JOBS= at a time, MUTATION_AGAIN=1: those that survived the last time.
MUTANTS ?= 300
MUTATION_SEED ?= 1
MUTATION_LEAST ?= 90
MUTATION_JOBS ?= $(shell nproc)
MUTATION := $(BUILD)/mutation
MUTATION_BIN := $(TEST_BIN:$(BUILD)/test/%=$(MUTATION)/%)

# The tests once more, on a library that can be exchanged.
$(MUTATION_BIN): $(MUTATION)/%: $(BUILD)/test/%.o $(SUPPORT_OBJ) $(PROG_PARTS) $(BUILD)/libadit.so
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) -o $@ $(PROG_PARTS) $(BUILD)/libadit.so $(MBEDTLS_LIBS) $(CMOCKA_LIBS) $(TEST_LIBS)

$(MUTATION)/unit/aditd_capture_test: $(BUILD)/examples/aditd/capture.o
$(MUTATION)/unit/aditd_capture_test: private TEST_LIBS := -lpcap
$(MUTATION)/unit/pcap_program_test: $(BUILD)/examples/adit-pcap/capture.o
$(MUTATION)/unit/pcap_program_test: private TEST_LIBS := -lpcap
$(MUTATION)/unit/sim_test: $(SIM_OBJ)

$(MUTATION)/sim/run: $(BUILD)/test/sim/run.o $(SIM_OBJ) $(BUILD)/libadit.so
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) -o $@ $(BUILD)/libadit.so $(MBEDTLS_LIBS)

# The library whose functions tell that they are called.
MUTATION_SEEN := $(MUTATION)/seen
$(MUTATION_SEEN)/seen.o: test/mutation/seen.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -std=gnu11 -O2 -fPIC -c $< -o $@

.PHONY: mutation-seen
mutation-seen: $(MUTATION_SEEN)/seen.o | $(HAVE)/mbedtls
	+@$(MAKE) -s --no-print-directory BUILD=$(MUTATION_SEEN) OPT='-O1 -finstrument-functions' \
		LDFLAGS='$(MUTATION_SEEN)/seen.o $(LDFLAGS)' $(MUTATION_SEEN)/libadit.so

.PHONY: mutation
mutation: $(MUTATION_BIN) $(MUTATION)/sim/run mutation-seen
	@rm -rf $(MUTATION)/base
	@ln -sf libadit.so $(MUTATION_SEEN)/$(SONAME)
	@TEST_BIN='$(TEST_BIN)' LIB_OBJ='$(LIB_OBJ)' MUTATION_LINK='$(LDFLAGS) $(MBEDTLS_LIBS)' \
		MUTATION_CFLAGS='-std=c99 $(OPT) $(INC) $(PIC) $(CFLAGS)' SONAME=$(SONAME) CC='$(CC)' \
		perl test/mutation/run.pl $(BUILD) $(MUTATION_SEED) $(MUTANTS) $(MUTATION_LEAST) \
		$(MUTATION_JOBS) $(MUTATION_AGAIN)

#: make mutation   MUTANTS=300 random mistakes in lib/, and whether anything notices each; MUTATION_SEED=
