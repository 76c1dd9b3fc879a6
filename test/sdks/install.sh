#!/usr/bin/env bash
# Makes the environment of a group of pairs, from the package registries that
# pip and npm are configured for: the pinned versions of requirements/GROUP.txt
# or node/GROUP/package-lock.json, or the newest that GROUP.in or package.json allow.
#
#   install.sh python|node GROUP [newest]
#
# A group that is unavailable is left as a file GROUP.unavailable with the reason.
set -uo pipefail
cd "$(dirname "$0")/../.."

language=$1 group=$2 base=build/sdks
[ "${3:-}" = newest ] && base=build/sdks-newest
home=$base/$language/$group
mkdir -p "$base/$language"

case $language in
python)
  source=test/sdks/requirements/$group.txt
  [ "${3:-}" = newest ] && source=test/sdks/requirements/$group.in
  ;;
node) source=test/sdks/node/$group/package-lock.json ;;
esac
wanted=$(sha256sum <"$source")
# The newest are looked for every time.
if [ "${3:-}" != newest ] && [ "$(cat "$home.installed" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi
rm -rf "$home.installed" "$home.unavailable"

install_python() {
  [ -x "$home/bin/python" ] || python3 -m venv "$home" || return
  local pip=("$home/bin/python" -m pip install -q --disable-pip-version-check)
  if [ "$base" = build/sdks ]; then
    "${pip[@]}" --no-deps -r "$source"
  else
    "${pip[@]}" --upgrade -r "$source"
  fi
}

install_node() {
  mkdir -p "$home"
  cp "test/sdks/node/$group/package.json" "$home/"
  rm -f "$home/package-lock.json"
  local npm=(npm --prefix "$home" --no-audit --no-fund --loglevel=error)
  if [ "$base" = build/sdks ]; then
    cp "$source" "$home/" && "${npm[@]}" ci
  else
    "${npm[@]}" update
  fi
}

if ! "install_$language" >"$home.log" 2>&1; then
  grep -iE 'error' "$home.log" | tail -1 >"$home.unavailable"
  [ -s "$home.unavailable" ] || tail -1 "$home.log" >"$home.unavailable"
  cat "$home.log" >&2
  exit 0
fi
echo "$wanted" >"$home.installed"
