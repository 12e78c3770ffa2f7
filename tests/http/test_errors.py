"""An error of a store says whether it is worth coming back."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from mcp_dynaload.config.trust import TRUST_FILE, has_record
from mcp_dynaload.http.errors import tell_errors
from mcp_dynaload.logins.login import Login, LoginKey, RegisteredClient
from mcp_dynaload.logins.sealing import Sealer
from mcp_dynaload.logins.vault import NoLogins
from mcp_dynaload.masking import Masker
from mcp_dynaload.store.redis_connection import open_redis
from mcp_dynaload.store.redis_logins import RedisLogins
from tests.ports import free_port

CLIENT = RegisteredClient(client_id="us", redirect_uri="http://127.0.0.1/back")
LOGIN = Login(issuer="https://i.example", token_endpoint="https://i.example/token", client=CLIENT)


async def write_for_nobody(folder: Path) -> None:
    await NoLogins().write(LoginKey("notes", "https://notes.example"), LOGIN)


async def open_what_another_key_sealed(folder: Path) -> None:
    sealed = Sealer([bytes(32)]).seal("ann/1", "secret")
    Sealer([bytes(range(32))]).open("ann/1", sealed)


async def read_broken_record_of_trust(folder: Path) -> None:
    (folder / TRUST_FILE).write_text("{")
    has_record(folder / "servers.json", folder)


async def read_while_redis_is_away(folder: Path) -> None:
    with closing(RedisLogins(open_redis(f"redis://127.0.0.1:{free_port()}/0"))) as vault:
        await vault.read("ann", "1")


@pytest.mark.parametrize(
    ("act", "answered"),
    [
        (write_for_nobody, (400, "wrong_input", False, "use an access token of your own")),
        (open_what_another_key_sealed, (400, "wrong_input", False, "not among login_keys")),
        (read_broken_record_of_trust, (400, "wrong_input", False, "remove it and trust your files again")),
        (read_while_redis_is_away, (503, "store_unavailable", True, "cannot be reached")),
    ],
)
async def test_a_store_that_cannot_be_asked_now_is_a_503_and_what_will_not_mend_itself_says_what_to_do(
    act: Callable[[Path], Awaitable[None]], answered: tuple[int, str, bool, str], tmp_path: Path
) -> None:
    app = FastAPI()
    tell_errors(app, Masker())

    @app.get("/")
    async def fail() -> None:  # pyright: ignore[reportUnusedFunction]
        await act(tmp_path)

    transport = httpx2.ASGITransport(app=app)
    with capture_logs():
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as http:
            answer = await http.get("/")

    *head, said = answered
    assert [answer.status_code, answer.json()["error"], "retry-after" in answer.headers] == head
    assert said in answer.json()["message"]
