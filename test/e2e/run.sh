#!/usr/bin/env bash
# Installs the real servers and SDKs that the tests with the build tag e2e use,
# one script each, and runs those tests.
#   run.sh        all of them, and a core of the released SDKs
#   run.sh core   Prometheus, promtool, Alertmanager, amtool, a mail server and the
#                 Python SDKs: what is installed in a minute, for every change
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" = core ]; then
  for name in prometheus notifiers python; do
    "test/e2e/install/$name.sh"
  done
  go test -tags e2e -count=1 -run '^TestReal' \
    -skip '^TestReal(Browser|OpenSearch|Kafka|JaegerThrift|Propagation|EmailInChromium)' -v ./test/e2e
  exit
fi

for script in test/e2e/install/*.sh; do
  "$script"
done
go test -tags e2e -count=1 -run '^TestReal' -v ./test/e2e/...
# Released SDKs against the stand-in for the vendors: a core of them.
go test -tags sdks -count=1 -timeout 20m -v ./test/sdks -args -core
