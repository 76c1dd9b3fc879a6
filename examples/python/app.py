"""A small agent application, instrumented twice: with Arc events and with the OpenTelemetry SDK.

usage: app.py [ARC_URL [OTLP_URL]]
"""

import logging
import sys

from arc_events import EventHandler, EventSender, track_execution, track_llm_call

arc_url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8123"
otlp_url = sys.argv[2] if len(sys.argv) > 2 else "http://localhost:4318"

# By Arc events: nothing to install.
events = EventSender(arc_url)
logger = logging.getLogger("arc.agents")
logger.setLevel(logging.INFO)
logger.addHandler(EventHandler(events))


@track_llm_call(events, "gpt-4o-mini")
def ask(prompt):
    # A real application calls the model here.
    return {"text": prompt.upper(), "usage": {"prompt_tokens": 1200, "completion_tokens": 300}}


@track_execution(events, "research_agent")
def research(task):
    logger.info("Agent invoked", extra={"context": {"agent_name": "research_agent", "user_id": "user_456"}})
    return ask(task)["text"]


research("what do our agents cost?")
events.close()

# By the OpenTelemetry SDK.
try:
    from observability import ObservabilityManager
except ImportError:
    sys.exit("Install requirements.txt to see the second half.")

obs = ObservabilityManager("arc-production", otlp_url)
obs.log("info", "Processing request", user_id="123", task="analyze")
with obs.trace_operation("process_request"):
    with obs.llm_call("gpt-4o", "openai") as set_usage:
        set_usage(1000, 500)
obs.record_request("POST", "/chat", 200, 0.3)
obs.shutdown()
