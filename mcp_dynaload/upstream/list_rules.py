"""The rules by which elements of a list are dropped: of one that was just read, and of one stored by older rules."""

import json
from dataclasses import replace

from mcp_dynaload.catalog.shapes import levels_of
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.transport import plain_json
from mcp_dynaload.upstream.listing import KEYS, READ, RULES, Listing

MAX_LEVELS = 240
"""An element of more is dropped: no list with it could be written over HTTP, where 255 are the most."""


def text_of(item: Json) -> bytes | None:
    """Return an element as JSON; nothing if it is nested too deeply to be in a list."""
    try:
        text = json.dumps(item).encode()
    except RecursionError:
        return None
    return text if _is_within(text, item) else None


def _is_kept(item: Json) -> bool:
    """Return whether an element has such a text, in a fifth of the time."""
    try:
        return _is_within(plain_json.bytes_of(item), item)
    except RecursionError:
        return False


def _is_within(text: bytes, item: Json) -> bool:
    # few have so many brackets: only those need a closer look
    return text.count(b"{") + text.count(b"[") <= MAX_LEVELS or levels_of(item) <= MAX_LEVELS


def by_todays_rules(stored: Listing) -> Listing:
    """Return a stored listing without what is dropped today; one that was read by these rules costs no look."""
    if stored.rules == RULES:
        return stored
    kept: dict[str, tuple[Json, ...]] = {}
    too_deep: dict[str, list[str]] = {key: [*names] for key, names in stored.too_deep.items()}
    for kind, (_, _, identity) in READ.items():
        elements: tuple[Json, ...] = getattr(stored, kind)
        fits = [*map(_is_kept, elements)]
        kept[kind] = tuple(item for item, is_fit in zip(elements, fits, strict=True) if is_fit)
        if dropped := [item[identity] for item, is_fit in zip(elements, fits, strict=True) if not is_fit]:
            too_deep.setdefault(KEYS.get(kind, kind), []).extend(dropped)
    return replace(stored, **kept, too_deep=too_deep, digest="", rules=RULES)
