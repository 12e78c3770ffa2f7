import re

import pytest

from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.proxy.aggregate import Aggregate, ElementOrigin, aggregate_listings
from mcp_dynaload.upstream.listing import Listing


def aggregate_of(*upstreams: tuple[str, Listing], prefix: str | None = None) -> Aggregate:
    configs = {
        name: UpstreamConfig(name=name, transport="stdio", command="x", options=UpstreamOptions(prefix=prefix))
        for name, _ in upstreams
    }
    return aggregate_listings({**configs, "unseen": configs[upstreams[0][0]]}, dict(upstreams))


def a_listing(*, prompts: str = "", resources: str = "", templates: str = "") -> Listing:
    """Return a listing of names and URIs that are separated by blanks."""
    return Listing(
        prompts=tuple({"name": name, "title": "T"} for name in prompts.split()),
        resources=tuple({"uri": uri, "name": "r"} for uri in resources.split()),
        templates=tuple({"uriTemplate": uri} for uri in templates.split()),
    )


def test_prompts_are_offered_under_their_servers_name_and_otherwise_unchanged() -> None:
    aggregate = aggregate_of(("b", a_listing(prompts="sum")), ("a", a_listing(prompts="sum go")))

    assert aggregate.prompts == (
        {"name": "a__go", "title": "T"},
        {"name": "a__sum", "title": "T"},
        {"name": "b__sum", "title": "T"},
    )
    assert aggregate.prompt_origins["b__sum"] == ElementOrigin("b", "sum")


def test_where_servers_without_prefix_meet_the_first_keeps_the_name() -> None:
    aggregate = aggregate_of(("b", a_listing(prompts="sum")), ("a", a_listing(prompts="sum")), prefix="")

    assert aggregate.prompt_origins == {"sum": ElementOrigin("b", "sum"), "a__sum": ElementOrigin("a", "sum")}


def test_a_uri_that_two_servers_have_is_kept_apart_by_its_scheme() -> None:
    aggregate = aggregate_of(
        ("a", a_listing(resources="file:///x")), ("My B", a_listing(resources="file:///x file:///y"))
    )

    assert [resource["uri"] for resource in aggregate.resources] == [
        "dynaload-my-b+file:///x",
        "file:///x",
        "file:///y",
    ]
    assert aggregate.resource_origin("file:///x") == ElementOrigin("a", "file:///x")
    assert aggregate.resource_origin("dynaload-my-b+file:///x") == ElementOrigin("My B", "file:///x")
    assert aggregate.uri_of("My B", "file:///x") == "dynaload-my-b+file:///x"
    assert aggregate.uri_of("a", "file:///x") == "file:///x"


def test_a_uri_that_fits_a_template_goes_to_its_server() -> None:
    aggregate = aggregate_of(
        ("a", a_listing(templates="log://{day} {broken")), ("b", a_listing(templates="log://{day} note://{id}"))
    )
    assert [template["uriTemplate"] for template in aggregate.templates] == [
        "dynaload-b+log://{day}",
        "log://{day}",
        "note://{id}",
        "{broken",
    ]
    assert aggregate.resource_origin("log://monday") == ElementOrigin("a", "log://monday")
    assert aggregate.resource_origin("dynaload-b+log://monday") == ElementOrigin("b", "log://monday")
    assert aggregate.resource_origin("note://7") == ElementOrigin("b", "note://7")


def test_a_uri_that_nobody_lists_goes_to_the_only_server_with_resources_or_by_its_alias() -> None:
    alone = aggregate_of(("a", a_listing(resources="file:///x")), ("b", a_listing(prompts="p")))
    both = aggregate_of(("a", a_listing(resources="file:///x")), ("b", a_listing(resources="note://1")))

    assert alone.resource_origin("file:///hidden") == ElementOrigin("a", "file:///hidden")
    assert both.resource_origin("file:///hidden") is None
    assert both.resource_origin("dynaload-b+file:///hidden") == ElementOrigin("b", "file:///hidden")
    assert Aggregate().resource_origin("file:///x") is None


def test_an_unlisted_uri_of_a_notification_stays_as_it_is() -> None:
    both = aggregate_of(("a", a_listing(resources="file:///x")), ("b", a_listing(resources="note://1")))

    assert both.uri_of("a", "file:///x") == "file:///x"


@pytest.mark.proves("attribution")
def test_a_prompt_whose_name_would_be_another_servers_is_offered_under_a_name_of_its_own() -> None:
    for first in ("a", "a__b"):
        listings = {"a": a_listing(prompts="b__c"), "a__b": a_listing(prompts="c")}
        aggregate = aggregate_of((first, listings.pop(first)), *listings.items())

        assert aggregate.prompt_origins["a__b__c"] == ElementOrigin("a__b", "c")
        ((name, origin),) = [item for item in aggregate.prompt_origins.items() if item[0] != "a__b__c"]
        assert origin == ElementOrigin("a", "b__c")
        assert re.fullmatch("a__[0-9a-f]{8}_b__c", name)


@pytest.mark.proves("attribution")
def test_a_uri_that_begins_as_anothers_alias_does_not_lead_to_that_other() -> None:
    aggregate = aggregate_of(
        ("a", a_listing(resources="dynaload-b+file:///x file:///x", templates="{+all}")),
        ("b", a_listing(resources="file:///x note://1")),
    )

    assert aggregate.resource_origins == {
        "dynaload-a+dynaload-b+file:///x": ElementOrigin("a", "dynaload-b+file:///x"),
        "file:///x": ElementOrigin("a", "file:///x"),
        "dynaload-b+file:///x": ElementOrigin("b", "file:///x"),
        "note://1": ElementOrigin("b", "note://1"),
    }
    assert aggregate.resource_origin("dynaload-b+note://hidden") == ElementOrigin("b", "note://hidden")


@pytest.mark.proves("attribution")
def test_servers_whose_names_make_the_same_alias_get_different_ones() -> None:
    same = a_listing(resources="file:///x")

    aggregate = aggregate_of(("a", same), ("My b", same), ("my-b", same))

    assert {uri: origin.upstream for uri, origin in aggregate.resource_origins.items()} == {
        "file:///x": "a",
        "dynaload-my-b+file:///x": "My b",
        "dynaload-my-b-2+file:///x": "my-b",
    }


@pytest.mark.proves("attribution")
def test_a_word_of_anothers_resource_is_told_under_a_uri_of_who_says_it() -> None:
    aggregate = aggregate_of(("a", a_listing(resources="file:///x")), ("b", a_listing(prompts="p")))

    assert aggregate.uri_of("b", "file:///x") == "dynaload-b+file:///x"
    assert aggregate_of(("a", Listing())).uri_of("a", "file:///x") == "dynaload-a+file:///x"
    assert Aggregate().uri_of("a", "file:///x") == "file:///x"
