"""Servers files for tests: written, read, and what is said about them."""

import json
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import UpstreamConfig, UpstreamsRead, read_upstreams

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=15,
)


def places_in(folder: Path) -> Locations:
    return Locations(folder / "config", folder / "state", folder / "project")


def write(file: Path, content: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def servers(**entries: object) -> dict[str, object]:
    return {"mcpServers": entries}


def read(
    places: Locations, *explicit: Path, environ: Mapping[str, str] | None = None, trust_all: bool = False
) -> UpstreamsRead:
    return read_upstreams(places, explicit=explicit, environ=environ or {}, trust_all=trust_all)


def read_entry(places: Locations, entry: object, environ: Mapping[str, str] | None = None) -> UpstreamConfig:
    write(places.user_servers_file, servers(one=entry))
    result = read(places, environ=environ)
    assert result.problems == ()
    return result.upstreams[0]


def problems_of(places: Locations, content: object, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the problems of the user's file, without its path."""
    file = write(places.user_servers_file, content)
    return [str(problem).removeprefix(f"{file}:").lstrip() for problem in read(places, environ=environ).problems]
