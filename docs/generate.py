"""Writes into the pages beside this what the code knows: settings, commands, endpoints, arguments. `make docs` runs it.

A page has its generated parts between `<!-- generated: NAME -->` and `<!-- end -->`; all else is written by hand. The
texts are the docstrings, help texts and defaults of the code: to change one, change it there and run `make docs`.
"""

import ast
import inspect
import re
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from fastapi import FastAPI

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.api.options import Options
from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.cli.app import app as cli
from mcp_dynaload.config.settings import Settings, variable_name
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.http.app import create_app
from mcp_dynaload.http.rest import PREFIX
from mcp_dynaload.http.routes import GuardedApiRoute, GuardedRoute
from mcp_dynaload.proxy.commands.table import COMMANDS

PAGES = Path(__file__).parent
EXAMPLE = PAGES.parent / "config" / "dynaload.example.toml"
WIDTH = 118

GLUE = "\N{WORD JOINER}"
"""Stands for a blank at which no line ends."""

PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

SETTINGS: Mapping[str, type] = {
    holder.__module__.rpartition(".")[2]: holder for holder in (Settings, *Settings.__bases__)
}
"""The classes that declare settings, by their module."""

SHARED_BY = 3
"""An option that is the same in so many commands is described once for all of them."""

TRANSPORTS = {
    "/mcp": "MCP over streamable HTTP.",
    "/sse": "MCP over SSE, for older clients.",
    "/messages": "Where a client that uses SSE sends its messages.",
    "/.well-known/oauth-protected-resource/mcp": "Tells clients the OAuth issuer, where one is set.",
}
"""What answers beside functions with a docstring."""

OAUTH = {
    "MCP_DYNALOAD_OAUTH_ISSUER": "https://issuer.example",
    "MCP_DYNALOAD_OAUTH_RESOURCE": "https://tools.example/mcp",
    "MCP_DYNALOAD_OAUTH_JWKS_URL": "https://issuer.example/keys",
}
"""With which the service has all its routes."""

EXAMPLE_HEAD = """\
# Settings of mcp-dynaload with their defaults. Copy what you change to `dynaload.toml` in your configuration folder
# (`mcp-dynaload doctor` prints where that is) or to `.mcp-dynaload/dynaload.toml` of a project, which wins over yours.
# A project's file sets only `default_loading_strategy`, `profile`, `notify`, `warm_upstreams` until you trust it
# (`mcp-dynaload trust FILE`).
# An environment variable, named at each setting, wins over both files; `--set NAME=VALUE` of a command wins over all.
"""

Row = tuple[str, ...]


def main() -> None:
    """Write the pages and the example of a settings file; with `--check` only tell, and fail, where they differ."""
    check = sys.argv[1:] == ["--check"]
    stale = [path for path, text in written().items() if text != path.read_text("utf-8")]
    for path in stale:
        print(f"{path.relative_to(PAGES.parent)} {'is not what the code says: run make docs' if check else 'written'}")
        if not check:
            path.write_text(written()[path], "utf-8")
    sys.exit(1 if check and stale else 0)


@cache
def written() -> Mapping[Path, str]:
    """Return each file as it should be."""
    pages = {path: path.read_text("utf-8") for path in sorted(PAGES.glob("*.md"))}
    filled = {path: PART.sub(lambda part: part[1] + PARTS[part[2]]() + part[3], text) for path, text in pages.items()}
    return {**filled, EXAMPLE: example_settings()}


def settings_table(module: str) -> str:
    """Return the settings that a module of `config` declares as a table."""
    rows = [
        (f"`{name}`", _value(Settings.model_fields[name].get_default()), f"`{variable_name(name)}`", text)
        for name, text in _setting_texts(SETTINGS[module])
    ]
    return _table(("setting", "default", "variable", ""), rows)


def _setting_texts(holder: type) -> Iterator[tuple[str, str]]:
    """Yield each setting with its text, and its values where the text does not name them."""
    for name, text in field_texts(holder).items():
        kind = Settings.model_fields[name].annotation
        values = get_args(kind) if get_origin(kind) is Literal else ()
        is_told = all(f"`{value}`" in text for value in values)
        yield name, text if is_told else f"{text} One of {', '.join(f'`{value}`' for value in values)}."


