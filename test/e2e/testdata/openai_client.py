"""The OpenAI client, instrumented, against a stand-in for the model API.

usage: openai_client.py openllmetry|openinference|opentelemetry OTLP_HTTP_ENDPOINT

The call reads 800 of its 1000 input tokens from a cache, and 100 of its 500
output tokens are reasoning.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import openai
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1772366400,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello."}}],
            "usage": {
                "prompt_tokens": 1000,
                "completion_tokens": 500,
                "total_tokens": 1500,
                "prompt_tokens_details": {"cached_tokens": 800},
                "completion_tokens_details": {"reasoning_tokens": 100},
            },
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


by = sys.argv[1]
provider = TracerProvider(resource=Resource.create({"service.name": f"app-{by}"}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"http://{sys.argv[2]}/v1/traces")))
if by == "openllmetry":
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor
elif by == "openinference":
    from openinference.instrumentation.openai import OpenAIInstrumentor
else:
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
OpenAIInstrumentor().instrument(tracer_provider=provider)

server = HTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="none")
client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Say hello."}])
server.shutdown()
provider.shutdown()
