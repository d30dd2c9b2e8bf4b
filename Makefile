# Lamppost: the commands. `make help` lists them.
#
# Needed beforehand: Go (see go.mod), Node 20 or later, make. Everything else is
# fetched by the targets themselves, from the registries your environment names.

SHELL   := /bin/bash
GO      ?= go
NPM     ?= npm
TOOLS   := $(CURDIR)/.tools
WEB     := cloud/console/web
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# The gateway is compiled by a profile of itself at 2 000 Modbus TCP requests/s, which takes
# a tenth off what it needs at 10 000 registers/s. Taken anew when its ways have changed, on
# an idle machine: bin/tcpbench -devices 100 -every 50ms -for 90s -rounds 1 -env
# TCPBENCH_PPROF=127.0.0.1:6060, and beside it, once that gateway runs,
# curl -o deploy/pgo/lamppost.pprof 'http://127.0.0.1:6060/debug/pprof/profile?seconds=45'
PGO     := -pgo=$(CURDIR)/deploy/pgo/lamppost.pprof

# Pinned tools; Go builds and caches them by module version.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
INFLUXD     := github.com/influxdata/influxdb/cmd/influxd@v1.8.3

# Real servers and the programs are found here by every test.
PARTS  := LAMPPOST_REQUIRE_PARTS=1 LAMPPOST_BIN='$(CURDIR)/bin' PATH="$(TOOLS)/bin:$$PATH"
# rerun: at most three tests that failed are run once more, by themselves, and named at
# the end; so are packages in which Go's race detector itself crashed. Never races, panics.
GOTEST := $(GO) run ./deploy/dev/rerun $(GO) test -race -timeout 15m

.DEFAULT_GOAL := help
.PHONY: help run build build-arm console test test-go test-e2e test-web test-board torture pair storm linkfaults lint vuln bench screenshot fuzz setup clean bench-journal bench-modbus bench-bus bench-rules foresight vision vision-photos bench-camera bench-console explore

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

run: build ## the whole street on this machine: simulated sensors, gateway, aggregator, console (Ctrl-C ends it)
	@bin/street $(ARGS)

build: console ## lamppost, lamppost-cloud and lamppost-sim into bin/
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/lamppost-cloud ./cmd/lamppost-sim
	CGO_ENABLED=0 $(GO) build -trimpath $(PGO) -ldflags '$(LDFLAGS)' -o bin/ ./cmd/lamppost
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/street ./deploy/dev/street

build-arm: ## the gateway for arm64, armv7 and armv6 (static, no cgo), with sizes
	@mkdir -p bin
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64       $(GO) build -trimpath $(PGO) -ldflags '$(LDFLAGS)' -o bin/lamppost-arm64 ./cmd/lamppost
	CGO_ENABLED=0 GOOS=linux GOARCH=arm GOARM=7 $(GO) build -trimpath $(PGO) -ldflags '$(LDFLAGS)' -o bin/lamppost-armv7 ./cmd/lamppost
	CGO_ENABLED=0 GOOS=linux GOARCH=arm GOARM=6 $(GO) build -trimpath $(PGO) -ldflags '$(LDFLAGS)' -o bin/lamppost-armv6 ./cmd/lamppost
	@for f in bin/lamppost-arm*; do printf '%-20s %5.1f MB\n' $$f $$(echo "$$(stat -c %s $$f)/1000000" | bc -l 2>/dev/null || awk "BEGIN{print $$(stat -c %s $$f)/1000000}"); done

console: $(WEB)/node_modules/.stamp ## the console's pages, embedded into lamppost-cloud
	@if [ -z "$$(find $(WEB)/src $(WEB)/index.html $(WEB)/package-lock.json -newer cloud/console/dist/index.html 2>/dev/null | head -1)" ] && [ -f cloud/console/dist/index.html ]; then :; else cd $(WEB) && $(NPM) run build --silent; fi

$(WEB)/node_modules/.stamp: $(WEB)/package-lock.json
	cd $(WEB) && $(NPM) ci --no-audit --no-fund --loglevel=error && touch node_modules/.stamp

setup: ## what the tests need: Debian packages (listed first, apt-get only for what is missing) and InfluxDB
	@deploy/dev/setup.sh '$(TOOLS)' '$(INFLUXD)'

