# What is needed: Go, git, make and a POSIX shell. Every other tool is built from
# source into .bin, at the version that its go.mod under tools/ names.
#
#   make build   the exporter, a static binary, in this folder
#   make test    all checks: unit tests, coverage, lint, end-to-end tests
#   make lint    golangci-lint with .golangci.yml, actionlint, and go.mod as "go mod tidy"
#                leaves it
#   make demo    a simulated workspace, the exporter on it, Prometheus and Alertmanager
#                with the shipped rules, and a spike that fires an alert
#   make fmt     formats the code
#   make cover   the coverage of each function, from the last unit tests
#   make fuzz    each fuzz target for FUZZTIME
#   make soak    two hundred workspaces that fail at random, for SOAK (make soak SOAK=2h)
#   make preview pictures of the dashboards into docs/pictures; needs Node.js, Chromium and pngquant
#   make bench   what a scrape costs, beside the least that it could
#   make docker  the image, with the same version facts as the binary
#   make browser-test  the exporter's pages in a real browser
#   make dist    the archives of a release, in dist/
#   make dist-check    makes them once more elsewhere and compares
#   make manifests     the manifests' parts that are made of alerts/ and dashboards/
#   make image-test    builds and runs the images with buildah
#   make systemd-test  holds the systemd units against systemd's own check, and runs them

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
# The shell that POSIX names; nothing here needs more.
SHELL := /bin/sh

GO ?= go
BIN := .bin
FUZZTIME ?= 10s
SOAK ?= 30m
IMAGE ?= livechat_exporter

# What "make dist" builds for, and what goes into each archive beside the program.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
CONTENTS := LICENSE README.md CHANGELOG.md config.yml docs alerts dashboards deploy/systemd
DIST ?= dist

# The share of statements, in per cent, that the tests of each package of the
# collector and of internal/ have to reach, by themselves.
COVERAGE_FLOOR := 85

# The version facts of a build come from the commit alone, so that two builds of one
# commit are the same, byte by byte: the date is the commit's, and who built it and
# where is left out. Each can be given on the command line instead, and has to be
# where this folder is no git checkout (a release archive, the image). git is asked
# only if the checkout begins here: an archive may be unpacked inside another one.
CHECKOUT := $(shell test "$$(git rev-parse --show-toplevel 2>/dev/null)" = "$$(pwd -P)" && echo yes)
ifeq ($(CHECKOUT),yes)
# The tag without its v; before the first one, the place in history.
VERSION := $(patsubst v%,%,$(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null \
	|| echo "0.0.0-$$(git describe --always --abbrev=12 --dirty --exclude '*')"))
REVISION := $(shell git rev-parse HEAD)
BRANCH := $(shell git rev-parse --abbrev-ref HEAD)
BUILD_DATE := $(shell TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y%m%d-%H:%M:%S)
# The same moment in seconds, for the files of an archive.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
else
VERSION := 0.0.0-unknown
REVISION := unknown
BRANCH := unknown
BUILD_DATE := unknown
SOURCE_DATE_EPOCH ?= 0
endif
BUILD_USER := make
# Handed on in the environment, not in the text of a command: a branch may have a
# name that a shell would run.
export VERSION REVISION BRANCH BUILD_USER BUILD_DATE

STAMP := github.com/prometheus/common/version
# Without the tables of a debugger, which are a third of the binary; stack traces and
# profiles do not need them.
LDFLAGS = -s -w -X $(STAMP).Version=$$VERSION -X $(STAMP).Revision=$$REVISION -X $(STAMP).Branch=$$BRANCH \
	-X $(STAMP).BuildUser=$$BUILD_USER -X $(STAMP).BuildDate=$$BUILD_DATE

# The race detector needs cgo, which needs a C compiler, which Go does without
# otherwise. Where there is none the tests run without the detector, and "make test"
# closes with a line that says what was not checked. In CI (the variable CI is set)
# that is not good enough: there it is an error.
RACE = $(shell $(GO) list -race runtime >/dev/null 2>&1 && echo -race)
NO_RACE = this Go cannot build with the race detector; it needs cgo and a C compiler (gcc or clang) on the PATH

