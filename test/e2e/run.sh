#!/usr/bin/env bash
# Installs the real servers and SDKs that the tests with the build tag e2e use,
# one script each, and runs those tests.
set -euo pipefail
cd "$(dirname "$0")/../.."

for script in test/e2e/install/*.sh; do
  "$script"
done
go test -tags e2e -count=1 -run '^TestReal' -v ./test/e2e/...
# Released SDKs against the stand-in for the vendors: a core of them.
go test -tags sdks -count=1 -timeout 20m -v ./test/sdks -args -core
