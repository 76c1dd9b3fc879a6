# otelcol-arc. `make` alone lists what there is to do.

# The toolchain that everything is built with, here and in CI: the newest
# without known vulnerabilities in its standard library. Go fetches it by itself.
export GOTOOLCHAIN = go1.27.3

GO          ?= go
TOOL         = $(GO) tool -modfile internal/tools/go.mod
# By itself: it does not compile with the YAML library that the other tools need.
ACTIONLINT   = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
BIN          = bin/otelcol-arc
ARCTOOL      = bin/arctool
CONFIG      ?= config/default.yaml
VERSION     ?= $(shell awk '/^ *version:/ {print $$2; exit}' builder-config.yaml)
FUZZTIME    ?= 30s

# What is released.
PLATFORMS   ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# Tests of many hours on a false clock, too much for the race detector.
LONG         = ^Test(Conformance|MaxBytes|Cookbook|Storm|RuleWithTooManyAlerts)$$

# Where `make run` keeps its state. production.yaml persists it by itself.
STATE       ?= $(or $(OTELCOL_ARC_STATE),data)
PERSISTENT   = $(if $(STATE),$(if $(filter config/default.yaml,$(CONFIG)),--config config/policies/state.yaml))

# Lets the files of WITH add to the lists of CONFIG's pipelines, and has remote
# write retry requests that were throttled (429).
ADDING       = $(if $(WITH),--feature-gates=confmap.enableMergeAppendOption$(COMMA)exporter.prometheusremotewritexporter.RetryOn429)
COMMA        = ,

# Our own packages. dist is generated, and without the build tags of `make build`
# it would compile the cloud SDKs of all service discoveries.
# Make 4.3 exports nothing to $(shell), so GOTOOLCHAIN is repeated.
PACKAGES     = $(shell GOTOOLCHAIN=$(GOTOOLCHAIN) $(GO) list ./... | grep -v '/dist$$')

PRICES       = processor/llmcostprocessor/internal/price
PRICELISTS   = --genai build/prices/genai.json --litellm build/prices/litellm.json --models-dev build/prices/models.dev.json

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use

.PHONY: build
build: $(BIN) ## Build bin/otelcol-arc

.PHONY: arctool
arctool: ## Build bin/arctool, which checks prices, rules and notifications
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(ARCTOOL) ./cmd/arctool

.PHONY: run
run: build ## Build, and run CONFIG (config/default.yaml) WITH others of config/ added; state is in STATE (data; empty: in memory)
	$(if $(PERSISTENT),OTELCOL_ARC_STATE=$(STATE)) $(BIN) $(ADDING) --config $(CONFIG) $(PERSISTENT) $(WITH:%=--config config/%.yaml)

.PHONY: demo
demo: build ## Run on ports of its own, send two days of spans and Arc events, show the dashboard until Ctrl-C
	$(GO) build -o bin/demo ./examples/demo
	bin/demo -collector $(BIN) -config $(CONFIG) -stay

##@ Ship

.PHONY: package
package: ## .deb, .rpm, tar.gz, SBOM and checksums of PLATFORMS (all) into build/packages
	PLATFORMS="$(PLATFORMS)" packaging/build.sh

.PHONY: reproducible
reproducible: ## Build the commit twice, in two places, and compare
	packaging/reproducible.sh

.PHONY: site
site: ## The documents as a site, in build/site; needs python3 with venv, and npm for diagrams
	packaging/site/build.sh

##@ Check

.PHONY: vulncheck
vulncheck: build arctool ## Known vulnerabilities in the two programs; fails on one that docs/security.md does not explain
	cd packaging && $(GO) run ./vulncheck ../$(BIN) ../$(ARCTOOL)

.PHONY: platforms
platforms: ## Compile and vet for every platform that is released
	@for platform in $(PLATFORMS); do \
	  echo "GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet ./..."; \
	  GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 $(GO) vet -tags=$(TAGS) ./... || exit 1; \
	done

.PHONY: typecheck
typecheck: ## Check the types for every platform that is released, in minutes
	$(GO) run ./test/platforms -tags $(TAGS) $(PLATFORMS)

.PHONY: nightly
nightly: ## The checks that take too long for every change
	$(MAKE) test
	$(MAKE) fuzz FUZZTIME=1m
	$(MAKE) test-bench bench-check soak scale-check e2e e2e-sdks test-packages quickstart recipes
	$(MAKE) platforms package reproducible vulncheck

.PHONY: test-packages
test-packages: build ## Build the packages for linux/amd64, and test them, the image's and the chart's configuration
	PLATFORMS=linux/amd64 packaging/build.sh
	cd packaging && CGO_ENABLED=0 $(GO) test ./...

.PHONY: quickstart
quickstart: ## From git clone to a priced call of a real SDK, by the clock, with the newest packages
	test/docs/quickstart.sh

.PHONY: recipes
recipes: build ## The recipes of docs/sending.md, with the newest packages; RECIPES=-pinned runs two, with pinned ones
	$(GO) test -tags recipes -count=1 -timeout 60m -v -run '^TestRecipes$$' ./test/docs $(RECIPES:%=-args %)

.PHONY: prices
prices: ## Make the built-in price table of the newest price lists, and list where they differ
	$(PRICES)/generate/fetch.sh build/prices
	$(GO) run ./$(PRICES)/generate $(PRICELISTS) --data "$$(cat build/prices/versions)" --out $(PRICES)

