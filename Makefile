# `make demo` and `make test` need Python 3.11, npm and, for what is missing of tmux, git, procps, strace, redis-server, nginx-light and prometheus, apt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test check eval-leave-out bench install clean

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

# Calls, starts and choice beside FastMCP, which gets an environment of its own; with BENCH as above the choice, too.
LABELLED := $(if $(wildcard $(BENCH)/catalogs/dev.json),--catalog $(BENCH)/catalogs/dev.json --tasks $(BENCH)/tasks/vendor_evals_dev.jsonl)
bench: $(VENV)/.installed $(PEERS)/.installed
	$(BIN)/mcp-dynaload bench --fastmcp $(PEERS)/bin/python $(LABELLED)

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

$(PEERS)/.installed: $(BIN)/python config/constraints-peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet --requirement config/constraints-peers.txt
	sha256sum <config/constraints-peers.txt >$@

.PHONY: $(VENV)/.upstreams
$(VENV)/.upstreams: $(VENV)/.developed
	.ci/install-e2e

clean:
	rm -rf $(VENV) .venv-upstreams $(PEERS) .cache build dist
