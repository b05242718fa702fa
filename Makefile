# make run, make test: set everything up first. Each step leaves a stamp and is not repeated.
PORT ?= 8000
HOST ?= 127.0.0.1
ARGS ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
VENDOR := linli/desk/static/vendor/htmx.min.js
PHONE := $(shell find linli/field/app -type f -not -path '*/tests/*')

.PHONY: run test check fmt bench faults screenshots lock setup setup-dev clean stop
.DELETE_ON_ERROR:

run: setup
	@$(VENV)/bin/python -m compileall -q linli
	@exec $(VENV)/bin/linli run --host $(HOST) --port $(PORT) $(ARGS)

# Files in their own order: by the number of tests, those of few and long ones (browsers) would be left to the end, when one
# worker walks and the other waits. Two for two processors: a third one made the whole no shorter.
# Compiled first, whatever the environment says of bytecode: tests start many processes, and each would compile it all.
test: setup-dev
	@$(VENV)/bin/python -m compileall -q linli
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev
	@bash scripts/check.sh

fmt: setup-dev
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

bench: setup-dev
	$(VENV)/bin/python -m bench $(ARGS)

faults: setup-dev
	$(VENV)/bin/python -m pytest -m long $(ARGS)

screenshots: setup-dev
	$(VENV)/bin/python -m pytest -m long tests/browser/test_tour.py tests/browser/test_field_tour.py $(ARGS)

lock: setup-dev
	$(VENV)/bin/python scripts/locks.py update

setup: $(VENV)/.stamp-run $(VENDOR)

setup-dev: setup $(VENV)/.stamp-dev

$(VENV)/bin/python:
	@python=$$(sh scripts/find-python.sh "$(PYTHON)") && echo "Setting up $(VENV) with $$python ..." && $$python -m venv $(VENV)

$(VENV)/.stamp-run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing packages ..."
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.lock $(VENV)/.stamp-run
	@echo "Installing development packages ..."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENDOR): package-lock.json scripts/build_frontend.mjs scripts/frontend.sh $(PHONE) | $(VENV)/.stamp-run
	@sh scripts/frontend.sh
	@touch $@

stop:
	@$(VENV)/bin/python -m linli.site.embedded stop

clean:
	rm -rf $(VENV) node_modules linli/desk/static/vendor linli/field/static/field build *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find linli -name '*.mo' -delete
