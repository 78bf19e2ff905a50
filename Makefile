SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The linters are built from source by the go command, and run nothing else.
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI    := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
TESTFLAGS ?=

.PHONY: help
help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./allot
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o allot ./cmd/allot

.PHONY: demo
demo: ## try Allot: a sample shop and a server
	go run ./cmd/allot demo

.PHONY: test
test: deps static ## everything that must hold: formatting, vet, staticcheck, all tests with -race
	ALLOT_TEST_REQUIRE=all CGO_ENABLED=1 go test -race -timeout 15m $(TESTFLAGS) ./...
	cd test/browser && go vet ./... && ALLOT_TEST_REQUIRE=all go test -count=1 -timeout 10m $(TESTFLAGS) ./...

.PHONY: check
check: test lint ## what to run before a commit: test and lint

.PHONY: static
static: ## gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l .); [[ -z $$unformatted ]] || { echo "not formatted, run gofmt -w on:" $$unformatted >&2; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

.PHONY: lint
lint: ## golangci-lint (building it takes minutes, once)
	$(GOLANGCI) run ./...

.PHONY: soak
soak: ## the long tests in full size: up to an hour
	ALLOT_SOAK=1 ALLOT_TEST_REQUIRE=all go test -count=1 -v -timeout 60m -run '^TestSoak' ./...
	cd test/browser && ALLOT_SOAK=1 ALLOT_TEST_REQUIRE=all go test -count=1 -v -timeout 10m -run '^TestSoak' .

.PHONY: bench
bench: ## go's benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: pictures
pictures: ## take the pictures of the documentation anew
	cd test/browser && go test -count=1 -run Pictures . -pictures

.PHONY: deps
deps: ## install what the tests need besides Go (Debian, as root)
	@scripts/deps

.PHONY: clean
clean: ## remove what was built
	rm -f allot *.test *.prof
