"""How well scanning tells malicious definitions from others: on labelled ones, and on catalogs of real servers."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.scanning import DefinitionFinding, PeerTools, findings, peer_tools, scanned_elements

TIMED_TOOLS = 2_000
"""The time is told for so many."""


class _ServersTool(BaseModel):
    server: str
    tool: dict[str, object]


class _Entry(_ServersTool, extra="ignore"):
    id: str
    label: Literal["malicious", "benign"]
    category: str = ""
    peers: list[_ServersTool] = []


class _Corpus(BaseModel, extra="ignore"):
    entries: list[_Entry]


_CATALOG = TypeAdapter(dict[str, list[dict[str, object]]])


@dataclass(frozen=True, slots=True)
class ScanRow:
    """The findings in the definitions of one category, or of one catalog."""

    name: str
    label: Literal["malicious", "benign", "real"]
    total: int
    hard: int
    """Definitions with a hard finding."""

    found: int
    """Definitions with any."""

    exceptions: tuple[str, ...]
    """The malicious ones without a finding, and the others with one and why."""

    seconds: float = 0.0
    """Time of the processor, since others may use it, too."""

    def as_json(self) -> Json:
        """Return the row for programs."""
        return {
            "name": self.name,
            "label": self.label,
            "definitions": self.total,
            "hard": self.hard,
            "any": self.found,
            "exceptions": list(self.exceptions),
            **({"ms_for_2000": round(self.ms, 1)} if self.label == "real" else {}),
        }

    @property
    def ms(self) -> float:
        """The milliseconds that so many definitions as are told of take."""
        return 1_000 * self.seconds * TIMED_TOOLS / self.total if self.total else 0.0


def scan_corpus(folder: Path) -> list[ScanRow]:
    """Scan every labelled definition in the files of a folder, a row for each category.

    Raises:
        ConfigError: There are no such files, or one has another shape.
    """
    by_category: dict[tuple[Literal["malicious", "benign"], str], list[_Entry]] = {}
    for path in _files(folder):
        for entry in _read(path).entries:
            by_category.setdefault((entry.label, entry.category), []).append(entry)
    return [_category_row(label, name, entries) for (label, name), entries in sorted(by_category.items(), reverse=True)]


def scan_catalogs(folder: Path) -> list[ScanRow]:
    """Scan every tool in the catalogs of a folder, a row for each catalog.

    Raises:
        ConfigError: There are no catalogs, or one has another shape.
    """
    return [_catalog_row(path.stem, _read_catalog(path)) for path in _files(folder)]


def total_row(name: str, rows: Iterable[ScanRow]) -> ScanRow:
    """Return the sum of rows of one label."""
    several = list(rows)
    return ScanRow(
        name,
        several[0].label,
        sum(row.total for row in several),
        sum(row.hard for row in several),
        sum(row.found for row in several),
        (),
        sum(row.seconds for row in several),
    )


def _category_row(label: Literal["malicious", "benign"], name: str, entries: Sequence[_Entry]) -> ScanRow:
    found = {entry.id: _findings_of(entry) for entry in entries}
    hard = sum(any(one.is_hard for one in several) for several in found.values())
    if label == "malicious":
        exceptions = tuple(identity for identity, several in found.items() if not several)
    else:
        exceptions = tuple(f"{identity}: {several[0]}" for identity, several in found.items() if several)
    return ScanRow(name, label, len(entries), hard, sum(map(bool, found.values())), exceptions)


def _findings_of(entry: _Entry) -> list[DefinitionFinding]:
    servers: dict[str, list[Json]] = {entry.server: [entry.tool]}
    for peer in entry.peers:
        servers.setdefault(peer.server, []).append(peer.tool)
    return findings(entry.server, scanned_elements({"tool": [entry.tool]}), _peers(servers))


def _catalog_row(name: str, servers: Mapping[str, Sequence[Json]]) -> ScanRow:
    started = time.process_time()
    peers = _peers(servers)
    found = [
        one for server, tools in servers.items() for one in findings(server, scanned_elements({"tool": tools}), peers)
    ]
    seconds = time.process_time() - started
    hard = {(one.server, one.name) for one in found if one.is_hard}
    exceptions = {(one.server, one.name): str(one) for one in reversed(found)}
    total = sum(map(len, servers.values()))
    return ScanRow(name, "real", total, len(hard), len(exceptions), tuple(exceptions.values()), seconds)


def _peers(servers: Mapping[str, Sequence[Json]]) -> PeerTools:
    return PeerTools(tool for server, tools in servers.items() for tool in peer_tools(server, tools))


def _files(folder: Path) -> Iterator[Path]:
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ConfigError(f"{str(folder)!r} has no *.json")
    yield from paths


def _read(path: Path) -> _Corpus:
    try:
        return _Corpus.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        shape = '{"entries": [{"id", "label", "category", "server", "tool", "peers"}, …]}'
        raise ConfigError(f"{str(path)!r} is no corpus of labelled definitions ({shape}): {_first(error)}") from error


def _read_catalog(path: Path) -> dict[str, list[Json]]:
    try:
        return _CATALOG.validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigError(f"{str(path)!r} is no catalog ({{server: [definition, …]}}): {_first(error)}") from error


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_context=False)[0]
    return f"{json.dumps(detail['loc'])} {detail['msg']}"
