#!/usr/bin/env bash
# Makes this example from nothing: the sweep, the packed store, the report. Needs mmibx, and mmibx-worker beside it, on PATH.
set -euo pipefail
cd "$(dirname "$0")"
export MMIBX_STORE=${MMIBX_STORE:-$PWD/store}
mmibx sweep example.toml -j "${JOBS:-2}"

# What the report reads: the plan, the journals, what the runs predicted on dev, and the codes that the figure of latents shows.
journals() {
	echo sweeps/example/plan.json
	mmibx sql --csv "SELECT 'runs/' || run || '/' || attempt || '/journal' FROM attempts JOIN runs ON id = run WHERE ' ' || sweeps || ' ' LIKE '% example %'" | tail -n +2
}
objects() {
	mmibx sql --csv "SELECT DISTINCT 'objects/' || substr(sha256, 1, 2) || '/' || sha256 FROM artifacts JOIN runs ON id = run WHERE (name = 'predictions.dev' OR name = 'codes.dev' AND label = 'mmib' AND seed = 0) AND ' ' || sweeps || ' ' LIKE '% example %'" | tail -n +2
}
for part in journals objects; do
	$part | tr -d '\r' | LC_ALL=C sort | tar -c -C "$MMIBX_STORE" --mtime=@946684800 --owner=0 --group=0 --numeric-owner --mode=644 -T - | bzip2 -9 > $part.tar.bz2
done
mmibx report example -o report
