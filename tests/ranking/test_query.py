"""The part of a prompt that is left, and its clauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.ranking.cleaning import MAX_LENGTH, clean, split_command
from mcp_dynaload.ranking.query import MAX_CLAUSES, Query, names_in, parse_query, parts, split_clauses


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "yes",
        "Go on.",
        "ok, thanks!",
        "Thank you, that was great work!",
        "y",
        "2",
        "👍",
        "continue please",
        "/clear",
        "/dynaload:load-category git",
        "<task-notification>\n<task-id>a1</task-id> The agent created an issue\n</task-notification>",
    ],
)
def test_a_prompt_without_content_is_empty(prompt: str):
    assert clean(prompt) == ""


@pytest.mark.parametrize("prompt", ["go back", "list branches", "What time is it?", "/usr/bin/env is missing"])
def test_a_short_prompt_with_content_is_kept_whole(prompt: str):
    assert clean(prompt) == prompt


def test_only_the_users_own_lines_are_kept():
    prompt = "<system-reminder>open a pull request</system-reminder>\n/compact now\nlist the branches"

    assert clean(prompt) == "list the branches"


@pytest.mark.proves("first-line-commands")
@pytest.mark.parametrize(
    "prompt",
    [
        "what does this do?\n/load-category git",
        "explain:\n```\n/load-category git\n```",
        "2026-03-04 14:00:11 ERROR refused\n/unload git__log\nfile a bug",
        "/tmp is full, delete the oldest files",
        "/etc/hosts has a wrong entry for the database",
        "/etc/hosts",
        "  /var/log/syslog\n/help",
        "/home/ann/notes.md: summarise it",
        "/api/v1/users returns 500",
        "/config.yaml is broken",
        "1/2 of the tests fail",
        "/ is the root",
        "//server/share is away",
    ],
)
def test_no_other_line_than_the_first_is_a_command_and_a_path_is_none(prompt: str) -> None:
    assert split_command(prompt) == ("", prompt)
    assert clean(prompt).split() == prompt.split(), "all of it stays part of the query"


@pytest.mark.proves("first-line-commands")
@pytest.mark.parametrize(
    ("prompt", "command", "rest"),
    [
        ("/load-category git", "/load-category git", ""),
        ("\n  /pin git__log \nlist the branches", "/pin git__log", "list the branches"),
        ("/pin a\r\n/unload b", "/pin a", "/unload b"),
        ("/dynaload:help", "/dynaload:help", ""),
        ("/mcp__dynaload__load-tier 3 all", "/mcp__dynaload__load-tier 3 all", ""),
    ],
)
def test_the_first_line_may_be_a_command(prompt: str, command: str, rest: str) -> None:
    assert split_command(prompt) == (command, rest)


def test_of_a_pasted_block_only_the_beginning_is_kept():
    code = "\n".join(f"value_{number} = compute({number})" for number in range(200))

    cleaned = clean(f"Why is this slow?\n```python\n{code}\n```\nOpen an issue for it.")

    assert "Why is this slow?" in cleaned
    assert "Open an issue for it." in cleaned
    assert "value_0 " in cleaned
    assert "value_100" not in cleaned


def test_of_a_pasted_log_only_the_beginning_is_kept():
    log = "\n".join(f"2026-01-02 03:04:05 ERROR connection {number} lost" for number in range(100))

    cleaned = clean(f"{log}\nFind out in grafana why this happens")

    assert "connection 0 " in cleaned
    assert "connection 50 " not in cleaned
    assert cleaned.endswith("Find out in grafana why this happens")


def test_of_a_very_long_prompt_beginning_and_end_are_kept():
    cleaned = clean("First words. " + "filler sentence. " * 1_000 + "Last words.")

    assert cleaned.startswith("First words.")
    assert cleaned.endswith("Last words.")
    assert len(cleaned) <= MAX_LENGTH + 1


def test_a_compound_prompt_is_split_into_what_it_asks_for():
    assert split_clauses("List the open issues, then create a branch for the first and send a message to Bob.") == (
        "List the open issues",
        "create a branch for the first",
        "send a message to Bob.",
    )


def test_a_list_is_split_into_its_lines():
    assert split_clauses("- close issue 7\n- merge pull request 8") == ("- close issue 7", "- merge pull request 8")


def test_file_names_and_addresses_are_not_split():
    assert split_clauses("Open https://example.com/a.b and app.config.json") == (
        "Open https://example.com/a.b and app.config.json",
    )


def test_a_part_that_asks_for_nothing_joins_the_one_before():
    assert split_clauses("List the open issues. Please.") == ("List the open issues. Please.",)


def test_a_second_question_is_a_clause_of_its_own():
    assert split_clauses("what have I committed lately and which of my tickets are still open?") == (
        "what have I committed lately",
        "which of my tickets are still open?",
    )


def test_each_clause_has_the_whole_prompt_as_its_context():
    query = parse_query("Look at the github repository. Create an issue there.", earlier=("before",))

    first, second = parts(query)

    assert first.text == "Look at the github repository."
    assert second.text == "Create an issue there."
    assert [text for text, _ in second.context] == [query.text, "before"]


def test_what_is_pasted_is_no_clause_of_its_own():
    log = "2026-03-04 14:00:11 ERROR broker refused\n2026-03-04 14:00:12 ERROR broker refused"
    query = parse_query(f"file a bug with this log\n```\n{log}\n```")

    assert [part.text for part in parts(query)] == ["create a bug issue with this log"]
    assert [part.text for part in parts(parse_query(log))] != [""]


def test_what_follows_a_long_pasted_block_is_asked_for():
    log = "\n".join(f"broker refused order {number}" for number in range(200))

    text = clean(f"here is a log\n```\n{log}\n```\nfile a bug about it and assign it to Bob")

    assert [part.text for part in parts(parse_query(text))] == [
        "here is a log",
        "create a bug issue about it",
        "assign it to Bob",
    ]
    assert clean(text) == text


def test_blank_lines_make_nothing_pasted():
    assert [part.text for part in parts(parse_query("list tables\n\n\n\n\nclose issue 7"))] == [
        "list tables",
        "close issue 7",
    ]


def test_earlier_prompts_fade():
    query = parse_query("list tables", earlier=("newest", "older", "oldest"))

    weights = [weight for _, weight in query.context]
    assert weights == sorted(weights, reverse=True)
    assert all(0 < weight < 1 for weight in weights)


def test_a_short_prompt_that_points_back_leans_on_its_context():
    assert parse_query("now close it", earlier=("list the github issues",)).leans_on_context
    assert not parse_query("now close it").leans_on_context
    assert not parse_query("list tables", earlier=("list the github issues",)).leans_on_context


@pytest.mark.parametrize("text", ["open the largest one", "which ones failed", "is a README in there"])
def test_a_text_that_speaks_of_one_of_what_was_named_points_back(text: str):
    assert parse_query(text, earlier=("list the github issues",)).leans_on_context


@pytest.mark.parametrize(
    "text",
    [
        "My username is ada and my password is 1234.",
        "it's 90123",
        "Yes, the date was March 3rd.",
        "her name is Olivia Kent",
    ],
)
def test_an_answer_that_states_values_leans_on_what_was_asked(text: str):
    query = parse_query(text, earlier=("book a table for two", "hello"))

    assert query.leans_on_context
    assert not query.stands_alone


@pytest.mark.parametrize("text", ["My build is broken, restart job 12", "is the date March 3rd?", "the tests are red"])
def test_what_asks_or_states_no_value_does_not(text: str):
    assert not parse_query(text, earlier=("book a table for two",)).leans_on_context


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("Write that the launch is moved to May as the last line under 'Q3 plan'", "create a page 'Q3 plan' in notion"),
        ("put the word count of the whole thing at the end of report.pdf please", "make report.pdf from my notes"),
        ("set the priority of that and everything it blocks in PAY-12 to high", "what does PAY-12 say?"),
        (
            "tell everybody who waits in the lobby downstairs how late Olivia will probably arrive",
            "when is the call with Olivia?",
        ),
        ("give whoever holds order_4411 a refund of the shipping and a kind word", "is order_4411 on its way?"),
    ],
)
def test_a_longer_text_that_names_again_what_was_named_may_leave_out_what_that_is(text: str, before: str):
    again = parse_query(text, earlier=("hello", before))

    assert again.is_short_after_others
    assert not again.leans_on_context
    assert not parse_query(text, earlier=("hello", "what else is there?")).is_short_after_others


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('Rename "Berlin" to "Paris"', {"berlin", "paris"}),
        ('Rename "x" to "y"', set[str]()),
        (f'put "{90 * "x"}" in the file "Q3 plan"', {"q3 plan"}),
        ("list 2 issues on Monday", set[str]()),
        ("first\n- Delete the ones of Olivia", {"olivia"}),
        ("drop order 4411 and run-5 from notes.md", {"4411", "run-5", "notes.md"}),
    ],
)
def test_the_names_in_a_text(text: str, names: set[str]):
    assert names_in(text) == names


def test_a_long_text_says_itself_what_it_is_about_whatever_it_names():
    text = "Write down in 'Q3 plan' who prepares which slides, " + ", ".join(f"speaker{n} topic{n}" for n in range(9))

    assert not parse_query(text, earlier=("create a page 'Q3 plan' in notion",)).is_short_after_others


def test_an_answer_is_read_with_the_prompt_that_asked_for_it():
    asked = ("my name is Ada Kent", "book a table for two", "hello there, list the pods")

    assert parse_query("the date is 2024-03-05", earlier=asked).begun == ("book a table for two", "my name is Ada Kent")


@pytest.mark.parametrize(("text", "alone"), [("close it", False), ("May 28th", False), ("list tables by size", True)])
def test_a_text_of_several_words_that_points_to_nothing_stands_alone(text: str, alone: bool):
    assert parse_query(text, earlier=("list the github issues",)).stands_alone == alone


def test_neighbouring_clauses_of_a_long_text_are_joined_to_about_the_same_length_and_none_is_lost():
    texts = [f"List the tables of schema number {number}." for number in range(9)]
    query = parse_query(" ".join(["Close issue 7 now.", *texts]))

    joined = [part.text for part in parts(query, 4)]

    assert len(joined) == 4
    assert " ".join(joined) == " ".join(split_clauses(query.text))
    assert max(map(len, joined)) - min(map(len, joined)) <= len(texts[0]) + 1


@pytest.mark.parametrize(
    ("earlier", "begun"),
    [
        (("log me in to my account",), ("log me in to my account",)),
        (("justin", "log me in to my mail account", "list tables"), ("log me in to my mail account", "justin")),
        (("that one, not its copy", "open my mail account"), ("open my mail account", "that one, not its copy")),
        (("justin", "May 28th"), ("May 28th", "justin")),
    ],
)
def test_an_answer_goes_back_to_the_prompt_that_is_understood_alone(earlier: tuple[str, ...], begun: tuple[str, ...]):
    assert parse_query("hunter2", earlier).begun == begun


@given(st.text(max_size=300))
def test_no_text_is_refused_and_cleaning_twice_changes_nothing_that_asks(text: str):
    cleaned = clean(text)

    assert len(split_clauses(cleaned)) <= MAX_CLAUSES
    assert all(isinstance(part, Query) for part in parts(parse_query(cleaned)))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("BIRD-105 is fixed, close it", "issue BIRD-105 is fixed, close it"),
        ("after (OPS-7) see X2-12.", "after (issue OPS-7) see issue X2-12."),
        ("read it as UTF-8, check the SHA-256", "read it as UTF-8, check the SHA-256"),
        ("open src/AB-12.py and AB-12.txt", "open src/AB-12.py and AB-12.txt"),
        ("CVE-2024-3094", "CVE-2024-3094"),
    ],
)
def test_an_issues_key_is_told_as_what_it_names(said: str, meant: str) -> None:
    assert parse_query(said, (said,)).text == meant
    assert parse_query("now the other", (said,)).context[0][0] == meant


@pytest.mark.parametrize(
    "courtesy",
    [
        "thanks, that's all for today",
        "Thank you so much! See you tomorrow",
        "good night",
        "that was it for now, have a nice weekend",
    ],
)
def test_courtesy_asks_for_nothing_but_what_comes_with_it_does(courtesy: str) -> None:
    assert clean(courtesy) == ""
    assert clean(f"{courtesy}, list the open issues") == f"{courtesy}, list the open issues"


@pytest.mark.parametrize(("text", "is_answer"), [
    ("steinkymonkey", True),
    ("Should be September 28th", True),
    ("hm no, don't do anything yet", False),
    ("wait", False),
    ("move the second meeting to Friday", False),
])  # fmt: skip
def test_hardly_any_words_are_an_answer_unless_they_say_no(text: str, is_answer: bool) -> None:
    assert parse_query(text, ("set a reminder for the birthday",)).is_answer is is_answer
