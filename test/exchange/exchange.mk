# The exchange between two scripted fakes: links neither front nor upstream.

EXCHANGE_TEST    := $(BUILD)/unit/exchange/exchange_test
EXCHANGE_SOURCES := $(wildcard test/exchange/*.c)
EXCHANGE_OBJECTS := $(patsubst test/%.c,$(BUILD)/unit/obj/%.o,$(EXCHANGE_SOURCES))
EXCHANGE_ROOMS   := exchange translate mapping json http coding base

$(EXCHANGE_OBJECTS): $(BUILD)/unit/obj/%.o: test/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Itest -c -o $@ $<

$(EXCHANGE_TEST): $(EXCHANGE_OBJECTS) $(EXCHANGE_ROOMS:%=$(BUILD)/lib/%.a) $(BUILD)/sources
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS_) -o $@ $(EXCHANGE_OBJECTS) $(archives) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	    -lcmocka $(YAJL) $(CODING) $(call libs_of,libevent_core) -lpthread

.PHONY: exchange-test
exchange-test: $(EXCHANGE_TEST)
unit test-programs: exchange-test
