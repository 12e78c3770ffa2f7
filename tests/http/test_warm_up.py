"""The work of a service before its first client comes."""

from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import entry, tools, until
from tests.http.services import a_new_configuration, running


@pytest.mark.proves("first-prompt")
async def test_a_server_that_was_listed_in_another_project_alone_is_listed_before_a_client_comes(
    tmp_path: Path,
) -> None:
    note = {"uri": "note://a", "name": "a"}
    offers = {"tools": tools("echo"), "resources": [note]}
    servers = {"a": entry("a", offers=offers, offers_all=True, options={"pinning": "off"})}
    configuration = a_new_configuration(tmp_path, servers)
    (config,) = configuration.configs.values()
    elsewhere = config.fingerprint_anywhere(configuration.locations.project_dir)
    with closing(CatalogCache(Database(configuration.locations.database_file))) as records:
        records.keep_listing(elsewhere, "a", Listing(tools=tuple(tools("echo"))).as_json())

    async with running(configuration) as service:
        listings = service.state.proxy.live.listings
        await until(lambda: listings.by_name["a"].resources, seconds=10)

        assert (service.state.proxy.sessions, listings.by_name["a"].resources) == ((), (note,))
