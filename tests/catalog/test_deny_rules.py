"""The client's rules that deny tools, as the client itself reads them: each line was tried in the real one."""

import pytest

from mcp_dynaload.catalog.deny_rules import MAX_GLOBS, DenyRule, denied_names
from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, Registration

NAMES = ("files__write_file", "files__edit_file", "files__create_directory", "git__git_log")


def denied(rule: str, registration: Registration | None = None) -> list[str]:
    return [*denied_names([DenyRule(rule, "settings.json")], registration or Registration(), NAMES)]


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("mcp__dynaload__files__write_file", NAMES[:1]),
        ("mcp__dynaload__files__write_*", NAMES[:1]),
        ("mcp__*__files__write_file", NAMES[:1]),
        ("mcp__dynaload__*_file", NAMES[:2]),
        ("mcp__dynaload__files__*", NAMES[:3]),
        ("mcp__dynaload__*", NAMES),
        ("mcp__dynaload__**", NAMES),
        ("mcp__dynaload", NAMES),
        ("mcp__dyna*", NAMES),
        ("mcp__*", NAMES),
        ("*", NAMES),
    ],
)
def test_a_rule_denies_the_tool_of_that_name_or_all_of_the_server_with_any_text_for_a_star(
    rule: str, names: tuple[str, ...]
) -> None:
    assert denied(rule) == [*names]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "mcp__dynaload__files",
        "mcp__dynaload__files__writ",
        "mcp__dynaload__files__write_file(*)",
        "mcp__dynaload__files__write_file()",
        "mcp__dynaload(*)",
        "MCP__dynaload__files__write_file",
        "mcp__Dynaload__files__write_file",
        "mcp__dynaload__files__Write_file",
        "mcp__dynaload__files__w?ite_file",
        "mcp__dynaload__files__[w]rite_file",
        "mcp__dynaload__files__{write,edit}_file",
        " mcp__dynaload__files__write_file ",
        "mcp__dynaload__files__write_file, mcp__dynaload__files__edit_file",
        "mcp__files__write_file",
        "mcp__files__*",
        "Bash(rm *)",
        "files__write_file",
    ],
)
def test_whatever_else_stands_there_denies_none_of_ours(rule: str) -> None:
    assert denied(rule) == []


def test_rules_go_by_the_name_that_the_client_knows_us_by() -> None:
    plugins = Registration(PLUGIN_SERVER_NAME)

    assert denied("mcp__plugin_dynaload_dynaload__files__write_file", plugins) == [NAMES[0]]
    assert denied("mcp__dynaload__files__write_file", plugins) == []


def test_a_rule_that_is_made_to_take_long_does_not() -> None:
    name = "a" * 60
    rule = DenyRule(f"mcp__dynaload__{'*a' * 30}*Z", "settings.json")
    many = [DenyRule(f"mcp__dynaload__n{number}_*", "settings.json") for number in range(MAX_GLOBS + 1)]

    assert denied_names([rule], Registration(), [name]) == {}
    assert denied_names([DenyRule("*" * 60, "settings.json")], Registration(), [name]).keys() == {name}
    assert denied_names(many, Registration(), [f"n{MAX_GLOBS}_x", "n7_x"]).keys() == {"n7_x"}


def test_the_first_rule_that_denies_a_tool_is_told() -> None:
    rules = [DenyRule("mcp__*", "a.json"), DenyRule("mcp__dynaload", "b.json")]

    assert {str(rule) for rule in denied_names(rules, Registration(), NAMES).values()} == {"deny 'mcp__*' in a.json"}
