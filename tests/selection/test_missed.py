import pytest

from mcp_dynaload.catalog.catalog import Catalog, build_catalog, build_tools
from mcp_dynaload.ranking.lacking import lacking, without_saying_so
from mcp_dynaload.ranking.lexical import build_ranker
from mcp_dynaload.ranking.subjects import subjects_of
from mcp_dynaload.selection.lacks import ModelStep
from mcp_dynaload.selection.missed import Missed, missed_tools
from tests.ranking.test_subjects import a_tool

pytestmark = pytest.mark.proves("between-steps")

GITHUB = [a_tool("list_issues", "List the issues of a GitHub repository"), a_tool("create_gist", "Create a gist")]
SLACK = [a_tool("post_message", "Post a message to a Slack channel")]


def the_catalog() -> Catalog:
    tools = [*build_tools("github", GITHUB), *build_tools("slack", SLACK)]
    return build_catalog(tools, {tool.name: 100 for tool in tools})


def missed(step: ModelStep) -> tuple[Missed, ...]:
    catalog = the_catalog()
    return missed_tools(step, catalog, subjects_of(catalog, {}), build_ranker(catalog))


def test_a_command_misses_the_tool_of_its_service_that_does_the_same() -> None:
    (found,) = missed(ModelStep((("Bash", "cd shop && gh issue list"),)))

    assert found == Missed(("github__list_issues",), "the model turned to gh for it")


def test_so_does_a_request_to_its_host() -> None:
    by_curl = missed(ModelStep((("Bash", "curl https://api.github.com/repos/acme/shop/issues"),)))
    fetched = missed(ModelStep((("WebFetch", "https://github.com/acme/shop/issues\nList them"),)))

    assert [one.names[0] for one in (*by_curl, *fetched)] == ["github__list_issues"] * 2


@pytest.mark.parametrize(
    "command", ["git status", "glab issue list", "gh auth login", "echo gh issue list", "gh zzz qqq"]
)
def test_a_command_for_which_no_connected_server_has_a_tool_misses_none(command: str) -> None:
    assert missed(ModelStep((("Bash", command),))) == ()


def test_another_tool_of_the_client_is_not_read() -> None:
    assert missed(ModelStep((("Write", "gh issue list"), ("WebFetch", "gh issue list")))) == ()


@pytest.mark.parametrize(
    "text",
    [
        "I don't have a tool to post a message to a Slack channel, so I will stop here.",
        "Done so far. I cannot post the message to the Slack channel.",
        "I'm not able to post a message in Slack.",
    ],
)
def test_what_the_model_says_it_cannot_do_misses_the_tool_for_it(text: str) -> None:
    assert missed(ModelStep(text=text)) == (Missed(("slack__post_message",), "the model said that it lacks it"),)


@pytest.mark.parametrize(
    "text",
    [
        "The test does not post a message to Slack.",
        "I posted the message to the Slack channel.",
        "I don't think that we need a message in Slack.",
        "I don't have enough information. Which channel?",
        "I cannot reproduce the failure.",
        "`I can't post a message to Slack` is what the log says.",
    ],
)
def test_other_words_miss_nothing(text: str) -> None:
    assert missed(ModelStep(text=text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe kein Werkzeug dafür.",
        "Je n'ai pas d'outil pour cela.",
        "No tengo acceso a Slack.",
        "Non ho accesso a Slack.",
        "Não tenho acesso ao Slack.",
        "Ik heb geen toegang tot Slack.",
        "Nie mam dostępu do Slacka.",
        "У меня нет доступа к Slack.",  # noqa: RUF001 - Russian
        "Slack erişimim yok.",
        "我没有访问 Slack 的工具。",
        "Slack へのアクセスがありません。",
        "Slack에 대한 접근 권한이 없습니다.",
        "मेरे पास Slack का टूल नहीं है।",
    ],
)
def test_it_is_said_in_the_languages_of_prompts(text: str) -> None:
    assert lacking(text) != ()


def test_what_is_lacked_is_said_without_what_is_done_instead() -> None:
    said = "I don't have a tool to create tickets, so I'll write the text here."

    assert without_saying_so(said) == "create tickets"
