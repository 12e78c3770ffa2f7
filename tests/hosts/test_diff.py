from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_dynaload.hosts.claude_code.diff import diffs
from mcp_dynaload.hosts.claude_code.line_diff import unified_lines
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit
from mcp_dynaload.masking import MASK, masked
from tests.hunting import examples


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"env": {"A": "x", "B": "${B}", "C": ""}}, {"env": {"A": MASK, "B": "${B}", "C": ""}}),
        (
            {"headers": {"X": "y", "Authorization": "Bearer ${T}"}},
            {"headers": {"X": MASK, "Authorization": "Bearer ${T}"}},
        ),
        ({"primaryApiKey": "x"}, {"primaryApiKey": MASK}),
        ({"args": ["--api-key", "x", "y"]}, {"args": ["--api-key", MASK, "y"]}),
        ({"args": ["--token=x", "--verbose"]}, {"args": [f"--token={MASK}", "--verbose"]}),
        ({"args": ["--header", "Authorization: Bearer x"]}, {"args": ["--header", MASK]}),
        ({"args": ["ghp_0123456789abcdef"]}, {"args": [MASK]}),
        ({"url": "https://u:p@h/mcp?key=k&b=${B}"}, {"url": f"https://{MASK}@h/mcp?key={MASK}&b=${{B}}"}),
        ({"oauthAccount": {"email": "p", "ids": ["q", 1]}}, {"oauthAccount": {"email": MASK, "ids": [MASK, 1]}}),
        ({"args": ["-y", "server"], "n": 1.5, "b": True}, {"args": ["-y", "server"], "n": 1.5, "b": True}),
    ],
)
def test_secrets_are_masked_and_nothing_else(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_a_diff_names_the_file_and_shows_no_secret_even_in_unchanged_lines() -> None:
    edit = FileEdit(
        Path("/s.json"), '{\n  "env": {"K": "hidden"},\n  "a": 1\n}\n', '{\n  "env": {"K": "hidden"},\n  "a": 2\n}\n'
    )

    assert list(diffs([edit])) == [
        f'--- /s.json\n+++ /s.json\n@@ -1,4 +1,4 @@\n {{\n   "env": {{"K": "{MASK}"}},\n-  "a": 1\n+  "a": 2\n }}\n'
    ]


def test_a_new_file_is_shown_as_one() -> None:
    assert list(diffs([FileEdit(Path("/n.json"), None, "{}\n")])) == [
        "--- /dev/null\n+++ /n.json\n@@ -0,0 +1 @@\n+{}\n"
    ]


lines = st.lists(st.sampled_from(["{", "}", "  same", *(f"  line {number}" for number in range(12))]), max_size=30)


def patched(before: list[str], diff: list[str]) -> list[str]:
    """Return the lines as a reader of the diff has them afterwards."""
    result: list[str] = []
    at = 0
    for line in diff[2:]:
        if line.startswith("@@"):
            first, _, count = line.split()[1].removeprefix("-").partition(",")
            start = int(first) - (count != "0")
            result += before[at:start]
            at = start
        elif line[0] in " -":
            assert before[at] == line[1:]
            at += 1
        if line[0] in " +" and not line.startswith("@@"):
            result.append(line[1:])
    return result + before[at:]


@settings(max_examples=examples(60), deadline=None)
@given(lines, lines)
def test_who_follows_a_diff_gets_the_file(before: list[str], after: list[str]) -> None:
    diff = [*unified_lines(before, after, "a", "b")]

    assert patched(before, diff) == after
    assert bool(diff) == (before != after)


def test_a_file_of_a_hundred_thousand_like_lines_is_compared_at_once() -> None:
    before = [line for number in range(2_000) for line in (f'  "/{number}": {{', *['    "same",'] * 50, "  },")]
    after = [line.replace("{", "[") if number % 5_200 == 0 else line for number, line in enumerate(before)]

    diff = [*unified_lines(before, after, "a", "b")]

    changed = len(before) // 5_200
    assert [sum(line.startswith(sign) for line in diff[2:]) for sign in "-+@"] == [changed] * 3
