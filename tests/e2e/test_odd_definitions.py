"""One odd definition costs nothing but itself: what the real client refuses whole lists for is repaired or left out."""

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mcp_dynaload.catalog.names import advertised_name
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from tests.e2e import odd_server
from tests.e2e.claude import Claude
from tests.e2e.model_api import ModelApi, script, tool_use
from tests.e2e.model_request import ModelRequest
from tests.e2e.names import FIND_TOOLS
from tests.e2e.odd_kinds import KINDS, Key, Kind, usual
from tests.e2e.odd_server import CHANGE, Lists, serving_http
from tests.e2e.service import connected_to, service
from tests.e2e.stage import NPM_BIN, PROXY_COMMAND
from tests.e2e.upstreams import Workplace

pytestmark = pytest.mark.proves("odd-definitions")

KEYS: tuple[Key, ...] = ("tools", "prompts", "resources", "resourceTemplates")
LOOK, CHANGE_NOW = "Look at the resources", "Change your lists"
FIRST, LAST = "first", "last"
"""Names of what stands before and after the odd elements in each list."""

MAX_LOOKS = 8
"""On a busy machine it takes seconds until servers that were never listed are."""

CONNECTIONS = "300"
"""The client connects with all servers at once."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The elements of the servers' lists that the client has, under the names that it gives to them."""

    tools: frozenset[str]
    commands: frozenset[str]
    resources: frozenset[tuple[str, str]]
    """Servers and URIs."""


@contextmanager
def client(workplace: Workplace, servers: Mapping[str, Json], *, calls: str = "") -> Generator[Claude]:
    """Run the client with these servers; its model looks at the resources and, if it is to, calls a tool before."""
    turns = {LOOK: [tool_use("ListMcpResourcesTool")], CHANGE_NOW: [tool_use(calls)] if calls else []}
    file = workplace.root / "mcp.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    with ModelApi(script(turns)) as api:
        yield Claude(
            binary=NPM_BIN / "claude",
            home=workplace.root / "home",
            project=workplace.project,
            api=api,
            mcp_config=file,
            settings={"permissions": {"allow": [f"mcp__{SERVER_NAME}__*", "ListMcpResourcesTool"]}},
            extra_environment={
                "ENABLE_TOOL_SEARCH": "false",
                "MCP_REMOTE_SERVER_CONNECTION_BATCH_SIZE": CONNECTIONS,
                "MCP_CONNECTION_NONBLOCKING": "0",
            },
        )


def seen(claude: Claude, *prompts: str, wanted: Seen | None = None) -> Seen:
    """Return what the client has after these prompts in one session, looked at again until it is what is wanted."""
    with claude.print_session() as session:
        for prompt in prompts:
            session.ask(prompt)
        found = _seen(session.ask(LOOK), claude.api.main(LOOK)[-1])
        for _ in range(MAX_LOOKS):
            if wanted is None or ours(found).tools == wanted.tools:
                break
            found = _seen(session.ask(LOOK), claude.api.main(LOOK)[-1])
    return found


def _seen(turn: Json, request: ModelRequest) -> Seen:
    (start,) = [event for event in turn["events"] if event.get("subtype") == "init"]
    return Seen(
        frozenset(request.loaded_tools),
        frozenset(start["slash_commands"]),
        frozenset((item["server"], item["uri"]) for item in _listed(request)),
    )


def _listed(request: ModelRequest) -> list[Json]:
    return json.loads(request.last_result) if request.last_result.startswith("[") else []


def lists_of(kinds: Sequence[Kind]) -> Lists:
    """Return lists with these odd elements between usual ones."""
    return {
        key: [usual(key, FIRST), *(kind.element for kind in kinds if kind.key == key), usual(key, LAST)] for key in KEYS
    }


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    if not (NPM_BIN / "claude").exists():
        pytest.fail(f"{NPM_BIN / 'claude'} is missing: run .ci/install-e2e")
    place = Workplace(tmp_path, NPM_BIN, PROXY_COMMAND)
    place.project.mkdir()
    return place


def test_the_table_of_kinds_says_what_the_client_does_with_each_when_connected_directly(workplace: Workplace) -> None:
    kinds = [kind for kind in KINDS if kind.key != "resourceTemplates"]  # listed when the user types `@` only
    servers = {f"k{number}": lists_of([kind]) for number, kind in enumerate(kinds)}

    with serving_http(servers) as url:
        entries = {name: {"type": "http", "url": f"{url}/{name}"} for name in servers}
        with client(workplace, entries) as claude:
            found = seen(claude)

    taken = {kind.name for number, kind in enumerate(kinds) if _is_taken(found, f"k{number}", kind)}
    assert taken == {kind.name for kind in kinds if kind.ours == "kept"}