.PHONY: build
build:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o livechat_exporter .

.PHONY: test
test: unit lint e2e manifests-test
	@$(if $(RACE),echo "All checks have passed.",echo "NOT CHECKED: data races: $(NO_RACE)")

.PHONY: race
race:
	@$(if $(RACE),,echo "data races are not checked: $(NO_RACE)" >&2; test -z "$$CI")

# All packages but the end-to-end tests, which have their own target.
.PHONY: unit
unit: race
	@packages=$$($(GO) list -buildvcs=false -f '{{if ne .ImportPath "livechat_exporter/e2e"}}{{.ImportPath}}{{end}}' ./...) && set -x && \
		$(GO) test $(RACE) -shuffle=on -timeout=10m -coverprofile=coverage.out $$packages
	$(GO) run ./tools/coverfloor -floor $(COVERAGE_FLOOR) -profile coverage.out livechat_exporter/collector livechat_exporter/internal

# They wait for scrapes more than they work, so four at a time also on two cores. The
# timeout is for a test that hangs.
.PHONY: e2e
e2e: race $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool
	$(GO) test $(RACE) -shuffle=on -count=1 -parallel=4 -timeout=60m ./e2e

# For much longer than it takes among the end-to-end tests, which is half a minute.
# Tells each minute what the exporter uses.
.PHONY: soak
soak: $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool
	$(GO) test -run='^TestSoak$$' -count=1 -timeout=0 -v ./e2e -soak=$(SOAK)

# Needs Chromium (Debian: chromium). With ARTIFACTS= and the name of a folder, the
# pictures of the pages stay there. A module of its own: the driver of the browser is no
# dependency of the exporter.
.PHONY: browser-test
browser-test: race
	$(if $(ARTIFACTS),mkdir -p "$(ARTIFACTS)")
	cd tools/browser && $(GO) test $(RACE) -count=1 -timeout=20m $(if $(ARTIFACTS),-artifacts -outputdir="$(abspath $(ARTIFACTS))") .

.PHONY: lint
lint: $(BIN)/golangci-lint $(BIN)/actionlint tidy-check
	$(BIN)/golangci-lint run ./...
	cd tools/manifests && ../../$(BIN)/golangci-lint run --config=../../.golangci.yml ./...
	$(BIN)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml

.PHONY: tidy-check
tidy-check:
	$(GO) mod tidy -diff
	cd tools/manifests && $(GO) mod tidy -diff

.PHONY: fmt
fmt: $(BIN)/golangci-lint
	$(BIN)/golangci-lint fmt

.PHONY: cover
cover:
	$(GO) tool cover -func=coverage.out

.PHONY: fuzz
fuzz:
	@set -e; packages=$$($(GO) list -buildvcs=false ./...); for package in $$packages; do \
		targets=$$($(GO) test -list '^Fuzz' $$package); \
		for target in $$targets; do \
			case $$target in Fuzz*) ;; *) break ;; esac; \
			(set -x; $(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) $$package); \
		done; \
	done

# Two figures tell most: x-cpu, the exporter's CPU time as a multiple of the floor's,
# and x-cpu of LastGoodAnswers, as a multiple of the client library's own.
.PHONY: bench
bench:
	$(GO) test -run='^$$' -bench=. -benchtime=2s -timeout=10m ./bench ./internal/rocketchat

# Not with "go run", which complains when Ctrl-C ends what it runs.
.PHONY: demo
demo: $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager
	$(GO) build -buildvcs=false -o $(BIN)/demo ./demo
	@exec $(BIN)/demo --stack=$(BIN)

