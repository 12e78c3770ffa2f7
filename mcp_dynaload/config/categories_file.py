"""The categories file: named groups of tools as globs of the names under which they are listed."""

import tomllib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.categories import Named
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.machine.bounded_files import read_inside


def read_categories(
    files: Iterable[Path], project_dir: Path | None = None
) -> tuple[dict[str, tuple[str, ...]], tuple[ConfigProblem, ...]]:
    """Return the categories of all the files that are there, a later one's winning by name, and the mistakes.

    A file in the project may not lead out of it.
    """
    categories: dict[str, tuple[str, ...]] = {}
    problems: list[ConfigProblem] = []
    for file in files:
        found, wrong = _read(file, _reader(file, project_dir))
        categories |= found
        problems += wrong
    return categories, tuple(problems)


def _reader(file: Path, project_dir: Path | None) -> Callable[[], bytes]:
    if project_dir is not None and file.is_relative_to(project_dir):
        return partial(read_inside, file, project_dir)
    return file.read_bytes


def _read(file: Path, read: Callable[[], bytes]) -> tuple[Named, list[ConfigProblem]]:
    try:
        values = tomllib.loads(read().decode("utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no TOML, no UTF-8
        return {}, [ConfigProblem(file, "", f"cannot be read: {error}", "correct it or remove it")]
    good = {name: tuple(cast("list[str]", globs)) for name, globs in values.items() if _are_globs(globs)}
    fix = f"give a list of texts, such as {['git__*']!r}"
    return good, [ConfigProblem(file, name, "is not a list of globs", fix) for name in values if name not in good]


def _are_globs(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(glob, str) for glob in cast("list[object]", value))
