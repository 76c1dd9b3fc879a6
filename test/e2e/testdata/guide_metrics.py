"""Metrics as the guide's MetricsCollector and its decorators show them, until standard input ends.

usage: guide_metrics.py PORT

Each line of standard input is a run of an agent that makes a call:
MODEL STATUS PROMPT_TOKENS COMPLETION_TOKENS DOLLARS.
"""

import functools
import sys

from prometheus_client import Counter, Gauge, Histogram, Info, start_http_server

requests_total = Counter("arc_requests_total", "Total requests", ["method", "endpoint", "status"])
request_duration = Histogram("arc_request_duration_seconds", "Request duration", ["method", "endpoint"])
active_requests = Gauge("arc_active_requests", "Active requests")
llm_calls = Counter("arc_llm_calls_total", "Total LLM calls", ["model", "status"])
llm_duration = Histogram("arc_llm_duration_seconds", "LLM call duration", ["model"], buckets=[0.1, 0.5, 1, 2, 5, 10, 30, 60])
llm_tokens = Counter("arc_llm_tokens_total", "Total LLM tokens", ["model", "type"])
llm_cost = Counter("arc_llm_cost_dollars", "Total LLM cost in dollars", ["model"])
agent_executions = Counter("arc_agent_executions_total", "Total agent executions", ["agent_name", "status"])
agent_duration = Histogram("arc_agent_duration_seconds", "Agent execution duration", ["agent_name"])
cache_hits = Counter("arc_cache_hits_total", "Cache hits", ["cache_type"])
cache_misses = Counter("arc_cache_misses_total", "Cache misses", ["cache_type"])
Info("arc_app", "Application information").info({"version": "1.0.0", "environment": "production"})



def track_execution(agent_name):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args):
            status = "success"
            try:
                return function(*args)
            except Exception:
                status = "error"
                raise
            finally:
                agent_executions.labels(agent_name=agent_name, status=status).inc()
                agent_duration.labels(agent_name=agent_name).observe(2)

        return wrapper

    return decorator


def track_llm_call(model, dollars):
    def record(status, prompt, completion, cost):
        llm_calls.labels(model=model, status=status).inc()
        llm_duration.labels(model=model).observe(1.5)
        llm_tokens.labels(model=model, type="prompt").inc(prompt)
        llm_tokens.labels(model=model, type="completion").inc(completion)
        llm_cost.labels(model=model).inc(cost)

    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args):
            try:
                usage = function(*args)["usage"]
            except Exception:
                record("error", 0, 0, 0)
                raise
            record("success", usage["prompt_tokens"], usage["completion_tokens"], dollars)

        return wrapper

    return decorator


@track_execution("research_agent")
def run(model, status, prompt, completion, dollars):
    @track_llm_call(model, float(dollars))
    def call():
        if status != "success":
            raise TimeoutError
        return {"usage": {"prompt_tokens": int(prompt), "completion_tokens": int(completion)}}

    call()


start_http_server(int(sys.argv[1]), addr="127.0.0.1")
for status, seconds in ((200, 0.2), (200, 0.3), (500, 2)):
    requests_total.labels(method="POST", endpoint="/chat", status=status).inc()
    request_duration.labels(method="POST", endpoint="/chat").observe(seconds)
active_requests.set(4)
for counter in (cache_hits, cache_hits, cache_hits, cache_misses):
    counter.labels(cache_type="llm").inc()
for line in sys.stdin:
    try:
        run(*line.split())
    except TimeoutError:
        pass
