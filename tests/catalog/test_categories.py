from dataclasses import replace

from mcp_dynaload.catalog.categories import TAXONOMY, categories_of, taxonomy_of
from tests.builders import a_catalog, a_tool, developer_tools

CATALOG = a_catalog(developer_tools())


def test_each_server_is_a_category() -> None:
    categories = categories_of(CATALOG, {})

    assert categories["sqlite"] == ("sqlite__drop_table", "sqlite__list_tables", "sqlite__read_query")


def test_tools_are_put_in_built_in_categories_by_a_word_of_a_name_or_two_of_the_description() -> None:
    assert taxonomy_of(a_tool("listTables", upstream="pg")) == ("databases",)
    assert taxonomy_of(a_tool("run", "Run a SQL query", upstream="x")) == ("databases",)
    assert taxonomy_of(a_tool("run", "Run a query", upstream="x")) == ()
    assert categories_of(CATALOG, {})["issues"] == (
        "github__close_issue",
        "github__create_issue",
        "github__list_issues",
    )


def test_a_file_names_categories_by_globs_and_takes_the_place_of_others_with_that_name() -> None:
    categories = categories_of(CATALOG, {"Git": ("git__log",), "reading": ("*__list_*",), "none": ("x",)})

    assert categories["git"] == ("git__log",)
    assert categories["reading"] == ("github__list_issues", "sqlite__list_tables")
    assert "none" not in categories


def test_a_servers_entry_puts_its_tools_in_categories() -> None:
    catalog = a_catalog([replace(a_tool("log"), categories=("Backend",)), a_tool("run", upstream="api")])

    assert categories_of(catalog, {"backend": ("api__*",)})["backend"] == ("api__run", "git__log")


def test_no_word_of_the_taxonomy_stands_twice_in_a_category() -> None:
    for category, words in TAXONOMY.items():
        assert len(set(words.split())) == len(words.split()), category
