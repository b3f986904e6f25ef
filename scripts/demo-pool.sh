#!/usr/bin/env bash
# The pool at work: a demonstration company, three volumes, a disk that is pulled out
# while the archive is sealed, healing, and a verification that finds nothing wrong.
#   scripts/demo-pool.sh [FOLDER]     FOLDER is made and stays; else a temporary one goes
# AKASHI names the program; else it is built.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${1:-}" ]; then
  work=$1
  mkdir "$work"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
work=$(cd "$work" && pwd)
if [ -z "${AKASHI:-}" ]; then
  AKASHI=$work/akashi
  CGO_ENABLED=0 go build -trimpath -o "$AKASHI" ./cmd/akashi
fi
data=$work/data

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'demo-pool: %s\n' "$*" >&2; exit 1; }
ends() { # CODE command…: the command must end with this code
  local want=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" = "$want" ] || fail "$* ended with $got, want $want"
}
objects() { find "$1" -type f \( -name '*.parquet' -o -name '*.akr' \) 2>/dev/null | wc -l; }

say "a demonstration company"
"$AKASHI" demo "$data" >/dev/null

say "three volumes, two copies of everything"
for v in disk-a disk-b disk-c; do
  "$AKASHI" pool add --data "$data" --name "$v" --class 3 "$work/$v"
done
"$AKASHI" pool set --data "$data" --copies 2
"$AKASHI" pool drain --data "$data" archive
"$AKASHI" pool remove --data "$data" archive

say "the archive is sealed, and disk-b is pulled out in the middle"
"$AKASHI" archive seal --data "$data" --all >"$work/seal.txt" 2>"$work/seal.err" &
seal=$!
for _ in $(seq 3000); do
  [ "$(objects "$work/disk-b")" -lt 3 ] || break
  kill -0 "$seal" 2>/dev/null || break
  sleep 0.02
done
kill -0 "$seal" 2>/dev/null || { cat "$work/seal.txt" "$work/seal.err"; fail "the sealing was over before the disk could be pulled out"; }
mv "$work/disk-b" "$work/pulled-out"
echo "pulled out with $(objects "$work/pulled-out") objects on it"
wait "$seal" || { cat "$work/seal.err"; fail "the sealing did not survive"; }
tail -n 1 "$work/seal.txt"

say "the pool says what is missing"
ends 3 "$AKASHI" pool status --data "$data"

say "the disk is given up, and its copies are made again"
"$AKASHI" pool lost --data "$data" disk-b
"$AKASHI" pool heal --data "$data"
"$AKASHI" pool remove --data "$data" disk-b

say "every copy is read"
ends 0 "$AKASHI" pool scrub --data "$data"
ends 0 "$AKASHI" pool status --data "$data"

say "verification: each volume by itself, and the data folder"
for v in disk-a disk-c; do
  ends 0 "$AKASHI" verify "$work/$v"
done
ends 0 "$AKASHI" verify "$data"

say "the disk is found again: it knows what it is"
mv "$work/pulled-out" "$work/disk-b"
"$AKASHI" pool add --data "$data" --name disk-b --class 3 "$work/disk-b"
"$AKASHI" pool heal --data "$data"
ends 0 "$AKASHI" pool scrub --data "$data"
ends 0 "$AKASHI" verify "$work/disk-b"
ends 0 "$AKASHI" verify "$data"

say "everything is in order"
