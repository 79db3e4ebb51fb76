#!/usr/bin/env bash
# Seconds per training step, or epoch, and peak memory beside PyTorch, in alternating blocks:
#   bench/speed.sh step|epoch [PYTHON] [BLOCKS] [NAME/PRECISION...]
# PYTHON needs torch, transformers and pytorch-crf, and should hold the PyTorch that the worker links.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-step} python=${2:-python3} blocks=${3:-3}
models=("${@:4}")
[ ${#models[@]} -gt 0 ] || models=(text/float32 text/bfloat16 mmib/float32 mmib/bfloat16)
case $what in
step) bench=BenchmarkStep times=10x flags=() ;;
epoch) bench=BenchmarkEpoch times=1x flags=(--epoch) ;;
*) sed -n 2,4p "$0" >&2; exit 2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go test -tags torch -c -o "$work/model.test" ./model
for ((i = 1; i <= blocks; i++)); do
	for m in "${models[@]}"; do # each in a process of its own, for its peak memory
		(cd model && GOMP_SPINCOUNT=10000 "$work/model.test" -test.run '^$' -test.bench "^$bench\$/${m/\//\$/}\$" -test.benchtime $times) |
			sed -nE "s|^$bench/([a-z]+/[a-z0-9]+)(-[0-9]+)?[[:space:]]+[0-9]+[[:space:]]+([0-9.]+) ns/op[[:space:]]+([0-9.]+) peak-MiB.*|\1 \3 \4|p" |
			awk '{printf "ours %s %.4f %.0f\n", $1, $2 / 1e9, $3}' >>"$work/times"
		"$python" -W ignore bench/step.py --only "$m" "${flags[@]}" | sed 's/^/eager /' >>"$work/times"
		"$python" -W ignore bench/step.py --only "$m" "${flags[@]}" --best | sed 's/^/fused /' >>"$work/times"
		tail -n 3 "$work/times" >&2
	done
done
awk -v what="$what" '
	{ t[$1, $2] = t[$1, $2] " " $3; mib[$1, $2] = $4 > mib[$1, $2] ? $4 : mib[$1, $2]; models[$2] = 1 }
	function median(s,   a, n, i, j, x) {
		n = split(s, a, " ")
		for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j] + 0 < a[j - 1] + 0; j--) { x = a[j]; a[j] = a[j - 1]; a[j - 1] = x }
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	END {
		printf "%-16s %9s %9s %9s %9s %9s %9s %9s\n", what, "ours s", "eager s", "fused s", "to eager", "to fused", "ours MiB", "torch MiB"
		for (m in models) {
			o = median(t["ours", m]); e = median(t["eager", m]); f = median(t["fused", m])
			printf "%-16s %9.3f %9.3f %9.3f %9.2f %9.2f %9d %9d\n", m, o, e, f, o / e, o / f, mib["ours", m], mib["eager", m] | "sort"
		}
	}' "$work/times"
