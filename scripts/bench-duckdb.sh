#!/usr/bin/env bash
# Compares the record store with DuckDB on the same simulated records:
# scripts/bench-duckdb.sh RECORDS. Everything is made in a folder of its own
# (below AKASHI_BENCH_DIR when that is set) and removed at the end, unless
# AKASHI_BENCH_KEEP is set. Exit code 1: an answer differs.
set -euo pipefail
cd "$(dirname "$0")/.."
records=${1:?records}
CGO_ENABLED=0 go build -trimpath -o bin/akashi ./cmd/akashi
[ -d tools/duckbench/node_modules/@duckdb/node-api ] || (cd tools/duckbench && npm install --no-save --no-audit --no-fund --silent)
dir=$(mktemp -d "${AKASHI_BENCH_DIR:-${TMPDIR:-/tmp}}/akashi-duckdb-XXXXXX")
[ -n "${AKASHI_BENCH_KEEP:-}" ] || trap 'rm -rf "$dir"' EXIT
bin/akashi bench store --records "$records" --seed "${SEED:-1}" --servers "${SERVERS:-1}" --data "$dir/data" --keep --json \
  --parquet "$dir/parquet" --dump-answers "$dir/answers.jsonl" >"$dir/result.json"
node tools/duckbench/duckbench.mjs --answers "$dir/answers.jsonl" --result "$dir/result.json" --parquet "$dir/parquet" --scratch "$dir" --json "$dir/compared.json"
