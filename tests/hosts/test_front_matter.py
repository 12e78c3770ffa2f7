import pytest

from mcp_dynaload.hosts.claude_code.front_matter import edit_tool_lists, other_front_matter
from mcp_dynaload.hosts.claude_code.rules import RuleMap

NAMES = RuleMap({"gh": "gh__"})


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---|tools: Read, mcp__gh__a|---|", "---|tools: Read, mcp__dynaload__gh__a|---|"),
        ("---|disallowedTools: mcp__gh__*|---|", "---|disallowedTools: mcp__dynaload|---|"),
        ("---|tools: Read, mcp__gh, mcp__gh__get_*|---|", "---|tools: Read, mcp__dynaload, mcp__gh__get_*|---|"),
        (
            "---|allowed-tools: mcp__gh, mcp__gh__get_*|---|",
            "---|allowed-tools: mcp__dynaload__gh__*, mcp__dynaload__gh__get_*|---|",
        ),
        (
            "---|disallowed-tools: mcp__gh|tools: mcp__gh|---|",
            "---|disallowed-tools: mcp__dynaload__gh__*|tools: mcp__dynaload|---|",
        ),
        ("---|allowed-tools: Bash(git *) mcp__gh__a|---|", "---|allowed-tools: Bash(git *) mcp__dynaload__gh__a|---|"),
        ('---|allowed-tools: ["mcp__gh__a", "Read"]|---|', '---|allowed-tools: ["mcp__dynaload__gh__a", "Read"]|---|'),
        (
            "---|tools:|  - mcp__gh__a|  - Read|name: x|---|",
            "---|tools:|  - mcp__dynaload__gh__a|  - Read|name: x|---|",
        ),
        ("---|tools:|- mcp__gh__a|- Read|---|", "---|tools:|- mcp__dynaload__gh__a|- Read|---|"),
        ("---|tools: >|  Read,||  mcp__gh__a|---|", "---|tools: >|  Read,||  mcp__dynaload__gh__a|---|"),
    ],
)
def test_tool_lists_change_in_every_form_of_yaml(text: str, expected: str, line_end: str) -> None:
    edited = edit_tool_lists(text.replace("|", line_end), NAMES.agent_list, NAMES.tool_list)

    assert edited == expected.replace("|", line_end)


@pytest.mark.parametrize(
    "text",
    [
        "---\ndescription: uses mcp__gh__a\nnotes:\n  - mcp__gh__a\n---\ntools: mcp__gh__a\n",
        "tools: mcp__gh__a\n",
        "---\ntools: mcp__gh__a\n",
        "# A title\n---\ntools: mcp__gh__a\n---\n",
        "",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert edit_tool_lists(text, NAMES.agent_list, NAMES.tool_list) == text


def test_the_rest_of_the_front_matter_can_be_looked_at() -> None:
    assert other_front_matter("---\ntools: a\n  b\nmcpServers:\n  - gh\n---\nbody\n") == "---\nmcpServers:\n  - gh\n"
