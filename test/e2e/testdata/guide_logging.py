"""Logs as the guide's setup_log_aggregation sends them.

usage: guide_logging.py syslog|logstash HOST PORT
"""

import logging
import sys
from logging.handlers import SysLogHandler

from opentelemetry import trace
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from pythonjsonlogger import jsonlogger

trace.set_tracer_provider(TracerProvider(resource=Resource.create({"service.name": "arc-guide"})))
LoggingInstrumentor().instrument(set_logging_format=True)

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
with trace.get_tracer(__name__).start_as_current_span("agent.researcher"):
    logger.info("Agent invoked by %s", service, extra={"context": {"user_id": "u1", "retry_count": 3}})
try:
    raise ConnectionError("no route")
except ConnectionError:
    logger.exception("LLM call failed by %s", service)
logger.critical("Database connection lost by %s", service)
handler.close()
