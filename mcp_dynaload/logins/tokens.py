"""Tokens: got for a code, renewed, revoked (RFC 6749, RFC 7009).

Imports the SDK's OAuth client, so it is imported only where a login is made, renewed or ended.
"""

import base64
import json
import re
import time
from dataclasses import dataclass, replace
from urllib.parse import quote

from mcp.shared.auth import OAuthToken
from pydantic import ValidationError

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.errors import LoginError
from mcp_dynaload.logins.login import Login, RegisteredClient
from mcp_dynaload.logins.web import Web, WebAnswer
from mcp_dynaload.masking.printable import quoted

MAX_SAID = 200
"""Characters of an authorization server's own words in an error."""

_SENDABLE = re.compile(r"[\x21-\x7e]{1,65536}")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_CLIENT_IS_GONE = frozenset({"invalid_client", "unauthorized_client"})
_IS_OVER = frozenset({"invalid_grant", *_CLIENT_IS_GONE})
"""Errors after which a login cannot be renewed any more."""


class LoginOverError(LoginError):
    """The login cannot be renewed: a new one is needed."""

    def __init__(self, text: str, *, is_client_gone: bool) -> None:
        super().__init__(text)
        self.is_client_gone = is_client_gone
        """The authorization server does not know the program any more."""


@dataclass(frozen=True, slots=True)
class CodeGrant:
    """The code that came back from the user's browser, and the verifier that belongs to it."""

    code: str
    verifier: str


async def exchanged(web: Web, login: Login, grant: CodeGrant, asked: str) -> Login:
    """Return the login with the tokens that its authorization server gives for the code.

    Raises:
        LoginError: it gives none.
    """
    form = {
        "grant_type": "authorization_code",
        "code": grant.code,
        "redirect_uri": login.client.redirect_uri,
        "code_verifier": grant.verifier,
    }
    answer = await _asked(web, login, form)
    if answer.status not in (200, 201):
        raise LoginError(f"its authorization server gave no token: {refusal_of(answer)}")
    return replace(_with_tokens(login, answer, asked), wanted_scope="")


async def renewed(web: Web, login: Login) -> Login:
    """Return the login with new tokens.

    Raises:
        LoginOverError: a new login is needed.
        LoginError: it cannot be renewed now.
    """
    form = {"grant_type": "refresh_token", "refresh_token": login.refresh_token}
    answer = await _asked(web, login, form)
    if answer.status != 200:
        error = _error_code(answer)
        said = f"its login could not be renewed: {refusal_of(answer)}"
        if error in _IS_OVER or (answer.status in (400, 401) and not error):
            raise LoginOverError(said, is_client_gone=error in _CLIENT_IS_GONE)
        raise LoginError(said)
    return _with_tokens(login, answer, login.scope)


async def revoke(web: Web, login: Login) -> bool:
    """Have the authorization server forget the tokens; false if it has no way to do that.

    Raises:
        LoginError: it refuses, or does not answer.
    """
    if not login.revocation_endpoint:
        return False
    # The refresh token first: with it, most servers end all that came of it.
    tokens = {"refresh_token": login.refresh_token, "access_token": login.access_token}
    for hint, token in tokens.items():
        if token:
            form, headers = _authenticated(login.client, {"token": token, "token_type_hint": hint})
            answer = await web.post(login.revocation_endpoint, "revocation endpoint", form=form, headers=headers)
            if answer.status != 200:
                raise LoginError(f"its authorization server did not revoke it: {refusal_of(answer)}")
    return True


def refusal_of(answer: WebAnswer) -> str:
    """Return what an authorization server says about its refusal, quoted."""
    error = _error_code(answer)
    said = _document(answer).get("error_description")
    words = f": {quoted(said[:MAX_SAID])}" if isinstance(said, str) and said else ""
    return f"HTTP {answer.status}{f' ({error})' if error else ''}{words}"


async def _asked(web: Web, login: Login, form: dict[str, str]) -> WebAnswer:
    if login.resource:
        form["resource"] = login.resource
    body, headers = _authenticated(login.client, form)
    return await web.post(login.token_endpoint, "token endpoint", form=body, headers=headers)


def _authenticated(client: RegisteredClient, form: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the form and the headers by which the program proves itself."""
    if client.auth_method == "client_secret_basic" and client.client_secret:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        proof = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return {**form, "client_id": client.client_id}, {"Authorization": proof}
    secret = {"client_secret": client.client_secret} if client.client_secret else {}
    return {**form, "client_id": client.client_id, **secret}, {}


def _with_tokens(login: Login, answer: WebAnswer, asked: str) -> Login:
    try:
        token = OAuthToken.model_validate_json(answer.body)
    except ValidationError:
        raise LoginError("its authorization server answered without a token that can be used") from None
    if not _SENDABLE.fullmatch(token.access_token):
        raise LoginError("its authorization server gave a token that no request can carry")
    now = time.time()
    return replace(
        login,
        access_token=token.access_token,
        refresh_token=token.refresh_token or login.refresh_token,
        scope=token.scope if token.scope is not None else asked,
        received_at=now,
        expires_at=None if token.expires_in is None else now + max(0, token.expires_in),
    )


def _error_code(answer: WebAnswer) -> str:
    error = _document(answer).get("error")
    return error if isinstance(error, str) and _CODE.fullmatch(error) else ""


def _document(answer: WebAnswer) -> dict[str, object]:
    try:
        return json_object(json.loads(answer.body))
    except (ValueError, RecursionError):
        return {}
