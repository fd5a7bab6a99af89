# What `make soak` and `make bench` measure with.

HEAP_OWNERS := $(BUILD)/bench/heap_owners.so
$(HEAP_OWNERS): test/bench/heap_owners.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -shared -o $@ $<

.PHONY: heap-owners
heap-owners: $(HEAP_OWNERS)
	@:

# The proxies to measure beside, from Debian's packages: unpacked below build/, never installed.
BENCH_PACKAGES := test/bench/peers/packages.txt
BENCH_TOOLS    := build/tools/bench
$(BENCH_TOOLS)/there: $(BENCH_PACKAGES)
	@rm -rf $(BENCH_TOOLS) && mkdir -p $(BENCH_TOOLS)/packages
	@cd $(BENCH_TOOLS)/packages && \
	    apt-get -qq -o APT::Sandbox::User=root download $$(cat $(abspath $(BENCH_PACKAGES))) && \
	    for package in *.deb; do dpkg -x $$package .. || exit 1; done
	@rm -r $(BENCH_TOOLS)/packages && touch $@

deps-bench: $(BENCH_TOOLS)/there
