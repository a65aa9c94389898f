#!/usr/bin/env bash
# Make .venv ready: find a Python >= 3.12, create the environment, install asyncsoc into it. Safe to repeat; instant when
# nothing changed. Usage:
#   scripts/bootstrap.sh [--compiler] [EXTRAS]   EXTRAS: comma-separated, default drawing; --compiler: demand one
#   scripts/bootstrap.sh --python                print the interpreter it would use, make nothing
# Exit code 4: this machine lacks something; the message says what installs it.
# ASYNCSOC_PYTHON names an interpreter to use; ASYNCSOC_VENV a place other than .venv.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv="${ASYNCSOC_VENV:-.venv}"
oldest="3.12" # keep in step with requires-python
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV

need_compiler=no
only_python=no
case "${1:-}" in
  --compiler) need_compiler=yes && shift ;;
  --python) only_python=yes && shift ;;
esac
extras="${1:-drawing}"

say() { printf 'asyncsoc set-up: %s\n' "$*" >&2; }

give_up() {
  printf 'asyncsoc set-up: %s\n' "$@" >&2
  exit 4
}

# --- an interpreter that works ---------------------------------------------------------------------------------------

without_venv="" # the first interpreter new enough that cannot make virtual environments

# Shims of version managers exist without working, so every candidate is run.
works() {
  local answer
  answer="$("$1" -I -c '
import sys
new_enough = (3, 12) <= sys.version_info < (3, 15) and sys.implementation.name == "cpython"
free_threaded = bool(getattr(sys, "_is_gil_enabled", None)) and not sys._is_gil_enabled()
try:
    import ensurepip, venv
    makes_venvs = True
except ImportError:
    makes_venvs = False
print("no" if not new_enough or free_threaded else "yes" if makes_venvs else "venv-missing")
' 2>/dev/null)" || return 1
  if [ "$answer" = "venv-missing" ] && [ -z "$without_venv" ]; then
    without_venv="$1"
  fi
  [ "$answer" = "yes" ]
}

candidates() {
  local name pattern root found
  if [ -n "${ASYNCSOC_PYTHON:-}" ]; then
    printf '%s\n' "$ASYNCSOC_PYTHON"
    return
  fi
  for name in python3.12 python3.13 python3.14 python3 python; do
    type -aP "$name" 2>/dev/null || true
  done
  for root in "${PYENV_ROOT:-}" "$HOME/.pyenv"; do
    [ -n "$root" ] || continue
    for pattern in 3.12 3.13 3.14; do
      for found in "$root"/versions/"$pattern"*/bin/python; do
        if [ -x "$found" ]; then printf '%s\n' "$found"; fi
      done
    done
  done
  if command -v uv >/dev/null 2>&1; then
    uv python find --no-python-downloads ">=$oldest" 2>/dev/null || true
  fi
}

find_python() {
  local candidate
  while IFS= read -r candidate; do
    if works "$candidate"; then
      python="$candidate"
      return
    fi
  done < <(candidates)
  if [ -n "${ASYNCSOC_PYTHON:-}" ]; then
    give_up "ASYNCSOC_PYTHON=$ASYNCSOC_PYTHON does not run, or is not CPython >= $oldest with the venv module."
  fi
  if [ -n "$without_venv" ]; then
    give_up "$without_venv is new enough but cannot make virtual environments." \
      "Debian and Ubuntu: sudo apt-get install $(basename "$without_venv")-venv; then run this again."
  fi
  give_up "no working Python >= $oldest was found on PATH, under pyenv or by uv." \
    "Install one, for example: uv python install 3.12, or: pyenv install 3.12," \
    "or point to one: ASYNCSOC_PYTHON=/path/to/python3.12; then run this again."
}

if [ "$only_python" = yes ]; then
  find_python
  printf '%s\n' "$python"
  exit 0
fi

# --- a C compiler, which dolfinx calls at run time -------------------------------------------------------------------

