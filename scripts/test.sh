#!/usr/bin/env bash
# Runs every test. Installs what they need where it may (Debian packages as
# root, npm packages from the lock file) and says loudly what it left out.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
# With one set of flags everything is compiled once for vet, tests and programs.
export GOFLAGS="${GOFLAGS:-} -trimpath"
began=$SECONDS
step() { printf '== %s (%d s)\n' "$*" $((SECONDS - began)); }

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

step "format"
bad=$(gofmt -l cmd internal)
[ -z "$bad" ] || { echo "not gofmt-ed: $bad"; exit 1; }

scratch=$(mktemp -d /tmp/akashi-test-XXXXXX)
trap 'jobs -p | xargs -r kill 2>/dev/null || true; rm -rf "$scratch"' EXIT
# What comes over the network comes while Go compiles.
npm_into() { # FOLDER package words of npm…: in FOLDER, unless it has the package
  local dir=$1 has=$2; shift 2
  [ -d "$dir/node_modules/$has" ] || (cd "$dir" && npm "$@" --no-audit --no-fund --silent)
}
tools=${AKASHI_TOOLS:-$(dirname "$(go env GOCACHE)")/akashi-tools}
versitygw=github.com/versity/versitygw/cmd/versitygw@v1.8.0
minio=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
{
  ! command -v npm || { npm_into docs/reader fzstd ci; npm_into tools/duckbench @duckdb/node-api install --no-save; npm_into e2e axe-core ci; }
  [ -x "$tools/versitygw" ] || go install -n "$versitygw" 2>&1 | wc -l # fetches its sources
} >"$scratch/fetched" 2>&1 &
fetching=$!
go vet ./... &
vet=$!

step "counterparts; vet"
want_packages openssl openssl || skip "openssl: time stamps are not tested against a real authority"
want_packages pdftotext poppler-utils || skip "pdftotext: the text of reports is not read back"
want_packages evtxexport libevtx-utils || skip "libevtx (evtxexport): the EVTX writer is not compared with it"
export race=yes scratch
want_packages gcc gcc libc6-dev || race= # the one thing here that needs cgo
browser=yes
want_packages chromium-headless-shell chromium-headless-shell fonts-noto-cjk || want_packages chromium chromium fonts-noto-cjk || browser=
wait "$vet"
wait "$fetching" || cat "$scratch/fetched"
if ! command -v npm >/dev/null; then
  skip "independent reader of segments: no npm"
elif [ ! -d docs/reader/node_modules/fzstd ]; then
  skip "independent reader of segments: its npm package could not be installed"
fi

step "real S3 servers with Object Lock, built once and kept"
[ -x "$tools/versitygw" ] || GOBIN=$tools go install "$versitygw" || skip "versitygw: volumes on S3 are not tested against a real server"
[ -z "${AKASHI_LONG:-}" ] || [ -x "$tools/minio" ] || GOBIN=$tools go install "$minio" || skip "MinIO: volumes on S3 are not tested against it"

step "Go tests"
go build -o bin/akashi ./cmd/akashi
# Beside the tests, with what they leave of the processors: the programs for Windows, not
# optimised, which takes a quarter less, and the tests for the race detector.
nice -n 19 bash -ec '
  [ -z "$race" ] || CGO_ENABLED=1 go test -race -vet=off -c -o "$scratch/" ./internal/store ./internal/pool
  GOOS=windows GOARCH=amd64 go build -gcflags="all=-N -l" -o "$scratch/windows/" ./cmd/akashi ./cmd/akashi-verify
' >"$scratch/beside" 2>&1 &
beside=$!
# Tests sync thousands of times, for which a file system in memory takes no time. What a
# sync is for, they prove on simulated disks (fsx.Crash, fsx.Fault).
room=$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1) # KiB
memory=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo 2>/dev/null)
files=${TMPDIR:-/tmp}
if [ -z "${TMPDIR:-}" ] && [ "${room:-0}" -gt 8000000 ] && [ "${memory:-0}" -gt 10000000 ]; then files=/dev/shm; fi
patience=10m
[ -z "${AKASHI_LONG:-}" ] || patience=4h
GOTMPDIR=${GOTMPDIR:-/tmp} TMPDIR=$files go test -vet=off -timeout "$patience" ./... # go vet has said all that it would say

step "Windows build, programs with the race detector"
wait "$beside" || { cat "$scratch/beside"; exit 1; }

step "readers beside a writer, under the race detector"
if [ -n "$race" ]; then
  (cd internal/store && "$scratch/store.test" -test.timeout "$patience" -test.run 'TestReaders|TestDiskFull')
  (cd internal/pool && "$scratch/pool.test" -test.timeout "$patience" -test.short -test.skip 'TestPowerFailure|TestCallFails|TestS3Faults|TestPassphrase')
else
  skip "race detector: no gcc, and no right to install it"
fi

step "the pool loses a disk"
AKASHI=$PWD/bin/akashi bash scripts/demo-pool.sh >/dev/null

step "generated web assets are those of web/"
go generate ./internal/web
if git rev-parse --git-dir >/dev/null 2>&1; then
  git diff --exit-code --stat -- internal/web/static
fi

step "the record store beside DuckDB"
if ! command -v npm >/dev/null; then
  skip "comparison with DuckDB: no npm"
elif [ ! -d tools/duckbench/node_modules/@duckdb/node-api ]; then
  skip "comparison with DuckDB: its npm package could not be installed"
else
  node --test tools/duckbench/
  bash scripts/bench-duckdb.sh "${BENCH_RECORDS:-200000}"
  step "DuckDB reads every archive file"
  if [ -n "${AKASHI_LONG:-}" ]; then bash scripts/archive-duckdb.sh 30 60; else bash scripts/archive-duckdb.sh 3 10; fi
fi

step "browser"
if ! command -v npm >/dev/null; then
  skip "browser test: no npm"
elif [ -z "$browser" ]; then
  skip "browser test: no chromium, and no right to install it"
else
  bash scripts/e2e.sh
fi

step "end"
if [ ${#skipped[@]} -gt 0 ]; then
  printf 'passed, but left out:\n'; printf '  - %s\n' "${skipped[@]}"
else
  echo "passed, nothing left out"
fi
