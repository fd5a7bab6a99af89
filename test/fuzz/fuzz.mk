# Targets that look for bytes which break a promise, and what they found before.
#
#   make fuzz T=json S=60     look for S seconds, beginning with the corpus of that target
#
# Each target links replay.c instead for `make test`, with any compiler.

FUZZ_CC      := clang
FUZZ_SAN     := address,undefined
FUZZ_TARGETS := $(filter-out replay oracle,$(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/*.c)))
FUZZ_REPLAYS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
FUZZ_ROOMS   := $(sort cli exchange translate conf $(BELOW_translate) $(BELOW_conf))
FUZZ_LIBS    := $(LIBS_conf) $(call libs_of,jansson)
# What a target is linked with around it: replay.c, or a fuzzer.
FUZZ_MAIN    := $(BUILD)/fuzz/obj/replay.o

$(BUILD)/fuzz/obj/%.o: test/fuzz/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Itest -c -o $@ $<

# The oracle knows no header of the gateway.
$(BUILD)/fuzz/obj/oracle.o: test/fuzz/oracle.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(filter-out -Igateway,$(COMPILE)) -c -o $@ $<

$(FUZZ_REPLAYS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/%.o $(BUILD)/fuzz/obj/oracle.o \
                 $(FUZZ_MAIN) $(FUZZ_ROOMS:%=$(BUILD)/lib/%.a)
	$(CC) $(CFLAGS) $(LDFLAGS_) $(FUZZ_LINK) -o $@ $(filter %.o,$^) $(archives) $(FUZZ_LIBS)

.PHONY: fuzz-replays
fuzz-replays: $(FUZZ_REPLAYS)
test-programs: fuzz-replays

S ?= 60
FUZZ_BUILD := build/fuzz
FUZZ_FOUND := $(FUZZ_BUILD)/found/$(T)
FUZZ_DICT  := $(wildcard test/fuzz/$(T).dict)

# What builds a fuzzer, or all of them.
FUZZ_MAKE = $(MAKE) $(AGAIN) BUILD=$(FUZZ_BUILD) CC=$(FUZZ_CC) FUZZ_MAIN= \
    FUZZ_LINK=-fsanitize=fuzzer \
    SANFLAGS='-fsanitize=$(FUZZ_SAN),fuzzer-no-link -fno-sanitize-recover=all'

.PHONY: fuzz
fuzz: ## let a fuzzer look for S seconds at target T (one of test/fuzz/corpus); needs clang
	@[ -n '$(filter $(T),$(FUZZ_TARGETS))' ] || { echo "T= is one of: $(FUZZ_TARGETS)" >&2; exit 64; }
	@mkdir -p $(FUZZ_FOUND)
	@$(FUZZ_MAKE) $(FUZZ_BUILD)/fuzz/$(T) >$(FUZZ_BUILD).log 2>&1 || \
	    { cat $(FUZZ_BUILD).log; exit 1; }
	@$(PYTHON) test/fuzz/campaign.py run $(T) $(FUZZ_BUILD)/fuzz/$(T) \
	    -max_total_time=$(S) -print_final_stats=1 -timeout=10 \
	    -artifact_prefix=$(FUZZ_BUILD)/$(T)- $(FUZZ_DICT:%=-dict=%) \
	    $(FUZZ_FOUND) test/fuzz/corpus/$(T)

.PHONY: fuzz-campaign
fuzz-campaign: ## every target for S seconds, two at a time; test/fuzz/campaign.json for README
	@mkdir -p $(FUZZ_BUILD)
	@$(FUZZ_MAKE) fuzz-replays >$(FUZZ_BUILD).log 2>&1 || { cat $(FUZZ_BUILD).log; exit 1; }
	@status=0; printf '%s\n' $(FUZZ_TARGETS) | xargs -P 2 -I{} $(MAKE) --no-print-directory \
	    fuzz T={} S=$(S) || status=1; \
	    $(MAKE) --no-print-directory fuzz-coverage || status=1; \
	    $(PYTHON) test/fuzz/campaign.py sum || status=1; exit $$status

# The replay programs once more, with a count at each line.
FUZZ_COVERAGE := build/coverage

.PHONY: fuzz-coverage
fuzz-coverage: ## lines of its room that each target reaches (T= for one); needs clang and llvm
	@mkdir -p $(FUZZ_COVERAGE)
	@$(MAKE) $(AGAIN) BUILD=$(FUZZ_COVERAGE) CC=$(FUZZ_CC) \
	    SANFLAGS='-fprofile-instr-generate -fcoverage-mapping' \
	    fuzz-replays >$(FUZZ_COVERAGE).log 2>&1 || { cat $(FUZZ_COVERAGE).log; exit 1; }
	@BUILD=$(FUZZ_COVERAGE) $(PYTHON) test/fuzz/coverage.py $(T)
