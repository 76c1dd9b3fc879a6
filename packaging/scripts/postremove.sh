#!/bin/sh
# State is kept until the package is purged. rpm has no purge: there the administrator
# removes it.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
if [ "$1" = purge ]; then
  rm -rf /var/lib/otelcol-arc
  if getent passwd otelcol-arc >/dev/null; then
    userdel otelcol-arc
  fi
fi
