#!/usr/bin/env bash
# Makes this example from nothing: the sweeps, the packed store, the reports. Needs mmibx, and mmibx-worker beside it, on PATH.
set -euo pipefail
cd "$(dirname "$0")"
export MMIBX_STORE=${MMIBX_STORE:-$PWD/store}
for sweep in example tuning beta-size; do
	mmibx sweep $sweep.toml -j "${JOBS:-2}"
done

# listed prints what a query finds; pack NAME puts these files of the store into NAME.tar.bz2, in their order: like packs well beside like.
listed() { mmibx sql --csv "$1" | tail -n +2 | tr -d '\r'; }
pack() { tar -c -C "$MMIBX_STORE" --mtime=@946684800 --owner=0 --group=0 --numeric-owner --mode=644 -T - | bzip2 -9 > "$1.tar.bz2"; }

# What the reports read: the plans, the journals, what the runs predicted on dev, and the codes that the figure of latents shows.
printf 'sweeps/%s/plan.json\n' example example-tuning example-beta-size | pack plans
for benchmark in mini-twitter2015 mini-twitter2017 mini-mnre; do
	listed "SELECT 'runs/' || run || '/' || attempt || '/journal' FROM attempts JOIN runs ON id = run WHERE sweeps LIKE '%example%' AND benchmark = '$benchmark' ORDER BY label, seed" | pack journals-$benchmark
done
listed "SELECT 'objects/' || substr(sha256, 1, 2) || '/' || sha256 FROM artifacts JOIN runs ON id = run WHERE sweeps LIKE '%example%' AND (name = 'predictions.dev' OR name = 'codes.dev' AND label = 'mmib' AND seed = 0) GROUP BY sha256 ORDER BY name, benchmark, label, seed" | pack objects

rm -rf report report-tuning report-beta-size
mmibx report example --table methods.toml --table regularizers --table sanity.toml --table encoders.toml --figures beta,bottleneck,temperature,rate,gap,robustness,curves,plane,plane-training,types,cases,latents,cost -o report
mmibx report example-tuning --table tuning --figures budget -o report-tuning
mmibx report example-beta-size --figures heatmap -o report-beta-size
