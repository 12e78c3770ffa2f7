"""Rewrites the tool lists in the front matter of agents, commands and skills; the rest stays byte for byte."""

import re
from collections.abc import Callable, Iterator

_LIST_KEY = re.compile(r"(tools|disallowedTools|allowed-tools|disallowed-tools)[ \t]*:")
_AGENT_KEYS = ("tools", "disallowedTools")
_CONTINUATION = re.compile(r"[ \t]|-(?!--)|\r?$")


def edit_tool_lists(text: str, agents: Callable[[str], str], skills: Callable[[str], str]) -> str:
    """Return the text with the tool lists of its front matter edited, by the rules for agents or for skills."""
    lines = text.splitlines(keepends=True)
    for index, key in _tool_list_lines(lines):
        lines[index] = (agents if key in _AGENT_KEYS else skills)(lines[index])
    return "".join(lines)


def other_front_matter(text: str) -> str:
    """Return the front matter without the lines that list tools."""
    lines = text.splitlines(keepends=True)
    lists = {index for index, _ in _tool_list_lines(lines)}
    return "".join(line for index, line in enumerate(lines[: _end(lines)]) if index not in lists)


def _tool_list_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the indexes of the lines that list tools, each with the key that it stands under."""
    key = ""
    for index, line in enumerate(lines[: _end(lines)]):
        found = _LIST_KEY.match(line)
        key = found[1] if found else (key if _CONTINUATION.match(line) else "")
        if key:
            yield index, key


def _end(lines: list[str]) -> int:
    """Return the number of lines up to the front matter's end; 0 where there is none."""
    if not lines or lines[0].removeprefix("\ufeff").rstrip() != "---":
        return 0
    return next((index for index, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
