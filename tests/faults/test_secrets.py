"""Secrets are planted wherever they come from, and looked for wherever something leaves us."""

import gzip
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mcp_dynaload.app import refresh_catalog
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.configuration import open_catalog
from mcp_dynaload.http.rest import PREFIX
from tests.faults.odd_http_server import Odd, OddServer
from tests.faults.proxy import Place, Proxy, connected
from tests.faults.scripted import entry, until
from tests.http.services import Service, a_new_configuration, running
from tests.planted import IN_CONTEXT, TOKENS
from tests.programs import PYTHON
from tests.transparency.serving import served

TEXTS = [*TOKENS.values(), *(text for text, _ in IN_CONTEXT.values())]
SECRETS = [*TOKENS.values(), *(secret for _, secret in IN_CONTEXT.values())]
SAID = "\n".join(f"it went wrong with {text}" for text in TEXTS)

KNOWN = {
    **{place: f"Known to {place}/ü-4711" for place in ("env", "query", "option", "variable")},
    "header": "Known to header/-4711",
    "webhook": "services/hook-secret-4711",
}
"""Without any form of their own."""

DETAILED = {
    "DETAILED_LOGGING_ENABLED": "true",
    "MCP_DYNALOAD_ALERT_WEBHOOK": f"http://127.0.0.1:9/{KNOWN['webhook']}",
    "PLANTED_API_KEY": KNOWN["variable"],
}


def leaks(text: str) -> list[str]:
    """Return the secrets that stand in the text, as they are or as JSON and Python write them."""
    secrets = [*SECRETS, *KNOWN.values()]
    return [secret for secret in secrets if any(form in text for form in (secret, json.dumps(secret)[1:-1]))]


def servers_with_secrets(url: str) -> dict[str, Json]:
    """Return servers whose entries have secrets, and that tell all that they know."""
    told = f"{SAID}\nI have {KNOWN['env']}, {KNOWN['option']} and {KNOWN['variable']}"
    talking = entry("talking", env={"SOME_SETTING": KNOWN["env"]}, options={"inherit_env": True})
    talking["args"] = [*talking["args"], "--token", KNOWN["option"]]
    return {
        "talking": talking,
        "dying": entry("dying", exits_with=told, env={"OTHER_SETTING": KNOWN["env"]}),
        "refusing": entry("refusing", refuses=told.replace("\n", " ")),
        "unlisted": entry("unlisted", lists_fail=told.replace("\n", " ")),
        "web": {
            "type": "http",
            "url": f"{url}/?api_key={KNOWN['query'].replace(' ', '%20')}",
            "headers": {"X-Api-Key": KNOWN["header"]},
        },
    }


async def use_everything(proxy: Proxy) -> list[str]:
    """Return all that the model is told: the texts of failures."""
    told: list[str] = []
    known = " ".join(KNOWN.values())
    for name, arguments in (
        *(("talking__fail", {"code": -32000, "message": f"no {text} or {known}"}) for text in TOKENS.values()),
        (TOKENS["ours"], {}),
        ("web__echo", {}),
    ):
        try:
            told.append(await proxy.text(name, **arguments))
        except MCPError as error:
            told.append(str(error))
    await proxy.hook("UserPromptSubmit", prompt=f"{SAID} {known}", session_id="s")
    await proxy.text("talking__echo", said=SAID, known=known)  # its result is the user's, and stays
    told.append(await proxy.text("talking__die", words=f"{known}\n{SAID}\n{known}"))
    told.append(await proxy.text("talking__die", words="\n".join(TEXTS[:30])))
    return told


async def output_of(place: Place, *arguments: str) -> str:
    """Return what a command prints."""
    command = [PYTHON, "-m", "mcp_dynaload", *arguments]
    done = await anyio.run_process(command, env=place.environment(), cwd=place.project, check=False)
    return done.stdout.decode() + done.stderr.decode()


