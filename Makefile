# The Data Products Gateway.  `make help` lists what there is.

VERSION := 0.1.0
CC      ?= cc
PYTHON  ?= /usr/bin/python3
export PYTHONDONTWRITEBYTECODE := 1
SAN     ?=

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system

# --- where things are built -------------------------------------------------
# SAN=address,undefined and SAN=thread build beside the release.
ifeq ($(SAN),)
VARIANT  := release
SANFLAGS := -D_FORTIFY_SOURCE=2
else ifneq ($(findstring thread,$(SAN)),)
VARIANT  := tsan
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer
else
VARIANT  := asan
SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
BUILD := build/$(VARIANT)

# --- rooms, lowest floor first: a room links itself and the floors below ------
FLOOR0 := base
FLOOR1 := json http coding
FLOOR2 := mapping
FLOOR3 := translate conf
FLOOR4 := front upstream
FLOOR5 := exchange
FLOOR6 := server cli
ROOMS  := $(FLOOR0) $(FLOOR1) $(FLOOR2) $(FLOOR3) $(FLOOR4) $(FLOOR5) $(FLOOR6)

BELOW_base      :=
BELOW_json      := base
BELOW_http      := base
BELOW_coding    := base
BELOW_mapping   := json http coding base
BELOW_translate := mapping json http coding base
BELOW_conf      := mapping json http coding base
BELOW_front     := translate conf mapping json http coding base
BELOW_upstream  := translate conf mapping json http coding base
BELOW_exchange  := front upstream translate conf mapping json http coding base
BELOW_server    := exchange front upstream translate conf mapping json http coding base
BELOW_cli       := exchange front upstream translate conf mapping json http coding base

# --- outside libraries; floors 0-3 know neither libevent nor curl ---------------
libs_of = $(shell pkg-config --libs $(1) 2>/dev/null)
cflags_of = $(shell pkg-config --cflags $(1) 2>/dev/null)
YAJL  := $(call libs_of,yajl)
YAML  := $(call libs_of,yaml-0.1)
CODING := $(call libs_of,zlib libbrotlidec libbrotlienc libzstd)
EVENT := $(call libs_of,libevent_extra libevent_core)
TLS   := $(filter-out -levent,$(call libs_of,libevent_openssl openssl))
CURL  := $(call libs_of,libcurl)
SYSTEMD := $(call libs_of,libsystemd)

LIBS_base      := -lpthread
LIBS_http      :=
LIBS_json      := $(YAJL)
LIBS_coding    := $(CODING)
LIBS_mapping   := $(YAJL) $(CODING)
LIBS_translate := $(YAJL) $(CODING)
LIBS_conf      := $(YAJL) $(CODING) $(YAML)
LIBS_front     := $(YAJL) $(CODING) $(YAML) $(TLS) $(EVENT) -lpthread
LIBS_upstream  := $(YAJL) $(CODING) $(YAML) $(EVENT) $(CURL) -lpthread
LIBS_exchange  := $(YAJL) $(CODING) $(YAML) $(TLS) $(EVENT) $(CURL) -lpthread
LIBS_server    := $(LIBS_exchange) $(SYSTEMD)
LIBS_cli       := $(LIBS_exchange)
LIBS_service   := $(call libs_of,libmicrohttpd jansson libcrypto) -lpthread

# --- flags ------------------------------------------------------------------
CPPFLAGS := $(CPPFLAGS) -Igateway -D_GNU_SOURCE -DDPGW_VERSION='"$(VERSION)"' \
            -DSYSCONFDIR='"$(SYSCONFDIR)"' -DDATADIR='"$(PREFIX)/share/dpgw"' \
            $(call cflags_of,yajl yaml-0.1 libevent_core libcurl openssl)
CFLAGS   ?= -O2 -g
CFLAGS_  := -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wvla -Wformat=2 -fPIE -fstack-protector-strong \
            -fstack-clash-protection $(WERROR) $(SANFLAGS)
LDFLAGS_ := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SANFLAGS)
COMPILE   = $(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_) -MMD -MP

# --- the program ------------------------------------------------------------
.DEFAULT_GOAL := all
.PHONY: all
all: packages-there ## build build/release/dpgw; installs nothing
	@$(MAKE) $(AGAIN) program

