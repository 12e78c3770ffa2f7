"""The secrets that a configuration names: in entries of servers, in our settings, in our environment."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.problems import KeyPath
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.masking.masker import Masker
from mcp_dynaload.masking.prose import is_telling

MIN_SECRET = 4
"""Characters of a value under a telling name; a shorter one stands in too many words."""

MIN_OTHER = 8
MAX_PLAIN = 24
"""Letters of a word, or of a part of a name, in one piece."""

_HARMLESS_NAME = re.compile(
    r"(?i)(?:_|-|\b)(?:file|path|dir|url|uri|endpoint|host|type|limit|count|size|ttl|timeout|length|expiry|algorithm|"
    r"issuer|audience|scope|scopes|name|sock)$|max_?tokens|token_?budget"
)
"""The form of a name that tells of a secret, and says at its end that this is something about it."""

_NAMES_OF_SESSIONS = frozenset(
    {
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_CODE_REMOTE_SESSION_ID",
        "DESKTOP_SESSION",
        "GDMSESSION",
        "TERM_SESSION_ID",
        "ITERM_SESSION_ID",
        "XDG_SESSION_ID",
    }
)
"""Variables whose names tell of a session, and whose values only name one: logs, journal and `top` go by them."""

_OPTION = re.compile(r"(--?[\w-]+)=(.*)", re.DOTALL)
_ASSIGNED = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
_HEADER = re.compile(r"([A-Za-z][\w-]*):\s*(.*)", re.DOTALL)
_SECRET_OPTION = re.compile(r"(?i)--?[\w-]*(?:key|token|secret|passw|pwd|credential|auth|cookie|dsn)[\w-]*")
_FREE_OPTIONS = frozenset({"-e", "--env", "-H", "--header", "--headers"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|bot|digest|apikey|api-key|key)\s+(\S.*)", re.DOTALL)
_SWITCH = re.compile(r"(?i)[-+]?[\d.,_]{1,15}(?:ms|s|m|h|d|k|mb|gb)?|true|false|yes|no|on|off|none|null|auto")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.)+[a-z]{2,24}(?::\d{1,5})?|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"
)
_PLAIN_PIECE = re.compile(
    r"[A-Z]?[a-z]{0,24}|[A-Z]{1,24}|(?:[A-Z]?[a-z]{2,16}){1,4}|\d{1,4}|20\d{6}|[A-Za-z]{1,8}\d{1,3}|\d{1,2}[A-Za-z]{1,3}"
)
_BETWEEN = re.compile(r"[-_./,:;@ +=~\\|()\[\]*?&%]+")


def masker_for(configs: Iterable[UpstreamConfig], settings: Settings, environ: Mapping[str, str]) -> Masker:
    """Return what hides the secrets of these servers, of our settings and of our environment."""
    values = (
        *(value for config in configs for value in _of_entry(config)),
        *_of_settings(settings),
        *(value for name, text in environ.items() if _is_secret_variable(name) for value in _of_named(name, text)),
    )
    return Masker.of(values)


def plain_secrets(entry: Json) -> Iterator[tuple[KeyPath, str]]:
    """Yield the secrets that stand as text in an entry, each with its place; none of a value with `${…}` in it."""
    for key in ("env", "headers"):
        for name, text in json_object(entry.get(key)).items():
            if isinstance(text, str) and "${" not in text and any(_of_named(name, text)):
                scheme = _SCHEME.fullmatch(text.strip())
                yield (key, name), scheme[1].strip() if scheme else text
    url = entry.get("url")
    if isinstance(url, str) and "${" not in url:
        yield from ((("url",), secret) for secret in _apart(url, _of_url(url)))
    before = ""
    for index, arg in enumerate(_texts(entry.get("args"))):
        if "${" not in arg:
            yield from ((("args", index), secret) for secret in _apart(arg, _of_argument(before, arg)))
        before = arg


def _apart(text: str, secrets: Iterable[str]) -> list[str]:
    """Return those that stand in a text, without those that are a part of another."""
    found: list[str] = []
    for secret in sorted({secret for secret in secrets if secret in text}, key=lambda one: (-len(one), one)):
        if not any(secret in longer for longer in found):
            found.append(secret)
    return found


def _texts(values: object) -> list[str]:
    return [str(value) for value in cast(list[object], values)] if isinstance(values, list) else []


def _of_entry(config: UpstreamConfig) -> Iterator[str]:
    yield from (value for value in config.secrets if len(value) >= MIN_SECRET)
    for name, text in (*config.env.items(), *config.headers.items()):
        yield from _of_named(name, text)
    if config.url:
        yield from _of_url(config.url)
    yield from _of_arguments(config.args)


def _of_settings(settings: Settings) -> Iterator[str]:
    yield from _of_named("oauth_client_secret", settings.oauth_client_secret)
    yield from (word for word in re.split(r"[\s,]+", settings.login_keys) if word and not word.startswith("${"))
    for url in (settings.store_url, settings.otel_endpoint, settings.oauth_introspection_url):
        yield from _of_url(url)
    if path := urlsplit(settings.alert_webhook).path.strip("/"):
        yield path  # of Slack, Discord and others the path is the secret
    yield from _of_url(settings.alert_webhook)


def _of_named(name: str, text: str) -> Iterator[str]:
    """Yield the secrets in the value of a variable, header or parameter."""
    text = text.strip()
    if (inner := _parsed(text)) is not None:
        yield from _of_json(name, inner)
        return
    if _URL.fullmatch(text):
        yield from _of_url(text)
    if _is_secret_name(name):
        yield from _of_credentials(name, text)
        if len(text) >= MIN_SECRET and not _SWITCH.fullmatch(text) and not _is_harmless_address(text):
            yield text
    elif found := _SCHEME.fullmatch(text):
        yield from _of_credentials(name, text)
        yield from (word for word in [found[1]] if not _is_harmless(word))
    elif not _is_harmless(text):
        yield text


def _of_credentials(name: str, text: str) -> Iterator[str]:
    """Yield the parts of a header's value: after the scheme, in Basic's own encoding, each cookie."""
    found = _SCHEME.fullmatch(text)
    rest = found[1].strip() if found else text
    if found and len(rest) >= MIN_SECRET:
        yield rest
    if found and text.lower().startswith("basic"):
        try:
            user_and_password = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, ValueError):
            return  # not what the standard says: the whole is masked
        yield user_and_password
        yield user_and_password.partition(":")[2]
    if "cookie" in name.lower():
        for part in text.split(";"):
            if len(value := part.partition("=")[2].strip()) >= MIN_OTHER:
                yield value


def _of_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return  # no address at all: nothing of it is known
    if password:
        yield password
        yield unquote(password)
        yield f"{unquote(user)}:{unquote(password)}"
    elif user and not _is_harmless(user):
        yield user
    for name, value in (*parse_qsl(parts.query), *parse_qsl(parts.fragment)):
        if _is_secret_name(name) or name.lower() in ("key", "sig", "code", "auth"):
            yield from (text for text in [value] if len(text) >= MIN_SECRET and not _SWITCH.fullmatch(text))
        elif not _is_harmless(value):
            yield value
    for piece in parts.path.split("/"):
        if len(piece) >= 2 * MIN_OTHER and not _is_harmless(piece):
            yield piece


def _of_arguments(args: Iterable[str]) -> Iterator[str]:
    before = ""
    for arg in args:
        yield from _of_argument(before, arg)
        before = arg


def _of_argument(before: str, arg: str) -> Iterator[str]:
    if found := _OPTION.fullmatch(arg):
        yield from _of_option(found[1], found[2])
    elif _SECRET_OPTION.fullmatch(before):
        yield from _of_named("secret", arg)
    elif before in _FREE_OPTIONS or not arg.startswith("-"):
        yield from _of_free(arg)


def _of_option(option: str, value: str) -> Iterator[str]:
    if _SECRET_OPTION.fullmatch(option) and not _HARMLESS_NAME.search(option):
        yield from _of_named("secret", value)
    else:
        yield from _of_free(value)


def _of_free(arg: str) -> Iterator[str]:
    """Yield the secrets in an argument that says by itself what it is."""
    if _URL.fullmatch(arg):
        yield from _of_url(arg)
    elif found := _HEADER.fullmatch(arg) or _ASSIGNED.fullmatch(arg):
        yield from _of_named(found[1], found[2])
    elif len(arg) >= 2 * MIN_OTHER and not _is_harmless(arg):
        yield arg


def _of_json(name: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in cast(dict[str, object], value).items():
            yield from _of_json(key, inner)
    elif isinstance(value, list):
        for inner in cast(list[object], value):
            yield from _of_json(name, inner)
    elif isinstance(value, str):
        yield from _of_named(name, value)


def _parsed(text: str) -> object | None:
    """Return the object or list that a text is the JSON of."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_secret_name(name: str) -> bool:
    looks = is_telling(name) or name.lower().endswith(("_key", "-key", "apikey", "_pat", "_pass", "_auth", "_sig"))
    return looks and not _HARMLESS_NAME.search(name)


def _is_secret_variable(name: str) -> bool:
    """Return whether a variable of our own environment, most of which is nobody's secret, tells of one by its name."""
    return _is_secret_name(name) and name not in _NAMES_OF_SESSIONS


def _is_harmless_address(text: str) -> bool:
    """Return whether a text under a telling name is an address without secrets: these are known apart."""
    return bool(_URL.fullmatch(text)) or _HOST.fullmatch(text) is not None or _is_path(text)


def _is_harmless(text: str) -> bool:
    """Return whether a value under a plain name says nothing: short, a number, a word, a name, a place."""
    return (
        len(text) < MIN_OTHER
        or _SWITCH.fullmatch(text) is not None
        or _UUID.fullmatch(text) is not None
        or _is_harmless_address(text)
        or all(_PLAIN_PIECE.fullmatch(piece) for piece in _BETWEEN.split(text))
    )


def _is_path(text: str) -> bool:
    if not re.match(r"(?:~|\.{1,2})?/|[A-Za-z]:[\\/]", text):
        return False
    return all(len(piece) <= MAX_PLAIN or _PLAIN_PIECE.fullmatch(piece) for piece in re.split(r"[-/\\:;._ ]", text))
