"""Every route and every kind of token: what is answered does not depend on how the path is written."""

import json
import re
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from starlette.types import Message

from mcp_dynaload.http import wrong_tokens as failures
from mcp_dynaload.http.app import create_app
from mcp_dynaload.http.routes import (
    PUBLIC,
    GuardedApiRoute,
    GuardedRoute,
    UndeclaredRouteError,
    guarded_router,
    needs,
)
from mcp_dynaload.store.tokens import Scope
from tests.http.services import Service, a_configuration, running
from tests.http.test_auth import ECHO, made
from tests.pages import PAGES
from tests.untraced import untraced

__all__ = ["untraced"]

pytestmark = pytest.mark.proves("service-scopes")

ISSUER, RESOURCE = "https://issuer.example", "https://tools.example/mcp"
OAUTH = {
    "MCP_DYNALOAD_OAUTH_ISSUER": ISSUER,
    "MCP_DYNALOAD_OAUTH_RESOURCE": RESOURCE,
    "MCP_DYNALOAD_OAUTH_JWKS_URL": "http://127.0.0.1:1/jwks",
}
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW")
ROOTS = ("", "/dashboard", "/healthz", "/.well-known", "/mcp", "/")
REFUSED = {401, 403}


@pytest.fixture(autouse=True)
def any_number_of_wrong_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "MAX_PER_MINUTE", 0)


Need = Scope | None


def declared(app: FastAPI) -> Iterator[tuple[str, str, Need]]:
    """Yield method, path and scope of every route that the application has."""
    for route in app.routes:
        assert isinstance(route, GuardedApiRoute | GuardedRoute)
        path = re.sub(r"\{action[^}]*\}", "restart", re.sub(r"\{(?!action)[^}]*\}", "nobody", route.path))
        for method in sorted(route.methods or {"GET", "POST", "DELETE"}):
            yield method, path, route.need.scope