sources_of = $(wildcard gateway/$(1)/*.c)
objects_of = $(patsubst gateway/%.c,$(BUILD)/obj/%.o,$(call sources_of,$(1)))

# A file that changes only when its text does: what else a build depends on.
define remember
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@
endef
.PHONY: FORCE
$(BUILD)/flags: FORCE
	$(call remember,$(COMPILE) $(LDFLAGS_))
$(BUILD)/sources: FORCE
	$(call remember,$(sort $(wildcard gateway/*/*.c test/service/*.c)))

$(BUILD)/obj/%.o: gateway/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

define room_archive
$(BUILD)/lib/$(1).a: $(call objects_of,$(1)) $(BUILD)/sources
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach room,$(ROOMS),$(eval $(call room_archive,$(room))))

archives_for = $(patsubst %,$(BUILD)/lib/%.a,$(1) $(BELOW_$(1)))
archives = -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

$(BUILD)/dpgw: $(BUILD)/obj/main.o $(call archives_for,server) $(BUILD)/lib/cli.a
	$(CC) $(CFLAGS) $(LDFLAGS_) -o $@ $< $(archives) $(LIBS_server)

# --- the demo Workspaces service ----------------------------------------------
SERVICE := $(BUILD)/workspaces-service
SERVICE_OBJECTS := $(patsubst test/service/%.c,$(BUILD)/service/%.o,$(wildcard test/service/*.c))

$(BUILD)/service/%.o: test/service/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Itest/service -c -o $@ $<

$(SERVICE): $(SERVICE_OBJECTS) $(BUILD)/sources
	$(CC) $(CFLAGS) $(LDFLAGS_) -o $@ $(SERVICE_OBJECTS) $(LIBS_service)

# --- unit tests: test/unit/ROOM/NAME.c links ROOM and the floors below --------
UNIT_TESTS := $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(wildcard test/unit/*/*_test.c))

define unit_rule
$(BUILD)/unit/$(1)/%: test/unit/$(1)/%.c $(call archives_for,$(1)) $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(COMPILE) -Itest $$(LDFLAGS_) -o $$@ $$< $$(archives) -lcmocka $$(LIBS_$(1))
endef
$(foreach room,$(ROOMS),$(eval $(call unit_rule,$(room))))

.PHONY: unit
unit: $(UNIT_TESTS)
	@for t in $(UNIT_TESTS); do echo "== $$t"; $$t || exit 1; done

# --- what the grammar makes of bytes on standard input --------------------------
JUDGE := $(BUILD)/heads/judge
$(JUDGE): test/heads/judge.c $(call archives_for,http) $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) $(LDFLAGS_) -o $@ $< $(archives)

# --- measurements ------------------------------------------------------------------
SPLICER := $(BUILD)/bench/splicer
$(SPLICER): test/bench/splicer.c $(call archives_for,translate) $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -Itest $(LDFLAGS_) -o $@ $< $(archives) $(LIBS_translate)

# What is built for a purpose; says nothing where nothing is stale.
.PHONY: program service splicer test-programs
program: $(BUILD)/dpgw
service: $(SERVICE)
splicer: $(SPLICER)
test-programs: program service $(UNIT_TESTS) $(JUDGE)
program service splicer test-programs:
	@:

