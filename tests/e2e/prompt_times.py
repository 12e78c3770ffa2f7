"""Says how long a prompt takes until the client makes its first model request: without us, with hooks, with the plugin.

    .venv/bin/python -m tests.e2e.prompt_times CATALOG [PROMPTS]

CATALOG is a file of `mcp-dynaload eval`; its tools, repeated under other names until there are `TOOLS`, are offered by
ten servers. Each way is one session with `-p`, whose first prompts, one of each kind, are not counted. It wants a quiet
machine.
"""

import json
import sys
import tempfile
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.evaluation.labelled import characters_in_fours, read_catalog
from mcp_dynaload.validation.probe import probe
from tests.e2e.stage import FROZEN_LIST_MODEL, NPM_BIN, PROXY_COMMAND, PYTHON_BIN, Stage
from tests.e2e.upstreams import Workplace

TOOLS = 1_500
SERVERS = 10
WAYS = ("without us", "settings hooks", "plugin")
PROMPTS = (
    "create an issue in the repository about the login bug",
    "list the pull requests that wait for review",
    "search the dashboards for latency panels",
    "write a haiku about the sea",
    "query the database for the newest orders",
    "thanks, that is all for now",
)


def main(catalog: Path, count: int) -> None:
    """Measure each way, and print the milliseconds."""
    with tempfile.TemporaryDirectory(prefix="prompt-times-") as folder, ExitStack() as stack:
        workplace = Workplace(Path(folder, "workplace"), NPM_BIN, PYTHON_BIN, PROXY_COMMAND)
        workplace.root.mkdir()
        workplace.prepare()
        workplace.servers_file.write_text(json.dumps({"mcpServers": servers(catalog, Path(folder))}))
        state = Path(folder, "filled", "state")
        workplace.fill_catalog(state)
        print(f"{TOOLS} tools of {SERVERS} servers, {count} prompts a way, ms until the first model request")
        for way in WAYS:
            place = Path(folder, way.replace(" ", "-"))
            place.mkdir()
            times = sorted(measured(Stage(workplace, state, place, stack), way, count))
            p99 = times[min(len(times) - 1, round(0.99 * len(times)))]
            print(f"{way:<15} p50 {median(times):5.0f}   p99 {p99:5.0f}   longest {times[-1]:5.0f}", flush=True)


def servers(catalog: Path, folder: Path) -> Json:
    """Entries of servers that offer the catalog's tools, and copies of them."""
    known = [tool.definition for tool in read_catalog(catalog, characters_in_fours).catalog.tools]
    copies = (
        {**definition, "name": f"{definition['name'][:40]}_{number}"} for number, definition in enumerate(cycle(known))
    )
    tools = list(islice(copies, TOOLS))
    entries: Json = {}
    for number in range(SERVERS):
        file = folder / f"tools{number}.json"
        file.write_text(json.dumps(tools[number::SERVERS]))
        entry = probe(tools=file)
        entries[f"server{number}"] = {"command": entry["command"], "args": entry["args"]}
    return entries


def measured(stage: Stage, way: str, count: int) -> list[float]:
    """The milliseconds from each prompt to its first request, in one session."""
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=way == "plugin", hooks=way == "settings hooks")
    if way == "without us":
        claude.mcp_config.write_text('{"mcpServers": {}}')
    times: list[float] = []
    with claude.print_session() as session:
        for number in range(len(PROMPTS) + count):
            before = len(claude.api.main())
            session.ask(f"{PROMPTS[number % len(PROMPTS)]} ({number // len(PROMPTS)})")
            times.append(1e3 * (claude.api.main()[before].at_seconds - session.asked_at))
    return times[len(PROMPTS) :]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
