"""The Arc guide's ObservabilityManager, on the OpenTelemetry SDK: logs, metrics and traces over OTLP."""

import logging
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# The bounds of the Arc guide's MetricsCollector.
REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]


class ObservabilityManager:
    def __init__(self, service_name="arc", endpoint="http://localhost:4318"):
        resource = Resource.create({"service.name": service_name})

        self._logs = LoggerProvider(resource=resource)
        self._logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=endpoint + "/v1/logs")))
        self.logger = logging.getLogger(service_name)
        self.logger.setLevel(logging.INFO)
        self.logger.addHandler(LoggingHandler(logger_provider=self._logs))

        self._metrics = MeterProvider(
            resource=resource,
            metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint + "/v1/metrics"))],
            views=[View(
                instrument_name="arc_request_duration_seconds",
                aggregation=ExplicitBucketHistogramAggregation(REQUEST_SECONDS),
            )],
        )
        meter = self._metrics.get_meter(service_name)
        self.request_counter = meter.create_counter("arc_requests_total", description="Total requests")
        self.request_duration = meter.create_histogram("arc_request_duration_seconds", unit="s", description="Request duration")
        self.active_requests = meter.create_up_down_counter("arc_active_requests", description="Active requests")

        self._traces = TracerProvider(resource=resource)
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint + "/v1/traces")))
        self.tracer = self._traces.get_tracer(service_name)

    def log(self, level, message, **context):
        getattr(self.logger, level)(message, extra=context)

    def record_request(self, method, endpoint, status, duration):
        self.request_counter.add(1, {"method": method, "endpoint": endpoint, "status": str(status)})
        self.request_duration.record(duration, {"method": method, "endpoint": endpoint})

    def trace_operation(self, operation_name):
        return self.tracer.start_as_current_span(operation_name)

    @contextmanager
    def llm_call(self, model, provider):
        """A span of a call of a model. Its body sets the tokens by set_usage(input, output)."""
        from opentelemetry.trace import SpanKind

        with self.tracer.start_as_current_span(f"chat {model}", kind=SpanKind.CLIENT) as span:
            span.set_attribute("gen_ai.operation.name", "chat")
            span.set_attribute("gen_ai.provider.name", provider)
            span.set_attribute("gen_ai.request.model", model)

            def set_usage(input_tokens, output_tokens):
                span.set_attribute("gen_ai.usage.input_tokens", input_tokens)
                span.set_attribute("gen_ai.usage.output_tokens", output_tokens)

            yield set_usage

    def shutdown(self):
        """Sends the waiting telemetry."""
        for provider in (self._traces, self._metrics, self._logs):
            provider.shutdown()
