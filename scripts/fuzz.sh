#!/usr/bin/env bash
# Runs each fuzz target for the given time: scripts/fuzz.sh 10m [package]
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10m}
for pkg in $(go list "${2:-./...}"); do
  for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
    echo "== $pkg $target $time"
    go test "$pkg" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
  done
done
