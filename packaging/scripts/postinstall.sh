#!/bin/sh
# On the first installation the service is enabled but not started: its configuration
# may need variables. On an upgrade a running service is restarted.
set -e
chgrp otelcol-arc /etc/otelcol-arc/otelcol-arc.env
chmod 0640 /etc/otelcol-arc/otelcol-arc.env
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable otelcol-arc.service
  systemctl try-restart otelcol-arc.service
fi
