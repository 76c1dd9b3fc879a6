"""Metrics as the guide's MetricsCollector shows them, until standard input ends.

usage: guide_metrics.py PORT
"""

import sys

from prometheus_client import Counter, Gauge, Histogram, start_http_server

requests_total = Counter("arc_requests_total", "Total requests", ["method", "endpoint", "status"])
request_duration = Histogram("arc_request_duration_seconds", "Request duration", ["method", "endpoint"])
active_requests = Gauge("arc_active_requests", "Active requests")

start_http_server(int(sys.argv[1]), addr="127.0.0.1")
for status, seconds in ((200, 0.2), (200, 0.3), (500, 2)):
    requests_total.labels(method="POST", endpoint="/chat", status=status).inc()
    request_duration.labels(method="POST", endpoint="/chat").observe(seconds)
active_requests.set(4)
sys.stdin.read()
