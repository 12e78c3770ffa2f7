"""From one entry of a servers file to an upstream: types checked, variables put in, our options validated."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.json_file import JsonFile, json_type
from mcp_dynaload.config.problems import ConfigProblem, KeyPath, nearest_name, written_path
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.secret_values import UnreadSecret, read_secret, reference_of
from mcp_dynaload.config.upstream_config import (
    OPTIONS_KEY,
    OAuthEntry,
    Sandbox,
    Transport,
    UpstreamConfig,
    UpstreamOptions,
)

SERVERS_KEY = "mcpServers"

_OWN_NAME = "dynaload"
_OWN_PROGRAM = "mcp-dynaload"
_OWN_MODULE = "mcp_dynaload"
_PACKAGE_RUNNERS = {"uvx", "uv", "pipx"}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_TIMEOUT = "timeout"
_ALWAYS_LOAD = "alwaysLoad"
MIN_TIMEOUT_MS = 1_000
"""Claude Code ignores a smaller timeout of an entry, and takes this for a smaller one of all calls."""

MAX_TIMEOUT_MS = 2**31 - 1
"""The longest that its timers can wait."""

_OPTION_NAMES = frozenset(option.name for option in fields(UpstreamOptions))
_SANDBOX_NAMES = frozenset(key.name for key in fields(Sandbox))
_HTTP_URL = re.compile(r"https?://[^/\s\x00-\x1f][^\s\x00-\x1f\x7f]*", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_NO_ADDRESS = ("is not an http:// or https:// address", "give the whole address")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenEntry:
    """The keys of Claude's format that matter here; others are ignored."""

    type: Literal["stdio", "sse", "http", "streamable-http"] | None = None
    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict[str, str])
    url: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    headers_helper: Annotated[str | None, Field(alias="headersHelper")] = None
    oauth: OAuthEntry | None = None


def parse_entry(
    file: JsonFile, name: str, environ: Mapping[str, str], store: SecretStore
) -> UpstreamConfig | list[ConfigProblem]:
    """Return the upstream that the file's entry `name` describes, or all problems with it."""
    key: KeyPath = (SERVERS_KEY, name)
    read, problems = _read_entry(file, name)
    if read is None:
        return problems
    entry, parsed, options = read
    warnings = _ignored(entry, file, key)
    expansion = _Expansion(environ, store, file.path.absolute().parent)
    expanded = expansion.of(parsed)
    warnings.extend(_missing(file, (*key, *where), variable) for where, variable in expansion.missing)
    problems.extend(file.problem((*key, *where), one.what, one.fix) for where, one in expansion.unread)
    problems.extend(file.problem((*key, *where), what, fix) for where, what, fix in _unusable(expanded))
    transport = _transport(parsed)
    if not problems and transport != "stdio" and not _is_address(expanded.url or ""):
        problems.append(file.problem((*key, "url"), *_NO_ADDRESS))
    if problems:
        return [*problems, *warnings]
    own = json_object(entry.get(OPTIONS_KEY))
    return UpstreamConfig(
        name=name,
        transport=transport,
        command=expanded.command or "",
        args=expanded.args,
        env=expanded.env,
        url=expanded.url or "",
        headers=expanded.headers,
        headers_helper=parsed.headers_helper or "",
        oauth=parsed.oauth or OAuthEntry(),
        options=_with_client_timeouts(options, entry, environ),
        call_limit_seconds=None if "call_timeout_seconds" in own else _seconds(entry.get(_TIMEOUT)),
        always_load=entry.get(_ALWAYS_LOAD) is True,
        warnings=tuple(warnings),
        source=file.path,
        entry=entry,
        secrets=tuple(expansion.secrets),
    )


def entry_mistakes(name: str, entry: object) -> list[str]:
    """Return what is wrong with an entry wherever it is used: no variable of it is looked at."""
    _, problems = _read_entry(JsonFile(Path(), {SERVERS_KEY: {name: entry}}, {}, ()), name)
    around = written_path((SERVERS_KEY, name))
    return [f"{one.key.removeprefix(around).removeprefix('.') or 'it'} {one.what}; {one.fix}" for one in problems]


def _read_entry(
    file: JsonFile, name: str
) -> tuple[tuple[Json, _WrittenEntry, UpstreamOptions] | None, list[ConfigProblem]]:
    """Return an entry as it is written, parsed, with its options; and all that is wrong with what is written."""
    key: KeyPath = (SERVERS_KEY, name)
    written: object = file.content[SERVERS_KEY][name]
    if not isinstance(written, dict):
        fix = 'it must be an object: {"command": …} or {"url": …}'
        return None, [file.problem(key, f"is {json_type(written)}", fix)]
    entry = cast(Json, written)
    problems: list[ConfigProblem] = []
    parsed = _validated(_WrittenEntry, entry, file, key, problems)
    options = _options(entry.get(OPTIONS_KEY, {}), file, (*key, OPTIONS_KEY), problems)
    if parsed is None or options is None:
        return None, problems
    problems.extend(file.problem((*key, *where), what, fix) for where, what, fix in _mistakes(name, parsed))
    if _transport(parsed) != "stdio" and options.sandbox is not None:
        fix = "take it out: only a program that is started here can be contained"
        problems.append(file.problem((*key, OPTIONS_KEY, "sandbox"), "has no meaning for a remote server", fix))
    return (entry, parsed, options), problems


