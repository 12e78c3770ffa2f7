"""Secrets are planted wherever they come from, and looked for wherever something leaves us."""

import json
from collections.abc import Iterable
from pathlib import Path

import anyio
import pytest
from mcp import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.runtime import open_catalog, refresh_catalog
from tests.control.services import a_new_configuration, running
from tests.faults.odd_http_server import Odd, OddServer
from tests.faults.proxy import Place, Proxy, connected
from tests.faults.scripted import entry
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
    """Secrets that stand in the text, as they are or as JSON and Python write them."""
    secrets = [*SECRETS, *KNOWN.values()]
    return [secret for secret in secrets if any(form in text for form in (secret, json.dumps(secret)[1:-1]))]


def servers_with_secrets(url: str) -> dict[str, Json]:
    """Servers whose entries have secrets, and that tell all that they know."""
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
    """All that the model is told: the texts of failures."""
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
    """What a command prints."""
    command = [PYTHON, "-m", "mcp_dynaload", *arguments]
    done = await anyio.run_process(command, env=place.environment(), cwd=place.project, check=False)
    return done.stdout.decode() + done.stderr.decode()


def files_in(folder: Path) -> Iterable[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


@pytest.mark.proves("secrets")
async def test_no_planted_secret_is_in_what_leaves_us(tmp_path: Path) -> None:
    odd = OddServer(Odd(f"<h1>{SAID}</h1>", 500, "text/html"))
    async with served(odd) as url:
        place = Place(tmp_path, servers_with_secrets(url), DETAILED)
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


@pytest.mark.proves("secrets")
async def test_no_planted_secret_is_in_an_answer_of_the_service(tmp_path: Path) -> None:
    import httpx2

    async with served(OddServer(Odd(SAID, 500, "text/plain"))) as url:
        configuration = a_new_configuration(tmp_path, servers_with_secrets(url), **DETAILED)
        with open_catalog(configuration) as live:
            await refresh_catalog(configuration, live)
        async with running(configuration) as service, service.client() as client:
            told = [await client.say("talking__die", words=f"{SAID}\n{' '.join(KNOWN.values())}")]
            await client.prompt(SAID, session_id="s")
            async with httpx2.AsyncClient(base_url=service.origin, timeout=30) as http:
                for path in (
                    "/status",
                    "/health",
                    "/overview",
                    "/sessions",
                    "/metrics",
                    f"/tools/{TOKENS['ours']}/why",
                ):
                    told.append((await http.get(path, params={"token": TOKENS["ours"]})).text)
                for body in ({"command": TOKENS["ours"]}, {TOKENS["ours"]: 1}, {"session_id": TOKENS["ours"]}):
                    told.append((await http.post("/user-command", json=body)).text)

    assert leaks("\n".join(told)) == []
