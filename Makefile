# The Data Products Gateway.  `make help` lists what there is.

VERSION := 0.1.0
CC      ?= cc
PYTHON  ?= /usr/bin/python3
SAN     ?=

# --- where things are built -------------------------------------------------
ifeq ($(SAN),)
VARIANT  := release
SANFLAGS := -D_FORTIFY_SOURCE=2
else ifneq ($(findstring thread,$(SAN)),)
VARIANT  := tsan
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer
else
VARIANT  := asan
SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
BUILD := build/$(VARIANT)

# --- rooms, lowest floor first: a room links itself and the floors below ------
FLOOR0 := base
FLOOR1 := json http
FLOOR2 := mapping
FLOOR3 := translate conf
FLOOR4 := front upstream
FLOOR5 := exchange
FLOOR6 := server cli
ROOMS  := $(FLOOR0) $(FLOOR1) $(FLOOR2) $(FLOOR3) $(FLOOR4) $(FLOOR5) $(FLOOR6)

BELOW_base      :=
BELOW_json      := base
BELOW_http      := base
BELOW_mapping   := json http base
BELOW_translate := mapping json http base
BELOW_conf      := mapping json http base
BELOW_front     := translate conf mapping json http base
BELOW_upstream  := translate conf mapping json http base
BELOW_exchange  := front upstream translate conf mapping json http base
BELOW_server    := exchange front upstream translate conf mapping json http base
BELOW_cli       := exchange front upstream translate conf mapping json http base

# The outside libraries a room's tests need; floors 0-3 know neither libevent nor curl.
LIBS_base      := -lpthread
LIBS_http      :=
LIBS_json      := -lyajl
LIBS_mapping   := -lyajl
LIBS_translate := -lyajl
LIBS_conf      := -lyajl -lyaml
LIBS_front     := -lyajl -lyaml -levent_core -levent_extra -lpthread
LIBS_upstream  := -lyajl -lyaml -levent_core -lcurl -lpthread
LIBS_exchange  := -lyajl -lyaml -levent_core -levent_extra -lcurl -lpthread
LIBS_server    := $(LIBS_exchange)
LIBS_cli       := $(LIBS_exchange)

CPPFLAGS += -Igateway -D_GNU_SOURCE -DDPGW_VERSION='"$(VERSION)"' \
            -DSYSCONFDIR='"$(SYSCONFDIR)"'
CFLAGS   ?= -O2 -g
CFLAGS_  := -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wvla -fPIE -fstack-protector-strong $(WERROR) $(SANFLAGS)
LDFLAGS_ := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS)

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc

# --- the program ------------------------------------------------------------
.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/dpgw

sources_of = $(wildcard gateway/$(1)/*.c)
objects_of = $(patsubst gateway/%.c,$(BUILD)/obj/%.o,$(call sources_of,$(1)))

$(BUILD)/obj/%.o: gateway/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_) -MMD -MP -c -o $@ $<

define room_archive
$(BUILD)/lib/$(1).a: $(call objects_of,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_archive,$(room))))

archives_for = $(patsubst %,$(BUILD)/lib/%.a,$(1) $(BELOW_$(1)))

$(BUILD)/dpgw: $(BUILD)/obj/main.o $(call archives_for,server) $(BUILD)/lib/cli.a
	$(CC) $(LDFLAGS_) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_server)

# --- unit tests: test/unit/ROOM/NAME.c links ROOM and the floors below --------
UNIT_TESTS := $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(wildcard test/unit/*/*_test.c))

define unit_rule
$(BUILD)/unit/$(1)/%: test/unit/$(1)/%.c $(call archives_for,$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) -Itest $$(CFLAGS) $$(CFLAGS_) $$(LDFLAGS_) -MMD -MP -o $$@ $$< \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -lcmocka $$(LIBS_$(1))
endef
$(foreach room,$(ROOMS),$(eval $(call unit_rule,$(room))))

.PHONY: unit
unit: $(UNIT_TESTS)
	@for t in $(UNIT_TESTS); do echo "== $$t"; $$t || exit 1; done

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
