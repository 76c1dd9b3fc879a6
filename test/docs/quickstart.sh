#!/usr/bin/env bash
# The quick start by the clock: from git clone to a priced call on the Prometheus page.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
clone=$(mktemp -d)
collector=
trap '[ -z "$collector" ] || kill "$collector"; rm -rf "$clone"' EXIT

SECONDS=0
git clone --quiet "$source" "$clone"
cd "$clone"
make build >make.log 2>&1 || { cat make.log >&2; exit 1; }
echo "built after $SECONDS s"
bin/otelcol-arc --config config/default.yaml >collector.log 2>&1 &
collector=$!
until curl -sf http://localhost:8123/v1/events -H 'Content-Type: application/json' -o answer.json \
  -d '{"model": "gpt-4o", "prompt_tokens": 1000, "completion_tokens": 500, "duration_seconds": 1.5}'; do
  kill -0 "$collector" || { cat collector.log >&2; exit 1; }
  sleep 0.1
done
until curl -s http://localhost:9464/metrics | grep arc_llm_cost_dollars; do sleep 0.1; done
echo "priced after $SECONDS s"
