#!/usr/bin/env bash
# Builds upstream's distribution into build/bench/otelcol, once: it takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
out=build/bench/otelcol
[ -x "$out/otelcol" ] && [ "$out/otelcol" -nt test/bench/endtoend/peer/otelcol.yaml ] && exit
mkdir -p "$out"
cp go.sum "$out/go.sum" # what both use, both use of the same content
CGO_ENABLED=0 "${GO:-go}" tool -modfile internal/tools/go.mod builder --config test/bench/endtoend/peer/otelcol.yaml --ldflags '-s -w'
