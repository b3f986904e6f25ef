#!/usr/bin/env bash
# Runs every test. Installs what they need where it may (Debian packages as
# root, npm packages from the lock file) and says loudly what it left out.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

skipped=()
skip() { skipped+=("$1"); printf '\n*** LEFT OUT: %s ***\n\n' "$1"; }

want_packages() { # command package…: install packages unless the command is there
  local cmd=$1; shift
  command -v "$cmd" >/dev/null && return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  [ -n "${apt_updated:-}" ] || { apt-get update -qq >/dev/null && apt_updated=1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  command -v "$cmd" >/dev/null
}

echo "== format"
bad=$(gofmt -l cmd internal)
[ -z "$bad" ] || { echo "not gofmt-ed: $bad"; exit 1; }

echo "== counterparts"
want_packages openssl openssl || skip "openssl: time stamps are not tested against a real authority"
want_packages pdftotext poppler-utils || skip "pdftotext: the text of reports is not read back"
want_packages evtxexport libevtx-utils || skip "libevtx (evtxexport): the EVTX writer is not compared with it"

if ! command -v npm >/dev/null; then
  skip "independent reader of segments: no npm"
elif ! { [ -d docs/reader/node_modules/fzstd ] || (cd docs/reader && npm ci --no-audit --no-fund --silent); }; then
  skip "independent reader of segments: its npm package could not be installed"
fi

# A real S3 server with Object Lock, built once and kept.
tools=${AKASHI_TOOLS:-$(dirname "$(go env GOCACHE)")/akashi-tools}
if [ ! -x "$tools/versitygw" ] && ! GOBIN=$tools go install github.com/versity/versitygw/cmd/versitygw@v1.8.0; then
  skip "versitygw: volumes on S3 are not tested against a real server"
fi
if [ -n "${AKASHI_LONG:-}" ] && [ ! -x "$tools/minio" ] && ! GOBIN=$tools go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c; then
  skip "MinIO: volumes on S3 are not tested against it"
fi

echo "== vet and Go tests"
go vet ./...
go test ${AKASHI_LONG:+-timeout 4h} ./...

echo "== readers beside a writer, under the race detector"
if want_packages gcc gcc libc6-dev; then # the one thing here that needs cgo
  CGO_ENABLED=1 go test -race ${AKASHI_LONG:+-timeout 1h} ./internal/store -run 'TestReaders|TestDiskFull'
  CGO_ENABLED=1 go test -race ${AKASHI_LONG:+-timeout 4h} -short ./internal/pool -skip 'TestPowerFailure|TestCallFails|TestS3Faults|TestPassphrase'
else
  skip "race detector: no gcc, and no right to install it"
fi

echo "== the pool loses a disk"
bash scripts/demo-pool.sh >/dev/null

echo "== generated web assets are those of web/"
go generate ./internal/web
if git rev-parse --git-dir >/dev/null 2>&1; then
  git diff --exit-code --stat -- internal/web/static
fi

echo "== Windows build"
GOOS=windows GOARCH=amd64 go build -o /dev/null ./cmd/akashi
GOOS=windows GOARCH=amd64 go build -o /dev/null ./cmd/akashi-verify

echo "== the record store beside DuckDB"
if ! command -v npm >/dev/null; then
  skip "comparison with DuckDB: no npm"
elif ! { [ -d tools/duckbench/node_modules/@duckdb/node-api ] || (cd tools/duckbench && npm install --no-save --no-audit --no-fund --silent); }; then
  skip "comparison with DuckDB: its npm package could not be installed"
else
  node --test tools/duckbench/
  bash scripts/bench-duckdb.sh "${BENCH_RECORDS:-200000}"
  echo "== DuckDB reads every archive file"
  if [ -n "${AKASHI_LONG:-}" ]; then bash scripts/archive-duckdb.sh 30 60; else bash scripts/archive-duckdb.sh 3 10; fi
fi

echo "== browser"
if ! command -v npm >/dev/null; then
  skip "browser test: no npm"
elif ! want_packages chromium-headless-shell chromium-headless-shell fonts-noto-cjk && ! want_packages chromium chromium fonts-noto-cjk; then
  skip "browser test: no chromium, and no right to install it"
else
  bash scripts/e2e.sh
fi

echo
if [ ${#skipped[@]} -gt 0 ]; then
  printf 'passed, but left out:\n'; printf '  - %s\n' "${skipped[@]}"
else
  echo "passed, nothing left out"
fi
