"""Changed definitions over REST: seen by who may control, answered by an admin, used at once."""

import json
from pathlib import Path

import httpx2
import pytest

from mcp_dynaload.http.rest import PREFIX
from tests.faults.scripted import entry, tools
from tests.http.services import service_of
from tests.waiting import HANG_SECONDS


@pytest.mark.proves("pinning", "rest")
async def test_a_held_tool_is_shown_word_by_word_and_used_once_it_is_approved(tmp_path: Path) -> None:
    offers = {"tools": tools("add_tool", "echo")}
    async with (
        service_of(tmp_path, {"mail": entry("mail", offers=offers)}) as service,
        httpx2.AsyncClient(base_url=service.origin + PREFIX, timeout=HANG_SECONDS) as http,
        service.client() as client,
    ):
        await client.call("mail__add_tool", added="burn", description="Burn it")
        while not (held := (await http.get("/quarantine")).json()["servers"]):  # until it has been listed again
            pass
        before = await http.get("/tools", params={"query": "burn"})
        (group,) = held[0]["groups"]
        other = [{**group["definitions"][0], "digest": "0" * 64}]
        wrong = await http.post("/quarantine/mail/approve", json={"definitions": other})
        command = await http.post("/user-command", json={"command": "/quarantine"})
        done = await http.post("/quarantine/mail/approve", json={"definitions": group["definitions"]})
        after = await http.get("/tools", params={"query": "burn"})
        left = (await http.get("/quarantine")).json()

    assert (held[0]["server"], group["reason"], group["definitions"][0]["name"]) == ("mail", "new", "burn")
    assert {"op": "added", "text": "Burn it"} in [piece for one in group["differences"] for piece in one["pieces"]]
    assert "burn" not in json.dumps(before.json()["tools"])
    assert (wrong.status_code, done.status_code) == (404, 200)
    assert "1 new" in command.json()["message"]
    assert "mail__burn" in [one["name"] for one in after.json()["tools"]]
    assert left == {"servers": []}
