#!/usr/bin/env bash
# Seconds per training step beside PyTorch eager, in alternating blocks: bench/step.sh [PYTHON] [BLOCKS]
# PYTHON needs torch, transformers and pytorch-crf, and should hold the PyTorch that the worker links.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3} blocks=${2:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go test -tags torch -c -o "$work/model.test" ./model
for ((i = 1; i <= blocks; i++)); do
	(cd model && OMP_WAIT_POLICY=passive "$work/model.test" -test.run '^$' -test.bench Step -test.benchtime 10x) |
		sed -nE 's|^BenchmarkStep/([a-z]+/[a-z0-9]+)(-[0-9]+)?[[:space:]]+[0-9]+[[:space:]]+([0-9.]+) ns/op.*|\1 \3|p' |
		awk '{printf "ours %s %.4f\n", $1, $2 / 1e9}' >>"$work/times"
	"$python" -W ignore bench/step.py | sed 's/^/eager /' >>"$work/times"
	"$python" -W ignore bench/step.py --best | sed 's/^/fused /' >>"$work/times"
done
sort "$work/times" | awk '
	{ t[$1, $2] = t[$1, $2] " " $3; models[$2] = 1 }
	function median(s,   a, n, i, j, x) {
		n = split(s, a, " ")
		for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j] + 0 < a[j - 1] + 0; j--) { x = a[j]; a[j] = a[j - 1]; a[j - 1] = x }
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	END {
		printf "%-16s %10s %10s %10s %10s %10s\n", "step", "ours s", "eager s", "fused s", "to eager", "to fused"
		for (m in models) {
			o = median(t["ours", m]); e = median(t["eager", m]); f = median(t["fused", m])
			printf "%-16s %10.3f %10.3f %10.3f %10.2f %10.2f\n", m, o, e, f, o / e, o / f | "sort"
		}
	}'
