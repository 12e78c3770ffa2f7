"""Takes our change out of a value that others have changed since, and keeps what they did."""

from difflib import SequenceMatcher
from enum import Enum
from typing import Any, Final, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from mcp_dynaload.hosts.claude_code.json_edit import canonical, is_same

_ATOMIC = "mcpServers"
"""Entries below this key belong together: half of one is no server."""


class _Absent(Enum):
    """A mark for a key that is not there."""

    ABSENT = 0


_ABSENT: Final = _Absent.ABSENT


def undone(before: Json, after: Json, current: Json) -> tuple[Json, tuple[str, ...]]:
    """Return `current` without the change from `before` to `after`, and the keys where another change was kept."""
    kept: list[str] = []
    return _undone_object(before, after, current, (), kept), tuple(kept)


def undone_lines(before: str, after: str, current: str) -> str:
    """Return the text without the lines that changed from `before` to `after`, these as they were before."""
    lines = [text.splitlines(keepends=True) for text in (before, after, current)]
    return "".join(_undone_list(*lines))


def _undone_object(before: Json, after: Json, current: Json, path: tuple[str, ...], kept: list[str]) -> Json:
    result: Json = {}
    for key, value in current.items():
        old = _undone(before.get(key, _ABSENT), after.get(key, _ABSENT), value, (*path, key), kept)
        if old is not _ABSENT:
            result[key] = old
    removed = [key for key in before if key not in after and key not in current]
    return _with_keys(result, before, removed)


def _undone(before: Any, after: Any, current: Any, path: tuple[str, ...], kept: list[str]) -> Any:
    if _equal(before, after) or _equal(before, current):
        return current
    if _equal(current, after):
        return before
    is_server = _ATOMIC in path[:-1] and path[-2] == _ATOMIC
    if is_server and path[-1] == SERVER_NAME and before is _ABSENT:
        return _ABSENT
    if not is_server:
        if isinstance(after, dict) and isinstance(current, dict) and (before is _ABSENT or isinstance(before, dict)):
            old = {} if before is _ABSENT else cast(Json, before)
            merged = _undone_object(old, cast(Json, after), cast(Json, current), path, kept)
            return _ABSENT if before is _ABSENT and not merged else merged
        if isinstance(after, list) and isinstance(current, list) and (before is _ABSENT or isinstance(before, list)):
            old_items = [] if before is _ABSENT else cast(list[Any], before)
            items = _undone_list(old_items, cast(list[Any], after), cast(list[Any], current))
            return _ABSENT if before is _ABSENT and not items else items
    kept.append(".".join(path))
    return cast(Any, current)


def _equal(one: Any, other: Any) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return is_same(one, other)


def _with_keys(result: Json, before: Json, removed: list[str]) -> Json:
    """Return the object with the keys that we had removed put back, each behind the one it stood behind."""
    order = list(before)
    keys = list(result)
    for key in removed:
        previous = next((name for name in reversed(order[: order.index(key)]) if name in keys), None)
        keys.insert(0 if previous is None else keys.index(previous) + 1, key)
    return {key: result[key] if key in result else before[key] for key in keys}


def _undone_list(before: list[Any], after: list[Any], current: list[Any]) -> list[Any]:
    """Return the list with each run of elements that we had replaced turned back, as far as it is still there."""
    matcher = SequenceMatcher(None, [canonical(item) for item in after], [canonical(item) for item in before], False)
    result = list(current)
    for tag, start, end, old_start, old_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        ours, old = after[start:end], before[old_start:old_end]
        if not ours:
            previous = before[old_start - 1] if old_start else None
            at = _position(result, previous) + 1 if old_start else 0
            result[at:at] = [item for item in old if _position(result, item) < 0]
        elif len(ours) == len(old):
            for item, original in zip(ours, old, strict=True):
                at = _position(result, item)
                if at >= 0:
                    result[at] = original
        else:
            _replace_run(result, ours, old)
    return result


def _replace_run(result: list[Any], ours: list[Any], old: list[Any]) -> None:
    positions = [at for at in (_position(result, item) for item in ours) if at >= 0]
    for at in sorted(positions, reverse=True):
        del result[at]
    if positions:
        result[min(positions) : min(positions)] = old


def _position(items: list[Any], item: Any) -> int:
    return next((index for index, other in enumerate(items) if is_same(other, item)), -1)
