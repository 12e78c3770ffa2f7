"""The index as bytes: what is read back ranks as what was built; anything else is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.lexical_index import build_index, parse_index
from mcp_dynaload.ranking.query import parse_query
from tests.builders import a_catalog, a_tool, developer_tools

CATALOG = a_catalog(developer_tools())
INDEX = build_index(CATALOG)
STORED = INDEX.as_bytes()


def test_what_is_read_back_is_what_was_stored() -> None:
    assert parse_index(STORED) == INDEX


def test_the_index_of_no_tools_is_read_back_too() -> None:
    empty = build_index(a_catalog([]))

    assert parse_index(empty.as_bytes()) == empty


def test_a_ranker_with_a_stored_index_ranks_as_one_that_built_its_own() -> None:
    query = parse_query("close the github issue, then list the tables")

    assert LexicalRanker(CATALOG, parse_index(STORED)).rank(query, 10) == LexicalRanker(CATALOG).rank(query, 10)


def test_names_in_any_script_survive() -> None:
    index = build_index(a_catalog([a_tool("größe_ändern", "Ändert die Größe"), a_tool("保存", "保存する")]))

    assert parse_index(index.as_bytes()) == index


@pytest.mark.parametrize("data", [b"", b"something else", STORED[:-1], STORED + b"x", STORED[: len(STORED) // 2]])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="stored index"):
        parse_index(data)


def test_numbers_that_lead_outside_are_refused() -> None:
    broken = replace(INDEX, terms=INDEX.terms[:-1])

    with pytest.raises(ValueError, match="do not fit together"):
        parse_index(broken.as_bytes())


@given(st.integers(0, len(STORED) - 2 * len(INDEX.impacts.tobytes()) - 1), st.integers(0, 255))
def test_a_changed_byte_before_the_weights_is_refused_or_leaves_an_index_that_can_be_asked(
    place: int, value: int
) -> None:
    damaged = STORED[:place] + bytes([value]) + STORED[place + 1 :]
    try:
        index = parse_index(damaged)
    except ValueError:
        return
    if len(index.tools) == len(CATALOG.tools):
        LexicalRanker(CATALOG, index).rank(parse_query("list the issues of the repository"), 20)


def test_an_index_of_another_catalog_is_refused() -> None:
    with pytest.raises(ValueError, match="another catalog"):
        LexicalRanker(a_catalog(developer_tools()[:3]), INDEX)
