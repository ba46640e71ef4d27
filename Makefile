# Needs Go, git, make and a POSIX shell. Every other tool is built from source into .bin,
# in the version that its go.mod under tools/ names.
#
#   make build         the exporter, a static binary, in this folder
#   make test          all checks: unit tests, coverage, lint, end-to-end tests, manifests
#   make unit          unit tests and their coverage
#   make simulate      unit tests that simulate hours and days of operation
#   make e2e           end-to-end tests with Prometheus and Alertmanager
#   make lint          golangci-lint with .golangci.yml, actionlint, "go mod tidy -diff"
#   make fmt           formats the code
#   make cover         the coverage of each function, from the last unit tests
#   make fuzz          each fuzz target for FUZZTIME
#   make soak          two hundred workspaces with random failures, for SOAK (make soak SOAK=2h)
#   make bench         the tables of docs/performance.md, Linux only, and the calls in docs/backfill.md
#   make scaling       the table of docs/scaling.md: what up to 1,000 workspaces need; Linux only, 20 minutes
#   make demo          a simulated workspace, the exporter, Prometheus and Alertmanager
#   make dashboards    the files of dashboards/, from tools/dashboards
#   make preview       pictures of the dashboards in all weathers, in PICTURES; needs Node.js, Chromium and pngquant
#   make docker        the container image
#   make docker-push   the same for all architectures, pushed to IMAGE
#   make image-test    builds and runs the images; needs Linux, root and buildah
#   make systemd-test  checks and runs the systemd units; needs Linux and systemd
#   make browser-test  the exporter's pages in Chromium
#   make victoriametrics-test  the exporter and its rules with vmagent, VictoriaMetrics and vmalert
#   make conformance   the simulated Rocket.Chat against validators and aggregations of others; needs Node.js
#   make alertsim      the tables of docs/alerts.md: what the alerts see and what they cost
#   make alert-urls    puts RUNBOOK and GRAFANA into the alerts, their tests and the dashboards
#   make chart         the Helm chart, in .build/chart
#   make dist          the archives, packages and chart of a release, in dist/
#   make dist-check    builds all of them again in another folder and compares checksums
#   make package-test  installs, runs, upgrades and removes the packages; needs Linux, root, dpkg and rpm
#   make tools         the tools that "make test" needs

.PHONY: build test race unit simulate e2e soak browser-test lint fmt cover fuzz bench scaling alertsim alertsim-test alert-urls \
	dashboards dashboards-test demo preview docker \
	docker-push image-test systemd-test conformance victoriametrics-test chart manifests-test dist dist-check \
	release print-images package-files package-test tools

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Where the project is published, and the folder of its images and charts. tools/move changes
# them everywhere; a test compares what stands in other files.
REPOSITORY := https://github.com/livechat-exporter/livechat_exporter
IMAGES := ghcr.io/livechat-exporter
MAINTAINER := livechat_exporter <$(REPOSITORY)>
export REPOSITORY IMAGES MAINTAINER

# Where the alerts lead to. "make alert-urls" writes both into them, also those of the command line.
RUNBOOK := $(REPOSITORY)/blob/main/alerts/runbook.md
GRAFANA := https://grafana.example.com

GO ?= go
BIN := .bin
FUZZTIME ?= 10s
SOAK ?= 30m
IMAGE ?= $(IMAGES)/livechat_exporter
PICTURES ?= $(BIN)/pictures

# The version comes from the commit, so that builds of one commit are equal byte by byte.
# Packages need a number in front: before the first tag it is 0.0.0. Where git has no
# answer, as in the image's build, it is given on the command line.
DESCRIBE := git describe --match 'v[0-9]*' --abbrev=12 --dirty
VERSION := $(patsubst v%,%,$(or $(shell $(DESCRIBE) --tags 2>/dev/null || { commit=$$($(DESCRIBE) --always 2>/dev/null) && echo v0.0.0-g$$commit; }),unknown))
REVISION := $(or $(shell git rev-parse HEAD 2>/dev/null),unknown)
BRANCH := $(or $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null),unknown)
BUILD_DATE := $(or $(shell TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y%m%d-%H:%M:%S 2>/dev/null),unknown)
BUILD_USER := make
# Commands read these from the environment: a branch name can contain shell syntax.
export VERSION REVISION BRANCH BUILD_USER BUILD_DATE

