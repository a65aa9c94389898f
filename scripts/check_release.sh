#!/usr/bin/env bash
# Build wheel and sdist from this checkout and check them outside it: an empty environment, an empty folder, the demo.
# Usage:
#   scripts/check_release.sh [--no-demo] [-o DIR] [VERSION]
#     -o DIR     keep wheel and sdist there (default: thrown away)
#     VERSION    what they must be called, such as that of the tag: 0.1.0
#     --no-demo  a short run in place of the demo
# Exit code 1: a check has failed; the message says which.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
demo=yes
keep=""
wanted=""
while [ $# -gt 0 ]; do
  case "$1" in
    --no-demo) demo=no ;;
    -o) keep="$2" && shift ;;
    *) wanted="$1" ;;
  esac
  shift
done
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
python="$("$root/scripts/bootstrap.sh" --python)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
started=$SECONDS

step() { printf '== %s (%d s so far)\n' "$1" "$((SECONDS - started))"; }
fail() {
  printf 'check_release: %s\n' "$*" >&2
  exit 1
}

step "wheel and sdist"
"$python" -m venv "$work/build"
"$work/build/bin/pip" install --quiet --disable-pip-version-check build
"$work/build/bin/python" -m build --outdir "$work/dist" "$root" >"$work/build.log" 2>&1 || {
  tail -n 30 "$work/build.log" >&2
  fail "the build failed; its last lines are above"
}
wheel="$(echo "$work"/dist/*.whl)"
sdist="$(echo "$work"/dist/*.tar.gz)"
version="$(basename "$wheel" | cut -d- -f2)"
echo "$(basename "$wheel"), $(du -k "$wheel" | cut -f1) kB; $(basename "$sdist"), $(du -k "$sdist" | cut -f1) kB"
[ -z "$wanted" ] || [ "$version" = "$wanted" ] || fail "the version is $version, and $wanted was asked for"
[[ "$(basename "$sdist")" == "asyncsoc-$version.tar.gz" ]] || fail "wheel and sdist have different versions"

step "what is in them"
"$python" - "$wheel" "$sdist" <<'PYTHON'
import sys, tarfile, zipfile

wheel = set(zipfile.ZipFile(sys.argv[1]).namelist())
sdist = {name.partition("/")[2] for name in tarfile.open(sys.argv[2]).getnames()}
wanted = ("asyncsoc/__init__.pyi", "asyncsoc/py.typed", "asyncsoc/base/version.txt")
lacking = [name for name in wanted if name not in wheel]
lacking += [] if any(name.startswith("asyncsoc/_meshes/") for name in wheel) else ["asyncsoc/_meshes"]
lacking += [f"{name} (sdist)" for name in ("LICENSE", "README.md", "pyproject.toml", "tests/conftest.py") if name not in sdist]
strange = sorted({name.split("/")[0] for name in wheel if not name.startswith(("asyncsoc/", "asyncsoc-"))})
if lacking or strange:
    sys.exit(f"check_release: lacking {lacking}, not of the package {strange}")
print(f"{len(wheel)} files in the wheel, {len(sdist)} in the sdist")
PYTHON

step "the sources without git"
mkdir "$work/export"
tar -xzf "$sdist" -C "$work/export" --strip-components=1
rm -f "$work/export/PKG-INFO" "$work/export/asyncsoc/base/version.txt"
fallback="$(sed -n 's/^FALLBACK = "\(.*\)"$/\1/p' "$root/asyncsoc/base/version.py")"
"$work/build/bin/pip" wheel --quiet --disable-pip-version-check --no-deps -w "$work/bare" "$work/export"
[ -f "$work/bare/asyncsoc-$fallback-py3-none-any.whl" ] || fail "without git the wheel is $(ls "$work/bare"), not $fallback"

step "an empty environment"
"$python" -m venv "$work/empty"
"$work/empty/bin/pip" install --quiet --disable-pip-version-check -c "$root/constraints.txt" "$wheel"
mkdir "$work/elsewhere"
cd "$work/elsewhere"
says="$("$work/empty/bin/asyncsoc" --version)"
[ "$says" = "asyncsoc $version" ] || fail "asyncsoc --version says '$says', the wheel is $version"
"$work/empty/bin/python" -c "import asyncsoc, sys; sys.exit(not asyncsoc.__file__.startswith(sys.prefix))" ||
  fail "another asyncsoc than that of the wheel is imported"

if [ "$demo" = yes ]; then
  step "the demo"
  "$work/empty/bin/asyncsoc" demo -o out
else
  step "a short run"
  printf '[contact]\nkind = "full"\n[protocol]\nsteps = ["Charge at C/5 for 20 minutes"]\n' >case.toml
  "$work/empty/bin/asyncsoc" run case.toml -o out --quiet
fi
[ "$(find out -name '*.png' -size +5k | wc -l)" -gt 0 ] || fail "no picture was written"

if [ -n "$keep" ]; then
  mkdir -p "$keep"
  cp "$wheel" "$sdist" "$keep"
fi
step "asyncsoc $version can be released"