def example_settings() -> str:
    """Return a settings file with all defaults."""
    parts = [EXAMPLE_HEAD]
    for module in ("settings", "telemetry_settings", "service_settings"):
        if module == "service_settings":
            parts.append("# The rest is for `mcp-dynaload serve --transport http`.\n")
        for name, text in _setting_texts(SETTINGS[module]):
            default = Settings.model_fields[name].get_default()
            comment = textwrap.fill(f"{text}{GLUE}{variable_name(name)}", WIDTH, break_on_hyphens=False)
            parts.append(f"{textwrap.indent(comment.replace(GLUE, ' '), '# ')}\n{name} = {_toml(default)}\n")
    return "\n".join(parts)


def entry_options() -> str:
    """Return the options of an entry of a servers file."""
    rows = [
        (f"`{option.name}`", _value(option.default), field_texts(UpstreamOptions)[option.name])
        for option in fields(UpstreamOptions)
    ]
    return _table(("under `dynaload`", "default", ""), rows)


def open_arguments() -> str:
    """Return the arguments of `Dynaload.open`."""
    defaults = inspect.signature(Dynaload.open).parameters
    texts = field_texts(Options)
    rows = [(f"`{one.name}`", _default(one), texts[one.name]) for one in fields(Options) if one.name in defaults]
    return _table(("argument", "default", ""), rows)


def methods() -> str:
    """Return the methods of `Dynaload`."""
    members = [name for name in vars(Dynaload) if not name.startswith("_") and callable(getattr(Dynaload, name))]
    rows = [(f"`{name}`", _sentence(getattr(Dynaload, name))) for name in members]
    return _table(("method", ""), rows)


def slash_commands() -> str:
    """Return the slash commands."""
    rows = [
        (f"`/{SERVER_NAME}:{f'{name} {command.usage}'.strip()}`", _sentence(command.act))
        for name, command in COMMANDS.items()
    ]
    return _table(("command", ""), [tuple(cell.replace("|", "\\|") for cell in row) for row in rows])


def commands() -> str:
    """Return the program's commands with their options."""
    whole = typer.main.get_command(cli)
    found = dict(_commands(whole))
    shared = _shared_options(found.values())
    told = "\n".join(_command(name, command, shared) for name, command in found.items())
    version = [option for option in whole.params if option.opts != ["--help"]]
    return f"{_options(version, whole)}\n{_options(shared.values(), found['doctor'])}\n{told}"


def endpoints(is_rest: bool) -> str:
    """Return the REST endpoints, or all others."""
    app = _service()
    rows: dict[str, Row] = {}
    for route in app.routes:
        assert isinstance(route, GuardedApiRoute | GuardedRoute)
        path = route.path.removesuffix("/") or "/"
        if path.startswith(PREFIX) is not is_rest:
            continue
        name = f"`{' '.join([*_methods(route), path.removeprefix(PREFIX)])}`"
        text = TRANSPORTS[path] if isinstance(route, GuardedRoute) else _sentence(route.endpoint)
        scope = f"`{route.need.scope}`" if route.need.scope else "nobody's"
        rows[name] = (name, scope, text, *([_takes(app, route)] if is_rest else []))
    return _table(("endpoint", "token", "", *(["takes"] if is_rest else [])), list(rows.values()))


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": lambda: settings_table("settings"),
    "settings-watching": lambda: settings_table("telemetry_settings"),
    "settings-service": lambda: settings_table("service_settings"),
    "entry-options": entry_options,
    "open-arguments": open_arguments,
    "methods": methods,
    "slash-commands": slash_commands,
    "commands": commands,
    "rest": lambda: endpoints(True),
    "other-endpoints": lambda: endpoints(False),
}


