#!/usr/bin/env bash
# Builds the commit that is checked out in two directories, and compares.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for place in one another/place; do
  git clone --quiet --no-hardlinks . "$work/$place"
  make --silent -C "$work/$place" build
done
cd "$work"
sha256sum one/bin/otelcol-arc another/place/bin/otelcol-arc
cmp one/bin/otelcol-arc another/place/bin/otelcol-arc
