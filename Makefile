# `make run` and `make test` are the whole set-up.
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PACKAGES := packages/emit packages/unjucks packages/opsdeck

.DEFAULT_GOAL := help
.PHONY: help run test soak lint bench lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

$(INSTALLED): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "opsdeck needs Python 3.11 or newer; try: make PYTHON=python3.11 run")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation $(PACKAGES:%=--editable %)
	@touch $@

run: $(INSTALLED) ## Install into .venv and start the deck
	$(BIN)/opsdeck up

test: $(INSTALLED) ## Every test at a size that fits ten minutes
	$(BIN)/python -m pytest -n 2 -m "not soak"

soak: $(INSTALLED) ## Kills, faults and fuzz at full counts
	$(BIN)/python -m pytest -m soak

lint: $(INSTALLED) ## Style, format and strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED) ## Measure speed and memory, write bench/RESULTS.md
	$(BIN)/python bench/run.py

lock: ## Compile requirements.lock from requirements.in (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-package opsdeck --no-emit-package unjucks \
		--no-emit-package opsdeck-emit --output-file requirements.lock requirements.in

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
