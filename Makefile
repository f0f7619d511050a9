GO ?= go
GOFMT = $(shell $(GO) env GOROOT)/bin/gofmt
WITH_POSTGRES = $(GO) run ./internal/pgtest/withpostgres

.PHONY: test setup check race faults year broken bench run

# Everything, on a clean clone: installs what is missing, then format, vet,
# staticcheck and all tests, with both databases and the browser. Tests wait for
# databases, programs and pages, so more of them run at once than there are cores.
test: setup check
	$(WITH_POSTGRES) $(GO) test -parallel 4 -timeout 40m ./...

setup:
	@./.ci/setup

check:
	@unformatted=$$($(GOFMT) -l .) && { [ -z "$$unformatted" ] || { echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; }; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# The same tests under the race detector, which needs a C compiler.
race: setup
	$(WITH_POSTGRES) $(GO) test -race -timeout 30m ./...

# Programs with one thing wrong, each of which some test must notice.
broken: setup
	$(WITH_POSTGRES) $(GO) test -tags broken -run TestBroken -timeout 180m ./internal/servicing ./cmd/marque

# The program stopped at every point of both databases' ways, and killed 200 times
# at random on each. make test stops it at each point once.
faults: setup
	$(WITH_POSTGRES) $(GO) test -tags faults -v -run 'TestTheProgramStops|TestKilledAtRandom|TestTwoPrograms|TestTheDatabaseIs|TestWhatIsAskedFor' -timeout 120m ./internal/fault ./cmd/marque

# A year of 10,000 borrowers, day by day. make test walks it with a few.
year: setup
	$(GO) test -v -run TestAYearOfBorrowers -timeout 120m ./internal/servicing -args -borrowers 10000

# Every benchmark as one table; writes no file.
bench: setup
	@{ $(WITH_POSTGRES) -durable $(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./... || echo "FAIL: go test"; } | awk -f .ci/bench.awk

run:
	$(GO) run ./cmd/marque demo
