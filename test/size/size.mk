# make size: what the library costs a Cortex-M4, from its objects alone; nothing is run.
SIZE_CC := arm-none-eabi-gcc -std=c99 $(WARN) -Os -Iinclude $(M4_FLAGS)

# Whole firmwares but for the C library, whose functions stand for themselves at address 0.
SIZE_LIBC := memcpy memmove memset memcmp memchr strcmp strlen calloc free
SIZE_LINK := -mcpu=cortex-m4 -mthumb -nostdlib -Wl,--gc-sections -Wl,-e,device $(SIZE_LIBC:%=-Wl,--defsym=%=0)
SIZE_STACK := perl test/size/stack.pl test/size/calls

.PHONY: size
size: cross-m4
	@$(SIZE_CC) -c test/size/sizeof.c -o $(BUILD)/m4/sizeof.o
	@for device in esp node; do \
		$(SIZE_CC) -c test/size/$${device}_device.c -o $(BUILD)/m4/$${device}_device.o && \
		arm-none-eabi-gcc $(SIZE_LINK) -Wl,-Map=$(BUILD)/m4/$$device.map -o $(BUILD)/m4/$$device.elf \
			$(BUILD)/m4/$${device}_device.o $(BUILD)/m4/libadit.a \
			$(M4)/mbedtls/library/libmbedcrypto.a -lgcc && \
		$(SIZE_STACK) $(BUILD)/m4/$$device.elf $(BUILD)/m4 $(M4)/mbedtls/library >$(BUILD)/m4/$$device.stack || \
		exit 1; \
	done
	@$(SIZE_STACK) - $(BUILD)/m4 $(M4)/mbedtls/library >$(BUILD)/m4/all.stack
	@perl test/size/report.pl $(BUILD)/m4 $(BUILD)/size.json

#: make size       flash, RAM and worst stack on a Cortex-M4; figures in build/size.json
