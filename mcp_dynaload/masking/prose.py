"""Secrets by their looks: tokens of known forms, and what stands beside a telling name."""

import re
from collections.abc import Iterator
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.masking.forms import FORMS, Form, compiled, looks_random

MASK = "•••"
"""Stands for a secret."""

MAX_CHARACTERS = 100_000
"""The most characters of one text; what is longer is cut before it is looked at."""

_HINTED = tuple((hint, form) for form in FORMS for hint in form.hints)
_NAME_HINTS = ("key", "token", "secret", "pass", "pwd", "credential", "cookie", "dsn", "bearer", "basic", "authoriz")
"""One of these, in small letters, is in every text that names a secret."""

_SECRET_OBJECTS = ("env", "headers", "oauth", "oauthAccount", "cookies", "credentials", "customApiKeyResponses")
_TELLING_KEY = r"(?:api|access|auth|private|secret|account|signing|encryption|master|client|service)[-_ ]?key"
_TELLING = rf"{_TELLING_KEY}|token|secret|passw|passphrase|pwd|credential"
_SECRET_KEY = re.compile(rf"(?i){_TELLING}|keyresponses|bearer|authorization|cookie|\bdsn|_dsn|session(?:[-_]?id)?$")
_SECRET_OPTION = re.compile(
    r"(?i)^(--?[\w-]*(key|token|secret|passw|credential|auth|header)[\w-]*)(=?)(.*)$", re.DOTALL
)
_VARIABLE_ONLY = re.compile(r"(\w+ )?\$\{[^}]*\}")
_USER_IN_URL = re.compile(r"(?<=://)[^/\s]+(?=@)")
_VALUE_IN_URL = re.compile(r"""(?<=[?&#])([^=&#\s"'<>?]{1,80}=)([^&#\s"'<>]+)""")

_VALUE = r"""(?:\\"(?:(?!\\").)*|"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|(?:[^\s"'<>&]|&(?![\w.-]+=))+)"""
"""A quoted text without its last quote, or a word; in a query of a URL the word ends before the next name."""

_HEADERS = re.compile(r"""(?i)(\b(?:authorization|(?:set-)?cookie)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)([^"'\\\r\n]+)""")
_BASIC = re.compile(r"((?i:\bbasic)\s+)((?=[a-z+/]*[A-Z0-9=])[A-Za-z0-9+/]{6,}={0,2})")
_NAMED = (
    re.compile(r"""(?i)(\bbearer\s+)([^\s"',;]+)"""),
    re.compile(
        rf"(?is)((?:{_TELLING}|cookie|(?<![a-z])dsn)[\w-]{{0,40}}"
        rf"""\\?["']?\s{{0,3}}(?:=>|[:=])\s{{0,3}})({_VALUE})"""
    ),
    re.compile(rf"(?is)((?:{_TELLING})[a-z]{{0,10}}\s+(?:is|was)\s*:?\s+)({_VALUE})"),
    re.compile(rf"(?is)((?<!\S)--?[\w-]{{0,20}}(?:{_TELLING})[\w-]{{0,20}}\s+)(?!-)({_VALUE})"),
)
"""The name in front of a secret, and the secret."""

_KEYED = re.compile(rf"""(?is)((?<![a-z])key\\?["']?\s{{0,3}}(?:=>|[:=])\s{{0,3}})({_VALUE})""")
"""After a plain `key` only what is not a word: there are keys of tables, keyboards and dictionaries."""

_ALWAYS = re.compile(r"(?i)passw|passphrase|pwd")
_NUMBER_OR_SWITCH = re.compile(r"(?i)[-+]?\d{1,8}(?:\.\d{1,6})?(?:ms|s|k|m)?|true|false|none|null|undefined|nil")
_WORDS = re.compile(r"[A-Za-z]+(?:[ '_-][A-Za-z]+)*")
_SAID_OF_SECRETS = """
a an the any no not of for in on from to and or is was are too very also only now still already never being
missing required expected invalid valid expired wrong incorrect empty unset set unknown needed used unused
revoked rejected refused denied malformed absent present optional stored read sent given accepted unauthorized
string str text int integer number bool boolean object array list dict any bytes type value values name names
token tokens key keys secret secrets password passwords credential credentials auth authentication authorization
scheme header headers error errors access limit count usage used budget length must should cannot can could may
your our my their this that it its with without by at as make get give check see use try run ask create put write
"""
"""Words that follow a telling name in plain sentences."""

