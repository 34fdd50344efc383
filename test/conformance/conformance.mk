# make conformance: the table of what is asked of an IPsec node, and which test shows it.
.PHONY: conformance
conformance: tests $(CT_TIMING)
	@test/conformance/run.sh $(BUILD)

#: make conformance  which test shows what attack lists and conformance suites ask; build/conformance.json
