# The gateway among hosts of the test's own, which are network namespaces.

.PHONY: deps-net
deps-net: ## install what net-test needs besides: iproute2, nftables
	@$(INSTALL) build test net

.PHONY: net-test
net-test: deps-net ## slow links, resets, black holes and cut cables between network namespaces (SAN=; root)
	@$(MAKE) $(AGAIN) program
	@BUILD='$(BUILD)' $(PYTHON) test/lib/suite.py net; \
	    status=$$?; $(HAND_BACK); exit $$status