_SAID = frozenset(_SAID_OF_SECRETS.split())


def masked(value: Any, key: str = "") -> Any:
    """Return the JSON value with secrets masked: what stands under `env` and `headers`, and what looks like one."""
    if isinstance(value, dict):
        items = cast(Json, value).items()
        is_secret = key in _SECRET_OBJECTS
        return {name: _hidden(inner) if is_secret else masked(inner, name) for name, inner in items}
    if _SECRET_KEY.search(key):
        return _hidden(value)
    if isinstance(value, list):
        return _masked_list(cast(list[Any], value))
    return masked_prose(value) if isinstance(value, str) else value


def is_telling(name: str) -> bool:
    """Return whether a secret is to be expected under such a name."""
    return _SECRET_KEY.search(name) is not None


def masked_prose(text: str) -> str:
    """Return running text with what looks like a secret masked: tokens of known forms, values of telling names."""
    text = masked_forms(bounded(text))
    lower = text.lower()
    if any(hint in lower for hint in _NAME_HINTS):
        text = _masked_by_name(text)
    if "://" not in text:
        return text
    text = _USER_IN_URL.sub(lambda found: _hidden(found[0]), text)
    return _VALUE_IN_URL.sub(lambda found: f"{found[1]}{_hidden(found[2])}", text)


def _masked_by_name(text: str) -> str:
    text = _HEADERS.sub(lambda found: f"{found[1]}{_hidden_word(found[2])}", text)
    text = _BASIC.sub(lambda found: f"{found[1]}{MASK}", text)
    for named in _NAMED:
        text = named.sub(_hidden_named, text)
    return _KEYED.sub(_hidden_keyed, text)


def masked_forms(text: str) -> str:
    """Return the text with tokens of known forms masked, and nothing else."""
    for form in dict.fromkeys([form for hint, form in _HINTED if hint in text]):
        text = compiled(form).sub(_Replacing(form), text)
    return text


def form_kinds(text: str) -> Iterator[str]:
    """Yield which kinds of known forms stand in a text; what only looks like chance is none."""
    for form in dict.fromkeys([form for hint, form in _HINTED if not form.is_random and hint in text]):
        if (found := compiled(form).search(text)) is not None:
            yield "a private key" if "PRIVATE KEY" in found[0] else "a token of a known form"


def bounded(text: str) -> str:
    """Return the text, a very long one cut."""
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}… ({len(text) - MAX_CHARACTERS} more characters)"


class _Replacing:
    """The function that puts the mask where a form was found."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def __call__(self, found: re.Match[str]) -> str:
        """Return what stands there instead."""
        if self._form.is_random and not looks_random(found[0]):
            return found[0]
        if "secret" not in found.re.groupindex:
            return MASK
        start, end = (place - found.start() for place in found.span("secret"))
        return f"{found[0][:start]}{MASK}{found[0][end:]}"


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


def _hidden_named(found: re.Match[str]) -> str:
    name, word = found[1], found[2]
    is_said = not _ALWAYS.search(name) and _NUMBER_OR_SWITCH.fullmatch(word.strip("\\\"',;.)]}"))
    return found[0] if is_said or _is_said_of_secrets(word) else f"{name}{_hidden_word(word)}"


def _hidden_keyed(found: re.Match[str]) -> str:
    content = found[2].strip("\\\"',;.)]}")
    is_word = _WORDS.fullmatch(content) or len(content) < 8 or not any(character.isdigit() for character in content)
    return found[0] if is_word else f"{found[1]}{_hidden_word(found[2])}"


def _is_said_of_secrets(word: str) -> bool:
    content = word.strip("\\\"',;:.!?)]}").lower()
    return content in _SAID


def _hidden_word(word: str) -> str:
    """Return the mask for a word of a text, in the quote that it opened with."""
    content = word.lstrip("\\\"'")
    return f"{word[: len(word) - len(content)]}{_hidden(content)}"


def _hidden(value: Any) -> Any:
    """Return the mask, for all but empty texts, plain references to a variable, numbers and switches."""
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in cast(Json, value).items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in cast(list[Any], value)]
    is_secret = isinstance(value, str) and value and not _VARIABLE_ONLY.fullmatch(value)
    return MASK if is_secret else value