.PHONY: prices-check
prices-check: ## Compare the built-in price table with the newest price lists
	$(PRICES)/generate/fetch.sh build/prices
	$(GO) run ./$(PRICES)/generate $(PRICELISTS) --out $(PRICES) --check

.PHONY: test
test: build ## All tests that need no outside server, with the race detector
	@echo $(GO) test -race ./...
	@$(GO) test -race -timeout 30m $(filter-out %/test/prose,$(PACKAGES))
	$(GO) test -race go.opentelemetry.io/collector/config/confignet
	$(GO) test -run '$(LONG)' ./processor/alertprocessor/...

.PHONY: test-portable
test-portable: ## The tests that run on every released system: without those of the whole program and of the documents
	$(GO) test $(filter-out %/test/e2e %/test/docs %/test/sdks,$(PACKAGES))

.PHONY: test-bench
test-bench: ## Build what measures, and test it
	cd test/bench && $(GO) build ./... && $(GO) test ./...

.PHONY: lint
lint: ## Static checks, and the words of the project
	$(GO) test -count=1 ./test/prose
	$(GO) vet -tags=$(TAGS),e2e,sdks,recipes ./test/e2e ./test/sdks ./test/docs
	@echo golangci-lint run ./...
	@$(TOOL) golangci-lint run --allow-parallel-runners $(patsubst github.com/otelcol-arc/otelcol-arc/%,./%/,$(PACKAGES))
	cd packaging && $(GO) tool -modfile ../internal/tools/go.mod golangci-lint run --allow-parallel-runners -c ../.golangci.yml ./...
	cd test/bench && $(GO) tool -modfile ../../internal/tools/go.mod golangci-lint run --allow-parallel-runners -c ../../.golangci.yml ./...

.PHONY: workflows
workflows: ## Check the workflows of .github
	$(GO) run $(ACTIONLINT)

.PHONY: fuzz
fuzz: ## Fuzz every parser for FUZZTIME (30s) each
	@test/fuzz.sh $(FUZZTIME)

.PHONY: attack
attack: build ## Attack the program and its shipped files, as docs/reliability.md lists, in less than 20 minutes
	@test/attack.sh

.PHONY: scale-check
scale-check: build ## Agents and gateways through outages, growth and Kafka: the table of docs/scaling.md, in minutes; installs ClickHouse's engine
	test/e2e/install/clickhouse.sh
	ARC_SCALE=1 $(GO) test -count=1 -timeout 30m -v -run '^Test(Scale|TwoMachines)$$' ./test/e2e

.PHONY: bench
bench: build ## Measure beside the peers, and renew docs/benchmarks.md, or its sections ONLY
	test/bench/endtoend/peer/build.sh
	cd test/bench && $(GO) run ./report $(ONLY)

.PHONY: soak
soak: build ## An hour of ever new users, models, traces and series, or FOR a time; fails if memory or state still grows after a third
	cd test/bench && SOAK=$(FOR) $(GO) run ./endtoend soak

.PHONY: bench-check
bench-check: build ## Compare the ratios of speed with test/bench/ratios.json, in ten minutes; RATIOS=write renews the file
	cd test/bench && $(GO) run ./check $(RATIOS)

.PHONY: e2e
e2e: build ## Install the real servers and SDKs, and test against them
	test/e2e/run.sh

.PHONY: e2e-core
e2e-core: build ## Of e2e, what is installed in a minute: Prometheus, Alertmanager, a mail server, Python SDKs
	test/e2e/run.sh core
	$(MAKE) recipes RECIPES=-pinned

.PHONY: e2e-sdks
e2e-sdks: build ## Measure some 90 released SDKs against docs/compatibility.md; SDKS=-write renews it, SDKS=-newest tries the newest
	$(GO) test -tags sdks -count=1 -timeout 90m -v ./test/sdks $(SDKS:%=-args %)

##@ Keep

.PHONY: generate
generate: ## Remake dist/, what mdatagen makes, and the references in docs/
	$(TOOL) builder --config builder-config.yaml --skip-compilation --skip-get-modules
	rm -f dist/go.mod dist/main_others.go # dist/run.go stands in for it
	gofmt -w dist
	@echo $(GO) generate ./...
	@$(GO) generate $(PACKAGES)
	cp config/rules/arc.yml config/rules/collector.yml config/scale/rules/usage.yml packaging/helm/otelcol-arc/rules/

.PHONY: tidy
tidy: ## go mod tidy, all modules
	$(GO) mod tidy
	cd test/bench && $(GO) mod tidy
	cd internal/tools && $(GO) mod tidy
	cd packaging && $(GO) mod tidy

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin build

##@ The program
#
# The tags leave out the service discoveries of the Prometheus receiver, with
# their cloud SDKs, that the distribution does not offer.
TAGS = remove_all_sd,enable_dns_sd,enable_kubernetes_sd

GO_FILES = $(shell find converter dist exporter extension internal processor provider receiver -name '*.go' ! -name '*_test.go' 2>/dev/null)
EMBEDDED = $(shell find exporter extension internal processor receiver -path '*/testdata' -prune -o -type f \( -name '*.yaml' -o -name '*.json' -o -name '*.html' -o -name '*.js' -o -name '*.css' -o -name '*.svg' \) -print 2>/dev/null)

$(BIN): go.mod go.sum $(GO_FILES) $(EMBEDDED)
	CGO_ENABLED=0 $(GO) build -tags=$(TAGS) -trimpath -ldflags '-s -w' -o $@ ./dist
