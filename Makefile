# make run    sets everything up and serves on http://127.0.0.1:8080
#             OSM=FILE.osm.pbf   streets and map from this extract (else Liechtenstein, else a generated town)
#             ADDR=HOST:PORT     DATA=FOLDER     DATABASE_URL=postgres://…
# make test   installs what the tests need and runs all of them
#             EXTRACTS=FOLDER and BENCH=FOLDER also run the tests on real data found there
#             CHROMIUM=PATH      the browser for the browser tests

.PHONY: run test ui build check clean shots bench-vrp bench-import bench-geocode bench-tiles bench-pan map-pictures bench-road bench-region bench-records bench-bulk bench-territory bench-territories openapi
.DEFAULT_GOAL := run
export CGO_ENABLED = 1

run:
	@tools/need.sh run
	@echo "Building …"
	@$(MAKE) --no-print-directory ui
	@go build -o bin/catchment ./cmd/catchment
	@exec bin/catchment up

ui:
	@go -C web/build run .

build: ui
	@go build -o bin/catchment ./cmd/catchment

test:
	@tools/need.sh test
	@$(MAKE) --no-print-directory build
	@go build -o bin/testcluster ./cmd/testcluster
	@go build -o bin/testreport ./cmd/testreport
	@bin/testcluster -- tools/test.sh

check:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "gofmt would change these files"; exit 1; }
	@go vet ./...
	@$(MAKE) --no-print-directory -s -C web/app/types
	@cd web/app && node_modules/.bin/tsc --noEmit

shots: build
	@go build -o bin/testcluster ./cmd/testcluster
	@SHOTS=$(or $(SHOTS),test-results/shots) bin/testcluster -- go test -count=1 -run 'Gallery' ./e2e

openapi:
	@go run ./cmd/testcluster -- go test -count=1 -run OpenAPI ./web/... -update
	@$(MAKE) --no-print-directory -C web/app/types

# BENCH=FOLDER: plans the published instances and compares with the best known, then measures slots, cancels, emergencies and a week of
# 6,000 visits; QUICK=1: a part of about a quarter of an hour
bench-vrp:
	@BENCH=$(BENCH) go test ./routing/vrp/instances -run '^$$' -bench 'Sets|Bars' -benchtime 1x -timeout 9h $(if $(QUICK),-quick,-seeds 3)

# EXTRACTS=FOLDER: whole imports (streets as set-up prepares them, map with thinned copies, addresses, swapped in), time and peak
bench-import:
	@go run ./cmd/testcluster -- go test -count=1 -run '^$$' -bench Import -benchtime 1x -timeout 30m ./geo/extract

# EXTRACTS=FOLDER: 2,000 addresses written as people mistype them; suggestions, reverse
bench-geocode:
	@go run ./cmd/testcluster -- go test -count=1 -run '^$$' -bench Geocode -benchtime 1x -timeout 30m ./geo/geocode

# EXTRACTS=FOLDER: every base-map tile of a country, uncached, by zoom
bench-tiles:
	@go run ./cmd/testcluster -- go test -count=1 -run '^$$' -bench Tile -benchtime 1x -timeout 30m ./geo/basemap

# EXTRACTS=FOLDER: pans over new land in a browser, until everything is drawn
bench-pan: ui
	@go run ./cmd/testcluster -- go test -count=1 -run '^$$' -bench Pan -benchtime 3x -timeout 10m ./e2e

# EXTRACTS=FOLDER SHOTS=FOLDER: the map at zoom 8, 11, 13, 15 and 17, light and dark, as pictures to be looked at
map-pictures: ui
	@SHOTS=$(or $(SHOTS),$(CURDIR)/test-results/map) go run ./cmd/testcluster -- go test -count=1 -run 'MapPictures' -timeout 10m ./e2e

# EXTRACTS=FOLDER, BENCH=FOLDER: the street engine over HTTP beside OSRM's figures; MOSAIC=FILE: on the mosaic too
bench-road:
	@go build -o bin/benchroad ./cmd/benchroad
	@bin/benchroad
	@$(if $(MOSAIC),bin/benchroad -mosaic -extract $(MOSAIC))
	@go test -count=1 -run '^$$' -bench . -timeout 30m ./routing/road

# PLACES=N: snapshots of regions against PostGIS in the same run; then what following costs writers, and freshness
bench-region:
	@go run ./cmd/testcluster -- go run ./cmd/benchregion $(if $(PLACES),-places $(PLACES))
	@go run ./cmd/testcluster -- go run ./cmd/benchfollow

# BENCH=FOLDER: territories of published tracts and planar sets against their objectives, LIMIT=20s each; a million
# accounts; edits by hand; drift
bench-territory bench-territories:
	@BENCH=$(BENCH) LIMIT=$(LIMIT) go test -count=1 -run '^$$' -bench . -benchtime 1x -timeout 60m ./territories/carve

# ACCOUNTS=N: lists, search box and duplicates over that many accounts and what belongs to them, by people of each scope
bench-records:
	@go run ./cmd/testcluster -- go run ./cmd/benchrecords $(if $(ACCOUNTS),-accounts $(ACCOUNTS))

# ACCOUNTS=N: accounts with site, events and journal by the bulk path, on a cluster that flushes every commit
bench-bulk:
	@go run ./cmd/benchbulk $(if $(ACCOUNTS),-accounts $(ACCOUNTS))

clean:
	rm -rf bin web/dist/* web/app/node_modules test-results
