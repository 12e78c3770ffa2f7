"""Logins of a service's users to servers: begun on a page of ours, brought back here, listed and ended."""

import html
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from mcp_dynaload.config.login_keys import read_login_keys
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.configuration import Configuration
from mcp_dynaload.errors import ConfigError, LoginError, StoreAwayError, StoreError
from mcp_dynaload.http.dependencies import ServiceState, serving
from mcp_dynaload.http.errors import NOT_FOUND, NotFoundError
from mcp_dynaload.http.routes import PUBLIC, guarded_router, needs
from mcp_dynaload.http.schemas import Body
from mcp_dynaload.logins.login import Login, key_of
from mcp_dynaload.logins.pages import CALLBACK, LoginPages
from mcp_dynaload.logins.sealing import Sealer
from mcp_dynaload.logins.user_logins import BEGUN_SECONDS, UserLogins
from mcp_dynaload.machine.loopback import is_loopback
from mcp_dynaload.proxy.client import login_owner_of
from mcp_dynaload.store.backends import open_login_vault
from mcp_dynaload.store.tokens import Scope

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
}

user_logins = guarded_router(tags=["logins"])

Serving = Annotated[ServiceState, Depends(serving)]


class UserLogin(Body):
    """A server with a login, and the token's user's."""

    server: str
    state: Literal["logged in", "not logged in"]
    scope: str
    """The scopes that were granted."""

    page: str
    """Where one logs in."""


class UserLoginsAnswer(Body):
    """All servers with a login."""

    logins: tuple[UserLogin, ...]


class LoginBegun(Body):
    """A login that waits for its user."""

    url: str
    """The authorization server's page, for the browser that has asked."""


class LoginEnded(Body):
    """A login that is over."""

    was_revoked: bool
    """Its authorization server has forgotten it, too."""


def user_logins_of(configuration: Configuration) -> Callable[[], AbstractContextManager[UserLogins | None]]:
    """Return what opens the logins of users, as far as the settings want them.

    Raises:
        ConfigError: the settings are wrong, or not all of them are there.
    """
    settings, places = configuration.settings, configuration.locations
    sealer: Sealer | None = None
    if settings.user_logins != "off":
        keys = read_login_keys(settings.login_keys, places.config_dir, places.state_dir)
        _check_address(settings.service_url)
        sealer = Sealer(keys)

    @contextmanager
    def opened() -> Generator[UserLogins | None]:
        if sealer is None:
            yield None
            return
        with open_login_vault(settings.store_url, places.user_logins_file) as vault:
            yield UserLogins(
                vault,
                sealer,
                LoginPages(settings.service_url),
                configuration.masker,
                settings.login_client_metadata_url,
                configuration.environ,
                settings.user_logins == "lists",
            )

    return opened


def _check_address(url: str) -> None:
    if not url:
        raise ConfigError("user_logins needs service_url: the address of this service as browsers know it")
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ConfigError(f"service_url is {url!r}: without https logins would come back for all to read")


@user_logins.get("/logins", dependencies=[needs(Scope.USE)], responses=NOT_FOUND)
async def listed_logins(request: Request, state: Serving) -> UserLoginsAnswer:
    """List the servers with a login, and whether the token's user has logged in to each."""
    users = _users(state)
    kept = await users.of(login_owner_of(request)).store.all()
    found = [(config, kept.get(key_of(config))) for config in _servers(state).values()]
    return UserLoginsAnswer(logins=tuple(_shown(config, login, users) for config, login in found))


@user_logins.post("/logins/{server}/begin", dependencies=[needs(Scope.USE)], responses=NOT_FOUND)
async def begin_login(server: str, request: Request, response: Response, state: Serving) -> LoginBegun:
    """Begin a login of the token's user to a server, in the browser that asks: it gets a cookie for it."""
    users = _users(state)
    begun = await users.begin(login_owner_of(request), _server(state, server))
    response.set_cookie(
        begun.cookie,
        begun.mark,
        max_age=int(BEGUN_SECONDS),
        path=f"{users.pages.root}/logins",
        secure=users.pages.service_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return LoginBegun(url=begun.url)


@user_logins.delete("/logins/{server}", dependencies=[needs(Scope.USE)], responses=NOT_FOUND)
async def end_login(server: str, request: Request, state: Serving) -> LoginEnded:
    """End the token's user's login to a server, and have it revoked there where that is possible."""
    key = key_of(_server(state, server))
    return LoginEnded(was_revoked=await _users(state).of(login_owner_of(request)).log_out(key))


@user_logins.get("/logins/{server}/start", dependencies=[PUBLIC], include_in_schema=False)
def start_page(server: str, state: Serving) -> Response:
    """Serve the page that asks for an access token and begins the login with it."""
    _users(state)
    page = (files("mcp_dynaload.http") / "static" / "login.html").read_bytes()
    return Response(page, media_type="text/html", headers=PAGE_HEADERS)


@user_logins.get(CALLBACK, dependencies=[PUBLIC], include_in_schema=False)
async def finish_login(request: Request, state: Serving) -> Response:
    """Take a login that an authorization server brings back by its user's browser."""
    users, masker = _users(state), state.configuration.masker
    try:
        server = await users.finish(f"{CALLBACK}?{request.url.query}", request.cookies)
    except (LoginError, StoreError) as error:
        return _page(
            503 if isinstance(error, StoreAwayError) else 400, f"You are not logged in: {masker.text(str(error))}."
        )
    return _page(200, f"You are logged in to {server}. You can close this page; your session goes on.")


def _page(status: int, text: str) -> HTMLResponse:
    body = f"<!doctype html><meta charset=utf-8><title>mcp-dynaload</title><p>{html.escape(text)}</p>\n"
    return HTMLResponse(body, status, PAGE_HEADERS)


def _users(state: ServiceState) -> UserLogins:
    if state.user_logins is None:
        raise NotFoundError("this service has one login for all its users: the setting user_logins is off")
    return state.user_logins


def _servers(state: ServiceState) -> dict[str, UpstreamConfig]:
    """Return the servers to which each user may have a login."""
    can_log_in, configs = state.configuration.logins.can_log_in, state.proxy.live.listings.configs
    return {name: one for name, one in configs.items() if can_log_in(one) and not one.options.shared}


def _server(state: ServiceState, name: str) -> UpstreamConfig:
    config = _servers(state).get(name)
    if config is None:
        raise NotFoundError(f"there is no server {name!r} to which its users log in")
    return config


def _shown(config: UpstreamConfig, login: Login | None, users: UserLogins) -> UserLogin:
    is_in = login is not None and login.has_tokens
    scope = login.scope if login is not None else ""
    page = users.pages.start(config.name)
    return UserLogin(server=config.name, state="logged in" if is_in else "not logged in", scope=scope, page=page)
