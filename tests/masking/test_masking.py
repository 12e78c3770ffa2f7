"""Secrets in arguments and prompts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.masking import MASK, masked, masked_prose

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nhunter2\n-----END RSA PRIVATE KEY-----"

TEXTS = [
    ("export GITHUB_TOKEN=ghp_0123456789abcdef", f"export GITHUB_TOKEN={MASK}"),
    ("my key is sk-ant-api03-abcdefgh.", f"my key is {MASK}."),
    ("host=db password=hunter2 user=ann", f"host=db password={MASK} user=ann"),
    ("Server=db;Password=hunter2", f"Server=db;Password={MASK}"),
    ('{"password": "hunter2", "user": "ann"}', f'{{"password": "{MASK}", "user": "ann"}}'),
    ('{\\"password\\": \\"hun ter2\\", \\"user\\": 1}', f'{{\\"password\\": \\"{MASK}\\", \\"user\\": 1}}'),
    ("{'api_key': 'hun\\'ter2'}", f"{{'api_key': '{MASK}'}}"),
    ('"secret": "hunter2', f'"secret": "{MASK}'),
    ("curl -H 'Authorization: Basic YW5uOmh1bnRlcjI=' h", f"curl -H 'Authorization: {MASK}' h"),
    ("send Basic YW5uOmh1bnRlcjI= along", f"send Basic {MASK} along"),
    ("use Bearer abc.def now", f"use Bearer {MASK} now"),
    ("Cookie: sid=abc; other=def\nnext", f"Cookie: {MASK}\nnext"),
    (f"decode {JWT} please", f"decode {MASK} please"),
    (f"install\n{PEM}\nthere", f"install\n{MASK}\nthere"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEow", MASK),
    ("my password is hunter2 by the way", f"my password is {MASK} by the way"),
    ("the API key is abc", f"the API key is {MASK}"),
    ('PASSWORD="x y" make', f'PASSWORD="{MASK}" make'),
    ("mysql --password hunter2 db", f"mysql --password {MASK} db"),
    ("postgres://ann:hunter2@host/app", f"postgres://{MASK}@host/app"),
    ("postgres://ann:hunt@er2@host/app", f"postgres://{MASK}@host/app"),
    ('PASSWORD="x y" curl https://h/?a=b', f'PASSWORD="{MASK}" curl https://h/?a={MASK}'),
    ("https://h/mcp?token=a&b=${B}", f"https://h/mcp?token={MASK}&b=${{B}}"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_secrets_in_a_prompt_are_masked(text: str, shown: str) -> None:
    assert masked_prose(text) == shown


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_secrets_in_a_text_of_an_argument_are_masked(text: str, shown: str) -> None:
    assert masked({"command": text, "lines": [text]}) == {"command": shown, "lines": [shown]}


@pytest.mark.parametrize(
    "text",
    [
        "create an issue about the pathological skateboarding test",
        "explain basic understanding of keys and tokens",
        "git commit -m 'fix: parser'",
        "${prompt}",
        "token=${TOKEN}",
        "Authorization: Bearer ${TOKEN}",
    ],
)
def test_ordinary_texts_and_references_stay(text: str) -> None:
    assert masked_prose(text) == text


@pytest.mark.parametrize(
    "key", ["pwd", "DB_PWD", "cookie", "Set-Cookie", "dsn", "SENTRY_DSN", "session", "sessionId", "passphrase"]
)
def test_what_stands_under_a_telling_key_is_masked(key: str) -> None:
    assert masked({key: "hunter2"}) == {key: MASK}


def test_cookies_by_name_are_masked() -> None:
    assert masked({"cookies": {"sid": "hunter2"}}) == {"cookies": {"sid": MASK}}


def test_a_hook_for_the_start_of_a_session_is_no_secret() -> None:
    hooks: dict[str, Any] = {"SessionStart": [{"matcher": "clear"}], "cwd": "/work"}

    assert masked(hooks) == hooks


@given(st.text("ab=:'\"\\ &@/-.eyJ", max_size=60), st.sampled_from(['{"password": "%s"}', "--token=%s", "Bearer %s"]))
def test_a_secret_is_never_shown_whatever_stands_before_it(before: str, form: str) -> None:
    assert "hunter2" not in masked_prose(f"{before} {form % 'hunter2'}")


def test_a_long_text_is_masked_in_time_that_grows_with_it() -> None:
    for part in ("a", "password", '"', "-----BEGIN ", "eyJ.", "eyJ-", "--", "://", "&"):
        assert isinstance(masked_prose(part * (200_000 // len(part))), str)
