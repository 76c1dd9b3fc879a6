#!/bin/sh
# What was counted is kept until the package is purged. rpm knows no purge: there
# it is left to the owner of the machine.
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
