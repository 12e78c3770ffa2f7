"""Hides secrets in what is shown or logged."""

import re
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json

MASK = "•••"
"""Stands for a secret."""

_SECRET_OBJECTS = ("env", "headers", "oauth", "oauthAccount", "cookies", "credentials", "customApiKeyResponses")
_TELLING = r"(?:api|access|auth|private|secret)[-_ ]?key|token|secret|passw|passphrase|pwd|credential"
_SECRET_KEY = re.compile(rf"(?i){_TELLING}|keyresponses|bearer|authorization|cookie|\bdsn|_dsn|session(?:[-_]?id)?$")
_SECRET_OPTION = re.compile(
    r"(?i)^(--?[\w-]*(key|token|secret|passw|credential|auth|header)[\w-]*)(=?)(.*)$", re.DOTALL
)
_VARIABLE_ONLY = re.compile(r"(\w+ )?\$\{[^}]*\}")
_IN_URL = re.compile(r"(?<=://)[^/\s]+(?=@)|(?<==)[^&#\s\"']+")

_VALUE = r"""(?:\\"(?:(?!\\").)*|"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|(?:[^\s"'<>&]|&(?![\w.-]+=))+)"""
"""A quoted text without its last quote, or a word; in a query of a URL the word ends before the next name."""

_SECRET_FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|\Z)"
    r"|(?<![A-Za-z0-9])(?:sk|rk|gh[opsur]|github_pat|glpat|xox[a-z]|pat)[-_][-_A-Za-z0-9]{8,}"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{8,}"
    r"|(?<![-_A-Za-z0-9])eyJ[-_A-Za-z0-9]+\.[-_A-Za-z0-9]+\.[-_A-Za-z0-9]*",
    re.DOTALL,
)
_NAMED_SECRETS = (
    re.compile(r"""(?i)(\b(?:authorization|(?:set-)?cookie)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)([^"'\\\r\n]+)"""),
    re.compile(r"""(?i)(\bbearer\s+)([^\s"',;]+)"""),
    re.compile(r"((?i:\bbasic)\s+)((?=[a-z+/]*[A-Z0-9=])[A-Za-z0-9+/]{6,}={0,2})"),
    re.compile(
        rf"(?is)((?:{_TELLING}|cookie|(?<![a-z])(?:key|dsn))[\w-]{{0,40}}"
        rf"""\\?["']?\s{{0,3}}(?:=>|[:=])\s{{0,3}})({_VALUE})"""
    ),
    re.compile(rf"(?is)((?:{_TELLING})[a-z]{{0,10}}\s+(?:is|was)\s*:?\s+)({_VALUE})"),
    re.compile(rf"(?is)((?<!\S)--?[\w-]{{0,20}}(?:{_TELLING})[\w-]{{0,20}}\s+)(?!-)({_VALUE})"),
)
"""The name in front of a secret, and the secret."""


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
    return masked_prose(value) if isinstance(value, str) else value


def masked_prose(text: str) -> str:
    """Running text with what looks like a secret masked: tokens of known forms, values of telling names."""
    text = _SECRET_FORMS.sub(MASK, text)
    for named in _NAMED_SECRETS:
        text = named.sub(lambda found: f"{found[1]}{_hidden_word(found[2])}", text)
    return _IN_URL.sub(lambda found: _hidden(found[0]), text) if "://" in text else text


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


def _hidden_word(word: str) -> str:
    """The mask for a word of a text, in the quote that it opened with."""
    content = word.lstrip("\\\"'")
    return f"{word[: len(word) - len(content)]}{_hidden(content)}"


def _hidden(value: Any) -> Any:
    """The mask, for all but empty texts, plain references to a variable, numbers and switches."""
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in cast(Json, value).items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in cast(list[Any], value)]
    is_secret = isinstance(value, str) and value and not _VARIABLE_ONLY.fullmatch(value)
    return MASK if is_secret else value
