#!/usr/bin/env bash
# The Python SDKs, in environments of their own: today's, and the last ones that the
# Jaeger exporter of the Arc guide works with.
set -euo pipefail

if ! python3 -c 'import ensurepip' 2>/dev/null; then # Debian or Ubuntu, as root or with sudo
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv
fi

environment() { # DIRECTORY REQUIREMENTS
  [ -x "$1/bin/python" ] || python3 -m venv "$1"
  "$1/bin/pip" install -q --disable-pip-version-check -r "$2"
}
environment build/python test/e2e/requirements.txt
environment build/python-jaeger test/e2e/requirements-jaeger.txt
environment build/python-focus test/e2e/requirements-focus.txt
