# make run   starts Casebook with the first project and demo sign-ins
# make test  checks everything, on SQLite, on PostgreSQL and in a browser
# Both need only Python 3.11 or newer and make; everything else they install themselves.

VENV := .venv
PY := $(VENV)/bin/python
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes

.NOTPARALLEL:
.PHONY: run test lint format venv lock bench

venv: $(VENV)/test.stamp

$(VENV)/bin/python:
	@echo "Making the virtual environment in $(VENV)"
	@bin/venv $(VENV)

$(VENV)/run.stamp: requirements.lock | $(VENV)/bin/python
	@echo "Installing what Casebook needs (once)"
	@$(INSTALL) -r requirements.lock
	@touch $@

$(VENV)/test.stamp: requirements-test.lock | $(VENV)/bin/python
	@echo "Installing what Casebook and its tests need (once)"
	@$(INSTALL) -r requirements-test.lock
	@touch $(VENV)/run.stamp $@
