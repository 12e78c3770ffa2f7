"""TOML files that people write: read, or told what is wrong with one as a whole."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.config.problems import ConfigProblem


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file as it was read."""

    path: Path
    raw: bytes
    text: str
    values: Mapping[str, object]


def read_toml(path: Path, read: Callable[[], bytes]) -> TomlFile | ConfigProblem | None:
    """Read the file; return its problem if it is wrong as a whole, and None where there is none."""
    try:
        raw = read()
        text = raw.decode("utf-8-sig")
        return TomlFile(path, raw, text, tomllib.loads(text))
    except FileNotFoundError:
        return None
    except OSError as error:
        return ConfigProblem(path, "", f"cannot be read ({error.strerror})", "make it a readable file")
    except UnicodeDecodeError:
        return ConfigProblem(path, "", "is not UTF-8 text", "save it as UTF-8")
    except (ValueError, RecursionError) as error:  # besides its own ValueError: a huge number, a deep nesting
        line = re.search(r"line (\d+)", str(error))
        what = f"is not valid TOML: {error}"
        fix = 'a line is: name = "text", name = 1 or name = true'
        return ConfigProblem(path, "", what, fix, int(line[1]) if line else None)
