# What the faults are made with: libraries preloaded into the gateway.

PRELOADED := $(patsubst test/faults/%.c,$(BUILD)/faults/%.so,$(wildcard test/faults/*.c))

# Without a sanitizer of their own, so that they come before any.
$(BUILD)/faults/%.so: test/faults/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -O2 -g -std=gnu11 -Wall -Wextra $(WERROR) -fno-omit-frame-pointer -MMD -MP \
	    -fPIC -shared -Wl,--as-needed -o $@ $<

.PHONY: faults
faults: $(PRELOADED)
test-programs: faults
faults:
	@:
