# Copyright The otelcol-arc Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the newest prices of models.dev that the package model-prices has, in the form
of the public api.json of models.dev: python dump_models_dev.py >models.dev.json"""

import importlib.resources
import json
import sys

snapshot = json.loads(importlib.resources.files("model_prices").joinpath("snapshot.json").read_text())
out = {}
for provider, models in snapshot["prices"].items():
    for name, tiers in models.items():
        rates = (tiers.get("standard") or [{}])[-1].get("rates") or {}
        cost = {key: value for key, value in rates.items() if key in ("input", "output", "cache_read", "cache_write", "reasoning") and isinstance(value, (int, float))}
        out.setdefault(provider, {"models": {}})["models"][name] = {"cost": cost}
json.dump(out, sys.stdout)
