#!/usr/bin/env bash
# Builds upstream's distribution into build/bench/otelcol, once: it takes minutes. go.sum has
# the checksums of the modules that ours does not have.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../../.." && pwd)
out=$root/build/bench/otelcol
peer=$root/test/bench/endtoend/peer
go=${GO:-go}
[ -x "$out/otelcol" ] && [ "$out/otelcol" -nt "$peer/otelcol.yaml" ] && [ "$out/otelcol" -nt "$peer/go.sum" ] && exit
mkdir -p "$out"
cd "$root"
cat go.sum "$peer/go.sum" > "$out/go.sum"
# Last, the builder downloads the modules for all systems, of which some may be unavailable. What
# this system needs is downloaded by the build.
"$go" tool -modfile internal/tools/go.mod builder --config "$peer/otelcol.yaml" --skip-compilation || test -f "$out/go.mod"
cd "$out"
CGO_ENABLED=0 "$go" build -trimpath -tags grpcnotrace -ldflags '-s -w' -o otelcol .
