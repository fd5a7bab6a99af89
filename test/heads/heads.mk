# An origin server for test/heads, unpacked below build/ and never installed.
LIGHTTPD := build/tools/lighttpd/usr/sbin/lighttpd

$(LIGHTTPD):
	@mkdir -p build/tools
	@cd build/tools && rm -f lighttpd_*.deb && \
	    apt-get -qq -o APT::Sandbox::User=root download lighttpd && \
	    dpkg -x lighttpd_*.deb lighttpd || \
	    echo "lighttpd can't be had: what needs it is skipped" >&2

test-programs: $(LIGHTTPD)
