"""Says how long hooks and mod hold a prompt: the time until the client's first model request, with us and without us.

    .venv/bin/python -m tests.e2e.prompt_times CATALOG [PROMPTS]

CATALOG is a file of `mcp-dynaload eval`; its tools, repeated under other names until there are `TOOLS`, are offered by
ten servers. Each way is one session with `-p`; every prompt is asked in all of them, one after the other, so that what
else the machine does meets all alike. PROMPTS prompts are of subjects that were there before, and as many of new ones;
by the line that the server keeps for status lines the prompts are parted which changed its list. It wants a quiet
machine.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from pathlib import Path
from random import Random
from statistics import median

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.probe import probe
from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog
from tests.e2e.claude import Claude, PrintSession
from tests.e2e.stage import FROZEN_LIST_MODEL, NPM_BIN, PROXY_COMMAND, Stage
from tests.e2e.upstreams import Workplace

TOOLS = 1_500
SERVERS = 10
WITHOUT = "without us"
WAYS = (WITHOUT, "settings hooks", "plugin")
PROMPTS = (
    "create an issue in the repository about the login bug",
    "list the pull requests that wait for review",
    "search the dashboards for latency panels",
    "write a haiku about the sea",
    "query the database for the newest orders",
    "thanks, that is all for now",
)
SUBJECT_LENGTH = 90
"""The most characters that a new prompt takes from a tool's description."""

SEED = 15


@dataclass(slots=True)
class Way:
    """One way's session, and the milliseconds of its prompts."""

    claude: Claude
    session: PrintSession
    status_lines: Path
    """The folder of the files in which the server says how many tools are listed."""

    as_it_was: list[float] = field(default_factory=list[float])
    """The times of the prompts that left the list as it was."""

    changed: list[float] = field(default_factory=list[float])

    def ask(self, prompt: str, *, is_counted: bool) -> None:
        """Ask, and note the time until the first request."""
        seen, line = len(self.claude.api.main()), self._line()
        self.session.ask(prompt)
        times = self.as_it_was if self._line() == line else self.changed
        if is_counted:
            times.append(1e3 * (self.claude.api.main()[seen].at_seconds - self.session.asked_at))

    def _line(self) -> str:
        return "".join(file.read_text() for file in self.status_lines.glob("*") if file.suffix != ".new")


def main(catalog: Path, count: int) -> None:
    """Measure all ways together, and print the milliseconds of each, and what it adds to those without us."""
    with tempfile.TemporaryDirectory(prefix="prompt-times-") as folder, ExitStack() as stack:
        workplace = Workplace(Path(folder, "workplace"), NPM_BIN, PROXY_COMMAND)
        workplace.root.mkdir()
        workplace.prepare()
        workplace.servers_file.write_text(json.dumps({"mcpServers": servers(catalog, Path(folder))}))
        state = Path(folder, "filled", "state")
        workplace.fill_catalog(state)
        ways = {name: opened(workplace, state, Path(folder, name.replace(" ", "-")), name, stack) for name in WAYS}
        for number, prompt in enumerate((*PROMPTS, *prompts(catalog, count))):
            for way in ways.values():
                way.ask(prompt, is_counted=number >= len(PROMPTS))
    print(f"{TOOLS} tools of {SERVERS} servers, ms until the first model request, in parentheses beside without us")
    least = ways[WITHOUT].as_it_was
    for name, way in ways.items():
        print(told(name, way.as_it_was, least))
        if way.changed:
            print(told(f"{name}, list changed", way.changed, least))


def opened(workplace: Workplace, state: Path, folder: Path, way: str, stack: ExitStack) -> Way:
    """Return a way with its session open."""
    folder.mkdir()
    claude = Stage(workplace, state, folder, stack).claude(
        {}, model=FROZEN_LIST_MODEL, plugin=way == "plugin", hooks=way == "settings hooks"
    )
    if way == WITHOUT:
        claude.mcp_config.write_text('{"mcpServers": {}}')
    session = stack.enter_context(claude.print_session())
    return Way(claude, session, folder / "state" / "status")


def prompts(catalog: Path, count: int) -> Iterable[str]:
    """Return prompts of subjects that were there before, and between them as many of new ones."""
    known = (f"{prompt} ({round_})" for round_ in range(1, count) for prompt in PROMPTS)
    tools = read_catalog(catalog, characters_in_fours).catalog.tools
    subjects = [" ".join(re.sub(r"\W+", " ", tool.description)[:SUBJECT_LENGTH].split()) for tool in tools]
    new = Random(SEED).sample([subject for subject in subjects if len(subject) > SUBJECT_LENGTH // 2], count)
    return chain.from_iterable(zip(islice(known, count), (f"please {subject.lower()}" for subject in new), strict=True))


def told(name: str, times: Sequence[float], least: Sequence[float]) -> str:
    """Return the line of a way: median and 99th percentile, and by how much they exceed those without us."""
    middle, high = median(times), percentile(times)
    added = f"   ({middle - median(least):+5.0f}, {high - percentile(least):+5.0f})" if times is not least else ""
    return f"{name:<28} n {len(times):4}   p50 {middle:5.0f}   p99 {high:5.0f}{added}"


def percentile(times: Sequence[float], share: float = 0.99) -> float:
    """Return the time that so many prompts do not exceed."""
    return sorted(times)[min(len(times) - 1, round(share * len(times)))]


def servers(catalog: Path, folder: Path) -> Json:
    """Return entries of servers that offer the catalog's tools, and copies of them."""
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
