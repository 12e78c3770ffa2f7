"""Detours of the model: a shell command or an address with which it does what a connected server is for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from mcp_dynaload.ranking.programs import (
    BROWSERS,
    CODE_OPTIONS,
    INTERPRETERS,
    MEANINGS,
    METHODS,
    ORDINARY,
    OWN_AFFAIRS,
    PUBLIC_LABELS,
    PUBLIC_PATHS,
    SERVICES,
    UNPACKERS,
)
from mcp_dynaload.ranking.shell import ShellCommand, parse_shell
from mcp_dynaload.ranking.subjects import is_near, labels_of

MAX_ABOUT = 12
"""Words of a command or an address that tell what is wanted."""

MAX_SUBCOMMANDS = 3

MAX_CODE = 400
"""Characters of statements that are looked at."""

_URL = re.compile(r"https?://[^\s'\"<>|;)`\\]+")
_ADDRESS = re.compile(r"https?://(?:[^\s/@]*@)?([\w.-]+)(?::\d+)?([^?#]*)(?:\?([^#]*))?")
_WORD = re.compile(r"[a-z]{2,}")
_SUBCOMMAND = re.compile(r"[a-z][a-z-]*")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FILE = re.compile(
    r"\.(?:tar|t?gz|zip|whl|deb|rpm|sh|exe|dmg|pkg|msi|jar|asc|sig|txt|pem|png|jpe?g|svg|pdf|js|css|html?|md|xml)$"
)
_SHOWN = re.compile(r"\s*(?:[.\\]|(?:show|SHOW)\s+)(\w+)\+?\s*(\w*)")
"""A statement with which clients of databases are asked what there is: `.tables`, `\\d orders`, `show collections`."""

_STATEMENTS: Mapping[str, str] = {
    "d": "describe table schema",
    "dt": "list tables",
    "l": "list databases",
    "schema": "describe table schema",
    "tables": "list tables",
}

_FIRST_FIELD = re.compile(r"[{\s](\w+)\s*[({]")
"""In a query of GraphQL, what is asked for."""

_DATA_OPTIONS = ("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "-F", "--form")


@dataclass(frozen=True, slots=True)
class Detour:
    """A call of a shell or of a browser, and the service that it is about."""

    via: str
    """The program, or the host: for telling why."""

    services: tuple[str, ...]
    """Names under which a server for the same may be connected."""

    about: str
    """The wish, in the words of the command or the address."""

    host: str = ""


def shell_detours(text: str) -> tuple[Detour, ...]:
    """Return what the commands of a shell text do that is not everyday work, each kind once."""
    found = [detour for command in parse_shell(text) for detour in _of_command(command)]
    return tuple(dict.fromkeys(found))


def url_detours(url: str, wanted: str = "") -> tuple[Detour, ...]:
    """Return what is asked of an address, with the words in which it is asked."""
    detour = _of_url(url, wanted)
    return (detour,) if detour else ()


def _of_command(command: ShellCommand) -> Iterable[Detour]:
    if command.program in BROWSERS:
        return [] if _is_download(command) else _requests(command)
    if command.program in INTERPRETERS and CODE_OPTIONS.intersection(command.arguments[:2] or ("-",)):
        code = " ".join((*command.arguments, command.document))
        return [detour for url in _URL.findall(code) if (detour := _of_url(url, ""))]
    if command.program in ORDINARY or not _SUBCOMMAND.match(command.program):
        return []
    return _of_program(command)


def _of_program(command: ShellCommand) -> Iterable[Detour]:
    service = SERVICES.get(command.program)
    words = _subcommands(command.arguments)
    if _concerns_itself(command.arguments, words):
        return []
    if service is None:
        names = (command.program, re.sub(r"-?(?:cli|ctl|client)$", "", command.program))
        return [Detour(command.program, tuple(dict.fromkeys(names)), _about(words))] if words else []
    said = [_code(command)] if service.takes_code else [*words, *_path_words(command)]
    is_shown = said[0].startswith(("list ", "describe ")) if service.takes_code else False
    about = _about(said if is_shown else [service.about, *said])
    return [Detour(command.program, service.words, about)] if about else []


def _concerns_itself(arguments: tuple[str, ...], words: list[str]) -> bool:
    """Return whether a command asks for the program's version or help, or sets it up."""
    return arguments[:1] in (("--version",), ("--help",), ("-V",)) or bool(OWN_AFFAIRS.intersection(words[:1]))


