#!/usr/bin/env bash
# Real servers for the notifiers: Alertmanager, a mail server (aiosmtpd), and a
# browser that shows the email. Debian or Ubuntu, as root or with sudo.
set -euo pipefail

if ! command -v prometheus-alertmanager >/dev/null || ! command -v chromium >/dev/null || ! python3 -c 'import ensurepip' 2>/dev/null; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    prometheus-alertmanager chromium fonts-dejavu-core python3-venv
fi
[ -x build/smtpd/bin/python ] || python3 -m venv build/smtpd
build/smtpd/bin/pip install -q --disable-pip-version-check aiosmtpd==1.4.6
