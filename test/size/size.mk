# make size: what the library costs a Cortex-M4, from its objects alone; nothing is run.

.PHONY: size
size: cross-m4
	@arm-none-eabi-gcc -std=c99 -Os -Iinclude $(M4_FLAGS) -c test/size/sizeof.c -o $(BUILD)/m4/sizeof.o
	@perl test/size/stack.pl test/size/calls $(BUILD)/m4 $(M4)/mbedtls/library >$(BUILD)/m4/stack
	@perl test/size/report.pl $(BUILD)/m4 $(BUILD)/m4/stack $(BUILD)/size.json

#: make size       flash, RAM and worst stack on a Cortex-M4; figures in build/size.json
