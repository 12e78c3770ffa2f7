"""A mistake in a configuration, told so that the user can correct it."""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KeyPath = tuple[str | int, ...]
"""Where something is in a JSON text: names of fields and indices of elements."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A mistake: its place, the problem, the fix; no value of a variable, header or argument."""

    file: Path | None
    """The file it stands in."""

    key: str
    """Path of the key, such as `mcpServers.github.args[1]`; empty if the file as a whole is wrong."""

    what: str
    """The mistake; follows the key in a sentence."""

    fix: str
    """The fix."""

    line: int | None = None
    """Line of the key, counted from 1."""

    @property
    def mistake(self) -> str:
        """The place and the problem, without the fix."""
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{f'{self.key} ' if self.key else ''}{self.what}"

    def __str__(self) -> str:
        return f"{self.mistake}; {self.fix}"


def written_path(path: KeyPath) -> str:
    """Return the path as a user writes it: `mcpServers.github.args[1]`, odd names in `["…"]`."""
    parts = [
        f"[{step}]" if isinstance(step, int) else f".{step}" if _PLAIN_NAME.fullmatch(step) else f"[{json.dumps(step)}]"
        for step in path
    ]
    return "".join(parts).removeprefix(".")


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return a text that corrects an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"