def is_disabled(entry: object) -> bool:
    """Return whether an entry says that its server is not to be used."""
    if not isinstance(entry, dict):
        return False
    return cast(Json, entry).get("disabled") is True or cast(Json, entry).get("enabled") is False


def _with_client_timeouts(options: UpstreamOptions, entry: Json, environ: Mapping[str, str]) -> UpstreamOptions:
    """Return the options with Claude Code's own timeouts as defaults: an option of ours always wins."""
    given = json_object(entry.get(OPTIONS_KEY))
    call = _seconds(entry.get(_TIMEOUT)) or _variable_seconds(environ, "MCP_TOOL_TIMEOUT", MIN_TIMEOUT_MS)
    if call is not None and "call_timeout_seconds" not in given:
        options = replace(options, call_timeout_seconds=call)
    start = _variable_seconds(environ, "MCP_TIMEOUT")
    if start is not None and "connect_timeout_seconds" not in given:
        options = replace(options, connect_timeout_seconds=start)
    return options


def _variable_seconds(environ: Mapping[str, str], name: str, min_ms: int = 0) -> float | None:
    text = environ.get(name, "").strip()
    return max(int(text), min_ms) / 1000 if _WHOLE_NUMBER.fullmatch(text) and int(text) else None


def _seconds(milliseconds: object) -> float | None:
    """Return an entry's timeout; None if Claude Code, too, would ignore it."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return min(milliseconds, MAX_TIMEOUT_MS) / 1000 if milliseconds >= MIN_TIMEOUT_MS else None


def _ignored(entry: Json, file: JsonFile, key: KeyPath) -> list[ConfigProblem]:
    """Tell of the client's keys that have a value without a meaning."""
    found: list[ConfigProblem] = []
    if _TIMEOUT in entry and _seconds(entry[_TIMEOUT]) is None:
        fix = f"give the milliseconds that a call may take, at least {MIN_TIMEOUT_MS}"
        found.append(file.problem((*key, _TIMEOUT), "is ignored", fix))
    for name in (_ALWAYS_LOAD, "disabled", "enabled"):
        if name in entry and not isinstance(entry[name], bool):
            found.append(file.problem((*key, name), f"is {json_type(entry[name])} and is ignored", "say true or false"))
    for name in entry:
        if name in _OPTION_NAMES:
            found.append(file.problem((*key, name), "is ignored here", f'put it under "{OPTIONS_KEY}" of the entry'))
    return found


def _options(written: object, file: JsonFile, key: KeyPath, problems: list[ConfigProblem]) -> UpstreamOptions | None:
    if not isinstance(written, dict):
        problems.append(file.problem(key, f"is {json_type(written)}", "it must be an object"))
        return None
    unknown = [name for name in cast(Json, written) if name not in _OPTION_NAMES]
    problems.extend(
        file.problem((*key, name), "is not an option", nearest_name(name, _OPTION_NAMES)) for name in unknown
    )
    problems.extend(
        file.problem((*key, "sandbox", name), "is not known", nearest_name(name, _SANDBOX_NAMES))
        for name in json_object(cast(Json, written).get("sandbox"))
        if name not in _SANDBOX_NAMES
    )
    return _validated(UpstreamOptions, cast(Json, written), file, key, problems)


