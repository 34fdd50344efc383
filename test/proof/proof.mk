# make proof: what CBMC shows of the code for all inputs of a size, and that it notices broken code.
CBMC := $(CACHE)/cbmc/cbmc
$(CBMC):
	test/tools/debian-program.sh trixie cbmc $(@D) cbmc libc6 libgcc-s1 libstdc++6 minisat zlib1g

.PHONY: proof
proof: $(CBMC)
	@CBMC=$(CBMC) test/proof/run.sh $(BUILD) $(PROOFS)

#: make proof      memory safety and more by the model checker CBMC; PROOFS="ip replay" for some
