"""Hides secrets in what is shown or logged."""

import re
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json

MASK = "•••"
"""Stands for a secret."""

_SECRET_OBJECTS = ("env", "headers", "oauth", "oauthAccount")
_SECRET_KEY = re.compile(
    r"(?i)(api|access|auth|private|secret)[-_]?key|keyresponses|token|secret|passw|credential|bearer"
)
_SECRET_WORD = re.compile(
    r"^(sk|ghp|gho|ghs|github_pat|glpat|xox[a-z]|pat|AKIA)[-_A-Za-z0-9]{8,}|(?i:bearer\s|authorization\s*:)"
)
_SECRET_OPTION = re.compile(
    r"(?i)^(--?[\w-]*(key|token|secret|passw|credential|auth|header)[\w-]*)(=?)(.*)$", re.DOTALL
)
_VARIABLE_ONLY = re.compile(r"(\w+ )?\$\{[^}]*\}")
_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<==)[^&#\s]+")
_SECRET_IN_PROSE = re.compile(
    r"\b(?:sk|ghp|gho|ghs|github_pat|glpat|xox[a-z]|pat|AKIA)[-_A-Za-z0-9]{8,}|(?i:\bbearer\s+\S+)"
    r"|(?i:(?<=key=)|(?<=token=)|(?<=password=)|(?<=secret=)|(?<=passwd=)|(?<=key: )|(?<=token: )|(?<=password: ))\S+"
)


def masked(value: Any, key: str = "") -> Any:
    """The JSON value with secrets masked: what stands under `env` and `headers`, and what looks like one."""
    if isinstance(value, dict):
        items = cast(Json, value).items()
        is_secret = key in _SECRET_OBJECTS
        return {name: _hidden(inner) if is_secret else masked(inner, name) for name, inner in items}
    if _SECRET_KEY.search(key):
        return _hidden(value)
    if isinstance(value, list):
        return _masked_list(cast(list[Any], value))
    return _masked_text(value) if isinstance(value, str) else value


def masked_prose(text: str) -> str:
    """Running text with what looks like a secret masked: tokens of known forms, values of telling names."""
    return _SECRET_IN_PROSE.sub(MASK, _masked_text(text) if "://" in text else text)


def _masked_list(items: list[Any]) -> list[Any]:
    result: list[Any] = []
    is_next_secret = False
    for item in items:
        found = _SECRET_OPTION.match(item) if isinstance(item, str) else None
        if is_next_secret:
            result.append(_hidden(item))
        elif found is not None and found[3]:
            result.append(f"{found[1]}={_hidden(found[4])}")
        else:
            result.append(masked(item))
        is_next_secret = not is_next_secret and found is not None and not found[3]
    return result


def _masked_text(text: str) -> str:
    if _SECRET_WORD.search(text):
        return _hidden(text)
    return _IN_URL.sub(lambda found: _hidden(found[0]), text) if "://" in text else text


def _hidden(value: Any) -> Any:
    """The mask, for all but empty texts, plain references to a variable, numbers and switches."""
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in cast(Json, value).items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in cast(list[Any], value)]
    is_secret = isinstance(value, str) and value and not _VARIABLE_ONLY.fullmatch(value)
    return MASK if is_secret else value
