#!/usr/bin/env bash
# A real Jaeger, without its pages, which are not needed and not built here.
set -euo pipefail

[ -x build/jaeger ] || (cd test/e2e/servers/jaeger && go build -o ../../../../build/jaeger github.com/jaegertracing/jaeger/cmd/all-in-one)
