#!/usr/bin/env bash
# The store beside Optuna, MLflow, Trackio and W&B offline, all measured in this run: bench/rivals.sh [FOLDER] [rivals.py's flags]
# FOLDER holds the Python environment that the rivals are installed into (about 1 GB); a new one is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-}
[ $# -eq 0 ] || shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=${folder:-$work/python}
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install -q --disable-pip-version-check optuna==5.0.0 mlflow==3.17.2 trackio==0.43.0 wandb==0.31.0
GOWORK=off go build -o "$work/ours" ./bench/ours
TMPDIR=$work "$folder/bin/python" -W ignore bench/rivals.py "$work/ours" "$@"