async def status_of(
    app: FastAPI, method: str, path: str, headers: Mapping[str, str] | None = None, root_path: str = ""
) -> int:
    """Return the application's status for a client that sends a senseless body, waits for the status and goes."""
    body = b'{"scenario_types": ["none"]}' if method == "POST" else b""
    said = {"host": "127.0.0.1", "accept": "application/json, text/event-stream", **(headers or {})}
    if body:
        said |= {"content-type": "application/json", "content-length": str(len(body))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": root_path + path,
        "raw_path": (root_path + path).encode(),
        "root_path": root_path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in said.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    statuses: list[int] = []
    answered = anyio.Event()

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif message.get("body") or not message.get("more_body"):
            answered.set()

    with anyio.fail_after(10):
        await app(scope, receive, send)
    return statuses[0]


class Issuer:
    """An issuer that signs; the service is given its key instead of asking for it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def get_signing_key_from_jwt(self, token: str) -> ec.EllipticCurvePublicKey:
        return self.key.public_key()

    def token(self, **claims: object) -> str:
        said = {"iss": ISSUER, "sub": "bea", "aud": RESOURCE, "exp": int(time.time()) + 300, **claims}
        return jwt.encode(said, self.key, "ES256")


@asynccontextmanager
async def guarded(folder: Path) -> AsyncGenerator[tuple[Service, dict[str, str], Issuer]]:
    """Run a service with an issuer; yields what may stand after `Bearer`, by its kind."""
    configuration = a_configuration(folder, ECHO, **OAUTH)
    own = {str(scope): await made(configuration, str(scope), scope) for scope in Scope}
    revoked, issuer = await made(configuration, "revoked", Scope.ADMIN), Issuer()
    async with running(configuration) as service:
        assert await service.state.access.tokens.revoke("revoked")
        service.state.access.issuer._keys = issuer  # pyright: ignore - the issuer's key set, over the network
        tokens = {
            "none": "",
            "wrong": "dyn_wrong",
            "revoked": revoked,
            "gibberish": "x.y.z",
            "expired": issuer.token(scope="admin", exp=int(time.time()) - 60),
            "of another resource": issuer.token(scope="admin", aud="https://other.example"),
            "without scope": issuer.token(),
            "of no scope of ours": issuer.token(scope="openid"),
            **{f"issued {scope}": issuer.token(scope=f"openid {scope}") for scope in Scope},
            **own,
        }
        yield service, tokens, issuer


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


async def test_each_route_answers_the_tokens_of_its_scope_and_no_other(tmp_path: Path) -> None:
    mistakes: list[tuple[str, str, str, int]] = []
    async with guarded(tmp_path) as (service, tokens, _):
        for method, path, need in declared(service.app):
            for kind, token in tokens.items():
                named = kind.removeprefix("issued ")
                granted = Scope(named).included if named in [*map(str, Scope)] else ()
                expected = need is None or need in granted
                if expected and path.startswith("/sse"):
                    continue  # a stream begins, which the tests of tokens and of sessions read
                status = await status_of(service.app, method, path, bearer(token))
                if (status not in REFUSED) != expected or status >= 500:
                    mistakes.append((method, path, kind, status))

    assert mistakes == []


def spellings(path: str) -> Iterator[str]:
    """Yield ways to write a path that a server or a proxy may take for the same."""
    yield from (
        path,
        f"{path}/",
        f"/{path}",
        path.upper(),
        path.title(),
        f"/dashboard/..{path}",
        f"/.{path}",
        f"{path}/.",
    )
    yield from (f"/dashboard{path}", f"/healthz{path}", f"/.well-known{path}", f"{path}//", f"{path};a", f"{path}%00")
    yield from (path.replace("/", "//"), path.replace("/", "/./"), path.replace("/", "\\"), f"{path}%2f", f"{path} ")


@pytest.mark.parametrize("root_path", ROOTS)
async def test_no_way_to_write_a_path_lets_a_stranger_in(tmp_path: Path, root_path: str) -> None:
    let_in: list[tuple[str, str, str, int]] = []
    async with guarded(tmp_path) as (service, tokens, _):
        public = {path for _, path, need in declared(service.app) if need is None}
        closed = {path for _, path, need in declared(service.app) if need is not None}
        for kind in ("none", "revoked", "without scope"):
            for path in closed:
                for spelling in {*spellings(path)} - public:
                    for method in METHODS if spelling == path else ("GET", "POST"):
                        headers = bearer(tokens[kind])
                        status = await status_of(service.app, method, spelling, headers, root_path)
                        is_file = spelling.startswith("/dashboard/") and status in (404, 405)
                        if status not in REFUSED and not is_file:
                            let_in.append((kind, method, spelling, status))

    assert let_in == []


async def test_a_route_that_says_nothing_cannot_be_made_or_served(tmp_path: Path) -> None:
    router = guarded_router()

    def nothing() -> None: ...

    with pytest.raises(UndeclaredRouteError, match="'/nothing' does not say which scope opens it"):
        router.get("/nothing")(nothing)

    app = create_app(a_configuration(tmp_path, ECHO))
    app.get("/added")(nothing)
    with pytest.raises(UndeclaredRouteError, match="/added"):
        async with app.router.lifespan_context(app):
            raise AssertionError("it has started")


def test_of_several_declarations_the_strongest_counts() -> None:
    def nothing() -> None: ...

    router = guarded_router(PUBLIC)
    router.get("/open")(nothing)
    router.get("/closed", dependencies=[needs(Scope.ADMIN)])(nothing)
    controlled = guarded_router(needs(Scope.CONTROL))
    controlled.get("/still-closed", dependencies=[PUBLIC])(nothing)
    routes = [route for one in (router, controlled) for route in one.routes if isinstance(route, GuardedApiRoute)]

    assert [(route.path, route.need.scope) for route in routes] == [
        ("/open", None),
        ("/closed", Scope.ADMIN),
        ("/still-closed", Scope.CONTROL),
    ]


def test_the_pages_say_once_which_scope_opens_which_route(tmp_path: Path) -> None:
    rows = [
        row
        for page in PAGES
        for row in re.findall(
            r"^\| `(?:([A-Z]+) )?(/\S*)` \| `?(nobody's|use|control|admin)`? \|", page.read_text("utf-8"), re.M
        )
    ]
    found = {
        (method, route.path.removesuffix("/").removeprefix("/api/v1/dynamic-loading"), route.need.scope or "nobody's")
        for route in create_app(a_configuration(tmp_path, ECHO, **OAUTH)).routes
        if isinstance(route, GuardedApiRoute | GuardedRoute)
        for method in ((route.methods or {""}) - {"HEAD"} if isinstance(route, GuardedApiRoute) else {""})
    }

    assert len(rows) == len(set(rows))
    assert {(method, path.removesuffix("/"), scope) for method, path, scope in rows} == {
        (method, path, str(scope)) for method, path, scope in found
    }


async def test_a_token_acts_and_looks_in_its_own_name_and_an_admins_in_any(tmp_path: Path) -> None:
    import httpx2

    prefix = "/api/v1/dynamic-loading"
    configuration = a_configuration(tmp_path, ECHO)
    ann, root = await made(configuration, "ann", Scope.CONTROL), await made(configuration, "root", Scope.ADMIN)
    async with running(configuration) as service, httpx2.AsyncClient(base_url=service.origin, timeout=30) as http:

        async def optimize(token: str, user: str | None, session: str) -> tuple[int, object]:
            body = {"query": "x", "user_id": user, "session_id": session}
            answer = await http.post(f"{prefix}/optimize-query", json=body, headers=bearer(token))
            return answer.status_code, answer.json().get("user_id", answer.json().get("error"))

        acted = [await optimize(ann, user, "a") for user in (None, "ann", "root")]
        acted += [await optimize(root, user, "r") for user in (None, "ann")]

        async def seen(token: str, path: str) -> set[object]:
            told = (await http.get(f"{prefix}{path}", headers=bearer(token))).json()["sessions"]
            return {one["user_id"] if "user_id" in one else one["who"]["user"] for one in told}

        paths = ("/sessions", "/status", "/overview")
        own = [await seen(ann, path) for path in paths]
        all_of_them = [await seen(root, path) for path in paths]
        foreign = await http.get(f"{prefix}/tools", params={"user_id": "root"}, headers=bearer(ann))

    refused = (403, "insufficient_scope")
    assert acted == [(200, "ann"), (200, "ann"), refused, (200, "root"), (200, "ann")]
    assert own == [{"ann"}] * 3
    assert all_of_them == [{"ann", "root"}] * 3
    assert foreign.status_code == 403
    assert "'admin'" in foreign.json()["message"]
    assert json.loads(foreign.text)["error"] == "insufficient_scope"
