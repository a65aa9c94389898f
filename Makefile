# Every target sets up .venv by itself (scripts/bootstrap.sh) and is quick the second time.
SHELL := /bin/bash
VENV := $(or $(ASYNCSOC_VENV),.venv)
PYTHON := $(VENV)/bin/python
OUTPUT ?= demo-output
JOBS ?= 2
PYTEST ?= -m "not slow"
# What computes: these tests are repeated as an older processor would compute.
NUMERICAL := $(addprefix tests/,base kernels geometry contact materials thermochemistry interface discretization \
  problem solver recorders simulation studies/risk studies/verification)
# What reads files and refuses input does not compute.
NOT_NUMERICAL := $(addprefix --ignore=tests/,materials/importing base/test_csv_tables.py base/test_paths.py \
  base/test_kernel_cache.py base/test_environment_forms.py simulation/test_particle_group_files.py)
DOCS := docs,drawing,tomography,sweep,pybamm
EVERYTHING := test,lint,drawing,thermo,tomography,sweep,browser

export PYBAMM_DISABLE_TELEMETRY := true

.PHONY: help setup demo test test-emulated test-slow lint bench paper docs linkcheck clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 16

setup:  ## make .venv ready for development
	@scripts/bootstrap.sh --compiler $(EVERYTHING)

# Without bytecode every process that a test starts would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

demo:  ## charge a calendered and a hot-calendered particle; pictures in demo-output/
	@scripts/bootstrap.sh --compiler
	@$(VENV)/bin/asyncsoc demo -o $(OUTPUT)

test: setup  ## the quick tests (under 5 minutes)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest $(PYTEST) -n $(JOBS)

test-emulated: setup  ## the quick numerical tests as an older processor computes (under 5 minutes)
	@$(PYTHON) scripts/emulated_processor.py \
	  $(PYTHON) -c "from asyncsoc.solver.warmup import compile_kernels; compile_kernels()"
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) scripts/emulated_processor.py \
	  $(PYTHON) -m pytest -m "not slow" -n $(JOBS) $(NUMERICAL) $(NOT_NUMERICAL)

test-slow: setup  ## the tests that take longer
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest -m slow -n $(JOBS)

lint:  ## ruff, mypy, import-linter
	@scripts/bootstrap.sh $(EVERYTHING)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo

bench: setup  ## the performance suite in its quick form; every answer is asserted before its time is shown
	@OMP_NUM_THREADS=1 $(PYTHON) -m pytest benchmarks -q -s -o python_files='*.py'

paper: setup  ## what the source paper reports against what is computed; writes docs/paper.md (under 30 minutes)
	@OMP_NUM_THREADS=1 $(PYTHON) -m benchmarks.paper

# -a: every page is written, or the search would forget index entries of unchanged ones.
docs:  ## the documentation, into docs/_build/html; its tutorials are executed (under 10 minutes)
	@scripts/bootstrap.sh --compiler $(DOCS)
	@OMP_NUM_THREADS=1 $(PYTHON) -m sphinx -b html -a -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@$(PYTHON) docs/check_site.py docs/_build/html
	@echo docs/_build/html/index.html

linkcheck:  ## every address outside the documentation (needs the network)
	@scripts/bootstrap.sh $(DOCS)
	@$(PYTHON) -m sphinx -b linkcheck -q -d docs/_build/doctrees docs docs/_build/linkcheck

clean:  ## remove what was made here, .venv included
	rm -rf .venv demo-output docs/_build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
