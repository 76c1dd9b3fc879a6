#!/usr/bin/env bash
# The real browser, and axe-core, which looks for what people with a screen
# reader or a keyboard cannot use: Debian, as root or with sudo.
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
install() {
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

command -v chromium >/dev/null || install chromium
command -v npm >/dev/null || install npm
if [ ! -f build/axe/node_modules/axe-core/axe.min.js ]; then
  npm install --silent --no-audit --no-fund --prefix build/axe axe-core@4.10.3
fi
