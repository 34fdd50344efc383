# make sim: worlds in a seed. SEED=n: that one, with its trace; SEED0=, SEEDS=: a range; NODES=: of so
# many nodes; EVENTS=: with a storm of so many events; the programs of test/sim are run.c (seeds), sweep.c (faults one by one), mesh.c
# (everybody with everybody) and frames.c (what nodes are given, for test/fuzz); the rest is the world.
SIM_MAINS := run sweep mesh frames
SIM_SRC := $(filter-out $(SIM_MAINS:%=test/sim/%.c),$(sort $(wildcard test/sim/*.c)))
SIM_OBJ := $(SIM_SRC:%.c=$(BUILD)/%.o)
SIM_BIN := $(patsubst test/sim/%.c,$(BUILD)/test/sim/%,$(filter $(SIM_MAINS:%=test/sim/%.c),$(wildcard test/sim/*.c)))
SIM_JOBS ?= $(shell nproc)
SEED0 ?= 0
SEEDS ?= 1000

$(SIM_OBJ) $(SIM_BIN:=.o): $(BUILD)/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(APP_CFLAGS) -D_GNU_SOURCE -Ilib -Itest -c $< -o $@

$(SIM_BIN): %: %.o $(SIM_OBJ) $(LIB) $(OBJECTS) | $(HAVE)/mbedtls
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $< $(SIM_OBJ) -o $@ $(LIB) $(MBEDTLS_LIBS)

$(BUILD)/test/unit/sim_test: $(SIM_OBJ)

.PHONY: sim sim-sweep sim-mesh sim-mutants
SIM_WORLD = $(if $(NODES),--nodes '$(NODES)') $(if $(EVENTS),--events '$(EVENTS)')
ifdef SEED
sim: $(BUILD)/test/sim/run
	@$< --seed '$(SEED)' --seeds 1 --trace $(SIM_WORLD)
else
sim: $(BUILD)/test/sim/run
	@$< --seed '$(SEED0)' --seeds '$(SEEDS)' --jobs '$(SIM_JOBS)' $(SIM_WORLD)
endif

sim-sweep: $(BUILD)/test/sim/sweep
	@$<

# MESH="10 100 1000": how many nodes.
sim-mesh: $(BUILD)/test/sim/mesh
	@$< $(MESH)

# Deliberately broken builds; BROKEN="NAME ..." tries these alone. Theirs is the one object of the
# library that is linked before the rest.
sim-mutants: $(BUILD)/test/sim/run
	@perl test/sim/mutants/run.pl $(BUILD)/sim-mutants '$(CC) $(LIB_CFLAGS) -w -c' \
		'$(CC) $(CFLAGS) $(LDFLAGS) $(BUILD)/test/sim/run.o $(SIM_OBJ) OBJECT -o PROGRAM $(LIB) $(MBEDTLS_LIBS)' \
		'$(SEEDS)' '$(SIM_JOBS)' $(BROKEN)

-include $(SIM_OBJ:.o=.d) $(SIM_BIN:=.d)

#: make sim        SEEDS=1000 worlds of nodes, faults and an attacker, from SEED0= on; SEED= one, with trace (EVENTS= of its storm)
#: make sim-sweep  each call fails once at each place of a life, each pool has each size
#: make sim-mesh  what a full mesh of MESH="10 30 100" nodes costs, and how it grows
#: make sim-mutants  deliberately broken builds, each of which must break a rule within 1000 seeds