def _is_taken(found: Seen, server: str, kind: Kind) -> bool:
    """Return whether the client has the odd element of a server, and its neighbours too."""
    names = (FIRST, LAST, kind.name)
    if kind.key == "tools":
        return all(f"mcp__{server}__{name}" in found.tools for name in names)
    if kind.key == "prompts":
        return all(f"mcp__{server}__{name}" in found.commands for name in names)
    uris = [usual(kind.key, FIRST)["uri"], usual(kind.key, LAST)["uri"], kind.identity]
    return all((server, uri) in found.resources for uri in uris)


def servers_behind_us(workplace: Workplace, *stages: Lists) -> None:
    """Configure two servers: one with odd lists, which it may change, and one with nothing odd."""
    entries: Json = {}
    for name, lists in (("odd", list(stages)), ("good", [lists_of([])])):
        file = workplace.root / f"{name}.json"
        file.write_text(json.dumps(lists))
        arguments = [odd_server.__file__, str(file)]
        entries[name] = {"command": sys.executable, "args": arguments, "dynaload": {"pin": ["*"], "pinning": "off"}}
    workplace.servers_file.write_text(json.dumps({"mcpServers": entries}))


def entry_of(workplace: Workplace) -> Json:
    """Return the client's configuration in which we are the only server."""
    file = workplace.mcp_config(workplace.root, workplace.root / "state")
    return json.loads(file.read_text())["mcpServers"]


def expected() -> Seen:
    """Return what the client has of both servers through us: everything but what cannot be repaired."""
    wanted: dict[Key, set[str]] = {key: {FIRST, LAST} for key in KEYS}
    for kind in KINDS:
        if kind.ours != "left out":
            wanted[kind.key].add(kind.name)
    both = [("odd", wanted), ("good", {key: {FIRST, LAST} for key in KEYS})]
    prefix = f"mcp__{SERVER_NAME}__"
    tools = {prefix + advertised_name(f"{server}__", name) for server, names in both for name in names["tools"]}
    prompts = {prefix + advertised_name(f"{server}__", name) for server, names in both for name in names["prompts"]}
    uris = {usual("resources", name)["uri"] for name in (FIRST, LAST)}
    uris |= {f"dynaload-odd+{uri}" for uri in uris}
    uris |= {str(kind.identity) for kind in KINDS if kind.key == "resources" and kind.ours != "left out"}
    return Seen(
        frozenset({*tools, FIND_TOOLS}),
        frozenset({*prompts, f"{prefix}load-category"}),
        frozenset((SERVER_NAME, uri) for uri in uris),
    )


def ours(found: Seen) -> Seen:
    """Return our part of what the client has; of our own commands, one stands for all."""
    prefix = f"mcp__{SERVER_NAME}__"
    commands = {name for name in found.commands if name.startswith(prefix) and "__" in name.removeprefix(prefix)}
    own = {f"{prefix}load-category"} & found.commands
    change = f"{prefix}odd__{CHANGE}"
    tools = frozenset(name for name in found.tools if name.startswith(prefix) and name != change)
    return Seen(tools, frozenset(commands | own), found.resources)


def test_behind_us_all_but_what_cannot_be_repaired_is_there(workplace: Workplace) -> None:
    servers_behind_us(workplace, lists_of(KINDS))
    workplace.fill_catalog(workplace.root / "state")
    wanted = expected()

    with client(workplace, entry_of(workplace)) as claude:
        found = seen(claude, wanted=wanted)

    assert ours(found) == wanted


def test_behind_us_no_tool_is_missing_when_the_servers_were_never_listed_before(workplace: Workplace) -> None:
    servers_behind_us(workplace, lists_of(KINDS))
    wanted = expected()

    with client(workplace, entry_of(workplace)) as claude:
        found = seen(claude, wanted=wanted)

    assert ours(found).tools == wanted.tools


def test_behind_us_no_tool_is_missing_when_the_odd_ones_come_in_the_middle_of_a_session(workplace: Workplace) -> None:
    before, after = lists_of([]), lists_of(KINDS)
    before = {**before, "tools": [*before["tools"], usual("tools", CHANGE)]}
    servers_behind_us(workplace, before, after)
    workplace.fill_catalog(workplace.root / "state")
    wanted = expected()

    with client(workplace, entry_of(workplace), calls=f"mcp__{SERVER_NAME}__odd__{CHANGE}") as claude:
        found = seen(claude, CHANGE_NOW, wanted=wanted)

    assert not claude.api.main(CHANGE_NOW)[-1].failed_results
    assert ours(found).tools == wanted.tools


def test_behind_a_service_over_http_all_but_what_cannot_be_repaired_is_there(workplace: Workplace) -> None:
    servers_behind_us(workplace, lists_of(KINDS))
    workplace.fill_catalog(workplace.root / "state")
    wanted = expected()

    with client(workplace, {}) as claude, service(workplace, workplace.root, workplace.root / "state") as origin:
        found = seen(connected_to(claude, origin, "http"), wanted=wanted)

    assert ours(found) == wanted
