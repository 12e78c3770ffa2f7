"""Whether the configuration differs from the one that the journal knows: names only, no values."""

import hashlib
from collections.abc import Mapping

from mcp_dynaload.store.journal import JournalStore, Wanted
from mcp_dynaload.telemetry.codec import events_of, kind_name
from mcp_dynaload.telemetry.events import ConfigurationChanged, Who

CONFIGURATION = "configuration"

_DIGITS = 12


def digests(configuration: Mapping[str, object]) -> dict[str, str]:
    """Return a short hash of each value."""
    return {
        name: hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:_DIGITS]
        for name, value in configuration.items()
    }


def changed_since(
    store: JournalStore, project: str, configuration: Mapping[str, object]
) -> ConfigurationChanged | None:
    """Return the changes since this project's last process; None if there are none. Blocks."""
    now, known = digests(configuration), _last(store, project)
    if now == known:
        return None
    return ConfigurationChanged(who=Who("", "", project), what=CONFIGURATION, detail=_told(known, now), state=now)


def _last(store: JournalStore, project: str) -> Mapping[str, str]:
    entries = store.read(Wanted(project=project, kinds=(kind_name(ConfigurationChanged),)))
    states = [
        event.state
        for _, event in events_of(entries)
        if isinstance(event, ConfigurationChanged) and event.what == CONFIGURATION
    ]
    return states[-1] if states else {}


def _told(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    if not before:
        return f"first seen with {sum(name.startswith('server ') for name in now)} servers"
    new = sorted(now.keys() - before.keys())
    gone = sorted(before.keys() - now.keys())
    other = sorted(name for name in now.keys() & before.keys() if now[name] != before[name])
    parts = (("new", new), ("removed", gone), ("changed", other))
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)
