#!/usr/bin/env bash
# The numbers that engine and store are to hold, as a table: bench/store.sh [NAME...], all rows or those whose names hold one of the words.
# A minute and a half on an otherwise idle machine of two processors. What lies in between runs is on $TMPDIR; large stores that are only read are made in /dev/shm where it can hold them.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOWORK=off
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ram=$work
[ ! -w /dev/shm ] || { ram=$(mktemp -d /dev/shm/mmibx-XXXXXX) && trap 'rm -rf "$work" "$ram"' EXIT; }

# row PLACE PACKAGE BENCHMARK PART TIMES COUNT UNIT SCALE TARGET WHAT: the line PART of a benchmark of Go, of which UNIT, divided by SCALE, is to be TARGET at most
# ("-": no target). It is run COUNT times, once for all its rows, and the median counts. PLACE is where its files lie.
row() {
	local place=$1 package=$2 benchmark=$3 part=$4 times=$5 count=$6 unit=$7 scale=$8 target=$9 what=${10}
	[ -z "$words" ] || grep -qE "$words" <<<"$what" || return 0
	local program=$work/${package//\//-}.test
	[ -x "$program" ] || go test -c -o "$program" "./$package"
	local out=$work/${package//\//-}-${benchmark//[^A-Za-z0-9]/} pattern="^Benchmark${benchmark//\//\$/^}\$"
	if [ ! -e "$out" ]; then
		echo "$what ..." >&2
		(cd "$package" && TMPDIR=$place "$program" -test.run '^$' -test.bench "$pattern" -test.benchtime "$times" -test.count "$count") >"$out" || { cat "$out" >&2; return 1; }
	fi
	awk -v unit="$unit" -v scale="$scale" -v target="$target" -v what="$what" -v part="Benchmark$part" \
		-v command="go test ./$package -run '^\$' -bench '$benchmark\$' -benchtime $times" '
		{ name = $1; sub(/-[0-9]+$/, "", name) }
		name == part { for (i = 3; i < NF; i++) if ($(i + 1) == unit) v[++n] = $i / scale }
		END {
			for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
			if (n == 0) { print "no " unit " of " part > "/dev/stderr"; exit 1 }
			m = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
			split(what, words, "; ")
			printf "| %s | %s | %s %s | %s | `%s` |\n", words[1], target == "-" ? "" : target " " words[2], m < 100 ? sprintf("%.3g", m) : sprintf("%.0f", m), words[2],
				target == "-" ? "" : m <= target ? "held" : "**not held**", command
		}' "$out"
}

# holds PACKAGES TESTS WHAT: tests that pass or do not.
holds() {
	[ -z "$words" ] || grep -qE "$words" <<<"$3" || return 0
	echo "$3 ..." >&2
	local said=held
	go test -count 1 $1 -run "$2" >"$work/tests" 2>&1 || { cat "$work/tests" >&2; said='**not held**'; }
	echo "| $3 | | | $said | \`go test $1 -run '$2'\` |"
}

words=$(IFS='|'; echo "$*")
disk=$work
echo "Load before: $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null || uptime); $(nproc) processors; $(git log -1 --format=%h)$([ -z "$(git status --porcelain -uno)" ] || echo ', with changes')."
echo
echo '| what | target | found | | command |'
echo '|---|---|---|---|---|'
row "$disk" tracker/journal Log Log 20x 5 ns/log 1000 3 'a log call of three metrics; us'
row "$disk" tracker Run Run 200x 5 ns/op 1e6 3 'a run without training, from its start to being seen (20 points, journal, sync, list); ms'
row "$ram" tracker TenThousandRuns 'TenThousandRuns/latest_100' 20x 1 ns/op 1e6 20 'of 10,000 runs: the latest 100; ms'
row "$ram" tracker TenThousandRuns 'TenThousandRuns/filter' 20x 1 ns/op 1e6 20 'of 10,000 runs: a filter of three conditions; ms'
row "$ram" tracker TenThousandRuns 'TenThousandRuns/sort_by_metric' 20x 1 ns/op 1e6 20 'of 10,000 runs: sorted by a metric; ms'
row "$ram" tracker TenThousandRuns 'TenThousandRuns/sort_by_key' 20x 1 ns/op 1e6 20 'of 10,000 runs: sorted by a key; ms'
row "$ram" tracker TenThousandRuns 'TenThousandRuns/all' 20x 1 ns/op 1e6 - 'all of 10,000 runs; ms'
row "$ram" tracker TenThousandRuns 'TenThousandRuns/nothing_to_sync' 20x 1 ns/op 1e6 - 'of 10,000 runs: a sync that finds nothing; ms'
row "$ram" tracker SeriesOf100000Points SeriesOf100000Points 10x 3 ns/op 1e6 100 'a series of 100,000 points read; ms'
row "$disk" tracker Sync Sync 3x 1 B/point 1 25 'bytes of a stored point; B'
row "$disk" tracker Sync Sync 3x 1 B/bare-point 1 - 'bytes of a point in a bare table; B'
row "$disk" tracker Sync Sync 3x 1 x-bare 1 - 'sync of a point, to a bare insert of it; x'
row "$ram" cmd/mmibx Process 'Process/fields' 5x 1 ns/op 1e6 - 'start of the program (`mmibx fields`); ms'
row "$ram" cmd/mmibx Process 'Process/runs_list_--limit_100' 5x 1 ns/op 1e6 50 '`mmibx runs list --limit 100` as a process, 10,000 runs; ms'
row "$ram" cmd/mmibx Process 'Process/export_metrics_--format_csv' 5x 1 ns/op 1e9 - 'export of the metrics of 10,000 runs as CSV; s'
row "$ram" cmd/mmibx Process 'Process/export_points_--format_parquet' 5x 1 ns/op 1e9 - 'export of their 200,000 points as Parquet; s'
row "$ram" cmd/mmibx 'UIRuns/first_paint' 'UIRuns/first_paint' 10x 1 ns/op 1e6 100 'first paint of the terminal UI, 10,000 runs; ms'
row "$ram" cmd/mmibx TableOfTenThousandRuns TableOfTenThousandRuns 3x 1 ns/op 1e9 1 'a LaTeX table of 10,000 runs, from the open database; s'
row "$ram" experiments 'Plan/seeds=1' 'Plan/seeds=1' 3x 1 ns/op 1e9 1 'a plan of 10,000 cells with identities; s'
row "$disk" experiments SweepPerRun SweepPerRun 1x 3 us/run 1e3 - 'what a sweep costs a run (at most 2 % of it, so runs are to take 50 times as long); ms'
holds './tracker/...' 'Kill|UnderFire|SeveralProcesses|EightProcesses|Full|ReadOnly|ClockJumps|ReaderOpen' 'nothing lost that a log call returned for, each run done once: 32 writers, kill -9, a full disk, a clock that jumps'
echo
echo "Load after: $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null || uptime)."
