#!/usr/bin/env bash
# ClickHouse's engine, as the Python package chdb has it.
set -euo pipefail
[ -x build/clickhouse/bin/python ] || python3 -m venv build/clickhouse
build/clickhouse/bin/pip install -q --disable-pip-version-check --no-cache-dir chdb==4.4.0
