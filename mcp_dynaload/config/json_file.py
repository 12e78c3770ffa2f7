"""JSON files that people write: read with the line of every key, comments allowed, mistakes explained."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.commented_json import parse_commented, without_comments
from mcp_dynaload.config.problems import ConfigProblem, KeyPath, written_path

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file's JSON object and where its keys are."""

    path: Path
    content: Json
    key_lines: Mapping[KeyPath, int]
    repeated_keys: tuple[KeyPath, ...]
    """Keys that stand twice in the same object, without those inside them; JSON keeps the last."""

    def problem(self, key: KeyPath, what: str, fix: str) -> ConfigProblem:
        """Return a problem of the key, with the line of the nearest key around it."""
        line = next((self.key_lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.key_lines), None)
        return ConfigProblem(self.path, written_path(key), what, fix, line)


def parse_json(path: Path, raw: bytes) -> JsonFile | ConfigProblem:
    """Return the JSON object in a file's bytes, or the problem with them."""
    try:
        text = raw.decode("utf-8-sig")
        content = parse_commented(text)
    except UnicodeDecodeError as error:
        return ConfigProblem(path, "", f"is not UTF-8 text (byte {error.start})", "save it as UTF-8")
    except json.JSONDecodeError as error:
        what = f"is not valid JSON at column {error.colno}: {error.msg}"
        return ConfigProblem(path, "", what, _hint(error), error.lineno)
    except (RecursionError, ValueError):
        return ConfigProblem(path, "", "is nested too deeply or has a number too long", "keep to plain server entries")
    if not isinstance(content, dict):
        return ConfigProblem(path, "", f"holds {json_type(content)}, not an object", 'it must start with "{"', 1)
    lines, repeated = _key_lines(without_comments(text))
    return JsonFile(path, cast(Json, content), lines, repeated)


def json_type(value: object) -> str:
    """Return JSON's word for the value's type."""
    names: dict[type[Any], str] = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")


def _hint(error: json.JSONDecodeError) -> str:
    before, after = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()
    if not error.doc.strip():
        return 'the file is empty: write {"mcpServers": {}}'
    if after.startswith("/*"):
        return "end the comment: */"
    if after.startswith("#"):
        return "begin a comment with //"
    if (before.endswith(",") and after.startswith(("}", "]"))) or after.startswith((",}", ",]")):
        return f"remove the comma before {after.lstrip(',')[0]!r}"
    if after.startswith("'"):
        return 'write strings in double quotes: "…"'
    if not after:
        return "the text ends too early: a closing bracket or quote is missing"
    if "delimiter" in error.msg and "','" in error.msg:
        return "put a comma between the two values, or close the bracket before"
    return "correct it there or just before"


def _key_lines(text: str) -> tuple[dict[KeyPath, int], tuple[KeyPath, ...]]:
    """Return the line of each key of a valid JSON text, and the keys that come twice."""
    lines: dict[KeyPath, int] = {}
    repeated: list[KeyPath] = []
    steps: list[str | int] = []
    expects_key = False
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        match token[0][0]:
            case "{":
                steps.append("")
                expects_key = True
            case "[":
                steps.append(0)
            case "}" | "]":
                steps.pop()
                expects_key = False
            case ",":
                step = steps[-1]
                expects_key = isinstance(step, str)
                if isinstance(step, int):
                    steps[-1] = step + 1
            case ":":
                expects_key = False
            case _ if expects_key:
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                steps[-1] = cast(str, json.loads(token[0]))
                path = tuple(steps)
                if path in lines and not any(path[: len(outer)] == outer for outer in repeated):
                    repeated.append(path)
                lines[path] = line
            case _:
                pass
    return lines, tuple(repeated)
