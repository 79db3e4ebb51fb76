#!/usr/bin/env bash
# Draws the pictures of a page of the guide anew: `docs/guide/screens.sh docs/guide/terminal-ui.md`. Each line of the page that is `mmibx --snapshot SCREEN ...`
# is run, with mmibx from PATH and the store of $MMIBX_STORE, and makes docs/images/PAGE-SCREEN.svg. Screens after the page: only those. That of the
# machine is drawn while a sweep runs.
set -euo pipefail
page=$1
images=$(dirname "$page")/../images/$(basename "$page" .md)
sed -n 's/^`\(mmibx --snapshot .*\)`$/\1/p' "$page" | while read -r line; do
	read -r _ _ screen _ <<<"$line"
	if [ $# -eq 1 ] || [[ " ${*:2} " == *" $screen "* ]]; then
		eval "$line --svg '$images-$screen.svg'" </dev/null
		if grep -q '✗ .*not found' "$images-$screen.svg"; then
			echo "$images-$screen.svg shows a fault: $line" >&2
			exit 1
		fi
	fi
done
