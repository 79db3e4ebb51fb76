# mmibx: one command for each thing one does with it. `make` lists them.
SHELL       := bash
.ONESHELL:
.SHELLFLAGS := -eo pipefail -c
MAKEFLAGS   += --no-print-directory

# FIT are flags of gotchfit, such as FIT='--libtorch DIR'; RUN picks tests, such as RUN=TestKey; MATRIX are versions of PyTorch.
FIT    ?=
RUN    ?=
MATRIX ?= 2.11.0 2.6.0

GOTEST := go test -timeout 20m $(if $(RUN),-run '$(RUN)')
# What -v adds for tests that pass is noise; that a test was skipped, and for want of what, is not.
LOUD   := grep --line-buffered -Ev '^ *(=== (RUN|PAUSE|CONT|NAME)|--- PASS|PASS$$)|\[rapid\] OK'

.PHONY: help fit build run test quick lint bench golden fit-matrix clean

help: ## list these targets
	@echo 'mmibx: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo 'The first fit takes the PyTorch it finds, or downloads one (550 MB); the first build compiles gotch (2 to 3 minutes). Both are kept.'

run: build ## set up, build, and run the demo: from a fresh clone to figures and a table
	@bin/mmibx demo

fit: ## fit gotch to the PyTorch at hand (docs/reference/setup.md)
	@mkdir -p bin
	@GOWORK=off go build -o bin/gotchfit ./cmd/gotchfit
	@bin/gotchfit $(FIT)

build: fit ## bin/mmibx (without libtorch) and bin/mmibx-worker (with it)
	@echo '== building bin/mmibx'
	@go build -o bin/ ./cmd/mmibx
	@echo '== building bin/mmibx-worker (the first time: 2 to 3 minutes for gotch)'
	@go build -tags torch -o bin/ ./cmd/mmibx-worker

# Packages are tested beside each other: threads of OpenMP that spin while they wait would starve one another.
test fit-matrix: export OMP_WAIT_POLICY = passive
test: build ## all tests; one that lacks an outside part is skipped and says so
	@echo '== go vet'
	@go vet -tags torch ./...
	@echo '== go test'
	@$(GOTEST) -v -tags torch ./... 2>&1 | $(LOUD)

quick: ## the tests that need no torch, on a bare checkout too
	@GOWORK=off $(GOTEST) ./...

lint: ## golangci-lint where it is installed, else go vet and gofmt
	@if command -v golangci-lint >/dev/null; then
		golangci-lint run --build-tags torch ./...
	else
		echo 'golangci-lint is not installed (72 MB, 4 minutes): go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0'
		echo '== go vet and gofmt instead'
		go vet -tags torch ./...
		unformatted=$$(git ls-files '*.go' | xargs gofmt -l)
		if [ -n "$$unformatted" ]; then echo "not formatted: $$unformatted"; exit 1; fi
	fi

bench: build ## the benchmarks of every package
	@go test -tags torch -timeout 60m -run '^$$' -bench . -benchmem ./...

golden: fit ## write the golden files anew, of the packages that have some
	@for package in $$(git grep -lE 'charmbracelet/x/exp/golden|flag\.Bool\("update"' -- '*_test.go' | xargs -r -n1 dirname | sort -u); do
		go test -tags torch "./$$package" -update
	done

fit-matrix: ## fit, build and probe an older PyTorch beside the newest (770 MB to download)
	@cmd/gotchfit/matrix.sh $(MATRIX)

clean: ## remove what was built and fitted; results and the downloaded PyTorch stay
	@rm -rf bin .deps/gotch .deps/matrix .deps/manifest.json go.work go.work.sum model/torch/flags_fitted.go
	@echo 'kept: .deps/torch (the download), mmibx-runs and mmibx-demo (results)'
