# systemd's tools for test/unix, unpacked below build/ unless they are installed.
SYSTEMD_TOOLS := $(if $(and $(shell command -v systemd-analyze),\
    $(shell command -v systemd-socket-activate)),,build/tools/systemd/usr/bin/systemd-analyze)

build/tools/systemd/usr/bin/systemd-analyze:
	@mkdir -p build/tools
	@cd build/tools && rm -f systemd_*.deb libsystemd-shared_*.deb && \
	    apt-get -qq -o APT::Sandbox::User=root download systemd libsystemd-shared && \
	    dpkg -x systemd_*.deb systemd && dpkg -x libsystemd-shared_*.deb systemd || \
	    echo "systemd's tools can't be had: what needs them is skipped" >&2

test-programs: $(SYSTEMD_TOOLS)
