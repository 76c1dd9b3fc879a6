#!/usr/bin/env bash
# Installs the real servers and SDKs that the tests with the build tag e2e use,
# and runs those tests. Debian or Ubuntu, as root or with sudo.
set -euo pipefail
cd "$(dirname "$0")/../.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The real Prometheus, and promtool.
if ! command -v promtool >/dev/null; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus
fi

# The Python SDK, in an environment of its own.
if [ ! -x build/python/bin/python ]; then
  python3 -m venv build/python
fi
build/python/bin/pip install -q --disable-pip-version-check -r test/e2e/requirements.txt

go test -tags e2e -count=1 -run '^TestReal' -v ./test/e2e/
