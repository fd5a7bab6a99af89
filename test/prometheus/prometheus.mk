# Prometheus and promtool for test/prometheus, unpacked below build/ and never installed.
PROMTOOL := build/tools/prometheus/usr/bin/promtool

$(PROMTOOL):
	@mkdir -p build/tools
	@cd build/tools && rm -f prometheus_*.deb && \
	    apt-get -qq -o APT::Sandbox::User=root download prometheus && \
	    dpkg -x prometheus_*.deb prometheus || \
	    echo "prometheus can't be had: what needs it is skipped" >&2

test-programs: $(PROMTOOL)
