# What `make soak` and `make bench` measure with.

HEAP_OWNERS := $(BUILD)/bench/heap_owners.so
$(HEAP_OWNERS): test/bench/heap_owners.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -shared -o $@ $<

.PHONY: heap-owners
heap-owners: $(HEAP_OWNERS)
	@:
