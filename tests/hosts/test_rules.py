import pytest

from mcp_dynaload.hosts.claude_code.rules import RuleMap, normalised

NAMES = RuleMap({"github": "github__", "my__server": "my__server__", "claude_ai_Foo": "claude_ai_Foo__"})
LONG = "a" * 45


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("mcp__github__create_issue", "mcp__dynaload__github__create_issue"),
        ("mcp__github", "mcp__dynaload__github__*"),
        ("mcp__github__*", "mcp__dynaload__github__*"),
        ("mcp__github__get_*", "mcp__dynaload__github__get_*"),
        ("mcp__github__x(a:b)", "mcp__dynaload__github__x(a:b)"),
        ("mcp__my__server__tool", "mcp__dynaload__my__server__tool"),
        ("mcp__claude_ai_Foo__find", "mcp__dynaload__claude_ai_Foo__find"),
        (f"mcp__github__{LONG}", "mcp__dynaload__github__aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_1ef71b69"),
        ("mcp__githubx__create_issue", "mcp__githubx__create_issue"),
        ("mcp__github__", "mcp__github__"),
        ("mcp__other", "mcp__other"),
        ("github", "github"),
        ("Bash(mcp__github__x)", "Bash(mcp__github__x)"),
        ("mcp__dynaload__github__x", "mcp__dynaload__github__x"),
    ],
)
def test_a_rule_names_the_same_tools_behind_the_proxy(rule: str, expected: str) -> None:
    assert NAMES.rule(rule) == expected


def test_rules_that_become_the_same_stand_once_and_order_is_kept() -> None:
    assert NAMES.rules(["Read", "mcp__github", "mcp__x", "mcp__github__*", "Read"]) == [
        "Read",
        "mcp__dynaload__github__*",
        "mcp__x",
        "Read",
    ]


def test_a_wildcard_that_denied_tools_still_denies_them() -> None:
    assert NAMES.restrictions(["mcp__git*", "mcp__*", "mcp__*__delete_*", "*", "mcp__x*"]) == [
        "mcp__git*",
        "mcp__dynaload__git*",
        "mcp__*",
        "mcp__*__delete_*",
        "*",
        "mcp__x*",
    ]


def test_a_denying_wildcard_is_translated_once() -> None:
    once = NAMES.restrictions(["mcp__git*"])

    assert NAMES.restrictions(once) == once


def test_an_allowing_wildcard_is_not_widened() -> None:
    assert NAMES.rules(["mcp__git*"]) == ["mcp__git*"]


@pytest.mark.parametrize(
    ("matcher", "expected", "is_lost"),
    [
        ("mcp__github__.*", "mcp__dynaload__github__.*", False),
        ("^mcp__github__(a|b)$", "^mcp__dynaload__github__(a|b)$", False),
        ("mcp__github__x|Edit", "mcp__dynaload__github__x|Edit", False),
        ("Edit, mcp__github__x", "Edit, mcp__dynaload__github__x", False),
        ("mcp__github", "mcp__github", False),
        ("mcp__.*__write.*", "mcp__.*__write.*", False),
        ("mcp__.*", "mcp__.*", False),
        ("*", "*", False),
        ("Bash", "Bash", False),
        ("mcp__(github|time)__.*", "mcp__(github|time)__.*", True),
        ("mcp__git.*", "mcp__git.*", True),
        ("mcp__github[", "mcp__github[", True),
    ],
)
def test_a_hook_matcher_is_rewritten_where_a_plain_replacement_does_it(
    matcher: str, expected: str, is_lost: bool
) -> None:
    assert NAMES.matcher(matcher) == expected
    assert NAMES.is_lost(NAMES.matcher(matcher)) is is_lost


def test_rules_added_since_are_turned_back() -> None:
    assert NAMES.restored_rule("mcp__dynaload__github__create_issue") == "mcp__github__create_issue"
    assert NAMES.restored_rule("mcp__dynaload__github__*") == "mcp__github__*"
    assert NAMES.restored_rule("mcp__dynaload__find_tools") == "mcp__dynaload__find_tools"


def test_the_longest_prefix_names_the_server_of_a_rule() -> None:
    names = RuleMap({"all": "", "a": "a__", "a__b": "a__b__", "d.e": "d.e__"})

    assert names.restored_rule("mcp__dynaload__a__b__tool") == "mcp__a__b__tool"
    assert names.restored_rule("mcp__dynaload__a__tool") == "mcp__a__tool"
    assert names.restored_rule("mcp__dynaload__d_e__tool") == "mcp__d.e__tool"
    assert names.restored_rule("mcp__dynaload__tool(x)") == "mcp__all__tool(x)"


@pytest.mark.parametrize("rule", ["find_tools", "dynaload_hook", "*", "get_*", "find_tools(x)"])
def test_a_server_without_prefix_takes_no_rule_of_ours_and_no_wildcard(rule: str) -> None:
    assert RuleMap({"all": ""}).restored_rule(f"mcp__dynaload__{rule}") == f"mcp__dynaload__{rule}"


def test_a_rule_that_may_be_of_several_servers_without_prefix_stays() -> None:
    assert RuleMap({"x": "", "y": ""}).restored_rule("mcp__dynaload__tool") == "mcp__dynaload__tool"


def test_a_server_is_known_by_the_name_that_the_client_gives_its_tools() -> None:
    assert normalised("claude.ai Foo") == "claude_ai_Foo"
