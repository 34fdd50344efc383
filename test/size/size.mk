# make size: what the library costs a Cortex-M4, from its objects alone; nothing is run.
SIZE_CC := arm-none-eabi-gcc -std=c99 $(WARN) -Os -Iinclude $(M4_FLAGS)
SIZE_LEAST := -DADIT_EXTRAS=0

# Whole firmwares but for the C library, whose functions stand for themselves at address 0.
SIZE_LIBC := memcpy memmove memset memcmp memchr strcmp strlen calloc free
SIZE_LINK := arm-none-eabi-gcc -Os -mcpu=cortex-m4 -mthumb -nostdlib -Wl,--gc-sections -Wl,-e,device \
	$(SIZE_LIBC:%=-Wl,--defsym=%=0)
SIZE_MBEDTLS := $(M4_LEAST)/mbedtls/library
SIZE_STACK := perl test/size/stack.pl test/size/calls

# $(call size-device,NAME,SOURCE,LIBRARY FOLDER,FLAGS): its object, its map and itself in m4/.
size-device = $(SIZE_CC) $(4) -c test/size/$(2)_device.c -o $(BUILD)/m4/$(1)_device.o && \
	$(SIZE_LINK) $(4) -Wl,-Map=$(BUILD)/m4/$(1).map -o $(BUILD)/m4/$(1).elf $(BUILD)/m4/$(1)_device.o \
		$(3)/libadit.a $(SIZE_MBEDTLS)/libmbedcrypto.a -lgcc

# The library for the least device, once as it is and once optimised when linked.
.PHONY: size-least
size-least: $(SIZE_MBEDTLS)/libmbedcrypto.a cross-m4
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/m4-least CC=arm-none-eabi-gcc AR=arm-none-eabi-ar \
		OPT=-Os PIC= CFLAGS='$(M4_FLAGS) $(SIZE_LEAST)' MBEDTLS_DIR=$(M4)/mbedtls \
		$(BUILD)/m4-least/libadit.a
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/m4-lto CC=arm-none-eabi-gcc \
		AR=arm-none-eabi-gcc-ar OPT=-Os PIC= CFLAGS='$(M4_FLAGS) $(SIZE_LEAST) -flto' \
		MBEDTLS_DIR=$(M4)/mbedtls $(BUILD)/m4-lto/libadit.a

.PHONY: size
size: size-least
	@$(SIZE_CC) -c test/size/sizeof.c -o $(BUILD)/m4/sizeof.o
	@$(call size-device,esp,esp,$(BUILD)/m4-least,$(SIZE_LEAST))
	@$(call size-device,esp-lto,esp,$(BUILD)/m4-lto,$(SIZE_LEAST) -flto)
	@$(call size-device,node,node,$(BUILD)/m4,)
	@$(SIZE_STACK) $(BUILD)/m4/esp.elf $(BUILD)/m4-least $(BUILD)/m4/esp_device.ci $(SIZE_MBEDTLS) >$(BUILD)/m4/esp.stack
	@$(SIZE_STACK) $(BUILD)/m4/node.elf $(BUILD)/m4 $(SIZE_MBEDTLS) >$(BUILD)/m4/node.stack
	@$(SIZE_STACK) - $(BUILD)/m4 $(M4)/mbedtls/library >$(BUILD)/m4/all.stack
	@perl test/size/report.pl $(BUILD)/m4 $(BUILD)/size.json

#: make size       flash, RAM and worst stack on a Cortex-M4; figures in build/size.json
