# `make demo` and `make test` need Python 3.11, npm and, for what is missing of tmux, git, procps, strace, bubblewrap, redis-server, nginx-light and prometheus, apt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UPSTREAMS := .venv-upstreams
PEERS := .venv-peers
E2E := .cache/e2e

# Every package is installed in the version that is pinned, what builds ours included; `make pins` renews the files.
PINS := config/constraints-dev.txt
PIP = PIP_CONSTRAINT=$(PINS) PIP_BUILD_CONSTRAINT=$(PINS) $(BIN)/python -m pip --disable-pip-version-check install --quiet

# A container may forbid Python to keep what it has compiled: each of the many processes here would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

# For .ci/install-e2e and the tests.
test bench bench-claude: export MCP_DYNALOAD_E2E_DIR := $(E2E)
test bench bench-claude: export MCP_DYNALOAD_UPSTREAMS_VENV := $(UPSTREAMS)
test bench bench-claude: export MCP_DYNALOAD_PEERS_VENV := $(PEERS)

# The checks, which keep one core busy, run beside the tests and what is installed for them, which mostly waits.
MAKEFLAGS += --jobs=2

.DEFAULT_GOAL := demo
.PHONY: demo test tested hunt test-newest check docs pins eval-leave-out bench bench-claude install clean

demo: $(VENV)/.installed
	$(BIN)/mcp-dynaload demo

# Most tests wait for processes, so that more of them than cores run at a time; tests/sharing.py says which stay together.
WORKERS ?= 4
# stdio.py takes over the pipes of its process, so only tests that start processes run it.
test: check tested

tested: $(VENV)/.upstreams
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder --cov --cov-report=
	$(BIN)/coverage report --skip-covered --skip-empty
	$(BIN)/coverage report --fail-under=95 --include='mcp_dynaload/catalog/*,mcp_dynaload/ranking/*,mcp_dynaload/selection/*,mcp_dynaload/proxy/*' --omit='*/stdio.py' --format=total

# The property tests with ever new examples, twenty times as many; what it finds becomes an example of its test.
hunt: $(VENV)/.developed
	MCP_DYNALOAD_HUNT=1 $(BIN)/python -m pytest -m hypothesis --numprocesses $(WORKERS)

# `make test` with the newest of everything that the ranges allow, and the newest Claude Code, installed anew.
# claude_mcp.json, which a test starts as it is, names .venv.
NEWEST := .venv-newest
test-newest: install
	rm -rf $(NEWEST) .cache/e2e-newest
	MCP_DYNALOAD_NEWEST=1 $(MAKE) test PINS= VENV=$(NEWEST) UPSTREAMS=$(NEWEST)/upstreams PEERS=$(NEWEST)/peers E2E=.cache/e2e-newest

check: $(VENV)/.developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# What the pages say of settings, commands, endpoints and arguments, from the code.
docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

pins: $(BIN)/python
	$(BIN)/python .ci/renew_pins.py

# What the choice reaches on labelled tasks that its models never saw: BENCH has catalogs/, tasks/ and negatives/.
BENCH ?= ../shared/bench
eval-leave-out: $(VENV)/.developed
	$(BIN)/python -m mcp_dynaload.research.leave_out $(BENCH)

# What is built for one kind of machine only.
IS_X86_64_LINUX := $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -))
FURTHER_PEERS := $(if $(IS_X86_64_LINUX),--dynamic-mcp $(PEERS)/bin/dmcp --mcp-compressor $(PEERS)/bin/mcp-compressor)
BENCH_OUT ?= .cache/bench

# Calls, starts, growth and choice beside peers, which get an environment of their own; with BENCH as above the choice, too.
LABELLED := $(if $(wildcard $(BENCH)/catalogs/dev.json),--catalog $(BENCH)/catalogs/dev.json --tasks $(BENCH)/tasks/vendor_evals_dev.jsonl --timed-catalog $(BENCH)/catalogs/dev_plus.json)
bench: $(VENV)/.installed
	.ci/install-e2e peers
	mkdir -p $(BENCH_OUT)
	$(BIN)/mcp-dynaload bench --fastmcp $(PEERS)/bin/python $(FURTHER_PEERS) $(LABELLED) --plot $(BENCH_OUT)/growth.svg

# Model requests and tokens of the real Claude Code, a script for its model, with us, with peers and without; BENCH as above.
SESSIONS ?= 8
SESSIONS_OF := $(if $(wildcard $(BENCH)/catalogs/dev.json),--labelled $(BENCH))
bench-claude: $(VENV)/.installed
	.ci/install-e2e client
	$(BIN)/mcp-dynaload bench --claude $(E2E)/node_modules/.bin/claude --fastmcp $(PEERS)/bin/python $(FURTHER_PEERS) \
		$(SESSIONS_OF) --sessions $(SESSIONS) --out $(BENCH_OUT)-claude

install: $(VENV)/.installed

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mcp_dynaload needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml $(PINS)
	$(PIP) --editable .
	touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	touch $@

.PHONY: $(VENV)/.upstreams
$(VENV)/.upstreams: $(VENV)/.developed
	PYTHON=$(BIN)/python .ci/install-e2e

clean:
	rm -rf $(VENV) $(UPSTREAMS) $(PEERS) $(NEWEST) .cache build dist
