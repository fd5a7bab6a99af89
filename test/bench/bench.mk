# What `make soak` and `make bench` measure with.

HEAP_OWNERS := $(BUILD)/bench/heap_owners.so
$(HEAP_OWNERS): test/bench/heap_owners.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -shared -o $@ $<

# A client, and what libevent and curl cost by themselves.
BENCH_PROGRAMS := $(addprefix $(BUILD)/bench/,caller bare_evhttp bare_curl)
$(BENCH_PROGRAMS): $(BUILD)/bench/%: test/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) $(LDFLAGS_) -o $@ $< $(EVENT) $(CURL) -lm

test-programs: $(BUILD)/bench/caller

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)
	@:

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


$(BENCH_TOOLS)/go-proxy: test/bench/peers/go/main.go $(BENCH_TOOLS)/there
	@cd $(<D) && env GOCACHE=$(abspath $(BENCH_TOOLS))/go-cache GO111MODULE=on \
	    CGO_ENABLED=0 $(abspath $(BENCH_TOOLS))/usr/lib/go-1.19/bin/go build -o $(abspath $@) .

deps-bench: node-modules $(BENCH_TOOLS)/go-proxy
