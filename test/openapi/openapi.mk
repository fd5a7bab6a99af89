# The descriptions in openapi/, and tools that nobody here wrote to judge them.

.PHONY: openapi-test
openapi-test: deps-web ## what openapi/ says against Redocly, Prism, a typed client and the demo service (SAN=)
	@$(MAKE) $(AGAIN) program service
	@BUILD='$(BUILD)' $(PYTHON) test/lib/suite.py openapi; status=$$?; $(HAND_BACK); exit $$status

.PHONY: openapi-baseline
openapi-baseline: deps-web ## what later descriptions are compared with: data-products.yaml as it is, under a new version
	@$(PYTHON) test/openapi/baseline.py openapi
	@$(HAND_BACK)
