# Two commands do everything: `make run` and `make test`.
# Building needs Go only; the browser test needs Node and a Chromium.

SHELL := /bin/bash
GO ?= go
DEMO ?= demo
LISTEN ?= 127.0.0.1:8730
export CGO_ENABLED = 0

PROFILE = cmd/akashi/convert.pgo

.PHONY: build run test test-long go-test e2e tools lint generate bench bench-vs-duckdb fuzz clean

build: ## bin/akashi, by the profile of the converter (docs/PERFORMANCE.md), and bin/akashi-verify
	$(GO) build -trimpath -pgo=$(PROFILE) -o bin/akashi ./cmd/akashi
	$(GO) build -trimpath -ldflags='-s -w' -o bin/akashi-verify ./cmd/akashi-verify

run: build ## the demonstration company at http://127.0.0.1:8730
	bin/akashi demo --serve --listen $(LISTEN) $(DEMO)

test: ## everything; installs what the tests need where it may
	bash scripts/test.sh

test-long: ## the long forms of the fault tests, fuzzing for 10 minutes a target
	AKASHI_LONG=1 bash scripts/test.sh
	$(MAKE) fuzz FUZZTIME=10m

go-test:
	$(GO) vet ./...
	$(GO) test ./...

e2e: build
	bash scripts/e2e.sh

lint: ## golangci-lint, built from source the first time
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run

generate: ## rebuild the web assets from web/
	$(GO) generate ./internal/web

bench: ## decoding and converting on one core, docs/PERFORMANCE.md
	$(GO) test ./internal/evtx -run '^$$' -bench BenchmarkReadEVTX -benchmem -cpu 1
	GOMAXPROCS=1 $(GO) test ./internal/convert -pgo=$(CURDIR)/$(PROFILE) -run '^$$' -bench BenchmarkConvert -benchtime 2x

RECORDS ?= 20000000
bench-vs-duckdb: ## the record store beside DuckDB, docs/PERFORMANCE.md
	bash scripts/bench-duckdb.sh $(RECORDS)

FUZZTIME ?= 10m
fuzz:
	bash scripts/fuzz.sh $(FUZZTIME)

clean:
	rm -rf bin $(DEMO)