STAMP := github.com/prometheus/common/version
LDFLAGS := -s -w -X $(STAMP).Version=$$VERSION -X $(STAMP).Revision=$$REVISION -X $(STAMP).Branch=$$BRANCH \
	-X $(STAMP).BuildUser=$$BUILD_USER -X $(STAMP).BuildDate=$$BUILD_DATE
# Anything but a release has a hyphen in its version, and is no "latest".
CANDIDATE = $(or $(findstring -,$(VERSION)),$(filter unknown,$(VERSION)))
IMAGE_BUILD = --build-arg VERSION --build-arg REVISION --build-arg BRANCH --build-arg BUILD_USER --build-arg BUILD_DATE \
	--build-arg REPOSITORY --tag "$(IMAGE):$$VERSION" $(if $(CANDIDATE),,--tag "$(IMAGE):latest") .

# The race detector needs cgo and a C compiler. Without them the tests run without it;
# in CI (the variable CI is set) that is an error.
RACE = $(shell $(GO) list -race runtime >/dev/null 2>&1 && echo -race)
NO_RACE = this Go cannot build with the race detector; it needs cgo and a C compiler (gcc or clang) on the PATH

build:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o livechat_exporter .

test: unit lint e2e manifests-test alertsim-test dashboards-test
	@$(if $(RACE),echo "All checks have passed.",echo "NOT CHECKED: data races: $(NO_RACE)")

race:
	@$(if $(RACE),,echo "data races are not checked: $(NO_RACE)" >&2; test -z "$$CI")

# Coverage of each package by its own tests, in per cent of the statements. The collector
# and the packages of internal/ must reach 85.
COVERAGE := 'NR > 1 { sub("/[^/]*$$", "", $$1); all[$$1] += $$2; if ($$3 > 0) run[$$1] += $$2 } \
	END { for (p in all) { percent = 100 * run[p] / all[p]; low = percent < 85 && p ~ "/(collector|internal)(/|$$)"; \
		if (low) failed = 1; printf "%5.1f %%  %s%s\n", percent, p, low ? ": less than 85 %" : "" | "sort -n" } exit failed }'

# All packages but the end-to-end tests.
unit: race
	packages=$$($(GO) list -buildvcs=false -f '{{if ne .Name "e2e"}}{{.ImportPath}}{{end}}' ./...) && \
		$(GO) test $(RACE) -shuffle=on -timeout=20m -coverprofile=coverage.out $$packages
	@awk $(COVERAGE) coverage.out

# Without the race detector, whose runtime fails on that many simulated goroutines.
simulate:
	$(GO) test -tags=simulate -run=Simulat -timeout=30m ./collector ./internal/...

# These tests wait for scrapes more than they work, so four at a time also on two cores. The
# timeout is for a test that hangs.
e2e: race $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool
	$(GO) test $(RACE) -shuffle=on -count=1 -parallel=4 -timeout=30m ./e2e

# Much longer than in the end-to-end tests, where it takes half a minute. Prints each
# minute what the exporter uses.
soak: $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool
	$(GO) test -run='^TestSoak$$' -count=1 -timeout=0 -v ./e2e -soak=$(SOAK)

# Needs Chromium (Debian: chromium). With ARTIFACTS= and the name of a folder, the
# pictures of the pages stay there. A module of its own: the driver of the browser is no
# dependency of the exporter.
browser-test: race
	$(if $(ARTIFACTS),mkdir -p "$(ARTIFACTS)")
	cd tools/browser && $(GO) test $(RACE) -count=1 -timeout=20m $(if $(ARTIFACTS),-artifacts -outputdir="$(abspath $(ARTIFACTS))") .

lint: $(BIN)/golangci-lint $(BIN)/actionlint
	$(GO) mod tidy -diff
	cd tools/manifests && $(GO) mod tidy -diff
	$(BIN)/golangci-lint run ./...
	cd tools/manifests && ../../$(BIN)/golangci-lint run --config=../../.golangci.yml ./...
	cd tools/alertsim && $(GO) mod tidy -diff
	cd tools/alertsim && ../../$(BIN)/golangci-lint run --config=../../.golangci.yml ./...
	cd tools/dashboards && $(GO) mod tidy -diff
	cd tools/dashboards && ../../$(BIN)/golangci-lint run --config=../../.golangci.yml ./...
	$(BIN)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml

