#!/usr/bin/env bash
# Fuzzes each target of the repository for the time given, 30s each if none is. A
# package is compiled once for all its targets.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=$(go env GOCACHE)/fuzz
mkdir -p "$cache"

grep -rl --include='*_test.go' --exclude-dir=build '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r package; do
  go test -c -o "$work/test" -fuzz . "$package"
  for target in $(grep -ho --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' "$package"/*_test.go | cut -c6-); do
    echo "$package $target"
    # What is found is written to the package's testdata, to be committed.
    if ! (cd "$package" && "$work/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzcachedir "$cache/${package#./}" -test.fuzzminimizetime 5s) 2>&1 | tee "$work/log"; then
      # Before Go 1.27 the end of the fuzzing time is sometimes reported as a failure
      # without a failing input: https://go.dev/issue/75804.
      grep -q '^ *context deadline exceeded$' "$work/log" && ! grep -q 'Failing input' "$work/log"
    fi
  done
done