# One after another, also under make -j: the end-to-end tests run a street in real
# time and must not share the cores with compilers and other tests.
.NOTPARALLEL:

test: setup build test-go test-e2e test-web test-board test-lab ## all set-up and all tests

SEEING := ./drivers/camera/vision ./deploy/dev/visionbench ./cloud/notify ./cloud/aggregator

test-go: setup build ## everything but the end-to-end tests
	$(PARTS) $(GOTEST) $$($(GO) list ./... | grep -v '/cmd/e2e$$\|/vision$$\|/visionbench$$\|/cloud/notify$$\|/cloud/aggregator$$')
	@# These mostly compute: the race detector makes minutes of their seconds, so it sees their short form.
	$(PARTS) $(GOTEST) -short $(SEEING)
	$(PARTS) $(GO) run ./deploy/dev/rerun $(GO) test $(SEEING)

pair: setup build ## two aggregators on one PostgreSQL at full length: a storm of 6 000 alerts, 30 kills at random; prints its figures (five minutes)
	LAMPPOST_PAIR=long $(PARTS) $(GO) test -timeout 30m -count=1 -v -run TestTwoAggregatorsAreOne ./cmd/e2e

pair-city: setup build ## the same with 100 000 alerts of 110 gateways and 60 kills (a quarter of an hour; wants an idle machine)
	LAMPPOST_PAIR=city $(PARTS) $(GO) test -timeout 1h -count=1 -v -run TestTwoAggregatorsAreOne ./cmd/e2e

storm: setup ## 100 000 alerts become a handful of cases, on SQLite and on PostgreSQL: time, memory, rows (some minutes)
	LAMPPOST_STORM=long $(PARTS) $(GO) test -timeout 1h -count=1 -v -run 'TestAHundredThousandAlerts|TestStormAndKills' ./cloud/cases/docket ./cloud/aggregator

linkfaults: setup build ## bad links at full length: loss, resets, delay, half open, dark, flapping, a million readings waiting; prints a table
	LAMPPOST_LINKFAULTS=long E2E_TABLES='$(CURDIR)/bin' $(PARTS) $(GOTEST) -timeout 45m -count=1 -v -run 'TestLinkFaults|TestProxy' ./cmd/e2e

torture: setup build ## the program killed hundreds of times and its card filled, locked and broken; the journal likewise; prints a table
	LAMPPOST_TORTURE=long E2E_TABLES='$(CURDIR)/bin' $(PARTS) $(GOTEST) -timeout 45m -count=1 -v -run 'TestTorture|TestCard' ./cmd/e2e
	LAMPPOST_TORTURE=long $(GO) test -count=1 -timeout 60m ./edge/journal/...

test-web: build ## the console's pages, also in headless Chromium
	cd $(WEB) && $(NPM) run check --silent && $(NPM) test --silent
	cd $(WEB) && $(NPM) run test:browser --silent
	cd $(WEB) && node browser/calibrate.mjs
	cd $(WEB) && node browser/street.mjs

test-e2e: setup build ## only the end-to-end tests, alone on the machine
	$(PARTS) $(GOTEST) -timeout 45m -count=1 -parallel=3 -v ./cmd/e2e

test-board: setup build-arm ## the README's "On a real board", run under qemu-user in a Debian root
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/lamppost-sim
	@deploy/dev/board/test.sh '$(TOOLS)'

# The lab's cache below .tools holds Debian's kernel and what was built for it.
LAB := LAMPPOST_TOOLS='$(TOOLS)' $(PARTS) $(GO) run ./deploy/dev/rerun $(GO) test -count=1 -timeout 40m -v -run TestBoard ./deploy/dev/boardlab

test-lab: setup build build-arm ## the board lab's short form: an arm64 Linux in QEMU, its GPIO, I2C, 1-Wire and serial lines
	LAMPPOST_BOARDLAB=short $(LAB)

board-lab: setup build build-arm ## the board lab in full: a minute of edges at 1 000/s, power cuts; prints its figures
	LAMPPOST_BOARDLAB=long $(LAB)

lint: ## gofmt, vet, staticcheck, the same for the ARM builds
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'gofmt: run gofmt -w on these'; exit 1; }
	$(GO) vet ./...
	GOARCH=arm GOARM=6 $(GO) vet ./edge/... ./drivers/... ./cmd/lamppost/...
	$(GO) run $(STATICCHECK) ./...

