"""Logs as the guide's setup_log_aggregation sends them.

usage: guide_logging.py syslog|logstash HOST PORT
"""

import logging
import sys
from logging.handlers import SysLogHandler

from pythonjsonlogger import jsonlogger

service, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if service == "syslog":
    handler = SysLogHandler(address=(host, port))
    handler.setFormatter(jsonlogger.JsonFormatter("%(timestamp)s %(level)s %(name)s %(message)s"))
else:
    from logstash import TCPLogstashHandler

    handler = TCPLogstashHandler(host, port, version=1)

logging.getLogger().addHandler(handler)
logger = logging.getLogger("arc.agents")
logger.setLevel(logging.DEBUG)
logger.info("Agent invoked by %s", service, extra={"user_id": "u1", "retry_count": 3})
try:
    raise ConnectionError("no route")
except ConnectionError:
    logger.exception("LLM call failed by %s", service)
logger.critical("Database connection lost by %s", service)
handler.close()
