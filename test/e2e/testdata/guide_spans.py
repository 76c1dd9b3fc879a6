"""Spans of the guide's decorators, by the exporter that takes the place of JaegerExporter.

usage: guide_spans.py OTLP_GRPC_ENDPOINT
"""

import functools
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.logging import LoggingInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(
    resource=Resource.create({"service.name": "arc", "service.version": "1.0.0", "deployment.environment": "production"})
)
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1], insecure=True)))
trace.set_tracer_provider(provider)
RequestsInstrumentor().instrument()
LoggingInstrumentor().instrument()
tracer = trace.get_tracer(__name__)


def trace_agent_execution(agent_name):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with tracer.start_as_current_span(f"agent.{agent_name}") as span:
                span.set_attribute("agent.name", agent_name)
                span.set_attribute("agent.type", "react")
                try:
                    result = function(*args, **kwargs)
                    span.set_attribute("status", "success")
                    return result
                except Exception as error:
                    span.set_attribute("status", "error")
                    span.set_attribute("error.type", type(error).__name__)
                    span.set_attribute("error.message", str(error))
                    raise

        return wrapper

    return decorator


@trace_agent_execution("researcher")
def research():
    with tracer.start_as_current_span("llm.call") as span:
        span.set_attribute("model", "gpt-4o")
        span.set_attribute("prompt_tokens", 1000)
        span.set_attribute("completion_tokens", 500)
    with tracer.start_as_current_span("llm.call") as span:
        span.set_attribute("model", "gpt-4o")  # as the guide has it: what was used is unknown
    with tracer.start_as_current_span("tool.search") as span:
        span.set_attribute("tool", "search")


@trace_agent_execution("writer")
def write():
    raise ValueError("no draft")


with tracer.start_as_current_span("process_request") as request:
    request.set_attribute("user_id", "ada")
    research()
    try:
        write()
    except ValueError:
        pass
provider.shutdown()