fmt: $(BIN)/golangci-lint
	$(BIN)/golangci-lint fmt

cover:
	$(GO) tool cover -func=coverage.out

fuzz:
	@set -e; packages=$$($(GO) list -buildvcs=false ./...); for package in $$packages; do \
		words=$$($(GO) test -list '^Fuzz' $$package); for word in $$words; do case $$word in Fuzz*) \
			(set -x; $(GO) test -run='^$$' -fuzz="^$$word\$$" -fuzztime=$(FUZZTIME) $$package) ;; esac; done; \
		done

bench: build $(BIN)/json_exporter
	$(GO) run ./bench
	$(GO) test -tags=simulate -count=1 -run='^Test(Calls|SimulateCalls)' -v ./internal/backfill | grep 'calls for'

scaling: build $(BIN)/prometheus $(BIN)/victoria-metrics
	$(GO) run ./bench --scaling

# Some minutes. Flags are in ALERTSIM: make alertsim ALERTSIM='--chats=80'.
alertsim:
	cd tools/alertsim && GOGC=300 $(GO) run . $(ALERTSIM)

# A small run with fixed seeds. Without the cache, which does not see changes of the rules.
alertsim-test:
	cd tools/alertsim && $(GO) test -count=1 -timeout=20m .

alert-urls:
	sed -E -i.orig 's|https?://[^ ]*/runbook\.md#|$(RUNBOOK)#|; s|https?://[^ ]*(/d/livechat-)|$(GRAFANA)\1|' \
		alerts/livechat.rules.yml alerts/tests/*.yml tools/dashboards/board.go
	rm -f alerts/*.orig alerts/tests/*.orig tools/dashboards/*.orig
	$(MAKE) dashboards

# Not with "go run", which reports an error when Ctrl-C ends the demo.
demo: $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager
	$(GO) build -buildvcs=false -o $(BIN)/demo ./demo
	@exec $(BIN)/demo --stack=$(BIN)

dashboards:
	cd tools/dashboards && $(GO) run .

dashboards-test:
	cd tools/dashboards && $(GO) test -shuffle=on -count=1 -timeout=20m ./...

# The data of the pictures is made again when what makes it has changed.
$(BIN)/weather: $(wildcard tools/history/*.go tools/stored/*.go demo/traffic/*.go alerts/livechat.rules.yml)
	rm -rf $@
	mkdir -p $@

tools/%/node_modules/.package-lock.json: tools/%/package.json tools/%/package-lock.json
	cd tools/$* && npm ci --ignore-scripts --no-audit --no-fund

preview: $(BIN)/prometheus $(BIN)/promtool $(BIN)/weather tools/preview/node_modules/.package-lock.json
	node tools/preview/preview.mjs --bin=$(BIN) --dashboards=dashboards --out=$(PICTURES)

docker:
	docker build $(IMAGE_BUILD)

# For all architectures, pushed to the registry and name in IMAGE, with a list of what is in
# it and how it was made. The digest is in .build/image.json. Docker's default builder needs
# images stored in containerd for it; Docker says so, and what to do.
docker-push:
	mkdir -p .build
	docker buildx build --platform linux/amd64,linux/arm64,linux/arm/v7,linux/ppc64le,linux/s390x --push \
		--sbom=true --provenance=mode=max --metadata-file .build/image.json $(IMAGE_BUILD)

image-test:
	$(GO) test -tags=image -count=1 -timeout=20m ./deploy/image

systemd-test:
	$(GO) test -tags=systemd -count=1 -timeout=20m ./deploy/systemd

tools/conformance/node_modules/judge.mjs: tools/conformance/judge.mjs tools/conformance/node_modules/.package-lock.json
	cd tools/conformance && node_modules/.bin/esbuild judge.mjs --bundle --platform=node --format=esm --log-level=warning \
		--outfile=node_modules/judge.mjs

# vmagent, VictoriaMetrics and vmalert in place of Prometheus.
victoriametrics-test: $(BIN)/victoria-metrics $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool
	$(GO) test -tags=victoriametrics -run='^TestVictoriaMetrics' -count=1 -timeout=20m ./e2e

conformance: tools/conformance/node_modules/judge.mjs
	$(GO) test -tags=conformance -count=1 -timeout=20m -v ./tools/conformance

# The chart with the rules and dashboards of this tree, which Helm does not reach from
# deploy/helm. With GNU tar, because "helm package" writes the present time.
CHART := .build/chart/livechat-exporter

chart:
	rm -rf .build/chart
	mkdir -p .build/chart
	cp -R deploy/helm/livechat_exporter $(CHART)
	mkdir $(CHART)/files
	cp alerts/livechat.rules.yml dashboards/*.json $(CHART)/files/
	cp LICENSE $(CHART)/
	sed 's/^\([a-zA-Z]*ersion\): 0.0.0$$/\1: '"$$VERSION"'/' deploy/helm/livechat_exporter/Chart.yaml >$(CHART)/Chart.yaml
	chmod -R u=rwX,go=rX $(CHART)
	tar -C .build/chart --sort=name --owner=0 --group=0 --numeric-owner --format=ustar --mtime="$$(git log -1 --format=@%ct)" \
		-cf - livechat-exporter | gzip -n9 >$(CHART)-$$VERSION.tgz

# Without the cache, which does not see changes of files outside of the module.
manifests-test: $(BIN)/helm chart
	cd tools/manifests && $(GO) test -shuffle=on -count=1 -timeout=20m ./...

# What the packages have besides the program: what it prints about itself, and the scripts,
# with the commit's time. GoReleaser runs it before it packs.
package-files:
	rm -rf .build/package
	mkdir -p .build/package
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o .build/package/program .
	.build/package/program --help-man | gzip -n9 >.build/package/livechat_exporter.1.gz
	.build/package/program --completion-script-bash >.build/package/livechat_exporter.bash
	.build/package/program --completion-script-zsh >.build/package/_livechat_exporter
	cp deploy/packages/*.sh .build/package/
	TZ=UTC0 touch -t "$$(TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y%m%d%H%M.%S)" .build/package/*.sh
	rm .build/package/program

RELEASE := $(CURDIR)/$(BIN)/goreleaser release --snapshot --clean --skip=sbom,sign

dist: $(BIN)/goreleaser
	$(BIN)/goreleaser check
	$(RELEASE)
	cp .build/chart/*.tgz dist/

# From a tag, with credentials of GitHub and signatures: .github/workflows/release.yml.
release: $(BIN)/goreleaser
	$(BIN)/goreleaser release --clean

# For the workflow, which pushes there.
print-images:
	@echo $(IMAGES)

package-test: $(BIN)/goreleaser
	$(GO) test -tags=packages -count=1 -timeout=20m ./deploy/packages

# All of them again, from a clone in another folder.
dist-check: dist
	@set -eu; copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; git clone --quiet . "$$copy/clone"; \
		(set -x; cd "$$copy/clone"; $(RELEASE)); \
		diff dist/sha256sums.txt "$$copy/clone/dist/sha256sums.txt"

tools: $(BIN)/golangci-lint $(BIN)/actionlint $(BIN)/helm $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool

# Each folder of tools/ with a "tool" line in its go.mod, again when its versions change.
# Prometheus is built without service discovery, which is most of its dependencies.
# Alertmanager stays at v0.31.1: the modules of later releases lack the web interface.
# GoReleaser stays at v2.16.0: v2.17 does not build from the module proxy, and v2.18 needs Go 1.27.
$(BIN)/golangci-lint $(BIN)/actionlint $(BIN)/goreleaser $(BIN)/helm $(BIN)/json_exporter $(BIN)/prometheus $(BIN)/alertmanager: $(BIN)/%: tools/%/go.mod tools/%/go.sum
	cd tools/$* && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags=remove_all_sd -o ../../$(BIN)/ tool

$(BIN)/victoria-metrics: tools/victoriametrics/go.mod tools/victoriametrics/go.sum
	cd tools/victoriametrics && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../../$(BIN)/ tool

$(BIN)/promtool: $(BIN)/prometheus ;
$(BIN)/amtool: $(BIN)/alertmanager ;
