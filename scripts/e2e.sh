#!/usr/bin/env bash
# Browser test against the real binary.
set -euo pipefail
cd "$(dirname "$0")/.."
CGO_ENABLED=0 go build -trimpath -o bin/akashi ./cmd/akashi
cd e2e
[ -d node_modules/playwright-core ] && [ -d node_modules/axe-core ] || npm ci --no-audit --no-fund --silent
AKASHI_BIN="$PWD/../bin/akashi" node --test --test-reporter=spec .