def files_in(folder: Path) -> Iterable[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


@pytest.mark.proves("secrets")
async def test_no_planted_secret_is_in_what_leaves_us(tmp_path: Path) -> None:
    odd = OddServer(Odd(f"<h1>{SAID}</h1>", 500, "text/html"))
    async with served(odd) as url:
        place = Place(tmp_path, servers_with_secrets(url), DETAILED, python=PYTHON)
        (tmp_path / "config").mkdir()
        place.command()
        (tmp_path / "servers.json").rename(tmp_path / "config" / "servers.json")
        refreshed = await output_of(place, "refresh", "--json")
        async with connected(place) as proxy:
            told = await use_everything(proxy)
        outputs = {
            "the model": "\n".join(told),
            "stderr": (tmp_path / "stderr").read_text(),
            "refresh": refreshed,
            "doctor": await output_of(place, "doctor", "--json"),
            "audit": await output_of(place, "audit", "--json"),
            "logs": await output_of(place, "logs", "-n", "1000"),
            **{f"logs {name}": await output_of(place, "logs", name, "-n", "1000") for name in place.servers},
        }
    own_logs = [place.state / "logs" / f"{name}.log" for name in place.servers]
    outputs |= {
        str(file): file.read_bytes().decode("utf-8", "replace")
        for file in files_in(place.state)
        if file not in own_logs
    }

    assert {where: found for where, text in outputs.items() if (found := leaks(text))} == {}
    assert outputs["the model"].count("Its last output, quoted:") >= 1
    assert "it went wrong with" in outputs["logs dying"]
    assert "it went wrong with" in outputs["audit"]
    assert TOKENS["github"] in await output_of(place, "logs", "dying", "--raw", "-n", "1000")


@dataclass(slots=True)
class Taker:
    """An OpenTelemetry collector and a webhook: keeps what is posted to it, by the first part of the path."""

    got: dict[str, str] = field(default_factory=dict[str, str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        body = gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body
        kind = request.url.path.split("/")[1]
        told = f"{dict(request.headers)}{body.decode('utf-8', 'replace')}"
        self.got[kind] = self.got.get(kind, "") + told
        await Response()(scope, receive, send)


WATCHED = ("/status", "/health", "/overview", "/sessions", "/tools", "/performance-report", "/function-registry/stats")


async def use_the_service(service: Service) -> dict[str, str]:
    """Return all that is told to whoever watches the service, after everything in it has failed."""
    import httpx2

    token, known = TOKENS["ours"], " ".join(KNOWN.values())
    told: dict[str, str] = {}
    async with service.client() as client:
        failing = [client.client.call_tool("talking__fail", {"code": -32000, "message": text}) for text in TEXTS]
        for call in (*failing, client.client.call_tool(token, {}), client.client.call_tool("web__echo", {})):
            with suppress(MCPError):
                await call
        told["the model"] = await client.say("talking__die", words=f"{SAID}\n{known}")
        await client.prompt(f"{SAID} {known}", session_id="s")
        await client.prompt(f"/{token} {SAID.splitlines()[0]}", session_id="s")
        async with httpx2.AsyncClient(base_url=f"{service.origin}{PREFIX}", timeout=30) as http:
            for path in (*WATCHED, f"/tools/{token}/why"):
                answer = await http.get(path, params={"token": token})
                told[f"{answer.status_code} {path}"] = answer.text
            bodies = ({"command": token}, {"command": f"/pin {token}"}, {token: 1}, {"session_id": token})
            for number, body in enumerate(bodies):
                answer = await http.post("/user-command", json=body)
                told[f"{answer.status_code} command {number}"] = answer.text
            told["metrics"] = (await http.get(f"{service.origin}/metrics")).text
            async with http.stream("GET", "/overview/live") as stream:
                told["live"] = await anext(line async for line in stream.aiter_lines() if line.startswith("data: "))
    return told


@pytest.mark.proves("secrets")
async def test_no_planted_secret_is_in_what_a_service_tells_collectors_webhooks_and_clients(tmp_path: Path) -> None:
    taker = Taker()
    async with served(OddServer(Odd(SAID, 500, "text/plain"))) as url, served(taker) as taking:
        watched = {
            "MCP_DYNALOAD_OTEL_ENDPOINT": f"{taking}/otel",
            "MCP_DYNALOAD_ALERT_WEBHOOK": f"{taking}/{KNOWN['webhook']}",
            "MCP_DYNALOAD_MAX_CONCURRENT_REQUESTS": "100",
        }
        configuration = a_new_configuration(tmp_path, servers_with_secrets(url), **{**DETAILED, **watched})
        with open_catalog(configuration) as live:
            await refresh_catalog(configuration, live)
        async with running(configuration) as service:
            told = await use_the_service(service)
            await until(lambda: "services" in taker.got)
    told |= taker.got

    assert {where: found for where, text in told.items() if (found := leaks(text))} == {}
    assert {where[:3] for where in told if where.endswith(WATCHED)} <= {"200", "503"}
    assert "tool_call" in taker.got["otel"]
    assert "error_rate_max" in taker.got["services"]
    assert 'upstream="talking"' in told["metrics"]
