# Jamii. `make` lists what there is.
GO      ?= go
BIN     := bin/jamii
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED ?= 0

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start the gateway on 127.0.0.1:8080 with SQLite in ./data and demo data
	./$(BIN) serve --demo

build: ## build bin/jamii
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/jamii

test: ## run every test; starts, and if need be installs, PostgreSQL
	$(GO) test ./...

RACE ?= ./fhir/... ./internal/... ./cmd/...

race: ## the short suite under the race detector (needs gcc)
	CGO_ENABLED=1 $(GO) test -race -short $(RACE)

lint: ## go vet, staticcheck, gofumpt, sizes
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	@out=$$($(GO) run mvdan.cc/gofumpt@v0.12.0 -l .); test -z "$$out" || { echo "not gofumpt clean:"; echo "$$out"; exit 1; }
	@big=$$(git ls-files '*.go' | xargs wc -l | awk '$$2 != "total" && $$1 > 500'); test -z "$$big" || { echo "files over 500 lines:"; echo "$$big"; exit 1; }

fuzz: ## each fuzz target for FUZZTIME (default 2s)
	@grep -roE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' $(or $(FUZZIN),.) | sort | while IFS=: read -r file target; do \
	  echo "$${file%/*} $${target#func }"; \
	  run() { $(GO) test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(or $(FUZZTIME),2s) -fuzzminimizetime 5x "$${file%/*}"; }; \
	  run || { echo "again: a worker may have been stopped at the deadline"; run; } || exit 1; \
	done

bench: ## print the figures of the design on this machine
	$(GO) run ./cmd/bench $(BENCH)

definitions: ## make the R4 tables again from HL7's files (needs npm)
	$(GO) run ./fhir/definition/generate

dictionary: ## train the compression dictionary of stored bodies
	$(GO) run ./internal/store/dictionary/train

conformance: ## black-box tests against BASE with CLIENT=name:secret (default: a gateway started here)
	$(if $(BASE),,@$(MAKE) --no-print-directory build)
	$(GO) run ./conformance $(if $(BASE),--base $(BASE),--jamii $(BIN)) $(if $(CLIENT),--user $(CLIENT))

dist: ## binaries for Linux, macOS and Windows in dist/
	@mkdir -p dist
	@for t in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
	  os=$${t%/*}; arch=$${t#*/}; ext=; [ $$os = windows ] && ext=.exe; \
	  echo "dist/jamii-$$os-$$arch$$ext"; \
	  CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/jamii-$$os-$$arch$$ext ./cmd/jamii || exit 1; \
	done

.PHONY: help run build test race lint fuzz bench definitions dictionary conformance dist
.DEFAULT_GOAL := help