check_compiler() {
  local cc include
  cc="$("$1" -I -c 'import os, sysconfig; print((os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0])')"
  include="$("$1" -I -c 'import sysconfig; print(sysconfig.get_path("include"))')"
  command -v "$cc" >/dev/null 2>&1 ||
    give_up "no C compiler ($cc); dolfinx compiles its forms when they are first used." \
      "Debian and Ubuntu: sudo apt-get install gcc libc6-dev; Fedora: sudo dnf install gcc; macOS: xcode-select --install"
  printf '#include <math.h>\n#include <Python.h>\n' | "$cc" -I"$include" -x c -fsyntax-only - >/dev/null 2>&1 ||
    give_up "the C compiler $cc cannot compile against $include/Python.h." \
      "Debian and Ubuntu: sudo apt-get install libc6-dev python3-dev; Fedora: sudo dnf install glibc-devel python3-devel"
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
  give_up "DOLFINx has no wheel for $(uname -sm); it comes from conda-forge there:" \
    "conda env create -f environment.yml && conda activate asyncsoc && pip install --no-deps -e ."
fi

# --- the environment -------------------------------------------------------------------------------------------------

unfinished="$venv/.asyncsoc-unfinished"
stamp="$venv/.asyncsoc-stamp-${extras//,/-}"

# What the environment was made from. The directory is part of it: a moved virtual environment does not work.
wanted() {
  cat pyproject.toml constraints.txt scripts/bootstrap.sh
  pwd -P
  "$venv/bin/python" -I -c 'import sys; print(sys.version, sys.base_prefix)'
}

# Ready: some finished installation of the same state had at least the extras asked for.
is_ready() {
  local now file extra missing
  [ ! -e "$unfinished" ] && [ -x "$venv/bin/python" ] || return 1
  now="$(wanted 2>/dev/null | cksum)"
  for file in "$venv"/.asyncsoc-stamp-*; do
    [ -f "$file" ] && [ "$(cat "$file")" = "$now" ] || continue
    missing=no
    for extra in ${extras//,/ }; do
      case "${file##*/.asyncsoc-stamp}-" in *"-$extra-"*) ;; *) missing=yes ;; esac
    done
    if [ "$missing" = no ]; then return 0; fi
  done
  return 1
}

if command -v flock >/dev/null 2>&1; then # two of these at once wait for each other
  exec 9<scripts/bootstrap.sh
  flock 9
fi

if is_ready; then
  if [ "$need_compiler" = yes ]; then check_compiler "$venv/bin/python"; fi
  exit 0
fi

if [ -e "$unfinished" ] || ! works "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
  ! [ "$("$venv/bin/python" -I -c 'import sys; print(sys.prefix)')" -ef "$venv" ]; then
  find_python
  if [ "$need_compiler" = yes ]; then check_compiler "$python"; fi
  if [ -e "$venv" ]; then say "$venv is incomplete or broken; making it again"; fi
  say "making $venv with $python ($("$python" -V))"
  mkdir -p "$venv"
  : >"$unfinished"
  "$python" -m venv --clear "$venv"
elif [ "$need_compiler" = yes ]; then
  check_compiler "$venv/bin/python"
fi

: >"$unfinished" # a process killed from here on leaves this mark, and the next one starts afresh
say "installing asyncsoc with $extras into $venv (about a minute the first time)"
if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
  -c constraints.txt -e ".[$extras]"; then
  give_up "pip could not install asyncsoc; its message is above. Check the network and run this again."
fi
"$venv/bin/python" -c "import asyncsoc" || give_up "asyncsoc was installed into $venv but cannot be imported; see above."
if [ "$need_compiler" = yes ]; then
  say "compiling the kernels, once: 20 to 50 s of processor time"
  "$venv/bin/python" -c "from asyncsoc.solver.warmup import compile_kernels; compile_kernels()" ||
    say "the kernels could not be compiled now; the first run will try again and say why"
fi
wanted | cksum >"$stamp"
rm -f "$unfinished"
say "$venv is ready"
