#!/usr/bin/env bash
# Browser test against the real binary, four files at a time. The demonstration
# company is made once; each file that needs it serves a copy. AKASHI_LONG shows
# every journey in all eight looks; AKASHI_SHOTS keeps pictures in e2e/shots.
set -euo pipefail
cd "$(dirname "$0")/.."
CGO_ENABLED=0 go build -trimpath -o bin/akashi ./cmd/akashi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
bin/akashi demo "$made/demo" >/dev/null
cd e2e
[ -d node_modules/playwright-core ] && [ -d node_modules/axe-core ] || npm ci --no-audit --no-fund --silent
AKASHI_BIN="$PWD/../bin/akashi" AKASHI_DEMO="$made/demo" node --test --test-concurrency=4 --test-reporter=spec .
