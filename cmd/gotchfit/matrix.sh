#!/usr/bin/env bash
# Fits gotch to several versions of PyTorch, one beside the other under .deps/matrix, and runs a small program on each. `make fit-matrix` calls it.
# usage: cmd/gotchfit/matrix.sh VERSION...
set -euo pipefail
cd "$(dirname "$0")/../.."
gotchfit=$PWD/bin/gotchfit
GOWORK=off go build -o "$gotchfit" ./cmd/gotchfit

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
printf 'PyTorch\tABI\tpruned\tfit s\tbuild s\tprobe\tmodel tests\n' >"$rows"
failed=0

for version in "$@"; do
	deps=.deps/matrix/$version
	echo "== PyTorch $version in $deps"
	start=$SECONDS
	manifest=$("$gotchfit" --pytorch "$version" --deps "$deps" --json)
	fit=$((SECONDS - start))
	field() { sed -n "s/^  \"$1\": \"*\([^\",]*\)\"*,*$/\1/p" <<<"$manifest"; }

	start=$SECONDS
	echo "== compiling gotch and the probe against it (2 to 3 minutes the first time)"
	torch=(-tags torch -overlay "$deps/overlay.json")
	GOWORK=$PWD/$deps/go.work go build "${torch[@]}" -o "$deps/probe" ./cmd/gotchfit/testdata/probe
	build=$((SECONDS - start))

	probe=$("$deps/probe" 2>&1) || failed=1
	tests=ok
	GOWORK=$PWD/$deps/go.work go test -timeout 30m "${torch[@]}" ./model/... || { tests=FAIL failed=1; }
	printf '%s\t%s\t%d\t%d\t%d\t%s\t%s\n' "$(field pytorch)" "$(field abi)" "$(grep -c '^    "atg' <<<"$manifest")" "$fit" "$build" "$probe" "$tests" >>"$rows"
done

echo
column -t -s $'\t' <"$rows" 2>/dev/null || cat "$rows"
exit $failed
