"""Calls as the guide's LLMMonitor exports them, and the sums of its TokenUsageDashboard.

usage: guide_monitor.py FILE

Writes export_to_json's FILE, and prints as JSON what the monitor and the dashboard have.
"""

import collections
import dataclasses
import datetime
import json
import sys

PRICES = {"gpt-4o": (2.50, 10.00), "gpt-4o-mini": (0.15, 0.60)}


@dataclasses.dataclass
class Call:
    timestamp: datetime.datetime
    model: str
    prompt_tokens: int
    completion_tokens: int
    duration_seconds: float
    cost_dollars: float
    status: str


calls = []
usage_by_model = collections.defaultdict(lambda: collections.defaultdict(int))


def track_call(model, usage, duration, status="success"):
    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
    dollars = (prompt * PRICES[model][0] + completion * PRICES[model][1]) / 1e6 if model in PRICES else 0.0
    calls.append(Call(datetime.datetime.now(), model, prompt, completion, duration, dollars, status))
    for kind, tokens in (("prompt", prompt), ("completion", completion)):
        usage_by_model[model][kind] += tokens


track_call("gpt-4o", {"prompt_tokens": 1000, "completion_tokens": 500}, 1.5)
track_call("gpt-4o-mini", {"prompt_tokens": 20_000, "completion_tokens": 3_000}, 2.25)
track_call("gpt-4o", {"prompt_tokens": 0, "completion_tokens": 0}, 30.0, status="timeout")
track_call("gpt-4o", {"prompt_tokens": 700, "completion_tokens": 1}, 0.4)
# Not in its prices: the guide counts $0 for it.
track_call("gpt-4.1", {"prompt_tokens": 1000, "completion_tokens": 1000}, 1.0)

with open(sys.argv[1], "w") as file:
    json.dump(
        [
            {
                "timestamp": call.timestamp.isoformat(),
                "model": call.model,
                "tokens": {
                    "prompt": call.prompt_tokens,
                    "completion": call.completion_tokens,
                    "total": call.prompt_tokens + call.completion_tokens,
                },
                "duration_seconds": call.duration_seconds,
                "cost_dollars": call.cost_dollars,
                "status": call.status,
            }
            for call in calls
        ],
        file,
        indent=2,
    )
json.dump({"total_cost": sum(call.cost_dollars for call in calls), "by_model": usage_by_model}, sys.stdout)
