#!/usr/bin/env bash
# The Python SDKs, in an environment of their own.
set -euo pipefail

if [ ! -x build/python/bin/python ]; then
  python3 -m venv build/python
fi
build/python/bin/pip install -q --disable-pip-version-check -r test/e2e/requirements.txt
