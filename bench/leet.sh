#!/usr/bin/env bash
# The terminal UI beside `wandb leet`: time to the first paint and memory, in a pseudo-terminal: bench/leet.sh [FOLDER] [leet.py's flags]
# FOLDER holds the Python environment that wandb is installed into (about 200 MB); a new one is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-}
[ $# -eq 0 ] || shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=${folder:-$work/python}
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install -q --disable-pip-version-check wandb==0.31.0
GOWORK=off go build -o "$work/mmibx" ./cmd/mmibx
GOWORK=off go build -o "$work/ours" ./bench/ours
TMPDIR=$work "$folder/bin/python" -W ignore bench/leet.py "$work/mmibx" "$work/ours" "$@"