# Kept, so that a picture can be taken again of the same data.
$(BIN)/history.txt: $(wildcard tools/history/*.go demo/traffic/*.go)
	mkdir -p $(BIN)
	$(GO) run ./tools/history >$@

tools/preview/node_modules/.package-lock.json: tools/preview/package.json tools/preview/package-lock.json
	cd tools/preview && npm ci --ignore-scripts --no-audit --no-fund

.PHONY: preview
preview: $(BIN)/prometheus $(BIN)/promtool $(BIN)/history.txt tools/preview/node_modules/.package-lock.json
	node tools/preview/preview.mjs --prometheus=$(BIN)/prometheus --promtool=$(BIN)/promtool \
		--history=$(BIN)/history.txt --dashboards=dashboards --out=docs/pictures

.PHONY: docker
docker:
	docker build --build-arg VERSION --build-arg REVISION --build-arg BRANCH --build-arg BUILD_USER --build-arg BUILD_DATE \
		--tag "$(IMAGE):$${VERSION}" --tag "$(IMAGE):latest" .

# What the manifests for Kubernetes take from alerts/ and dashboards/.
.PHONY: manifests
manifests:
	cd tools/manifests && $(GO) run .

# What is written for other programs, against those programs' own types and schemas.
# Never from the cache: go test does not see that files outside of the module changed.
.PHONY: manifests-test
manifests-test:
	cd tools/manifests && $(GO) test -shuffle=on -count=1 -timeout=5m ./...

# Builds the images with buildah, without a registry, and runs them. Needs Linux, root
# and Debian's package buildah.
.PHONY: image-test
image-test:
	$(GO) test -tags=image -count=1 -timeout=10m ./deploy/image

# Needs Linux and Debian's package systemd, which need not be what runs the machine.
.PHONY: systemd-test
systemd-test:
	$(GO) test -tags=systemd -count=1 -timeout=5m ./deploy/systemd

# The archives of a release and their checksums. Two runs give the same bytes.
.PHONY: dist
dist:
	$(GO) run -buildvcs=false ./tools/dist -version "$$VERSION" -time "$(SOURCE_DATE_EPOCH)" -out "$(DIST)" \
		-contents "$(CONTENTS)" -ldflags "$(LDFLAGS)" $(PLATFORMS)

# Two of them once more, from a copy in another folder and with nothing built before.
.PHONY: dist-check
dist-check: dist
	@set -eu; copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; \
		git ls-files -z --cached --others --exclude-standard | xargs -0 tar -cf - | tar -xf - -C "$$copy"; \
		(set -x; GOCACHE="$$copy/cache" $(MAKE) -C "$$copy" dist PLATFORMS="linux/amd64 windows/arm64" \
			VERSION="$$VERSION" REVISION="$$REVISION" BRANCH="$$BRANCH" BUILD_DATE="$$BUILD_DATE" SOURCE_DATE_EPOCH="$(SOURCE_DATE_EPOCH)"); \
		cd "$(DIST)"; sha256sum --check "$$copy/dist/sha256sums.txt"

# The image for all architectures, pushed to where IMAGE names.
.PHONY: docker-push
docker-push:
	docker buildx build --platform linux/amd64,linux/arm64 --push \
		--build-arg VERSION --build-arg REVISION --build-arg BRANCH --build-arg BUILD_USER --build-arg BUILD_DATE \
		--tag "$(IMAGE):$${VERSION}" --tag "$(IMAGE):latest" .

.PHONY: tools
tools: $(BIN)/golangci-lint $(BIN)/actionlint $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool

# Built once, and again when the tool's go.mod or go.sum changes. go build makes the
# folder.
$(BIN)/golangci-lint: tools/golangci-lint/go.mod tools/golangci-lint/go.sum
	cd tools/golangci-lint && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/actionlint: tools/actionlint/go.mod tools/actionlint/go.sum
	cd tools/actionlint && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint

# Without the service discoveries, which are most of its dependencies: the tests
# name their targets themselves.
$(BIN)/prometheus $(BIN)/promtool: $(BIN)/%: tools/prometheus/go.mod tools/prometheus/go.sum
	cd tools/prometheus && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags remove_all_sd -o ../../$@ github.com/prometheus/prometheus/cmd/$*

# v0.31.1: the modules of later releases come without the files of the web interface,
# and do not build.
$(BIN)/alertmanager $(BIN)/amtool: $(BIN)/%: tools/alertmanager/go.mod tools/alertmanager/go.sum
	cd tools/alertmanager && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../../$@ github.com/prometheus/alertmanager/cmd/$*