def _validated(
    shape: type[_T], written: Json, file: JsonFile, key: KeyPath, problems: list[ConfigProblem]
) -> _T | None:
    """Return `written` as the dataclass; or None, with its problems added."""
    try:
        # From JSON, because strict mode takes a Python list for no tuple and a Python dict for no dataclass.
        return _adapter(shape).validate_json(json.dumps(written), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            problems.append(_explained(file, key, detail["loc"], detail["type"], detail["msg"], detail["input"]))
        return None


@cache
def _adapter(shape: type[_T]) -> TypeAdapter[_T]:
    return TypeAdapter(shape)


def _explained(file: JsonFile, key: KeyPath, loc: KeyPath, kind: str, message: str, value: Any) -> ConfigProblem:
    what = f"is {json_type(value)}" if kind.endswith("_type") else "has a value that is not allowed"
    fix = message.replace("Input should be", "it must be")
    if kind == "string_pattern_mismatch" and loc[-1] == "authServerMetadataUrl":
        fix = "it must be an https:// address, or an http:// one of this machine"
    elif kind == "dataclass_type":
        fix = "it must be an object"
    elif kind == "string_pattern_mismatch":
        fix = "it may have up to 32 letters, digits, '_' and '-'"
    elif kind == "string_too_short":
        fix = "it must not be empty"
    return file.problem((*key, *loc), what, fix)


def _transport(entry: _WrittenEntry) -> Transport:
    if entry.type is None:
        return "http" if entry.url is not None else "stdio"
    return "http" if entry.type == "streamable-http" else entry.type


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def _mistakes(name: str, entry: _WrittenEntry) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield the mistakes in an entry whose types are right: key inside the entry, problem, fix."""
    if not name:
        yield (), "has an empty name", "name the server"
    if name == _OWN_NAME or _starts_us(entry):
        yield (), f"would start {_OWN_PROGRAM} behind itself", "remove it here; only the client's file has it"
    if entry.type is None and entry.command is not None and entry.url is not None:
        yield (), "has both command and url", 'say which by "type": "stdio" or "http"'
    elif entry.type is None and entry.command is None and entry.url is None:
        yield (), "has neither command nor url", 'give "command" to start a program or "url" to connect to one'
    elif _transport(entry) == "stdio" and not entry.command:
        yield ("command",), "is missing or empty", "name the program to start"
    elif _transport(entry) == "stdio" and _URL.match(entry.command or ""):
        yield ("command",), "is an address, and no program", 'put it whole under "url"'
    elif _transport(entry) != "stdio" and not entry.url:
        yield ("url",), "is missing or empty", "give the server's address"
    elif entry.url and "${" not in entry.url and _transport(entry) != "stdio" and not _is_address(entry.url):
        yield ("url",), *_NO_ADDRESS


def _unusable(entry: _WrittenEntry) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield the values, as they are filled in, that no program or server can be given."""
    texts: list[tuple[KeyPath, str]] = [(("command",), entry.command or "")]
    texts += [(("args", index), text) for index, text in enumerate(entry.args)]
    texts += [(("env", name), name + text) for name, text in entry.env.items()]
    for where, text in texts:
        if "\0" in text:
            yield where, "has a character of no width (NUL), at which a text ends for a program", "take it out"
    for name in entry.env:
        if "=" in name:
            yield ("env", name), "is no name of a variable", "write what is behind '=' as its value"
    for name, text in entry.headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield ("headers", name), "is no name of a header", "it may have letters, digits and '-'"
        elif not _HEADER_VALUE.fullmatch(text):
            yield ("headers", name), "has a character that no header can have, as a line break", "take it out"


def _is_address(url: str) -> bool:
    if not _HTTP_URL.fullmatch(url) or not url.isprintable():  # nobody sees what a letter without a width does there
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:  # its port is no number, or too large a one; a bracket is missing
        return False


def _starts_us(entry: _WrittenEntry) -> bool:
    program = PurePath((entry.command or "").replace("\\", "/")).name.removesuffix(".exe")
    if "serve" not in entry.args:
        return False
    if program in _PACKAGE_RUNNERS:
        return any(re.split(r"[\[=@<>~!]", arg)[0] == _OWN_PROGRAM for arg in entry.args)
    return program == _OWN_PROGRAM or ("-m", _OWN_MODULE) in zip(entry.args, entry.args[1:], strict=False)


def _missing(file: JsonFile, key: KeyPath, variable: str) -> ConfigProblem:
    fix = f"set {variable} where the client is started, or write ${{{variable}:-default}}"
    return file.problem(key, f"uses the variable {variable!r}, which is not set, so that its name stands there", fix)


@dataclass(slots=True)
class _Expansion:
    """The values of an entry as they are filled in, and what could not be."""

    environ: Mapping[str, str]
    store: SecretStore
    folder: Path
    missing: list[tuple[KeyPath, str]] = field(default_factory=list[tuple[KeyPath, str]])
    """Places and the variables there that have no value and are left as they are."""

    unread: list[tuple[KeyPath, UnreadSecret]] = field(default_factory=list[tuple[KeyPath, UnreadSecret]])
    secrets: list[str] = field(default_factory=list[str])
    """The values that came from files and the keyring."""

    def of(self, entry: _WrittenEntry) -> _WrittenEntry:
        """Return the entry with all values filled in."""
        return _WrittenEntry(
            type=entry.type,
            command=None if entry.command is None else self._one(entry.command, "command"),
            args=tuple(self._one(text, "args", index) for index, text in enumerate(entry.args)),
            env=self._each(entry.env, "env"),
            url=None if entry.url is None else self._one(entry.url, "url"),
            headers=self._each(entry.headers, "headers"),
        )

    def _each(self, texts: Mapping[str, str], key: str) -> dict[str, str]:
        return {name: self._one(text, key, name) for name, text in texts.items()}

    def _one(self, text: str, *where: str | int) -> str:
        return _VARIABLE.sub(lambda match: self._value(match, where), text)

    def _value(self, match: re.Match[str], where: KeyPath) -> str:
        name, has_default, default = match[1].partition(":-")
        if (reference := reference_of(name)) is not None:
            value = read_secret(reference, self.folder, self.store)
            if isinstance(value, str):
                self.secrets.append(value)
                return value
            if not has_default:
                self.unread.append((where, value))
            return default
        # Like Claude Code, not like a shell: the default stands in for an unset variable, not for an empty one.
        if (found := self.environ.get(name)) is not None:
            return found
        if has_default:
            return default
        self.missing.append((where, name))
        return match[0]  # like Claude Code, whose server may be content with it
