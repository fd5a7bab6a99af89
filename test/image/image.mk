# The image, without a daemon; the compose file; the cluster's files.

HAPROXY := build/tools/haproxy/usr/sbin/haproxy
$(HAPROXY):
	@mkdir -p build/tools
	@cd build/tools && rm -rf haproxy haproxy_*.deb liblua5.3-0_*.deb libopentracing*.deb && \
	    apt-get -qq -o APT::Sandbox::User=root download haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 && \
	    for package in haproxy_*.deb liblua5.3-0_*.deb libopentracing*.deb; do dpkg -x $$package haproxy || exit 1; done || \
	    echo "haproxy can't be had: what needs it is skipped" >&2

test-programs: $(HAPROXY)

.PHONY: deps-image
deps-image: ## install what image-test needs besides: buildah, podman, runc
	@$(INSTALL) build test image
	@$(MAKE) $(AGAIN) node-modules

BUILDER ?= $(firstword $(foreach one,docker podman,$(if $(shell command -v $(one)),$(one))))
.PHONY: image
image: ## build the image dpgw:VERSION with docker or podman (BUILDER=)
	@[ -n '$(BUILDER)' ] || { echo 'neither docker nor podman is here' >&2; exit 1; }
	$(BUILDER) build -f docker/Dockerfile -t dpgw:$(VERSION) .

.PHONY: image-test
image-test: deps-image $(PROMTOOL) $(HAPROXY) ## build and run the image, judge compose and cluster files, replace a gateway under load (root)
	@$(MAKE) $(AGAIN) program
	@BUILD='$(BUILD)' $(PYTHON) test/lib/suite.py image; \
	    status=$$?; $(HAND_BACK); exit $$status
