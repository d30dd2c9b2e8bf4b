#!/usr/bin/env bash
# Runs every fuzz target for the given time.  usage: fuzz.sh DURATION
set -euo pipefail
each=$1
git grep -lE '^func Fuzz' -- '*_test.go' | while read -r file; do
  pkg=./$(dirname "$file")
  grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | cut -d' ' -f2 | while read -r target; do
    echo "== $pkg $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" "$pkg" </dev/null
  done
done
