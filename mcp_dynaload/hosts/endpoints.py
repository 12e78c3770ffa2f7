"""Whether two entries reach the same server: by program and arguments, or by address."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import cast
from urllib.parse import urlsplit

from mcp_dynaload.catalog.tool import Json, json_object

_ENDINGS = (".exe", ".cmd", ".bat")
_RUNNERS = frozenset(("npx", "bunx", "uvx", "pnpx"))
_CONSENT = frozenset(("-y", "--yes"))
_BRIDGE = "mcp-remote"
"""A program that only connects to an address, for hosts that cannot."""

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_STANDARD_PORTS = {"http": 80, "https": 443}

Endpoint = tuple[str, ...]


def endpoint_of(entry: Json) -> Endpoint:
    """Return what two entries of the same server have alike, however each is written; nothing where there is none."""
    if isinstance(url := entry.get("url"), str):
        return _address(url)
    command = entry.get("command")
    if not isinstance(command, str):
        return ()
    listed: object = entry.get("args")
    args = [str(arg) for arg in cast(list[object], listed)] if isinstance(listed, list) else []
    words = [_program(command), *args]
    if words[:2] == ["cmd", "/c"]:  # by which Windows starts what is a script
        words = [_program(words[2]), *words[3:]] if len(words) > 2 else words
    if words[0] in _RUNNERS:
        return _package([word for word in words if word not in _CONSENT])
    return tuple(words)


def differing_values(one: Json, other: Json) -> tuple[str, ...]:
    """Return the names of variables and headers that the entries do not have alike."""
    found = [
        name
        for key in ("env", "headers")
        for name in {**json_object(one.get(key)), **json_object(other.get(key))}
        if json_object(one.get(key)).get(name) != json_object(other.get(key)).get(name)
    ]
    return tuple(dict.fromkeys(found))


def _package(words: Sequence[str]) -> Endpoint:
    named = [word.removesuffix("@latest") for word in words]
    address = next((word for word in named if _ADDRESS.fullmatch(word)), None)
    if _BRIDGE in named and address is not None:
        return _address(address)
    return tuple(named)


def _address(url: str) -> Endpoint:
    return ("", *_parts(url))


def _parts(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # no address: it is only like itself
        yield url
        return
    yield parts.scheme.lower()
    yield (parts.hostname or "").lower()
    yield str(port or _STANDARD_PORTS.get(parts.scheme.lower(), ""))
    yield parts.path.rstrip("/")
    yield parts.query


def _program(command: str) -> str:
    name = PurePath(command.replace("\\", "/")).name
    return next((name[: -len(end)] for end in _ENDINGS if name.lower().endswith(end)), name)
