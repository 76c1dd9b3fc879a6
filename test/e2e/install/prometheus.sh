#!/usr/bin/env bash
# The real Prometheus, and promtool: Debian or Ubuntu, as root or with sudo.
set -euo pipefail

command -v promtool >/dev/null && exit
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus
