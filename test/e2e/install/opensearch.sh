#!/usr/bin/env bash
# A real OpenSearch node, for what speaks Elasticsearch's API, from its jars: Debian or Ubuntu, as root or with sudo.
set -euo pipefail

if ! command -v mvn >/dev/null || ! command -v java >/dev/null; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends maven default-jdk-headless
fi
[ -d build/opensearch ] || mvn -q -B -f test/e2e/servers/opensearch/pom.xml dependency:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$PWD/build/opensearch"
