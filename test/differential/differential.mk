# make differential: random SAs and packets through adit and through scapy, both ways.
LINES := $(BUILD)/test/differential/lines
# The distribution's, which has the distribution's scapy.
PYTHON ?= /usr/bin/python3
export PYTHON

$(LINES): %: %.o $(LIB) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $< -o $@ $(LIB) $(MBEDTLS_LIBS)

.PHONY: differential
differential: $(LINES) | $(HAVE)/scapy
	@LINES=$(LINES) PACKETS=$(PACKETS) SEED=$(SEED) $(PYTHON) test/differential/differential.py

#: make differential  random SAs and packets through adit and scapy; PACKETS=20000, SEED= to replay
