#!/usr/bin/env bash
# The documents as a site, in build/site. Links between files of the repository stay
# as they are, so the pages are laid out as there.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x build/mkdocs/bin/mkdocs ] || python3 -m venv build/mkdocs
build/mkdocs/bin/pip install -q --disable-pip-version-check -r packaging/site/requirements.txt
rm -rf build/site build/site-pages
git ls-files --cached --others --exclude-standard -- '*.md' 'docs/images/*' ':!:.github' ':!:**/testdata/**' ':!:**/documentation.md' |
  while read -r file; do
    mkdir -p "build/site-pages/$(dirname "$file")"
    cp "$file" "build/site-pages/$file"
  done
cp packaging/site/extra.css build/site-pages
# The script that draws diagrams. Without npm the site loads it from another host.
if command -v npm >/dev/null; then
  [ -f build/mermaid/node_modules/mermaid/dist/mermaid.min.js ] ||
    npm install --silent --no-audit --no-fund --prefix build/mermaid mermaid@11.4.1
  cp build/mermaid/node_modules/mermaid/dist/mermaid.min.js build/site-pages
else
  touch build/site-pages/mermaid.min.js
fi
# Links to files that are not pages, such as configurations, lead to the repository.
find build/site-pages -name '*.md' -print0 | xargs -0 python3 packaging/site/links.py
NO_MKDOCS_2_WARNING=1 build/mkdocs/bin/mkdocs build --strict -q -f packaging/site/mkdocs.yml
echo "build/site/index.html"