@cache
def field_texts(holder: type) -> dict[str, str]:
    """Return what stands under each field of a class, in its source."""
    [described] = ast.parse(textwrap.dedent(inspect.getsource(holder))).body
    assert isinstance(described, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, text in pairwise(described.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match text:
                case ast.Expr(value=ast.Constant(value=str(said))):
                    texts[field.target.id] = _one_line(said)
                case _:
                    sys.exit(f"{holder.__name__}.{field.target.id} has no text under it")
    return texts


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} ")
        else:
            yield before + name, command


def _shared_options(all_commands: Iterable[Any]) -> dict[str, Any]:
    """Return the options that several commands have, by flag: the same flag with another text is another option."""
    options = [option for command in all_commands for option in command.params if option.param_type_name == "option"]
    counts = Counter(map(_told, options))
    first = {_told(option): option for option in reversed(options)}
    by_flag: dict[str, Any] = {}
    for told, count in counts.most_common():
        if count >= SHARED_BY:
            by_flag.setdefault(first[told].opts[0], first[told])
    return {option.opts[0]: by_flag[option.opts[0]] for option in options if option.opts[0] in by_flag}


def _told(option: Any) -> tuple[str, ...]:
    """Return all that is told of an option."""
    return (*option.opts, option.metavar or "", option.help or "")


def _command(name: str, command: Any, shared: Mapping[str, Any]) -> str:
    said, *more = inspect.cleandoc(command.help).split("\n\n")
    example = next((part.removeprefix("Example: ") for part in more if part.startswith("Example: ")), "")
    prose = [_one_line(part) for part in (said, *more) if not part.startswith("Example: ")]
    arguments = [one for one in command.params if one.param_type_name == "argument" and not one.hidden]
    options = [one for one in command.params if one.param_type_name == "option"]
    common = [one for one in options if one.opts[0] in shared and _told(one) == _told(shared[one.opts[0]])]
    own, also = [one for one in options if one not in common], [f"`{one.opts[0]}`" for one in common]
    words = " ".join(f"[{one.name.upper()}]" if not one.required else one.name.upper() for one in arguments)
    parts = [f"### {name}", f"`{f'mcp-dynaload {name} {words}'.strip()}`: {' '.join(prose)}"]
    if arguments or own:
        parts.append(_options([*arguments, *own], command).rstrip())
    if also:
        parts.append(f"Also {', '.join(also)}.")
    if example:
        parts.append(f"Example: `{example}`")
    return "\n\n".join(parts) + "\n"


def _options(options: Iterable[Any], command: Any) -> str:
    hints = get_type_hints(command.callback)
    rows = [(_spelling(option, hints), _shown_default(option), _one_line(option.help or "")) for option in options]
    return _table(("", "default", ""), [tuple(cell.replace("|", "\\|") for cell in row) for row in rows])


def _spelling(option: Any, hints: Mapping[str, object]) -> str:
    if option.param_type_name == "argument":
        return f"`{option.name.upper()}`"
    value = "" if option.is_flag else f" {option.metavar or _value_name(hints[option.name])}"
    return f"`{', '.join(option.opts)}{value}`"


def _value_name(kind: Any) -> str:
    """Return how a value of this type is called: the choices, if there are any."""
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if get_args(kind):
        return _value_name(next(one for one in get_args(kind) if one is not type(None)))
    if issubclass(kind, Enum):
        return "|".join(str(one.value) for one in kind)
    return {int: "N", float: "N"}.get(kind, "PATH" if issubclass(kind, Path) else "VALUE")


def _shown_default(option: Any) -> str:
    is_flag = getattr(option, "is_flag", False)
    default = option.default() if callable(option.default) else option.default
    return "" if is_flag or default in (None, "", ()) else f"`{getattr(default, 'value', default)}`"


@cache
def _service() -> FastAPI:
    """Return the service as it would be with an issuer; nothing of it runs."""
    with tempfile.TemporaryDirectory() as folder:
        places = dict.fromkeys(("MCP_DYNALOAD_CONFIG_DIR", "MCP_DYNALOAD_STATE_DIR", "CLAUDE_PROJECT_DIR"), folder)
        return create_app(read_configuration({**places, **OAUTH}))


def _methods(route: GuardedApiRoute | GuardedRoute) -> list[str]:
    return sorted((route.methods or set()) - {"HEAD"}) if isinstance(route, GuardedApiRoute) else []


def _takes(app: FastAPI, route: GuardedApiRoute | GuardedRoute) -> str:
    described: dict[str, Any] = app.openapi()
    operation = described["paths"].get(route.path, {}).get(_methods(route)[0].lower(), {})
    named = [(one["name"], one.get("required", False)) for one in operation.get("parameters", [])]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        [model] = re.findall(r"#/components/schemas/(\w+)", str(content["schema"]))
        schema = described["components"]["schemas"][model]
        named += [(name, name in schema.get("required", ())) for name in schema["properties"]]
    return ", ".join(f"**`{name}`**" if required else f"`{name}`" for name, required in named)


def _default(argument: "Field[Any]") -> str:
    return "" if argument.default is MISSING or argument.default is None else _value(argument.default)


def _value(value: object) -> str:
    if value is None or value == "" or value == ():
        return ""
    return f"`{_toml(list(value)) if isinstance(value, tuple) else _toml(value)}`"  # pyright: ignore[reportUnknownArgumentType]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"  # pyright: ignore[reportUnknownArgumentType]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sentence(function: object) -> str:
    """Return the first paragraph of its docstring."""
    return _one_line((inspect.getdoc(function) or "").split("\n\n", 1)[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in lines).replace("|  |", "| |").replace("|  |", "| |")


if __name__ == "__main__":
    main()
