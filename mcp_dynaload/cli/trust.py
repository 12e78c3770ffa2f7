"""`mcp-dynaload trust`: allow what a file that came with a repository configures."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.cli.common import confirm
from mcp_dynaload.config.paths import PROJECT_CONFIG_DIR, find_locations
from mcp_dynaload.config.trust import content_to_trust, trust_content
from mcp_dynaload.config.trust import forget as forget_file
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable

_VARIABLE = re.compile(r"\$\{(?!file:|keyring:)([A-Za-z_][A-Za-z0-9_]*)")
_SECRET = re.compile(r"\$\{((?:file|keyring):[^}]*)")

CAUTION = (
    "Trust holds for this file in this folder, as it is now. It does not hold the programs that it names:"
    " those may change, and what is downloaded at each start (npx, uvx) does."
)


def trust(
    path: Annotated[Path, typer.Argument(help="A project's servers file or dynaload.toml.")],
    forget: Annotated[bool, typer.Option("--forget", help="Trust it no longer.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Let the servers in this file be started, or its settings count, as long as it stays as it is now.

    Shows what would be started, with which arguments and variables, and asks.

    Example: mcp-dynaload trust .mcp-dynaload/servers.json
    """
    state_dir = find_locations(os.environ).state_dir
    if forget:
        known = forget_file(path, state_dir)
        print(f"{path} is not trusted any more." if known else f"{path} was not trusted.")
        return
    content = content_to_trust(path)
    for line in [*_summary(path, content)]:  # all of it first: a broken file has no heading
        print(printable(line))
    print(CAUTION)
    if not yes:
        confirm("Trust it?", "add --yes to trust the file")
    record = trust_content(path, content, state_dir)
    print(f"Trusted: {record.path} (SHA-256 {record.sha256[:12]}…). A changed file must be trusted again.")


def _summary(path: Path, content: bytes) -> Iterator[str]:
    """Describe what the file would have us do.

    Raises:
        ConfigError: it is neither a servers file nor settings.
    """
    if path.suffix == ".toml":
        yield f"{path} would set:"
        yield from (f"  {name} = {value!r}" for name, value in _settings(path, content).items())
        return
    folder = path.absolute().parents[1] if path.absolute().parent.name == PROJECT_CONFIG_DIR else path.absolute().parent
    yield f"{path} would have these servers started or connected to, in {folder}:"
    for name, entry in _servers(path, content).items():
        yield from _entry_lines(name, json_object(entry))


def _entry_lines(name: str, entry: Json) -> Iterator[str]:
    from mcp_dynaload.config.server_entry import entry_mistakes  # pydantic, which `--help` does without

    if mistakes := entry_mistakes(name, entry):
        yield f"  {name}: is not used as it is: {mistakes[0]}"
    if "url" in entry:
        yield f"  {name}: connects to {entry['url']!r}"
        if isinstance(command := entry.get("headersHelper"), str):
            yield f"      runs, for its headers: {command!r}"
    elif "command" in entry:
        words = [entry["command"], *_strings(entry.get("args"))]
        yield f"  {name}: runs {' '.join(repr(word) for word in words)}"
    for key in ("env", "headers"):
        if given := json_object(entry.get(key)):
            yield f"      with {key}: {', '.join(map(str, given))}"
    if asked := sorted(set(_VARIABLE.findall(str(entry)))):
        yield f"      gets from your environment: {', '.join(asked)}"
    if read := sorted(set(_SECRET.findall(str(entry)))):
        yield f"      reads, and is given what they hold: {', '.join(map(repr, read))}"
    options = json_object(entry.get("dynaload"))
    if options.get("inherit_env") is True:
        yield "      gets your whole environment (inherit_env)"
    if "sandbox" in options:
        yield f"      is contained by its sandbox: {printable(str(options['sandbox']))}"
    if (cwd := options.get("cwd")) is not None:
        yield f"      in the folder {cwd!r} (cwd)"
    if (pinning := options.get("pinning")) is not None:
        yield f"      changes of its definitions: {pinning!r} (pinning)"
    if rules := {key: options[key] for key in ("allow", "deny", "read_only") if key in options}:
        yield f"      of its tools: {', '.join(f'{key} {given!r}' for key, given in rules.items())}"


def _servers(path: Path, content: bytes) -> Json:
    from mcp_dynaload.config.json_file import parse_json
    from mcp_dynaload.config.problems import ConfigProblem
    from mcp_dynaload.config.servers_source import shape_problem

    file = parse_json(path, content)
    problem = file if isinstance(file, ConfigProblem) else shape_problem(file)
    if isinstance(file, ConfigProblem) or problem is not None:
        raise ConfigError(str(problem))
    return json_object(file.content.get("mcpServers"))


def _settings(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); correct it first") from error


def _strings(value: object) -> list[object]:
    return list(cast(list[object], value)) if isinstance(value, list) else []
