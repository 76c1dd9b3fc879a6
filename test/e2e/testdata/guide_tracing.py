"""Spans as the guide's setup_tracing sends them: thrift to a Jaeger agent.

usage: guide_tracing.py HOST PORT
"""

import sys

from opentelemetry import trace
from opentelemetry.exporter.jaeger.thrift import JaegerExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "arc-guide"}))
provider.add_span_processor(
    BatchSpanProcessor(JaegerExporter(agent_host_name=sys.argv[1], agent_port=int(sys.argv[2])))
)
trace.set_tracer_provider(provider)
tracer = trace.get_tracer(__name__)

with tracer.start_as_current_span("agent.researcher") as agent:
    agent.set_attribute("agent.name", "researcher")
    with tracer.start_as_current_span("llm.call", kind=trace.SpanKind.CLIENT) as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "gpt-4o")
        span.set_attribute("gen_ai.usage.input_tokens", 1000)
        span.set_attribute("gen_ai.usage.output_tokens", 500)
provider.shutdown()
