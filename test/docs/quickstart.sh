#!/usr/bin/env bash
# The quick start by the clock, in its three commands: from git clone to a priced call of a
# real SDK on the dashboard. Needs python3 with venv; packages are the newest, or
# those of PACKAGES.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
collector=
trap '[ -z "$collector" ] || kill "$collector"; rm -rf "$work"' EXIT
packages=${PACKAGES:-opentelemetry-distro opentelemetry-exporter-otlp opentelemetry-instrumentation-genai-openai openai}

SECONDS=0
git clone --quiet "$source" "$work/otelcol-arc"
cd "$work/otelcol-arc"
make run >"$work/collector.log" 2>&1 & # builds first
make=$!
python3 -m venv "$work/python"
# shellcheck disable=SC2086
"$work/python/bin/pip" install -q --disable-pip-version-check $packages
echo "packages installed after $SECONDS s"
until grep -q ' is ready$' "$work/collector.log"; do
  kill -0 "$make" || { cat "$work/collector.log" >&2; exit 1; }
  sleep 0.1
done
collector=$(pgrep -P "$make" -x otelcol-arc || pgrep -P "$(pgrep -P "$make" | head -n 1)" -x otelcol-arc)
echo "ready after $SECONDS s"
export PATH="$work/python/bin:$PATH" OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
opentelemetry-instrument --service_name researcher python test/docs/testdata/quickstart.py
until curl -sf 'http://localhost:8124/api/calls?limit=1' | grep -o '"cost_dollars": *0\.0075'; do sleep 0.1; done
echo "from git clone to a priced call of a real SDK on the dashboard: 3 commands, $SECONDS s; at most 3 commands, 300 s"
[ "$SECONDS" -le 300 ] || { echo "more than 5 minutes" >&2; exit 1; }
