"""Rewrites links of pages to files that are no pages, so that they lead to the repository.

usage: links.py PAGE...
"""

import os
import re
import sys

REPOSITORY = "https://github.com/otelcol-arc/otelcol-arc/blob/main/"
PAGES = os.path.abspath("build/site-pages")

for page in sys.argv[1:]:
    folder = os.path.dirname(os.path.abspath(page))

    def rewrite(match):
        target, _, anchor = match.group(2).partition("#")
        if not target or ":" in target:
            return match.group(0)
        path = os.path.join(folder, target)
        if os.path.isfile(path):
            return match.group(0)
        if os.path.isfile(os.path.join(path, "README.md")):
            return f"{match.group(1)}({target.rstrip('/')}/README.md{'#' + anchor if anchor else ''})"
        return f"{match.group(1)}({REPOSITORY}{os.path.relpath(path, PAGES)}{'#' + anchor if anchor else ''})"

    with open(page, encoding="utf-8") as file:
        text = file.read()
    with open(page, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(\])\(([^()\s]+)\)", rewrite, text))