# --- what people type -----------------------------------------------------------
INSTALL := docker/packages/install
JOBS    ?= $(shell nproc)
AGAIN   := -j$(JOBS) --no-print-directory
# Built by root on behalf of a user: the tree stays the user's.
HAND_BACK = [ "$$(id -u)" != 0 ] || [ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" build

.PHONY: packages-there
packages-there:
	@missing=$$($(INSTALL) --missing build); [ -z "$$missing" ] || { \
	    echo "missing packages:" $$missing >&2; \
	    echo "\`make deps\` installs them" >&2; exit 1; }

.PHONY: deps deps-test deps-bench
deps: ## install what building and running needs
	@$(INSTALL) build
deps-test: ## install what the tests and lint need besides
	@$(INSTALL) build test
deps-bench: ## install what measuring needs besides
	@$(INSTALL) build test bench

# --- what docs.serve shows: build/ has openapi/ and docs/ as share/dpgw will -----------
REDOC_VERSION := 2.5.4
REDOC := build/docs/redoc.standalone.js.gz
DOCS  := $(patsubst openapi/%,build/openapi/%,$(wildcard openapi/data-products.yaml openapi/combined.yaml)) \
    $(patsubst openapi/docs/%,build/docs/%,$(wildcard openapi/docs/index.html openapi/docs/page.*))

build/openapi/%: openapi/%
	@install -D -m 644 $< $@
build/docs/%: openapi/docs/%
	@install -D -m 644 $< $@

# Its one picture of another host's is emptied; what came must be what came when it was chosen.
$(REDOC): openapi/docs/redoc.sha512
	@command -v npm >/dev/null || { echo 'npm is missing: `make deps-web` installs it' >&2; exit 1; }
	@rm -rf build/redoc && mkdir -p build/redoc build/docs
	@cd build/redoc && npm pack --silent --ignore-scripts redoc@$(REDOC_VERSION) >/dev/null && \
	    sha512sum --quiet -c ../../$< && tar xzf redoc-$(REDOC_VERSION).tgz
	@cd build/redoc/package && sed -i 's|src:"https://[^"]*/logo-mini.svg"|src:"data:,"|w ../changed' \
	    bundles/redoc.standalone.js && test -s ../changed && \
	    cat LICENSE bundles/redoc.standalone.js.LICENSE.txt >../../docs/redoc.LICENSE.txt
	@gzip -9nc build/redoc/package/bundles/redoc.standalone.js >$@.part && mv $@.part $@
	@rm -rf build/redoc

.PHONY: docs docs-assets
docs: $(DOCS)
	@[ -e $(REDOC) ] || echo '/docs has no page: `make docs-assets` fetches what it is made with'
docs-assets: $(REDOC) $(DOCS) ## fetch Redoc by npm, prove it, and put the page that shows the API into build/docs
	@$(HAND_BACK)

.PHONY: run
run: deps ## install, build, start the demo service and the gateway (PORT= ADMIN_PORT= SERVICE_PORT=)
	@$(MAKE) $(AGAIN) program service docs
	@$(HAND_BACK)
	@DPGW='$(BUILD)/dpgw' SERVICE='$(SERVICE)' PORT='$(PORT)' ADMIN_PORT='$(ADMIN_PORT)' \
	    SERVICE_PORT='$(SERVICE_PORT)' test/lib/run-demo

.PHONY: test
test: deps-test ## install, build, run every test (SAN=address,undefined or SAN=thread; CORPORA=)
	@$(MAKE) $(AGAIN) test-programs
	@BUILD='$(BUILD)' $(PYTHON) test/lib/suite.py $(SUITES); \
	    status=$$?; $(HAND_BACK); exit $$status

.PHONY: lint
lint: deps-test ## check floors, doors, style, README's tables, warnings, the binary's hardening
	@$(PYTHON) test/lint/self_test.py
	@$(PYTHON) test/lint/suite_test.py
	@mkdir -p build
	@$(MAKE) $(AGAIN) BUILD=build/lint WERROR=-Werror test-programs >build/lint.log 2>&1 || \
	    { cat build/lint.log; exit 1; }
	@$(PYTHON) test/lint/lint.py --binary build/lint/dpgw
	@$(HAND_BACK)

# What takes long: each prints a table and leaves its figures in build/.
SOAKS ?= $(addprefix test/blackbox/,large.py uploads.py streams.py) $(sort $(wildcard test/soak/*.py))

.PHONY: soak
soak: deps-test ## documents of 1 GiB, uploads of 2 GiB, open event streams, slow peers, stops under load
	@$(MAKE) $(AGAIN) SAN= program service heap-owners
	@status=0; for what in $(SOAKS); do \
	    BUILD=build/release HEAP_OWNERS=build/release/bench/heap_owners.so \
	    $(PYTHON) $$what || status=1; done; $(HAND_BACK); exit $$status

# The descriptions of the API that the gateway serves: made, committed, never edited.
.PHONY: openapi
openapi: packages-there ## derive the API's description anew from openapi/workspaces.yaml and config/mapping.yaml
	@$(MAKE) $(AGAIN) SAN= program
	@build/release/dpgw openapi derive -c config/gateway.yaml -o openapi/data-products.yaml \
	    openapi/workspaces.yaml
	@build/release/dpgw openapi derive -c config/gateway.yaml -o openapi/combined.yaml --combined \
	    openapi/workspaces.yaml
	@$(HAND_BACK)

.PHONY: bench
bench: deps-test deps-bench ## the gateway beside other proxies, the splicer beside bare yajl_parse (BENCH_QUICK=1)
	@$(MAKE) $(AGAIN) SAN= program splicer bench-programs
	@build/release/bench/splicer
	@BUILD=build/release $(PYTHON) test/bench/events.py
	@BUILD=build/release $(PYTHON) test/bench/proxies.py
	@$(HAND_BACK)

.PHONY: numbers
numbers: ## write README's figures from what bench and soak measured
	@$(PYTHON) test/lint/figures.py

# --- where things are installed -------------------------------------------------------
# FROM TO MODE of each file; configuration that is there already stays.
SHARE := $(PREFIX)/share
INSTALLED := \
    $(BUILD)/dpgw:$(PREFIX)/bin/dpgw:755 \
    $(foreach page,$(wildcard gateway/man/*.[1-8]), \
        $(page):$(SHARE)/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)):644) \
    gateway/completion/dpgw.bash:$(SHARE)/bash-completion/completions/dpgw:644 \
    $(foreach file,$(wildcard config/*.schema.json config/tests/*.* config/tests/*/* config/prometheus/* \
        config/grafana/* config/logrotate/*), \
        $(file):$(SHARE)/dpgw/$(file:config/%=%):644) \
    $(foreach file,$(DOCS) $(wildcard $(REDOC) build/docs/redoc.LICENSE.txt), \
        $(file):$(SHARE)/dpgw/$(file:build/%=%):644) \
    $(foreach unit,$(wildcard config/systemd/*.service config/systemd/*.socket), \
        $(unit):$(UNITDIR)/$(notdir $(unit)):644)
# Beside the configuration, whose first lines name them.
LINKED := $(notdir $(wildcard config/*.schema.json))
KEPT := $(foreach file,gateway.yaml mapping.yaml,config/$(file):$(SYSCONFDIR)/dpgw/$(file):644)

part = $(word $(2),$(subst :, ,$(1)))
put  = install -D -m $(call part,$(1),3) $(call part,$(1),1) '$(DESTDIR)$(call part,$(1),2)'
drop = rm -f '$(DESTDIR)$(call part,$(1),2)'
define newline


endef

.PHONY: install uninstall
install: all docs ## install under DESTDIR, PREFIX (/usr/local), SYSCONFDIR (/etc) and UNITDIR
	@$(foreach one,$(INSTALLED),$(call put,$(one))$(newline)	@)
	@for unit in '$(DESTDIR)$(UNITDIR)'/dpgw.*; do [ ! -e "$$unit" ] || sed -i \
	    -e 's|/usr/local/bin/dpgw|$(PREFIX)/bin/dpgw|; s|/etc/dpgw/|$(SYSCONFDIR)/dpgw/|' "$$unit"; done
	@$(foreach one,$(KEPT),[ -e '$(DESTDIR)$(call part,$(one),2)' ] || $(call put,$(one))$(newline)	@)
	@$(foreach one,$(LINKED),ln -sf '$(SHARE)/dpgw/$(one)' '$(DESTDIR)$(SYSCONFDIR)/dpgw/$(one)'$(newline)	@)
uninstall: ## remove what install put there; changed configuration stays
	@$(foreach one,$(INSTALLED),$(call drop,$(one))$(newline)	@)
	@$(foreach one,$(LINKED),rm -f '$(DESTDIR)$(SYSCONFDIR)/dpgw/$(one)'$(newline)	@)
	@$(foreach one,$(KEPT),! cmp -s $(call part,$(one),1) '$(DESTDIR)$(call part,$(one),2)' || \
	    $(call drop,$(one))$(newline)	@)
	@rmdir -p --ignore-fail-on-non-empty '$(DESTDIR)$(SYSCONFDIR)/dpgw' 2>/dev/null || :
	@find '$(DESTDIR)$(SHARE)/dpgw' -depth -type d -empty -delete 2>/dev/null || :

# The package is built from what is under version control, or from all of an unpacked tree.
DEB := build/deb
TREE = { git -c safe.directory='*' ls-files -z 2>/dev/null || \
    find . -type f -not -path './build/*' -print0; }

.PHONY: deb
deb: ## build the Debian package in build/deb, and have lintian judge it
	@$(INSTALL) build test deb
	@rm -rf $(DEB) && mkdir -p $(DEB)/dpgw-$(VERSION)
	@$(TREE) | tar cf - --null -T - | tar xf - -C $(DEB)/dpgw-$(VERSION)
	@cp -r docker/debian $(DEB)/dpgw-$(VERSION)/debian
	@[ ! -e $(REDOC) ] || install -D -m 644 -t $(DEB)/dpgw-$(VERSION)/build/docs $(REDOC) build/docs/redoc.LICENSE.txt
	@cd $(DEB)/dpgw-$(VERSION) && dpkg-buildpackage -us -uc -b >../build.log 2>&1 || \
	    { tail -50 ../build.log; exit 1; }
	@lintian --allow-root --fail-on error,warning --info $(DEB)/*.changes
	@$(HAND_BACK)
	@echo $(DEB)/*.deb

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile $(wildcard test/*/*.mk) | \
	    while IFS="$$(printf '\t')" read -r name what; do printf '%-14s %s\n' "$$name" "$$what"; done

include $(wildcard test/*/*.mk)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
