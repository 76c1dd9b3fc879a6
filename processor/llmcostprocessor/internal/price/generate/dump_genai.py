# Copyright The otelcol-arc Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the prices that the package genai-prices has as JSON, in the form of its
public prices/data.json: python dump_genai.py >genai.json"""

import dataclasses
import datetime
import json
import re
import sys
from decimal import Decimal

from genai_prices import data


def plain(value):
    """The value in terms of JSON, without fields that are empty."""
    if isinstance(value, Decimal):
        return format(value, "f")  # a text, since JSON's numbers would go through a float
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    fields = value.__dict__ if not dataclasses.is_dataclass(value) else {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return {key.rstrip("_"): plain(each) for key, each in fields.items() if each is not None and not key.startswith("_")}


KEPT = ("id", "match", "prices", "price_variants")
providers = []
for provider in data.providers:
    models = [plain({key: getattr(model, key, None) for key in KEPT}) for model in provider.models]
    providers.append({"id": provider.id, "pricing_urls": provider.pricing_urls or [], "models": models})
json.dump(providers, sys.stdout)
