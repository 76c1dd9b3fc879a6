#!/bin/sh
# The service has a user of its own, who owns nothing but its state.
set -e
if ! getent group otelcol-arc >/dev/null; then
  groupadd --system otelcol-arc
fi
if ! getent passwd otelcol-arc >/dev/null; then
  useradd --system --gid otelcol-arc --home-dir /var/lib/otelcol-arc --no-create-home --shell /usr/sbin/nologin otelcol-arc
fi
