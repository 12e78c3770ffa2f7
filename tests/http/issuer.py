"""An OAuth 2.1 issuer with real keys, as `python -m tests.http.issuer`: it prints its address."""

import base64
import json
import secrets
import socket
import time
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CLIENT, SECRET = "dynaload", "introspection-secret"
KEY_ID = "key-1"


def application(origin: str) -> Starlette:
    key = ec.generate_private_key(ec.SECP256R1())
    opaque: dict[str, dict[str, Any]] = {}

    async def keys(request: Request) -> JSONResponse:
        published = json.loads(ECAlgorithm.to_jwk(key.public_key()))
        return JSONResponse({"keys": [{**published, "kid": KEY_ID, "use": "sig", "alg": "ES256"}]})

    async def issue(request: Request) -> JSONResponse:
        """Issue a token with the claims that the form asks for; signed by another key if it says so."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        claims = {
            "iss": form.get("iss", origin),
            "sub": form.get("sub", "ann"),
            "aud": form["resource"],
            "scope": form.get("scope", ""),
            "exp": int(time.time()) + int(form.get("expires_in", "300")),
        }
        if form.get("kind") == "opaque":
            token = secrets.token_urlsafe(16)
            opaque[token] = claims
            return JSONResponse({"access_token": token, "token_type": "Bearer"})
        signer = ec.generate_private_key(ec.SECP256R1()) if form.get("kind") == "forged" else key
        token = jwt.encode(claims, signer, "ES256", headers={"kid": KEY_ID})
        return JSONResponse({"access_token": token, "token_type": "Bearer"})

    async def introspect(request: Request) -> JSONResponse:
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return JSONResponse({"error": "invalid_client"}, 401)
        claims = opaque.get(str((await request.form())["token"]))
        return JSONResponse({"active": True, **claims} if claims else {"active": False})

    return Starlette(
        routes=[
            Route("/jwks", keys),
            Route("/token", issue, methods=["POST"]),
            Route("/introspect", introspect, methods=["POST"]),
        ]
    )


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        print(origin, flush=True)
        uvicorn.Server(uvicorn.Config(application(origin), log_level="warning")).run([listener])


if __name__ == "__main__":
    main()
