#!/usr/bin/env bash
# Packages for PLATFORMS (make package sets them) into OUT
# (build/packages): a tar.gz each, for Linux a .deb and .rpm, an SBOM each, the
# chart, and the checksums of all. The same commit makes the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

# make sets the Go toolchain and the platforms of a release.
platforms=${PLATFORMS:?run make package}
out=$(realpath -m "${OUT:-build/packages}")
VERSION=${VERSION:-$(awk '/^ *version:/ {print $2; exit}' builder-config.yaml)}
export VERSION SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)

# archive DIRECTORY NAME > FILE
archive() {
  tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w -C "$1" -c "$2" | gzip -n
}

tool() { go tool -modfile packaging/go.mod "$@"; }

rm -rf "$out"
mkdir -p "$out"
for platform in $platforms; do
  os=${platform%/*} ARCH=${platform#*/}
  name=otelcol-arc_${VERSION}_${os}_$ARCH
  DIR=build/stage/$name
  export ARCH DIR
  exe=
  if [ "$os" = windows ]; then exe=.exe; fi
  rm -rf "$DIR"
  mkdir -p "$DIR"
  GOOS=$os GOARCH=$ARCH make BIN="$DIR/otelcol-arc$exe" ARCTOOL="$DIR/arctool$exe" build arctool
  # What is in the binary, as the linker wrote it down.
  tool cyclonedx-gomod bin -json -version "v$VERSION" -noserial -notimestamp -output "$DIR/sbom.cdx.json" "$DIR/otelcol-arc$exe"
  cp "$DIR/sbom.cdx.json" "$out/$name.sbom.cdx.json"
  cp -R LICENSE README.md config "$DIR/"
  go run -C packaging ./licenses .. "$(realpath "$DIR")/otelcol-arc$exe" > "$DIR/THIRD-PARTY-LICENSES.txt"
  archive build/stage "$name" > "$out/$name.tar.gz"
  if [ "$os" = linux ]; then
    for packager in deb rpm; do
      tool nfpm package --config packaging/nfpm.yaml --packager "$packager" --target "$out/" > "$DIR.nfpm.log" || { cat "$DIR.nfpm.log"; exit 1; }
    done
  fi
done
# `helm package` writes the time of day into the archive.
rm -rf build/stage/chart
mkdir -p build/stage/chart
cp -R packaging/helm/otelcol-arc build/stage/chart/
sed -i "s/^\(version\|appVersion\): .*/\1: $VERSION/" build/stage/chart/otelcol-arc/Chart.yaml
archive build/stage/chart otelcol-arc > "$out/otelcol-arc-chart-$VERSION.tgz"
cd "$out"
sha256sum -- * > checksums.txt
cat checksums.txt
