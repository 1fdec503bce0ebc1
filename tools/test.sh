#!/bin/sh
# Runs every test on the database server that testcluster started, and prints the counts.
set -u
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
failed=0

echo "── web app: types (its unit tests run with those of web/build)"
if ! (make -s -C web/app/types && cd web/app && node_modules/.bin/tsc --noEmit); then
	echo "the type check failed"
	echo '{"Action":"fail","Package":"web/app","Test":"Types"}' >>"$results/front"
	failed=1
else
	echo '{"Action":"pass","Package":"web/app","Test":"Types"}' >>"$results/front"
fi

echo "── Go: with the race detector, on PostGIS"
export GOFLAGS="${GOFLAGS:-} -count=1"
go test -race -timeout 20m -p 2 -json ./... >"$results/go" 2>"$results/go.err" || failed=1
# Two engines once more at full speed: the extracts and the numbers of questions that are too large for the race detector.
go test -json ./routing/road ./geo/cells >>"$results/go" 2>>"$results/go.err" || failed=1
go -C web/build test -json ./... >>"$results/go" 2>>"$results/go.err" || failed=1
[ -s "$results/go.err" ] && cat "$results/go.err" >&2

bin/testreport "$results" || failed=1
exit $failed
