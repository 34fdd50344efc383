# adit: make, make test, make demo; `make help` lists the rest.
BUILD ?= build
CC ?= gcc
AR ?= ar
OPT ?= -O2 -g
MBEDTLS_DIR ?=
PREFIX ?= /usr/local

WARN := -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror
INC := -Iinclude $(if $(MBEDTLS_DIR),-I$(MBEDTLS_DIR)/include)
LIB_CFLAGS := -std=c99 $(WARN) $(OPT) $(INC) -Ilib -fPIC -MMD -MP $(CFLAGS)
APP_CFLAGS := -std=gnu11 $(WARN) $(OPT) $(INC) -MMD -MP $(CFLAGS)
MBEDTLS_LIBS := $(if $(MBEDTLS_DIR),-L$(MBEDTLS_DIR)/library) -lmbedcrypto

LIB_SRC := $(sort $(shell find lib -name '*.c'))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
TEST_SRC := $(sort $(wildcard test/unit/*_test.c test/vectors/*_test.c test/rules/*_test.c))
TEST_BIN := $(TEST_SRC:%.c=$(BUILD)/%)

all: $(BUILD)/libadit.a

$(BUILD)/libadit.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(LIB_CFLAGS) -c $< -o $@

$(BUILD)/test/%_test: test/%_test.c $(BUILD)/libadit.a
	@mkdir -p $(@D)
	$(CC) $(APP_CFLAGS) -Ilib -Itest $(LDFLAGS) $< -o $@ $(BUILD)/libadit.a $(MBEDTLS_LIBS) -lcmocka

test: $(TEST_BIN)
	@for t in $(TEST_BIN); do $$t || exit 1; done

clean:
	rm -rf $(BUILD)

.PHONY: all test clean
-include $(LIB_OBJ:.o=.d) $(TEST_BIN:=.d)
