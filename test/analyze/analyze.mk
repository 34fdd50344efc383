# make analyze: gcc's analyzer, clang's (by clang-tidy, with the checks of .clang-tidy) and cppcheck
# over the library and the programs. What is known and no fault stands in test/analyze/known, with
# the reason.
ANALYZE_SRC := $(LIB_SRC) $(wildcard examples/*.c examples/*/*.c) test/analyze/planted.c
ANALYZE := $(BUILD)/analyze
ANALYZE_LOGS := $(ANALYZE_SRC:%.c=$(ANALYZE)/%.gcc) $(ANALYZE_SRC:%.c=$(ANALYZE)/%.tidy) \
	$(ANALYZE)/cppcheck
ANALYZE_FLAGS = $(filter-out -Werror -MMD -MP,$(if $(filter lib/%,$<),$(LIB_CFLAGS),$(APP_CFLAGS)))
ANALYZE_HEADERS := $(wildcard include/adit/*.h lib/*/*.h lib/*/*/*.h examples/*/*.h)

# A tool that could not do its work leaves no log.
$(ANALYZE)/%.gcc: %.c $(ANALYZE_HEADERS) $(FLAGS) | $(HAVE)/pcap $(HAVE)/mbedtls
	@mkdir -p $(@D)
	$(call say,GCC)gcc $(ANALYZE_FLAGS) -fanalyzer -fdiagnostics-plain-output -c $< -o $@.o 2>$@ \
		|| { cat $@; rm $@; exit 1; }

$(ANALYZE)/%.tidy: %.c $(ANALYZE_HEADERS) .clang-tidy $(FLAGS) | $(HAVE)/clang-tidy $(HAVE)/pcap $(HAVE)/mbedtls
	@mkdir -p $(@D)
	$(call say,TIDY)clang-tidy --quiet $< -- $(ANALYZE_FLAGS) >$@ 2>$@.said \
		|| { cat $@ $@.said; rm $@; exit 1; }

$(ANALYZE)/cppcheck: $(ANALYZE_SRC) $(ANALYZE_HEADERS) | $(HAVE)/cppcheck
	@mkdir -p $(@D)
	$(call say,CPPCHECK)cppcheck --quiet --std=c99 --enable=warning,portability,performance \
		--inline-suppr --suppress=missingInclude -Iinclude -Ilib \
		--template='{file}:{line}:{column}: warning: {message} [{id}]' lib include examples test/analyze/planted.c 2>$@

.PHONY: analyze
analyze: $(ANALYZE_LOGS)
	@test/analyze/findings.sh test/analyze/known $^

#: make analyze    what gcc's and clang's analyzers, clang-tidy and cppcheck find; make -j is wise
