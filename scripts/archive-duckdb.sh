#!/usr/bin/env bash
# Seals a demonstration company and lets DuckDB read every archive file of it: all
# columns of all records are compared with what akashi reads.
# scripts/archive-duckdb.sh DAYS PEOPLE. Exit code 1: something differs.
set -euo pipefail
cd "$(dirname "$0")/.."
days=${1:?days} people=${2:?people}
CGO_ENABLED=0 go build -trimpath -o bin/akashi ./cmd/akashi
[ -d tools/duckbench/node_modules/@duckdb/node-api ] || (cd tools/duckbench && npm install --no-save --no-audit --no-fund --silent)
dir=$(mktemp -d "${AKASHI_BENCH_DIR:-${TMPDIR:-/tmp}}/akashi-archive-XXXXXX")
trap 'rm -rf "$dir"' EXIT
bin/akashi demo --days "$days" --people "$people" "$dir/data" >/dev/null
bin/akashi archive seal --data "$dir/data" --all >/dev/null
events=$(bin/akashi archive export --data "$dir/data" --json "$dir/out" | node -e 'console.log(JSON.parse(require("fs").readFileSync(0, "utf8")).events)')
node tools/duckbench/archive.mjs --archive "$dir/data/archive" --export "$dir/out" --events "$events"
