from dataclasses import replace

import pytest

from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS
from mcp_dynaload.proxy.surfaces.dynamic import DYNAMIC
from mcp_dynaload.proxy.surfaces.fixed import FIXED
from mcp_dynaload.proxy.surfaces.surface import MOD_PROMPT, Surface
from mcp_dynaload.proxy.surfaces.transparent import TRANSPARENT
from mcp_dynaload.selection.state import initial_state
from mcp_dynaload.upstream.listing import Listing
from tests.builders import a_catalog, a_tool

CATALOG = a_catalog([a_tool("log"), a_tool("now", upstream="time")])
STATE = replace(initial_state(), loaded=frozenset({"time__now"}))

CHOOSING: tuple[Surface, ...] = (DYNAMIC, FIXED)


@pytest.mark.parametrize("surface", CHOOSING, ids=["dynamic", "fixed"])
def test_a_surface_that_chooses_has_what_the_session_has_loaded(surface: Surface) -> None:
    assert [tool.name for tool in surface.listed(STATE, CATALOG)] == ["time__now"]
    assert surface.chosen(STATE, CATALOG) == surface.listed(STATE, CATALOG)
    assert [surface.is_loaded(STATE, tool.name) for tool in CATALOG.tools] == [False, True]
    assert surface.constant_decision is None
    assert surface.ignored_hooks == frozenset()


def test_a_transparent_surface_has_everything_and_chooses_nothing() -> None:
    surface: Surface = TRANSPARENT

    assert surface.listed(STATE, CATALOG) == list(CATALOG.tools)
    assert surface.chosen(STATE, CATALOG) == []
    assert all(surface.is_loaded(STATE, tool.name) for tool in CATALOG.tools)
    assert surface.constant_decision is not None
    assert {"UserPromptSubmit", MOD_PROMPT} <= surface.ignored_hooks


def test_all_surfaces_answer_the_same_requests() -> None:
    assert DYNAMIC.methods.keys() == FIXED.methods.keys() == TRANSPARENT.methods.keys()


def test_a_transparent_surface_says_what_its_server_says_and_the_others_what_may_be_asked_for() -> None:
    listings = {"git": Listing(instructions="Commit often.")}

    assert TRANSPARENT.instructions(listings, ["late"]) == "Commit often."
    for surface in CHOOSING:
        text = surface.instructions(listings, ["late"])
        assert f"call {FIND_TOOLS}" in text
        assert CALL_TOOL not in text
        assert "- late" in text
