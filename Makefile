# `make demo` and `make test` need Python 3.11, npm and, for what is missing of tmux, git, procps, redis-server, nginx-light and prometheus, apt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test check eval-leave-out install clean

demo: $(VENV)/.installed
	$(BIN)/mcp-dynaload demo

# stdio.py takes over the pipes of its process, so only tests that start processes run it.
test: check $(VENV)/.upstreams
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --skip-covered --skip-empty
	$(BIN)/coverage report --fail-under=95 --include='mcp_dynaload/catalog/*,mcp_dynaload/selection/*,mcp_dynaload/server/*' --omit='*/stdio.py' --format=total

check: $(VENV)/.developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# What the choice reaches on labelled tasks that its models never saw: BENCH has catalogs/, tasks/ and negatives/.
BENCH ?= ../shared/bench
eval-leave-out: $(VENV)/.developed
	$(BIN)/python -m mcp_dynaload.evaluation.leave_out $(BENCH)

install: $(VENV)/.installed

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mcp_dynaload needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(PIP) --editable .
	touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	touch $@

.PHONY: $(VENV)/.upstreams
$(VENV)/.upstreams: $(VENV)/.developed
	.ci/install-e2e

clean:
	rm -rf $(VENV) .venv-upstreams .cache build dist
