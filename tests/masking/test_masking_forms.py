"""Secrets of known kinds, and texts that only look like them."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import quote

import pytest

from mcp_dynaload.config.secrets import masker_for
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.masking import MASK, Masker, masked_prose
from tests.planted import HARMLESS, IN_CONTEXT, TOKENS

PASSWORD = 'Tr0ub4dor&3 "x" /ü'

HOSTILE = """
import sys
from mcp_dynaload.masking import Masker, masked, masked_prose
from mcp_dynaload.masking.prose import MAX_CHARACTERS
parts = ["a", "aB3", "password", '"', "\\\\", "-----BEGIN ", "-----BEGIN A PRIVATE KEY-----",
         "-----END ", "eyJ", "eyJ.", "eyJa.b", "eyJ-", "--", "://", "://a", "&", "?a=", "sk-", "pat_", "=", "==",
         "key=", "token: ", "secret is ", "bearer ", "basic ", "cookie:", "SG.", "1:", "s.", "\\n", "abcdefgh\\n",
         " ", "A/", "0", "Q~", "-us", "sig=", "dp.pt.", "'", "--token "]
for part in parts:
    text = part * (1_000_000 // len(part))
    assert isinstance(masked_prose(text), str)
    assert len(Masker.of(["known-secret-1"]).text(text)) <= 3 * MAX_CHARACTERS
print("done")
"""


@pytest.mark.proves("secrets")
@pytest.mark.parametrize("secret", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize(
    "around", ["%s", "failed with %s, try again", "x='%s'", '{"a": "%s"}', "(%s)", "see\n%s\nbelow"]
)
def test_a_token_of_a_known_form_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    assert masked_prose(around % secret) == around % MASK


@pytest.mark.proves("secrets")
@pytest.mark.parametrize(("text", "secret"), IN_CONTEXT.values(), ids=IN_CONTEXT)
@pytest.mark.parametrize("form", [str, repr, json.dumps], ids=["plain", "repr", "json"])
def test_a_secret_that_its_surroundings_tell_is_masked(text: str, secret: str, form: Callable[[str], str]) -> None:
    assert secret in text

    assert secret not in masked_prose(form(text))


@pytest.mark.proves("secrets")
@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays_to_be_read(text: str) -> None:
    assert masked_prose(text) == text


def test_hostile_texts_of_a_megabyte_are_masked_in_time() -> None:
    # An expression that goes wrong needs hours, and holds the interpreter meanwhile: only another process can end it.
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, timeout=120, check=False)

    assert done.stdout == "done\n", done.stderr


def test_a_very_long_text_is_cut() -> None:
    assert masked_prose("word " * 100_000).endswith("… (400000 more characters)")


def known(**entry: object) -> Masker:
    config = UpstreamConfig(name="a", transport="stdio", **entry)  # pyright: ignore[reportArgumentType] - each test gives other fields
    return masker_for([config], Settings(), {})


@pytest.mark.proves("secrets")
@pytest.mark.parametrize(
    "entry",
    [
        {"env": {"DB_PASSWORD": PASSWORD}},
        {"env": {"OPENAPI_HEADERS": json.dumps({"Authorization": f"Bearer {PASSWORD}"})}},
        {"env": {"DATABASE_URL": f"postgres://ann:{quote(PASSWORD, safe='')}@db/app"}},
        {"headers": {"Authorization": f"Bearer {PASSWORD}"}},
        {"headers": {"X-Auth": PASSWORD}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(f"ann:{PASSWORD}".encode()).decode()}},
        {"url": f"https://a.example.org/mcp?token={quote(PASSWORD, safe='')}"},
        {"url": f"https://ann:{quote(PASSWORD, safe='')}@a.example.org/mcp"},
        {"args": ("--token", PASSWORD)},
        {"args": (f"--api-key={PASSWORD}",)},
        {"args": ("-e", f"API_TOKEN={PASSWORD}")},
        {"args": ("--header", f"Authorization: Bearer {PASSWORD}")},
    ],
    ids=str,
)
def test_a_secret_of_an_entry_is_masked_in_all_its_writings(entry: dict[str, object]) -> None:
    masker = known(**entry)

    for written in (
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        json.dumps(PASSWORD)[1:-1],
        json.dumps(json.dumps(PASSWORD))[3:-3],
        repr(PASSWORD)[1:-1],
        base64.b64encode(PASSWORD.encode()).decode().rstrip("="),
    ):
        assert masker.known(f"it said <{written}> to us") == f"it said <{MASK}> to us", written


def test_a_password_is_masked_in_the_basic_authorization_of_any_user() -> None:
    masker = known(env={"JIRA_API_TOKEN": "correct-battery-9"})

    for user in ("a", "ab", "abc", "ann@example.org"):
        encoded = base64.b64encode(f"{user}:correct-battery-9".encode()).decode()
        assert MASK in masker.known(encoded)


@pytest.mark.proves("secrets")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_ENV", "production"),
        ("LOG_LEVEL", "debug"),
        ("REGION", "us-east-1"),
        ("MODEL", "claude-sonnet-4-20250514"),
        ("ROOT", "/home/ann/projects/app"),
        ("API_HOST", "api.example.org"),
        ("API_URL", "https://api.example.org/v1"),
        ("PORT", "8080"),
        ("MAX_TOKENS", "4096"),
        ("USE_TOKEN", "true"),
        ("TOKEN_FILE", "/run/secrets/token"),
        ("TENANT", "550e8400-e29b-41d4-a716-446655440000"),
        ("PIN", "1234"),
        ("SHORT_SECRET", "abc"),
        ("OWNER", "ann@example.org"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ],
)
def test_a_harmless_value_of_an_entry_is_not_masked(name: str, value: str) -> None:
    text = f"started in {value} with {value}"

    assert known(env={name: value}, headers={"Accept": "application/json"}).text(text) == text


def test_a_short_secret_is_masked_where_it_stands_alone_and_not_within_words() -> None:
    masker = known(env={"PASSWORD": "swan"})

    assert masker.known("swan, (swan) swansea") == f"{MASK}, ({MASK}) swansea"


@pytest.mark.proves("secrets")
def test_secrets_of_our_settings_and_of_our_environment_are_known() -> None:
    settings = Settings(
        store_url="redis://:store-pass-1@h/0",
        oauth_client_secret="client-pass-2",
        alert_webhook="https://chat.example.org/hooks/abc/def-3",
    )
    masker = masker_for([], settings, {"AWS_SECRET_ACCESS_KEY": "environment-4", "HOME": "/home/ann"})

    assert masker.known("store-pass-1 client-pass-2 hooks/abc/def-3 environment-4 /home/ann") == (
        f"{MASK} {MASK} {MASK} {MASK} /home/ann"
    )


def test_the_names_of_sessions_in_our_environment_are_no_secrets() -> None:
    session, cookie = "4ab4611c-b203-4266-92fe-aa698b73b3e5", "of-a-cookie-5"
    masker = masker_for(
        [], Settings(), {"CLAUDE_CODE_SESSION_ID": session, "DESKTOP_SESSION": "ubuntu", "BANK_SESSION_ID": cookie}
    )

    assert masker.text(f"{session} on ubuntu with {cookie}") == f"{session} on ubuntu with {MASK}"
