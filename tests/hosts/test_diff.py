from pathlib import Path
from typing import Any

import pytest

from mcp_dynaload.hosts.claude_code.diff import diffs
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit
from mcp_dynaload.masking import MASK, masked


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