def _subcommands(arguments: tuple[str, ...]) -> list[str]:
    """Return the first words of a command that are neither options nor likely to be an option's value."""
    words: list[str] = []
    is_value = False
    for argument in arguments:
        if argument.startswith("-"):
            is_value = "=" not in argument
            continue
        if not is_value and _SUBCOMMAND.fullmatch(argument):
            words.append(argument)
        elif words:
            break
        is_value = False
        if len(words) == MAX_SUBCOMMANDS:
            break
    return words


def _path_words(command: ShellCommand) -> list[str]:
    """Return the words of an address's path that a program of its own service is given (`gh api repos/…`)."""
    paths = [argument for argument in command.arguments if "/" in argument and argument[:1] not in "-./~"]
    return _segments(paths[0]) if paths and command.arguments[:1] == ("api",) else []


def _code(command: ShellCommand) -> str:
    """Return the names and deeds in the statements that a program is given."""
    given = [argument for argument in command.arguments if not argument.startswith("-") and "://" not in argument]
    options = [argument.lstrip("-") for argument in command.arguments if argument.startswith("--")]
    for argument in given:
        if (shown := _SHOWN.match(argument)) is not None:
            return _STATEMENTS.get(shown[1].lower(), f"list {shown[2] or shown[1]}")
    text = " ".join((*options, *given, command.document))[:MAX_CODE]
    return " ".join(_WORD.findall(_HUMPS.sub(" ", text).lower()))


def _requests(command: ShellCommand) -> Iterable[Detour]:
    arguments = command.arguments
    method = _method(arguments)
    data = [value for option, value in pairwise(arguments) if option in _DATA_OPTIONS]
    fields = [name for value in data if "query" in value for name in _FIRST_FIELD.findall(value)][:2]
    wanted = " ".join([*fields] if fields else [METHODS.get(method, "")])
    found = (_of_url(url, wanted) for url in _URL.findall("\n".join(arguments)))
    return [detour for detour in found if detour]


def _method(arguments: tuple[str, ...]) -> str:
    for option, value in zip(arguments, (*arguments[1:], ""), strict=True):
        if option in ("-X", "--request"):
            return value.lower()
        if option.startswith("-X"):
            return option.removeprefix("-X").lower()
    return "post" if any(option in _DATA_OPTIONS for option in arguments) and not {"-G", "--get"} & {*arguments} else ""


def _is_download(command: ShellCommand) -> bool:
    """Return whether what is asked for is kept as it is, or run."""
    options = [argument for argument in command.arguments if argument.startswith("-")]
    kept = any(
        option in ("--output", "--remote-name", "--head") or re.fullmatch(r"-\w*[oOI]\w*", option) for option in options
    )
    return (kept and "/dev/null" not in command.arguments) or command.reader in UNPACKERS


def _of_url(url: str, wanted: str) -> Detour | None:
    parts = _ADDRESS.match(url)
    if parts is None:
        return None
    host, path, asked = parts[1].lower().rstrip("."), parts[2], parts[3] or ""
    segments = [part for part in path.split("/") if part]
    labels = host.split(".")
    if not host or is_near(host) or _FILE.search(path.lower()) or PUBLIC_LABELS.intersection(labels):
        return None
    if segments[:1] and segments[0].lower() in PUBLIC_PATHS:
        return None
    keys = [key.partition("=")[0] for key in asked.split("&")]
    searched = ["search"] if {"q", "query", "search", "jql"} & {*keys} else []
    about = _about([_deed(segments, wanted), *_segments(path), *searched, wanted])
    return Detour(host, tuple(labels_of(host)), about, host)


def _deed(segments: list[str], wanted: str) -> str:
    """Return what reading an address does: it gets what its end names by a number or key, or lists them all."""
    if wanted in METHODS.values():
        return wanted
    return "get" if segments and re.search(r"\d", segments[-1]) else "" if wanted else "list"


def _segments(path: str) -> list[str]:
    """Return the words of a path, without what looks like a number, a key or a version."""
    words = [_HUMPS.sub(" ", segment) for segment in re.split(r"[/?.]", path) if segment]
    return [word for word in words if not re.search(r"\d", word) and len(word) > 1]


def _about(words: Iterable[str]) -> str:
    """Return words as definitions have them, in their order."""
    plain = [word for text in words for word in re.findall(r"[^\W_]+", text.lower())]
    meant = [MEANINGS.get(word, word) for word in plain]
    return " ".join(dict.fromkeys(" ".join(meant).split()[: 4 * MAX_ABOUT]))
