"""Metrics as the guide's MetricsCollector shows them, until standard input ends.

usage: guide_metrics.py PORT

Each line of standard input is a call: MODEL STATUS PROMPT_TOKENS COMPLETION_TOKENS DOLLARS.
"""

import sys

from prometheus_client import Counter, Gauge, Histogram, Info, start_http_server

requests_total = Counter("arc_requests_total", "Total requests", ["method", "endpoint", "status"])
request_duration = Histogram("arc_request_duration_seconds", "Request duration", ["method", "endpoint"])
active_requests = Gauge("arc_active_requests", "Active requests")
llm_calls = Counter("arc_llm_calls_total", "Total LLM calls", ["model", "status"])
llm_duration = Histogram("arc_llm_duration_seconds", "LLM call duration", ["model"], buckets=[0.1, 0.5, 1, 2, 5, 10, 30, 60])
llm_tokens = Counter("arc_llm_tokens_total", "Total LLM tokens", ["model", "type"])
llm_cost = Counter("arc_llm_cost_dollars", "Total LLM cost in dollars", ["model"])
Info("arc_app", "Application information").info({"version": "1.0.0", "environment": "production"})

start_http_server(int(sys.argv[1]), addr="127.0.0.1")
for status, seconds in ((200, 0.2), (200, 0.3), (500, 2)):
    requests_total.labels(method="POST", endpoint="/chat", status=status).inc()
    request_duration.labels(method="POST", endpoint="/chat").observe(seconds)
active_requests.set(4)
for line in sys.stdin:
    model, status, prompt, completion, dollars = line.split()
    llm_calls.labels(model=model, status=status).inc()
    llm_duration.labels(model=model).observe(1.5)
    llm_tokens.labels(model=model, type="prompt").inc(int(prompt))
    llm_tokens.labels(model=model, type="completion").inc(int(completion))
    llm_cost.labels(model=model).inc(float(dollars))
