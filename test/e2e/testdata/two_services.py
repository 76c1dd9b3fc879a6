"""Two services, the first calling the second over HTTP with W3C trace context.

usage: two_services.py OTLP_HTTP_ENDPOINT
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind


def provider_of(service):
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"http://{sys.argv[1]}/v1/traces")))
    return provider


gateway, worker = provider_of("arc-gateway"), provider_of("arc-worker")


class Worker(BaseHTTPRequestHandler):
    def do_POST(self):
        tracer = worker.get_tracer("worker")
        with tracer.start_as_current_span("POST /run", context=extract(dict(self.headers)), kind=SpanKind.SERVER):
            with tracer.start_as_current_span("chat gpt-4o", kind=SpanKind.CLIENT) as span:
                span.set_attribute("gen_ai.operation.name", "chat")
                span.set_attribute("gen_ai.request.model", "gpt-4o")
                span.set_attribute("gen_ai.usage.input_tokens", 1000)
                span.set_attribute("gen_ai.usage.output_tokens", 500)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Worker)
threading.Thread(target=server.serve_forever, daemon=True).start()
RequestsInstrumentor().instrument(tracer_provider=gateway)
with gateway.get_tracer("gateway").start_as_current_span("process_request"):
    requests.post(f"http://127.0.0.1:{server.server_port}/run", timeout=10).raise_for_status()
server.shutdown()
RequestsInstrumentor().uninstrument()
gateway.shutdown()
worker.shutdown()