vuln: ## known vulnerabilities (needs the vulnerability database on the network)
	$(GO) run $(GOVULNCHECK) ./...

bench: ## readings per second through each joint, bytes per reading
	$(GO) test -run '^$$' -bench . -benchmem ./drivers/... ./edge/... ./cloud/... | grep -E 'Benchmark|^pkg|^cpu'

bench-journal: ## the journal beside SQLite, bbolt, tidwall/wal and paho's file store (as root: bytes as the device counts them)
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/journalbench ./deploy/dev/journalbench && bin/journalbench $(ARGS)

bench-modbus: ## 10 000 and 50 000 registers/s over Modbus TCP: the gateway's CPU beside a bare loop's (about ten minutes; wants an idle machine)
	@CGO_ENABLED=0 $(GO) build -trimpath $(PGO) -o bin/tcpbench ./deploy/dev/tcpbench && bin/tcpbench $(ARGS)

bench-bus: ## an RS-485 line of 32 paced slaves at 9600 and 19200 baud: how well it is used, what broken slaves cost the others (about eight minutes)
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/busbench ./deploy/dev/busbench && bin/busbench $(ARGS)

bench-rules: ## what 1 000 rules over 10 000 streams at 1 Hz cost: share of a core, bytes per rule and stream (a minute)
	$(GO) test ./edge/rule -run '^$$' -bench 'City' -benchtime 20x -count 3 -cpu 1

bench-camera-faults: build ## how late thirty meters are asked beside a camera that is well and beside each fault, in the gateway and apart: docs/cameras.md (ten minutes; wants an idle machine)
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/camerabench ./deploy/dev/camerabench && bin/camerabench $(ARGS)

bench-siren: ## last byte of the frame that crosses a limit, on a serial line, to the siren's relay and to the broker: p50, p99, max (wants an idle machine)
	$(GO) test ./edge/gateway -run '^$$' -bench LastByteToSirenAndAlert -benchtime 300x -count 3

bench-console: build ## the console before a whole city: first view, input to paint, alert to screen, memory over a million updates: docs/console-speed.md (ten minutes; wants an idle machine)
	cd $(WEB) && node browser/bench/speed.mjs $(ARGS)

foresight: ## how early a rule's forecast speaks, on storms that no one has chosen: docs/foresight.md (a minute)
	@$(GO) run ./deploy/dev/stormbench -docs docs

vision: ## how well pictures are measured, on films that no one has chosen: docs/vision.md (ten minutes)
	@$(GO) run ./deploy/dev/visionbench -docs docs -films 2

vision-photos: ## the same on photographs and footage from Debian's packages, 230 MB to fetch, 25 MB kept in .tools/photos: docs/vision-photos.md
	@deploy/dev/visionbench/photos.sh '$(TOOLS)/photos' && $(GO) run ./deploy/dev/visionbench -photos '$(TOOLS)/photos' -docs docs

bench-camera: ## what one picture costs, by source and size, decoding and every measurement included (a minute)
	$(GO) test ./drivers/camera -run '^$$' -bench Frame -benchmem -cpu 1
	$(GO) test ./drivers/camera/vision -run '^$$' -bench . -benchmem -cpu 1

explore: ## every order of journal, uplink, acknowledgements and faults, in wide bounds (some minutes, 2 GB)
	LAMPPOST_EXPLORE=1 $(GO) test -count=1 -timeout 1h -v -run TestEveryOrder ./edge/uplink/explore

fuzz: ## every fuzz target for FUZZTIME (default 1m)
	@deploy/dev/fuzz.sh $(or $(FUZZTIME),1m)

screenshot: setup build ## the pictures of the docs, made in headless Chromium
	cd $(WEB) && node browser/street.mjs ../../../docs/console.png
	cd $(WEB) && d=$$(mktemp -d) && node browser/calibrate.mjs $$d && mv $$d/wide.png ../../../docs/calibrate.png && rm -r $$d
	cd $(WEB) && mkdir -p ../../../docs/console && export LAMPPOST_SHOTS='$(CURDIR)/docs/console' && node --test --test-concurrency=1 browser/truth.test.mjs browser/truth-parts.test.mjs

clean: ## remove what was built and fetched
	rm -rf bin .tools $(WEB)/node_modules
	find cloud/console/dist -mindepth 1 ! -name .keep -delete
