"""Prompts in other languages put into English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.ranking.cleaning import clean
from mcp_dynaload.ranking.foreign import in_english, understood
from mcp_dynaload.ranking.foreign_tools import tool_in_english
from mcp_dynaload.ranking.language import language_of
from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.state import initial_state
from mcp_dynaload.selection.step import step
from tests.builders import a_catalog, a_context, a_tool, developer_tools


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Zeig mir die offenen Tickets", "show open issue"),
        ("montre-moi les branches du dépôt", "show branch repository"),
        ("¿qué tablas hay en la base de datos?", "¿ table in database?"),
        ("cria uma tabela no banco de dados", "create table database"),
        ("mostrami i messaggi non letti", "show message unread"),
        ("welke containers draaien er?", "which container running ?"),
        ("покажи последние коммиты", "show last commit"),
        ("显示数据库里的所有表", "show database in all table"),
        ("worker コンテナのログを見せて", "worker container log show"),
        ("저장소의 브랜치 목록 보여줘", "repository branch list show"),
        ("veritabanındaki tabloları listele", "database table list"),
        ("pokaż otwarte zgłoszenia", "show open issue"),
        ("database की सभी टेबल दिखाओ", "database all table show"),
        ("Schalte das Licht im Wohnzimmer ein", "turn on light in living room"),
        ("éteins la lumière de la cuisine", "turn off light kitchen"),
        ("envía un mensaje al canal de soporte", "send message channel from support"),
        ("pokaż fakturę", "show invoice"),
        ("включи свет в спальне", "turn on light in bedroom"),
        ("暂停音乐", "pause music"),
        ("スクリーンショットを撮って", "screenshot"),
        ("내일 날씨 알려줘", "tomorrow weather tell"),
    ],
)
def test_what_developers_say_to_tools_is_said_in_english(said: str, meant: str) -> None:
    assert in_english(said) == meant


@pytest.mark.parametrize(
    "text",
    [
        "list the open issues",
        "Translate 'die Rechnung ist da' to English, please",
        "in de_core_news the loader is slow, fix it",
        "Drop movies collection from mflix database.",
        "commit -m 'test'",
        "thermostat",
        "podcast latest",
        "playlist long drives",
        "",
        "???",
    ],
)
def test_what_is_english_stays_as_it_is(text: str) -> None:
    assert in_english(text) == text


@pytest.mark.parametrize(
    ("said", "share"), [("list the pods", 1.0), ("zeig mir die Pods", 1.0), ("Wie blüht der Ginster?", 1 / 3)]
)
def test_how_much_of_a_text_is_known_is_told(said: str, share: float) -> None:
    assert understood(said) == pytest.approx(share)


def test_a_word_with_letters_that_english_has_not_tells_the_language_alone() -> None:
    assert language_of("cronômetro Ambrosio") == "portuguese"
    assert language_of("cronometro Ambrosio") is None


def test_a_definition_in_another_language_is_read_in_english_and_stays_as_it_was() -> None:
    given = a_tool("abfrage", "获取城市的天气预报")
    given.definition["inputSchema"] = {"type": "object", "properties": {"city": {"description": "城市"}}}

    read = tool_in_english(given)

    assert "forecast" in read.description
    assert read.input_schema["properties"]["city"]["description"] == "city"
    assert given.description == "获取城市的天气预报"
    plain = a_tool("now", "Get the current time")
    assert tool_in_english(plain) is plain


@pytest.mark.proves("languages")
def test_words_alone_find_a_tool_whose_definition_is_in_the_prompts_language() -> None:
    named = [a_tool("a1", "查询火车票"), a_tool("a2", "获取城市的天气预报"), a_tool("a3", "翻译文本")]

    found = LexicalRanker(a_catalog(named)).rank(parse_query("明天的天气预报"), 3)

    assert found[0].name == "git__a2"


def test_names_paths_and_addresses_are_not_translated() -> None:
    said = "Zeig mir die Datei src/kunde.py und die Seite https://example.org/seite im Branch feature/rechnung"

    assert in_english(said) == ("show file src/kunde.py and page https://example.org/seite in branch feature/rechnung")


@pytest.mark.proves("languages")
@pytest.mark.parametrize(
    ("prompt", "tool"),
    [
        ("zeig mir alle Tabellen der Datenbank", "sqlite__list_tables"),
        ("crée une branche", "git__create_branch"),
        ("データベースのテーブル一覧を見せて", "sqlite__list_tables"),
        ("создай ветку", "git__create_branch"),
    ],
)
def test_words_alone_find_tools_for_prompts_in_other_languages(prompt: str, tool: str) -> None:
    _, decision = step(initial_state(), PromptSubmitted(prompt), a_context(a_catalog(developer_tools())))

    assert tool in decision.added


@pytest.mark.parametrize("said", ["danke", "merci", "weiter", "谢谢", "ありがとう", "спасибо", "dziękuję"])
def test_courtesy_in_other_languages_has_no_content(said: str) -> None:
    assert clean(said) == ""


def test_a_follow_up_in_another_language_is_one() -> None:
    assert parse_query("und jetzt schließ das Ticket", ("zeig BIRD-110",)).is_short_after_others


@given(st.text(max_size=200))
def test_no_text_is_refused(text: str) -> None:
    assert bool(in_english(text).strip()) == bool(text.strip())
