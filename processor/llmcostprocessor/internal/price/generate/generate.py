# Copyright The otelcol-arc Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes ../models.tsv, the table of all models that public price data knows, and
disagreements.tsv, where the two sources differ.

    pip install genai-prices==0.2.3 # for what it needs itself
    pip download --no-deps genai-prices==0.2.3 litellm==1.109.1
    python generate.py genai_prices-*.whl litellm-*.whl 2026-11-23

Both packages are under the MIT licence; what is taken are facts: names, prices,
the days from which they hold. The last argument is the day on which they were read.

Rules:
- A model is one name at one provider. The providers' names are ours.
- Where both sources know a model and their prices of input and output of today
  agree, the entry is that of genai-prices, which has the history, with the
  service tiers and fees of litellm. Where they disagree, genai-prices counts,
  because each of its prices has a day and a page behind it; the line is written
  to disagreements.tsv. What is known better stands in ../prices.yaml, which
  goes before this table.
- A price of 0 for input and output is taken for "unknown", but for names that
  say they are free.
- What is not sold by tokens is left out.

The format, a line a model, columns between tabs:
  provider, names between "|" (the first is canonical; LABEL=NAME where people know
  the model by another name than the provider's), "h" where only telemetry
  that names the provider means it, the number of the source, then the prices,
  oldest first: [DATE;]TARIFF[;TARIFF…], with TARIFF = [TIER:]rates[>TOKENS rates]…,
  rates = KEY=DOLLARS_PER_MILLION,…; fees stand in a tariff "fee:", in dollars each.
"""

import datetime
import json
import re
import sys
import zipfile
from decimal import ROUND_HALF_UP, Decimal

GENAI_WHEEL, LITELLM_WHEEL, TODAY = sys.argv[1], sys.argv[2], sys.argv[3]

# The makers, whose prices are meant where telemetry names no provider.
MAKERS = ["openai", "anthropic", "google", "mistral", "deepseek", "xai", "cohere", "voyage", "perplexity",
          "moonshot", "zai", "minimax", "ai21", "dashscope", "bedrock"]

PROVIDERS = {  # theirs: ours; all others keep their names
    "aws": "bedrock", "bedrock_converse": "bedrock", "bedrock_mantle": "bedrock",
    "azure_ai": "azure", "azure_text": "azure",
    "text-completion-openai": "openai",
    "gemini": "google", "cohere_chat": "cohere",
    "x-ai": "xai", "voyageai": "voyage", "moonshotai": "moonshot",
    "fireworks_ai": "fireworks", "fireworks_ai-embedding-models": "fireworks",
    "together_ai": "together", "github_copilot": "github-copilot", "text-completion-codestral": "mistral", "codestral": "mistral",
}
SKIPPED = {"ollama", "sagemaker", "custom", "github-copilot", "chatgpt", "openai-decisions", "cursor"}

KEYS = ["i", "o", "cr", "cw", "cw1", "ai", "ao", "ii", "io", "re"]


def provider_of(name):
    if name.startswith("vertex_ai"):
        return "google"
    return PROVIDERS.get(name, name)


def dollars(value):
    """A price per million tokens, at most six decimals, so that a token has a whole number of picodollars."""
    text = format(Decimal(value).quantize(Decimal("0.000001"), ROUND_HALF_UP).normalize(), "f")
    return text


def rates_text(rates):
    return ",".join(f"{key}={dollars(rates[key])}" for key in KEYS if key in rates)


def tariff_text(tariff):
    text = rates_text(tariff["rates"])
    for above, rates in sorted(tariff.get("steps", {}).items()):
        # A step says only what differs; the reader fills in the rest from the base.
        merged = {**tariff["rates"], **rates}
        text += f">{above} " + rates_text(merged)
    return text


def period_text(period):
    parts = []
    if period["from"]:
        parts.append(period["from"].isoformat())
    parts.append(tariff_text(period["tariffs"]["standard"]))
    for tier in ("batch", "flex", "priority"):
        if tier in period["tariffs"]:
            parts.append(tier + ":" + tariff_text(period["tariffs"][tier]))
    if period["fees"]:
        parts.append("fee:" + ",".join(f"{key}={format(value.normalize(), 'f')}" for key, value in sorted(period["fees"].items())))
    return ";".join(parts)


# genai-prices

GENAI_FIELDS = {
    "input_mtok": "i", "output_mtok": "o", "cache_read_mtok": "cr", "cache_write_mtok": "cw", "cache_write_1h_mtok": "cw1",
    "input_audio_mtok": "ai", "output_audio_mtok": "ao", "input_image_mtok": "ii", "output_image_mtok": "io",
    "output_reasoning_mtok": "re",
}


def genai_tariff(price):
    rates, steps = {}, {}
    for field, key in GENAI_FIELDS.items():
        value = getattr(price, field, None)
        if value is None:
            continue
        if isinstance(value, Decimal):
            rates[key] = value
            continue
        rates[key] = value.base
        for tier in value.tiers:
            steps.setdefault(tier.start, {})[key] = tier.price
    if "i" not in rates or ("o" not in rates and any(key not in ("i",) for key in rates)):
        if "i" not in rates:
            return None
    rates.setdefault("o", Decimal(0))
    return {"rates": rates, "steps": steps}


def genai_fees(price):
    fees = {}
    if getattr(price, "requests_kcount", None):
        fees["request"] = Decimal(price.requests_kcount) / 1000
    if getattr(price, "web_searches_kcount", None):
        fees["web_search"] = Decimal(price.web_searches_kcount) / 1000
    return fees


def genai_names(model):
    names = [model.id]

    def walk(match):
        if hasattr(match, "equals"):
            names.append(match.equals)
        for clause in getattr(match, "or_", None) or []:
            walk(clause)

    walk(model.match)
    seen = []
    for name in names:
        name = name.strip().lower()
        if name and name not in seen and len(name) <= 256 and "|" not in name and "\t" not in name:
            seen.append(name)
    return seen


def read_genai():
    sys.path.insert(0, GENAI_WHEEL)
    from genai_prices import data
    from genai_prices.types import ConditionalPrice, StartDateConstraint

    out = {}
    for provider in data.providers:
        ours = provider_of(provider.id)
        if ours in SKIPPED or ours.startswith("huggingface_"):
            continue
        source = (provider.pricing_urls or [f"genai-prices: {provider.id}"])[0]
        for model in provider.models:
            periods = []
            prices = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
            for item in prices:
                if item.constraint is None:
                    start = None
                elif isinstance(item.constraint, StartDateConstraint):
                    start = item.constraint.start_date
                else:
                    continue  # by the time of day: the price of the other hours stays
                tariff = genai_tariff(item.prices)
                if tariff is None:
                    continue
                periods.append({"from": start, "tariffs": {"standard": tariff}, "fees": genai_fees(item.prices)})
            for variant in model.price_variants or []:
                tier = {"batch": "batch", "flex": "flex", "priority": "priority"}.get(variant.when.get("processing") or variant.when.get("service_tier"))
                tariff = genai_tariff(variant.prices)
                if tier and tariff and len(variant.when) == 1:
                    for period in periods[-1:]:
                        period["tariffs"][tier] = tariff
            if not periods:
                continue
            names = genai_names(model)
            if ours == "openai" and names[0].startswith("gpt-oss"):
                continue  # open models, which OpenAI does not serve
            today = periods[-1]["tariffs"]["standard"]["rates"]
            if today["i"] == 0 and today["o"] == 0 and not names[0].endswith((":free", "-free")):
                continue
            out[(ours, names[0])] = {"names": names, "periods": periods, "source": source}
    return out


# litellm

LITELLM_FIELDS = {
    "i": "input_cost_per_token", "o": "output_cost_per_token", "cr": "cache_read_input_token_cost",
    "cw": "cache_creation_input_token_cost", "cw1": "cache_creation_input_token_cost_above_1hr",
    "ai": "input_cost_per_audio_token", "ao": "output_cost_per_audio_token",
    "ii": "input_cost_per_image_token", "io": "output_cost_per_image_token", "re": "output_cost_per_reasoning_token",
}
LITELLM_TIERS = {"standard": "", "batch": "_batches", "flex": "_flex", "priority": "_priority"}
THRESHOLD = re.compile(r"_above_(\d+)k_tokens")


def per_million(value):
    return Decimal(repr(value)) * 1_000_000


def litellm_tariff(entry, suffix):
    rates, steps = {}, {}
    for key, field in LITELLM_FIELDS.items():
        value = entry.get(field + suffix)
        if isinstance(value, (int, float)):
            rates[key] = per_million(value)
        for name, value in entry.items():
            if not name.startswith(field + "_above_") or not isinstance(value, (int, float)):
                continue
            match = re.fullmatch(re.escape(field) + r"_above_(\d+)k_tokens" + suffix, name)
            if match:
                steps.setdefault(int(match.group(1)) * 1000, {})[key] = per_million(value)
    return rates, steps


def litellm_names(key, provider, ours):
    name = key.lower()
    for prefix in (provider, ours, "vertex_ai", "gemini", "azure", "azure_ai", "bedrock", "fireworks_ai", "together_ai"):
        if name.startswith(prefix + "/") and provider_of(prefix) == ours:
            name = name[len(prefix) + 1:]
            break
    return name


def read_litellm():
    with zipfile.ZipFile(LITELLM_WHEEL) as wheel:
        data = json.loads(wheel.read("litellm/model_prices_and_context_window_backup.json"))
    out = {}
    for key, entry in data.items():
        provider = entry.get("litellm_provider")
        if key == "sample_spec" or not provider:
            continue
        ours = provider_of(provider)
        name = litellm_names(key, provider, ours)
        if ours in SKIPPED or len(name) > 256 or "|" in name or "\t" in name:
            continue
        if ours == "bedrock" and "/" in name:
            continue  # commitments of a region
        if ours == "azure" and name.startswith(("eu/", "us/", "global/", "global-standard/")):
            continue  # data zones: a deployment's name does not tell
        tariffs = {}
        for tier, suffix in LITELLM_TIERS.items():
            rates, steps = litellm_tariff(entry, suffix)
            if "i" not in rates:
                continue
            if "o" not in rates:
                if tier != "standard" and "standard" in tariffs and tariffs["standard"]["rates"]["o"] != 0:
                    continue
                if tier == "standard" and entry.get("mode") not in ("embedding", "rerank"):
                    continue
                rates["o"] = Decimal(0)
            if any(value < 0 for value in rates.values()) or rates["i"] > 1_000_000 or rates["o"] > 1_000_000:
                continue
            tariffs[tier] = {"rates": rates, "steps": steps}
        if "standard" not in tariffs:
            continue
        today = tariffs["standard"]["rates"]
        if today["i"] == 0 and today["o"] == 0 and not name.endswith((":free", "-free")):
            continue
        fees = {}
        search = (entry.get("search_context_cost_per_query") or {}).get("search_context_size_medium")
        if isinstance(search, (int, float)) and search > 0:
            fees["web_search"] = Decimal(repr(search))
        if isinstance(entry.get("input_cost_per_request"), (int, float)) and entry["input_cost_per_request"] > 0:
            fees["request"] = Decimal(repr(entry["input_cost_per_request"]))
        out.setdefault((ours, name), {
            "names": [name],
            "periods": [{"from": None, "tariffs": tariffs, "fees": fees}],
            "source": entry.get("source") or f"litellm: {provider}",
        })
    return out


GOOGLES = ("gemini", "gemma", "text-", "textembedding", "multimodalembedding", "learnlm", "chat-", "code-", "medlm", "imagen", "veo", "lyria")


def host_only(provider, name):
    """Whether only telemetry that names the provider means it."""
    if provider == "google":
        return not name.startswith(GOOGLES)  # Vertex sells what others made
    return provider not in MAKERS


def short_names(merged):
    """Hosts name a model with its maker, telemetry also without: both mean it where only one has the name."""
    taken = {(provider, name) for (provider, _), entry in merged.items() for name in entry["names"]}
    tails = {}
    for (provider, name), entry in merged.items():
        if "/" in name and host_only(provider, name):
            tails.setdefault((provider, name.rsplit("/", 1)[1]), []).append(entry)
    for (provider, tail), entries in tails.items():
        if len(entries) == 1 and tail and (provider, tail) not in taken:
            entries[0]["names"].append(tail)


def same(a, b):
    return dollars(a["i"]) == dollars(b["i"]) and dollars(a["o"]) == dollars(b["o"])


def cost_the_same(entry, other):
    a, b = (e["periods"][-1]["tariffs"]["standard"] for e in (entry, other))
    return same(a["rates"], b["rates"]) and all(dollars(a["rates"].get(key, b["rates"][key])) == dollars(b["rates"][key]) for key in b["rates"])


REGION = re.compile(r"^(us|eu|apac|jp|au|ca|sa|us-gov|global)\.")
VENDOR = re.compile(r"^(anthropic|amazon|meta|mistral|cohere|deepseek|openai|ai21|qwen)\.")
VERSION = re.compile(r"-v\d+(:\d+)?(:\w+)?$")
DATE = re.compile(r"[-@](20\d{6}|20\d\d-\d\d-\d\d)$")


def bedrock_label(name):
    """The name without what Bedrock puts around it."""
    bare = REGION.sub("", name)
    if not VENDOR.search(bare):
        return name
    return DATE.sub("", VERSION.sub("", VENDOR.sub("", bare)))


def main():
    genai, litellm = read_genai(), read_litellm()
    by_name = {(provider, alias): key for key, entry in genai.items() for provider, alias in [(key[0], n) for n in entry["names"]]}
    merged, disagreements = dict(genai), []
    for key, theirs in sorted(litellm.items(), key=lambda item: (len(item[0][1]), item[0])):  # a name before those with its date
        ours = merged.get(by_name.get(key, key))
        if ours is None:
            # A date behind a known name is another name of it, if it costs the same.
            plain = (key[0], DATE.sub("", key[1]))
            plain = by_name.get(plain, plain)
            if plain in merged and cost_the_same(merged[plain], theirs):
                merged[plain]["names"].append(key[1])
                ours = merged[plain]
        if ours is None:
            merged[key] = theirs
            continue
        last, other = ours["periods"][-1], theirs["periods"][0]
        a, b = last["tariffs"]["standard"]["rates"], other["tariffs"]["standard"]["rates"]
        if not same(a, b):
            disagreements.append((key[0], key[1], dollars(a["i"]), dollars(a["o"]), dollars(b["i"]), dollars(b["o"])))
            continue
        for tier in ("batch", "flex", "priority"):
            if tier in other["tariffs"]:
                last["tariffs"].setdefault(tier, other["tariffs"][tier])
        for fee, value in other["fees"].items():
            last["fees"].setdefault(fee, value)
        for rate in ("cr", "cw", "cw1", "ai", "ao", "ii", "io"):
            if rate in b:
                last["tariffs"]["standard"]["rates"].setdefault(rate, b[rate])

    # What Bedrock sells under its own name at the maker's price is the maker's model.
    labels = {}
    for key in [key for key in merged if key[0] == "bedrock"]:
        label = bedrock_label(key[1])
        makers = [merged[(maker, name)] for maker in MAKERS if maker != "bedrock" for name in (label, key[1]) if (maker, name) in merged]
        newest = lambda entry: entry["periods"][-1]["tariffs"]["standard"]["rates"]
        if makers and same(newest(makers[0]), newest(merged[key])):
            del merged[key]
        elif label != key[1]:
            labels[key] = label

    # Anthropic's page has the one-hour write at twice the input on all platforms.
    for key, entry in merged.items():
        for period in entry["periods"] if "claude" in key[1] else []:
            for tariff in period["tariffs"].values():
                rates = tariff["rates"]
                if "cw" in rates and "cw1" not in rates and rates["cw"] * 4 == rates["i"] * 5:
                    rates["cw1"] = rates["i"] * 2

    short_names(merged)
    sources = sorted({entry["source"] for entry in merged.values()})
    number = {source: i for i, source in enumerate(sources)}
    with open("../models.tsv", "w") as out:
        out.write(f"#version\t{TODAY}\n")
        out.write("#data\tgenai-prices 0.2.3, litellm 1.109.1 (MIT); made by generate/generate.py\n")
        for source in sources:
            out.write(f"#source\t{source}\n")
        order = lambda key: (MAKERS.index(key[0]) if key[0] in MAKERS else len(MAKERS), key)
        for key in sorted(merged, key=order):
            entry = merged[key]
            flag = "h" if host_only(*key) else ""
            periods = []
            for period in sorted(entry["periods"], key=lambda p: p["from"] or datetime.date.min):
                if periods and periods[-1]["from"] == period["from"]:
                    periods.pop()  # the later line of a day counts
                periods.append(period)
            names = "|".join(entry["names"])
            if key in labels:
                names = labels[key] + "=" + names
            out.write("\t".join([key[0], names, flag, str(number[entry["source"]]), *map(period_text, periods)]) + "\n")
    with open("disagreements.tsv", "w") as out:
        out.write("provider\tmodel\tgenai-prices input\toutput\tlitellm input\toutput\n")
        for line in sorted(disagreements):
            out.write("\t".join(line) + "\n")
    print(f"{len(merged)} models, {len(disagreements)} disagreements")


main()
