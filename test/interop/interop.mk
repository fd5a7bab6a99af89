# Clients, a service and a browser that nobody here wrote, before and behind the
# gateway, and an editor that knows its files.  Node itself comes with the packages; Debian's npm only fetches them.

NODE_LOCK := test/node_modules/.lock

.PHONY: deps-web node-modules
deps-web: ## install what web-test needs besides: a browser, Java, node and its packages
	@$(INSTALL) build test web
	@$(MAKE) --no-print-directory node-modules
node-modules:
	@cmp -s test/package-lock.json $(NODE_LOCK) || { cd test && npm ci && \
	    cp package-lock.json node_modules/.lock; }
	@[ "$$(id -u)" != 0 ] || [ -z "$$SUDO_UID" ] || \
	    chown -R "$$SUDO_UID:$$SUDO_GID" test/node_modules

.PHONY: web-test
web-test: deps-web docs-assets ## the gateway between known clients, WireMock and a browser, its files in an editor (SAN=)
	@$(MAKE) $(AGAIN) program service
	@BUILD='$(BUILD)' $(PYTHON) test/lib/suite.py interop web $(if $(SAN),,editor); \
	    status=$$?; $(HAND_BACK); exit $$status
