"""The cost of definitions."""

import json

from mcp_dynaload.catalog.cost import (
    SEARCH_REQUEST_TOKENS,
    less_or_more,
    native_deferral,
    reduction,
    wire_text,
)


def test_the_wire_text_is_the_prefixed_definition_as_compact_json():
    text = wire_text("git__log", "Zeigt die Änderungen", {"type": "object"})

    assert text == (
        '{"name":"mcp__dynaload__git__log","description":"Zeigt die Änderungen","input_schema":{"type":"object"}}'
    )


def test_a_description_counts_as_far_as_the_client_sends_it():
    assert len(json.loads(wire_text("x", "d" * 5_000, {}))["description"]) == 2_048


def test_native_deferral_counts_names_instructions_and_each_search():
    tokens = native_deferral(["git__log", "git__status"], ["i" * 3_000, "short"], [100, 200], len)

    listed = len("mcp__dynaload__git__log\nmcp__dynaload__git__status")
    assert tokens == listed + 2_048 + 5 + 100 + 200 + 2 * SEARCH_REQUEST_TOKENS


def test_a_reduction_is_the_saved_share():
    assert reduction(1_000, 50) == 0.95
    assert reduction(100, 150) == -0.5
    assert reduction(0, 10) == 0.0
    assert (less_or_more(0.834), less_or_more(-0.236)) == ("83.4% less", "23.6% more")
