"""The part of `mcp-dynaload bench` that plays sessions in the real client: what it checks, prints and writes."""

import json
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

from mcp_dynaload.cli.output_files import check_output_folder, fail_if, write_output
from mcp_dynaload.cli.screen import console, counting, show_table
from mcp_dynaload.errors import ConfigError, DynaloadError
from mcp_dynaload.measure.claude.chart import chart
from mcp_dynaload.measure.claude.run import ClaudePlan, ClaudeRun, run
from mcp_dynaload.measure.claude.setups import COMPRESSOR, DYNAMIC_MCP, FASTMCP, ORDER
from mcp_dynaload.measure.claude.summary import DOLLARS_PER_MILLION, dollars_for_hundred, tables

FASTMCP_VERSION = "import importlib.metadata as m; print(m.version('fastmcp'))"

VERSION_SECONDS = 60.0
"""So long a program may take to tell its version, on a busy machine."""

HOW_TO_INSTALL = (
    "`make bench-claude` installs it, or: npm install --prefix DIR @anthropic-ai/claude-code, then "
    "--claude DIR/node_modules/.bin/claude"
)
EXPLANATION = (
    "scripted: the model. It calls a needed tool whose definition the request has; else it searches, three times at "
    "most, with the prompt's content words; it is told which tools are needed, not whether they are there.",
    "ours: mcp-dynaload, with its hooks in the client's settings or with its plugin.",
    "measured: what the real client sends. Tokens are estimates, the cost is computed from them (a unit is the price "
    "of a token of plain input).",
)


def bench_claude(plan: ClaudePlan, out: Path | None, *, as_json: bool) -> None:
    """Play all sessions, print the tables, and write them with the chart into a folder.

    Raises:
        ConfigError: A file, a program or the name of a set-up is wrong.
        DynaloadError: No session could be played in all set-ups.
    """
    _check(plan)
    check_output_folder("--out", out)
    with counting("playing") as told:
        found = run(plan, told)
    found = replace(found, about=_peers(plan) | found.about)
    if not found.tasks:
        raise DynaloadError(f"no session could be played in all set-ups: {found.failures[0]}")
    problem = out and _write(out, found)
    _show(found, as_json=as_json)
    fail_if(problem)


def _show(found: ClaudeRun, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_as_json(found), indent=2))
        return
    for table in tables(found.tasks):
        show_table(table.title, table.heads, table.rows, table.heads[1:])
        console.print()
    for line in _about(found):
        console.print(line)


def client_at(claude: str) -> tuple[Path, str]:
    """Return where the client is and the version that it tells.

    Raises:
        ConfigError: There is no such program, or it is another one.
    """
    program = shutil.which(claude)
    if program is None:
        raise ConfigError(f"--claude {claude}: there is no such program; {HOW_TO_INSTALL}")
    said = said_by(program, "--version")
    if "Claude Code" not in said:
        raise ConfigError(f"--claude {claude}: it is not Claude Code, it says {said[:100]!r}; {HOW_TO_INSTALL}")
    # Not resolved: a link may be what makes the program.
    return Path(program).absolute(), said.split()[0]


def said_by(program: str, *arguments: str) -> str:
    """Return what a program prints, or why it prints nothing."""
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.strip() or done.stderr.strip()


def program_at(name: str) -> str:
    """Return where a peer's program is; the client starts it in another folder.

    Raises:
        ConfigError: There is none.
    """
    program = shutil.which(name)
    if program is None:
        raise ConfigError(
            f"{name}: there is no such program; `make bench-claude` installs the peers, or: pip install fastmcp dmcp "
            "mcp-compressor"
        )
    return str(Path(program).absolute())


def _peers(plan: ClaudePlan) -> dict[str, str]:
    """Return the versions of the peers."""
    versions = {
        FASTMCP: plan.fastmcp and said_by(plan.fastmcp, "-I", "-c", FASTMCP_VERSION),
        DYNAMIC_MCP: plan.dynamic_mcp and said_by(plan.dynamic_mcp, "--version"),
        COMPRESSOR: plan.compressor and said_by(plan.compressor, "--version"),
    }
    return {name: version.split()[-1] for name, version in versions.items() if version}


def _check(plan: ClaudePlan) -> None:
    for name in plan.set_ups:
        if name not in ORDER:
            raise ConfigError(f"--set-up {name!r} is none of: {', '.join(map(repr, ORDER))}")


def _write(folder: Path, found: ClaudeRun) -> str | None:
    """Write all files; returns why one cannot be written."""
    parts = [*(table.as_markdown() for table in tables(found.tasks)), *(f"- {line}" for line in _about(found))]
    caption = f"{found.about['played']}; {found.about['servers']}; Claude Code {found.about['Claude Code']}"
    texts = {
        "tables.md": "\n".join([*parts, ""]),
        "tasks.json": json.dumps(_as_json(found), indent=1),
        "chart.svg": chart(found.tasks, caption),
    }
    problems = [write_output("--out", folder / name, text) for name, text in texts.items()]
    return next(filter(None, problems), None)


def _about(found: ClaudeRun) -> list[str]:
    prices = ", ".join(f"{family} {price:g}" for family, price in DOLLARS_PER_MILLION.items())
    costs = ", ".join(f"{name} {value:.2f}" for name, value in dollars_for_hundred(found.tasks).items())
    about = {**found.about, f"dollars for 100 tasks, at {prices} a million tokens of input": costs}
    lines = [f"{name}: {value}" for name, value in about.items()]
    return [*EXPLANATION, *lines, *(f"not played, so left out everywhere: {failure}" for failure in found.failures)]


def _as_json(found: ClaudeRun) -> dict[str, object]:
    return {
        "about": found.about,
        "failures": list(found.failures),
        "tables": {
            table.title: [dict(zip(table.heads, row, strict=True)) for row in table.rows]
            for table in tables(found.tasks)
        },
        "tasks": [asdict(task) for task in found.tasks],
    }
