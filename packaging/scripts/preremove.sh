#!/bin/sh
# dpkg says "remove", rpm 0, when it is not for an upgrade.
set -e
case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl disable --now otelcol-arc.service
  fi
  ;;
esac
