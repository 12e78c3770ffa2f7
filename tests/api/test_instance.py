"""The instance that a process shares."""

from typing import Any

import pytest

from mcp_dynaload import Dynaload, IntegrationMode, close_integration_instance, get_integration_instance
from mcp_dynaload.errors import ConfigError, DynaloadError
from tests.api.desks import servers

OPTIONS: dict[str, Any] = {"mode": IntegrationMode.TESTING, "config": servers()}


async def test_it_is_one_until_it_is_closed() -> None:
    first = await get_integration_instance(**OPTIONS)
    try:
        assert await get_integration_instance() is first
        with pytest.raises(DynaloadError, match="open with other options"):
            await get_integration_instance(mode=IntegrationMode.TESTING)
        result = await first.process_query("book a meeting room")
    finally:
        await close_integration_instance()
    second = await get_integration_instance(**OPTIONS)
    await close_integration_instance()

    assert "hall__book_meeting_room" in result.tool_names
    assert second is not first
    assert not first.configuration.locations.state_dir.exists()


async def test_a_mistake_is_told_and_the_next_try_is_free() -> None:
    with pytest.raises(ConfigError, match="odd"):
        await get_integration_instance(mode=IntegrationMode.TESTING, config={"odd": {"comand": "x"}})

    instance = await get_integration_instance(**OPTIONS)
    await close_integration_instance()

    assert instance.options.mode is IntegrationMode.TESTING


async def test_an_alert_threshold_is_the_setting_of_that_name() -> None:
    async with Dynaload.open(**OPTIONS, alert_thresholds={"reduction_min": 99.9}) as dynaload:
        settings = dynaload.configuration.settings

    assert settings.reduction_min == 99.9
