# make ct: that time tells nothing of secrets, shown twice: by valgrind, which sees branches and
# addresses, and by the clock.
CT_SECRETS := $(BUILD)/test/ct/secrets_test $(BUILD)/test/ct/secrets_ike_test
CT_TIMING := $(BUILD)/test/ct/timing_test
CT_WATCH := $(BUILD)/test/ct/watch.o $(BUILD)/test/ct/leaky.o
CT_CLOCK := $(BUILD)/test/ct/measure.o $(BUILD)/test/ct/leaky.o

$(BUILD)/test/ct/watch.o: | $(HAVE)/valgrind
# Where a verdict is made, and so becomes public.
CT_VERDICTS := adit_equal_ct mbedtls_gcm_auth_decrypt mbedtls_ccm_auth_decrypt mbedtls_chachapoly_auth_decrypt
$(CT_SECRETS): CT_LDFLAGS := $(CT_VERDICTS:%=-Wl,--wrap=%)
$(CT_SECRETS): $(CT_WATCH)
$(CT_TIMING): $(CT_CLOCK)
$(CT_SECRETS) $(CT_TIMING): %: %.o $(SUPPORT_OBJ) $(LIB) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(CT_LDFLAGS) $(filter %.o,$^) -o $@ $(LIB) $(MBEDTLS_LIBS) $(CMOCKA_LIBS) -lm

CT_NO_AESNI := $(BUILD)/test/ct/no_aesni.so
$(CT_NO_AESNI): test/ct/no_aesni.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(WARN) -shared -fPIC $< -o $@

.PHONY: ct
ct: $(CT_SECRETS) $(CT_TIMING) $(CT_NO_AESNI)
	@echo 'mbedTLS itself, told and not judged:'
	@for program in $(CT_SECRETS); do ADIT_CT_PROVIDER=' ' test/ct/watch.sh $$program; done
	@echo 'the same where the processor has no AES-NI:'
	@ADIT_CT_PROVIDER=$(CT_NO_AESNI) test/ct/watch.sh $(firstword $(CT_SECRETS)) | grep -v 'forged_\|padding_'
	@echo 'adit, by its memory and by the clock (signatures and certificates: not built):'
	@RUN=test/ct/watch.sh test/tools/run-tests.sh $(CT_SECRETS) $(CT_TIMING)

-include $(CT_SECRETS:=.d) $(CT_TIMING:=.d) $(CT_WATCH:.o=.d) $(CT_CLOCK:.o=.d)

#: make ct         that time tells nothing of secrets: valgrind over secret memory, and the clock
