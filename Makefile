# Everything a newcomer needs: `make serve`, `make test`. Runs with make 3.81 and a POSIX sh; no root.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
PY := $(VENV)/bin/python
UV ?= uv
ARGS ?=

# Tried in this order; each has to run, since a name found may be a shim that only prints an error.
PYTHON ?= python3 python3.13 python3.12 python3.11 python
IN_RANGE := sys.version_info[:2] in ((3, 11), (3, 12), (3, 13)) or sys.exit(1)

# What the environment was made for is remembered beside it: `make serve` after
# `make setup GPU=cuda13` keeps the GPU, a tree that was moved is installed anew.
MADE_FOR := $(shell test -x $(PY) && cat $(VENV)/.made-for 2>/dev/null)
GPU ?= $(firstword $(MADE_FOR))
override GPU := $(or $(strip $(GPU)),none)
WANTED := $(GPU) $(CURDIR)
RUNTIME := $(VENV)/.setup-stamp
DEV := $(VENV)/.setup-stamp-dev

.PHONY: help setup serve test test-slow lint format typecheck check bench bench-gpu mutants tamper crash clean
ifneq ($(MADE_FOR),$(WANTED))
.PHONY: $(RUNTIME)
STALE := $(MADE_FOR)
endif

help:
	@echo 'make serve       set up and serve the dashboard on http://127.0.0.1:5006'
	@echo 'make test        set up and run the tests; one file: make test ARGS=tests/test_setup.py; two at a time: ARGS="-n 2 --dist loadfile"'
	@echo 'make setup       only set up $(VENV); GPU=cuda13 or GPU=cuda12 for an NVIDIA GPU, GPU=none to go back'
	@echo 'make test-slow   the campaigns that `make test` leaves out'
	@echo 'make check       lint, format check and type check'
	@echo 'make lint | format | typecheck'
	@echo 'make bench       print the figures: speed, start-up, event loop'
	@echo 'make bench-gpu   an accelerator'"'"'s figures, kept in benchmarks/results; ARGS=--cpu rehearses'
	@echo 'make mutants     plant bugs into a copy of the solver and see them caught (ten minutes)'
	@echo 'make tamper      forge and damage an artifact in every way and see each refused (two minutes)'
	@echo 'make crash       kill hunts at random moments 200 times and see each go on (half an hour)'
	@echo 'make clean       remove $(VENV) and caches; workspaces stay'
	@echo 'PYTHON=… is the interpreter of a new $(VENV); UV= (empty) takes pip although uv is there'

setup: $(RUNTIME)
serve: $(RUNTIME)
	$(VENV)/bin/irer serve $(ARGS)

test: $(DEV)
	$(PY) -m pytest $(ARGS)
test-slow: $(DEV)
	$(PY) -m pytest -m slow $(ARGS)
lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
format: $(DEV)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
typecheck: $(DEV)
	$(PY) -m mypy
check: lint typecheck
bench: $(DEV)
	$(PY) -m benchmarks $(ARGS)
bench-gpu: $(DEV)
	$(PY) -m benchmarks.bench_gpu $(ARGS)
mutants: $(DEV)
	$(PY) -m benchmarks.mutants $(ARGS)
tamper: $(DEV)
	$(PY) -m benchmarks.tamper $(ARGS)
crash: $(DEV)
	$(PY) -m benchmarks.crash $(ARGS)

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an interrupted set-up is taken up again by the next `make`.
$(RUNTIME): pyproject.toml constraints.txt
	$(if $(filter-out none cuda12 cuda13,$(GPU)),$(error GPU=$(GPU): unknown, expected cuda13, cuda12 or none))
	@rm -f $(RUNTIME) $(DEV)
	@$(if $(usable),,$(call create,$(base)))
	@printf '%s\n' "$(GPU) $$(pwd -P)" > $(VENV)/.made-for
	@echo 'Installing into $(VENV) with $(if $(has_uv),uv,pip); the first time takes $(if $(has_uv),a minute,two or three minutes) …'
	@$(call install,.$(addprefix [,$(addsuffix ],$(filter-out none,$(GPU)))))
	@touch $@

$(DEV): $(RUNTIME)
	@echo 'Installing the development tools into $(VENV) …'
	@$(call install,.[dev$(addprefix $(comma),$(filter-out none,$(GPU)))])
	@touch $@

comma := ,
has_uv = $(if $(UV),$(shell $(UV) --version 2>/dev/null))

# An environment for another GPU is not reused: two CUDA plugins exclude each other.
usable = $(if $(STALE),,$(shell $(PY) -c 'import sys; $(IN_RANGE); print("yes")' 2>/dev/null \
	$(if $(has_uv),,&& $(PY) -m pip --version >/dev/null 2>&1)))

# Answers the interpreter itself, not a shim or a virtual environment's link. Argument: code that
# the candidate has to run too.
find_python = $(shell for candidate in $(PYTHON); do "$$candidate" -c \
	'import sys; $(IN_RANGE); $(or $(1),pass); print(getattr(sys, "_base_executable", sys.executable))' \
	2>/dev/null </dev/null && break; done)
versions = $(shell for candidate in $(PYTHON); do "$$candidate" -c \
	'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null; done; true)
base = $(or $(call find_python,$(if $(has_uv),,import ensurepip)),$(if $(call find_python,),\
	$(error Python has no ensurepip: install the package of your system that brings it \
	(Debian, Ubuntu: python3-venv), or uv),\
	$(error Python: got $(or $(versions),none) (tried $(PYTHON)), expected 3.11, 3.12 or 3.13; \
	install one, or name it: make setup PYTHON=/path/to/python3.12)))
create = rm -rf $(VENV) && $(if $(has_uv),$(UV) venv --quiet --python '$(1)' $(VENV),'$(1)' -m venv $(VENV))

# The build backend is pinned too; pip reads one variable or the other, by its age.
install = $(if $(has_uv),UV_BUILD_CONSTRAINT=constraints.txt $(UV) pip install --quiet --python $(PY),\
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(PY) -m pip install -qq --disable-pip-version-check) -c constraints.txt -e '$(1)'
