#!/bin/sh
# dpkg passes "remove", rpm 0, unless it is an upgrade.
set -e
case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl disable --now otelcol-arc.service
  fi
  ;;
esac
