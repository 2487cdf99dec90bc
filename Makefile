# Turtus. `make help` tells all there is.
SHELL       := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

BIN         := bin
TOOLS       := $(abspath $(BIN)/tools)
CONTRACT    := services/httpapi/openapi.yaml
GO_SOURCES  := go.mod go.sum $(shell find services vb web -name '*.go' -not -path '*/node_modules/*' 2>/dev/null) \
               $(shell find services vb \( -name '*.sql' -o -name '*.c' -o -name '*.h' \) 2>/dev/null) $(shell find vb/image -type f 2>/dev/null)
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/test-results/*' -not -name '*.go' 2>/dev/null)
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS     := -X main.version=$(VERSION)

.PHONY: help run dev build gen gen-check lint test test-go test-web e2e e2e-docker networks fuzz test-isolation bench bench-docker pictures fresh images publish clean prepare-run prepare-test

help: ## Say what each target does
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: prepare-run build ## Install what is missing, build, and serve on http://localhost:8080
	@exec $(BIN)/turtus serve

dev: prepare-run ## The same, with server and pages reloading by themselves on http://localhost:5173
	@deploy/dev/dev.sh

build: $(BIN)/turtus $(BIN)/turtus-agent ## Build the server, the agent and the web app

gen: $(TOOLS)/.installed web/node_modules/.installed ## Make the generated code: from the contract, from the SQL
	$(TOOLS)/oapi-codegen --config services/wire/oapi-codegen.yaml $(CONTRACT)
	$(TOOLS)/oapi-codegen --config services/wire/contract/oapi-codegen.yaml $(CONTRACT)
	$(TOOLS)/oapi-codegen --config services/httpapi/oapi-codegen.yaml $(CONTRACT)
	cd services/postgres && $(TOOLS)/sqlc generate
	npm --prefix web run gen
	go run ./services/turtus settings --env-example > .env.example
	go run ./services/turtus settings --markdown > docs/settings.md

gen-check: gen ## Fail when generated code is stale
	@test -z "$$(git status --porcelain -- services web/src .env.example docs/settings.md)" || \
	  { git status --porcelain -- services web/src .env.example docs/settings.md; git diff --stat; echo 'Generated code is stale: run make gen and commit what it changes.'; exit 1; }

lint: prepare-run $(TOOLS)/.installed web/node_modules/.installed web/dist/index.html ## Check formatting, the usual mistakes, and the page's weight
	@unformatted=$$(gofmt -l services vb web/*.go); test -z "$$unformatted" || { echo "not gofmt'ed: $$unformatted"; exit 1; }
	go vet ./...
	$(TOOLS)/staticcheck ./...
	npm --prefix web run lint
	npm --prefix web run weigh

test: prepare-test build test-go test-web e2e ## Set up and run every test: Go, web, and end to end in Chromium with a real Firefox

test-go: prepare-test ## Only the Go tests
	go test -p 1 ./...   # one package at a time: several start real browsers, and would only slow each other

test-web: web/node_modules/.installed ## Only the web tests
	npm --prefix web test

e2e: prepare-test build web/node_modules/.installed ## Only the end-to-end tests (E2E="-g 'title'" picks some)
	cd web && npx playwright test -c e2e/playwright.config.ts $(E2E)

e2e-docker: prepare-test build web/node_modules/.installed ## The end-to-end tests with browsers in containers (as root, after make images)
	cd web && TURTUS_LAUNCHER=docker ../deploy/dev/public-host.sh npx playwright test -c e2e/playwright.config.ts $(E2E)

fuzz: prepare-test ## Look for what breaks the decoders of what peers send (FUZZTIME=1m each, FUZZ=Slug: some)
	@FUZZTIME='$(or $(FUZZTIME),10s)' FUZZ='$(FUZZ)' deploy/dev/fuzz.sh

test-isolation: ## Only the tests that try to leave a browser's container (as root, after make images)
	TURTUS_TEST_ENGINE=required go test -count=1 ./services/browsers/docker/isolation

networks: prepare-test build $(BIN)/turtus-viewer ## The picture's way through each kind of network, made of namespaces (as root)
	TURTUS_TEST_NETWORKS=required go test -count=1 -v ./vb/networks

bench: prepare-test build $(BIN)/turtus-viewer $(BIN)/turtus-link web/node_modules/.installed ## Measure, print the table, keep the figures in docs/benchmarks/ (BENCH="-g loss": one group)
	@[ -z "$(BENCH_PEER)" ] || deploy/dev/prepare.sh run test peer
	cd web && BENCH_PEER=$(BENCH_PEER) npx playwright test -c bench/playwright.config.ts $(BENCH)

bench-docker: prepare-test build $(BIN)/turtus-viewer web/node_modules/.installed ## What rooms take with browsers in containers (as root, after make images)
	cd web && TURTUS_LAUNCHER=docker ../deploy/dev/public-host.sh npx playwright test -c bench/playwright.config.ts $(or $(BENCH),-g 'start|idle|playing|full')

pictures: prepare-test build web/node_modules/.installed ## Take the pictures of README anew
	cd web && npx playwright test -c e2e/pictures.config.ts

fresh: ## Try make run and make test on an empty Debian in a chroot (as root)
	deploy/dev/fresh.sh

images: ## Build the images turtus and turtus-browser with this machine's Docker
	VERSION='$(VERSION)' deploy/images.sh build

publish: ## Build both images and push them: make publish REGISTRY=registry.example.org/turtus (Amazon's too)
	@VERSION='$(VERSION)' PLATFORMS='$(PLATFORMS)' deploy/images.sh publish '$(REGISTRY)'

clean: ## Remove what was built (your data folder stays)
	rm -rf $(BIN) web/dist web/node_modules web/test-results web/playwright-report

prepare-run:
	@deploy/dev/prepare.sh run

prepare-test:
	@deploy/dev/prepare.sh run test

$(BIN)/turtus: $(GO_SOURCES) web/dist/index.html
	go build -tags embedweb -ldflags '$(LDFLAGS)' -o $@ ./services/turtus

$(BIN)/turtus-agent: $(GO_SOURCES)
	go build -ldflags '$(LDFLAGS)' -o $@ ./vb/agent

$(BIN)/turtus-viewer: $(GO_SOURCES)
	go build -o $@ ./vb/viewer

$(BIN)/turtus-link: $(GO_SOURCES)
	go build -o $@ ./vb/link/linkd

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.installed
	npm --prefix web run build
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

$(TOOLS)/.installed: deploy/dev/tools/go.mod deploy/dev/tools/go.sum
	CGO_ENABLED=0 GOBIN=$(TOOLS) go -C deploy/dev/tools install tool
	@touch $@
