# make run   starts Casebook with the first project and demo sign-ins
# make test  checks everything, on SQLite, on PostgreSQL and in a browser
# Both need only Python 3.11 or newer and make; what else they need, they install.

VENV := .venv
PY := $(VENV)/bin/python
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(VENV)-lock/bin/uv pip compile --quiet --upgrade --universal --generate-hashes \
	--python-version 3.11 --custom-compile-command "make lock" pyproject.toml
STATIC := $(shell find curation/static -type f 2>/dev/null)
TEMPLATES := $(shell find templates -name '*.html' 2>/dev/null)
REPORTS := var/tests
PYTEST := $(PY) -m pytest -q
UNIT := tests --ignore=tests/browser --ignore=tests/benchmarks -n 2

.NOTPARALLEL:
.PHONY: run test test-sqlite test-postgresql test-browser lint format venv lock bench

run: $(VENV)/run.stamp var/static/staticfiles.json
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py load_first_project --demo
	@exec $(PY) manage.py serve

# The last line adds up what the stages counted; the first stage that fails is the last one run.
test: venv
	@rm -rf $(REPORTS) && mkdir -p $(REPORTS)
	@$(MAKE) --no-print-directory lint test-sqlite test-postgresql test-browser; status=$$?; \
		$(PY) -m tests.totals $(REPORTS); exit $$status

test-sqlite: venv
	@echo "== SQLite"
	@$(PY) -m tests.machine sqlite $(PYTEST) $(UNIT) --junit-xml=$(REPORTS)/sqlite.xml

test-postgresql: venv
	@echo "== PostgreSQL"
	@$(PY) -m tests.machine postgresql $(PYTEST) $(UNIT) --junit-xml=$(REPORTS)/postgresql.xml

test-browser: venv
	@echo "== Browser"
	@DATABASE_URL= $(PY) -m tests.machine chromium \
		$(PYTEST) tests/browser --junit-xml=$(REPORTS)/browser.xml

lint: venv
	@echo "== Lint"
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/djade --check $(TEMPLATES)
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/mypy coding curation
	@DATABASE_URL= $(PY) manage.py makemigrations --check --dry-run
	@DATABASE_URL= DEBUG= HTTPS=1 $(PY) manage.py check --deploy --fail-level WARNING

format: venv
	@$(VENV)/bin/ruff check --fix-only .
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/djade $(TEMPLATES)

bench: venv
	@$(PY) -m tests.benchmarks

venv: $(VENV)/test.stamp

# Newer versions within the bounds of pyproject.toml, for every Python from 3.11 on.
lock: $(VENV)-lock/bin/python
	@$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check --upgrade uv
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --group test --constraints requirements.lock --output-file requirements-test.lock

var/static/staticfiles.json: requirements.lock curation/settings.py $(STATIC) | $(VENV)/run.stamp
	@$(PY) manage.py collectstatic --noinput --clear --verbosity 0

$(VENV)/bin/python $(VENV)-lock/bin/python:
	@echo "Making a virtual environment"
	@.ci/venv $(@:/bin/python=)

$(VENV)/run.stamp: requirements.lock | $(VENV)/bin/python
	@echo "Installing what Casebook needs (once, about a minute)"
	@$(INSTALL) -r requirements.lock
	@touch $@

$(VENV)/test.stamp: requirements-test.lock | $(VENV)/bin/python
	@echo "Installing what Casebook and its tests need (once, about a minute)"
	@$(INSTALL) -r requirements-test.lock
	@touch $(VENV)/run.stamp $@
