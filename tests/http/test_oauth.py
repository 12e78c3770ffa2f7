"""The service as a protected resource of a real issuer, which runs in a process of its own."""

import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.http.oauth import issuer_of
from tests.faults.scripted import entry
from tests.http.issuer import CLIENT, SECRET
from tests.http.services import Service, service_of
from tests.http.test_sessions import HELLO, JSON_AND_STREAM, post
from tests.transparency.serving import ROOT

pytestmark = pytest.mark.proves("service-oauth")

RESOURCE = "https://tools.example/mcp"
KINDS = ("signed", "opaque")


@pytest.fixture(scope="module")
def issuer() -> Generator[str]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.http.issuer"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@asynccontextmanager
async def protected(folder: Path, issuer: str, kind: str) -> AsyncGenerator[Service]:
    """Run a service that takes signed tokens by the issuer's keys, or asks the issuer about opaque ones."""
    verified = {
        "signed": {"MCP_DYNALOAD_OAUTH_JWKS_URL": f"{issuer}/jwks"},
        "opaque": {
            "MCP_DYNALOAD_OAUTH_INTROSPECTION_URL": f"{issuer}/introspect",
            "MCP_DYNALOAD_OAUTH_CLIENT_ID": CLIENT,
            "MCP_DYNALOAD_OAUTH_CLIENT_SECRET": SECRET,
        },
    }[kind]
    named = {"MCP_DYNALOAD_OAUTH_ISSUER": issuer, "MCP_DYNALOAD_OAUTH_RESOURCE": RESOURCE}
    async with service_of(folder, {"a": entry("a")}, **named, **verified) as service:
        yield service


async def token_of(issuer: str, **form: str) -> str:
    async with httpx2.AsyncClient() as http:
        answer = await http.post(f"{issuer}/token", data={"resource": RESOURCE, "scope": "use", **form})
        return str(answer.json()["access_token"])


@pytest.mark.parametrize("kind", KINDS)
async def test_an_issuers_token_opens_a_session_of_its_subject(tmp_path: Path, issuer: str, kind: str) -> None:
    token = await token_of(issuer, kind=kind, sub="bea", scope="openid use")
    async with (
        protected(tmp_path, issuer, kind) as service,
        service.client(headers={"authorization": f"Bearer {token}"}) as client,
    ):
        assert await client.say("a__echo", x=1) == '{"x": 1}'
        assert [session.client.user for session in service.state.proxy.sessions] == ["bea"]


WRONG: dict[str, dict[str, str]] = {
    "of another issuer": {"iss": "https://other.example"},
    "for another resource": {"resource": "https://other.example/mcp"},
    "expired": {"expires_in": "-60"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", WRONG.values(), ids=list(WRONG))
async def test_a_token_that_is_not_for_us_is_refused(
    tmp_path: Path, issuer: str, kind: str, form: dict[str, str]
) -> None:
    assert await status_with(await token_of(issuer, kind=kind, **form), tmp_path, issuer, kind) == 401


@pytest.mark.parametrize("kind", KINDS)
async def test_a_token_without_one_of_our_scopes_is_too_little(tmp_path: Path, issuer: str, kind: str) -> None:
    assert await status_with(await token_of(issuer, kind=kind, scope="openid"), tmp_path, issuer, kind) == 403


async def test_a_forged_or_unknown_token_is_refused(tmp_path: Path, issuer: str) -> None:
    forged = await token_of(issuer, kind="forged")

    assert await status_with(forged, tmp_path / "a", issuer, "signed") == 401
    assert await status_with("gibberish", tmp_path / "b", issuer, "signed") == 401
    assert await status_with("gibberish", tmp_path / "c", issuer, "opaque") == 401


async def test_a_client_without_a_token_is_shown_the_way_to_the_issuer(tmp_path: Path, issuer: str) -> None:
    async with protected(tmp_path, issuer, "signed") as service, httpx2.AsyncClient() as http:
        refused = await http.get(service.url())
        metadata = await http.get(f"{service.origin}/.well-known/oauth-protected-resource/mcp")

    where = "https://tools.example/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{where}"' in refused.headers["www-authenticate"]
    assert metadata.json()["resource"] == RESOURCE
    assert [url.rstrip("/") for url in metadata.json()["authorization_servers"]] == [issuer]
    assert metadata.json()["scopes_supported"] == ["use", "control", "admin"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"oauth_issuer": "https://i"}, "oauth_resource"),
        ({"oauth_issuer": "https://i", "oauth_resource": RESOURCE}, "oauth_jwks_url or oauth_introspection_url"),
    ],
)
def test_half_of_the_settings_is_a_mistake_that_is_told(given: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        issuer_of(Settings.model_validate(given))


async def status_with(token: str, folder: Path, issuer: str, kind: str) -> int:
    async with (
        protected(folder, issuer, kind) as service,
        httpx2.AsyncClient(headers={**JSON_AND_STREAM, "authorization": f"Bearer {token}"}) as http,
    ):
        return (await post(http, service.url(), "initialize", **HELLO)).status_code
