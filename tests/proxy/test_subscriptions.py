"""Subscriptions of a client to resources, over the ends of the servers that have them."""

from pathlib import Path

from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config
from tests.proxy.clients import client_of, proxy_of

NOTE = {"uri": "note://one", "name": "one"}
OFFERS = {"tools": [], "resources": [NOTE]}


async def test_no_server_is_started_only_to_tell_it_that_nobody_wants_to_hear_of_a_resource(tmp_path: Path) -> None:
    server = config("a", offers=OFFERS, offers_all=True)
    async with (
        proxy_of(tmp_path, [server], {"a": Listing(resources=(NOTE,))}) as (proxy, live),
        client_of(proxy, live) as client,
    ):
        await client.raw("resources/subscribe", uri="note://one")
        upstream = proxy.sessions[0].pool["a"]
        await upstream.stopped()

        assert await client.raw("resources/unsubscribe", uri="note://one") == {}
        assert (upstream.is_running, upstream.subscriptions) == (False, set())
