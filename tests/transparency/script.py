"""The steps of a client in the parity tests, the same whether it is connected directly or through the proxy."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from mcp_dynaload.catalog.tool import Json
from tests.transparency.peer import Peer

FORM: Json = {
    "mode": "form",
    "message": "Who are you?",
    "requestedSchema": {"type": "object", "properties": {"name": {"type": "string", "xHint": "first name"}}},
    "xForm": [1],
    "_meta": {"com.acme/why": "to greet"},
}
URL: Json = {"mode": "url", "message": "Sign in", "url": "https://example.org/in", "elicitationId": "e-1"}
SAMPLING: Json = {
    "messages": [{"role": "user", "content": {"type": "text", "text": "hello", "xText": 1}}],
    "maxTokens": 10,
    "xSampling": {"deep": None},
}
WEIRD: Json = {
    "text": "\u00e9 \u2028 \U0001f40d \x00 \u202e",
    "numbers": [0, -0.5, 1e300, 2**60],
    "nothing": None,
    "größe": {"tree": []},
}


async def tool_result(peer: Peer) -> Any:
    meta = {"com.acme/session": ["a"], "progressToken": "t-0"}
    return await peer.call("echo", WEIRD, _meta=meta, xRequest={"n": 1})


async def tool_failure(peer: Peer) -> Any:
    return await peer.call("fail")


async def tool_errors(peer: Peer) -> Any:
    elicitations = [{"mode": "url", "message": "in", "url": "https://example.org/", "elicitationId": "e-2"}]
    return [
        await peer.call("refuse", {"code": -32050, "message": "not today \u2603", "data": {"deep": [1, None]}}),
        await peer.call("refuse", {"code": 17, "message": ""}),
        await peer.call("refuse", {"code": -32042, "message": "sign in", "data": {"elicitations": elicitations}}),
        await peer.call("unheard_of"),
    ]


async def large_payloads(peer: Peer) -> Any:
    return await peer.call("large", {"times": 40_000, "padding": "x" * 400_000})


async def lists(peer: Peer) -> Any:
    return {
        key: await peer.list_all(method, key)
        for method, key in (
            ("tools/list", "tools"),
            ("prompts/list", "prompts"),
            ("resources/list", "resources"),
            ("resources/templates/list", "resourceTemplates"),
        )
    }


async def progress(peer: Peer) -> Any:
    result = await peer.call("progress", _meta={"progressToken": "t-1"})
    return result, peer.heard.take("notifications/progress")


async def concurrent_progress(peer: Peer) -> Any:
    results: dict[str, Json] = {}

    async def call(token: str) -> None:
        results[token] = await peer.call("progress", _meta={"progressToken": token})

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(call, f"c-{number}")
    heard = peer.heard.take("notifications/progress")
    return {
        token: (result, [said for said in heard if said["progressToken"] == token]) for token, result in results.items()
    }


async def log_messages(peer: Peer) -> Any:
    answers = [
        await peer.call("log"),
        await peer.request("logging/setLevel", {"level": "error"}),
        await peer.call("log"),
    ]
    refusal = await peer.request("logging/setLevel", {"level": "loud"})
    return answers, peer.heard.take("notifications/message"), refusal["error"]["code"]


async def cancellation(peer: Peer) -> Any:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: peer.call("wait", _meta={"progressToken": "t-2"}))
        await peer.heard.wait_for("notifications/progress")
        tasks.cancel_scope.cancel()
    return await peer.call("report", {"what": "cancelled"})


async def elicitation(peer: Peer) -> Any:
    answers = [await peer.call("ask", {"method": "elicitation/create", "params": params}) for params in (FORM, URL)]
    return answers, peer.heard.take("elicitation/create")


async def sampling(peer: Peer) -> Any:
    questions = (SAMPLING, {**SAMPLING, "maxTokens": 0})
    answers = [await peer.call("ask", {"method": "sampling/createMessage", "params": asked}) for asked in questions]
    return answers, peer.heard.take("sampling/createMessage")


async def roots(peer: Peer) -> Any:
    answer = await peer.call("ask", {"method": "roots/list", "params": {"_meta": {"x": 1}}})
    await peer.notify("notifications/roots/list_changed", {"_meta": {"com.acme/n": 2}})
    return answer, await peer.call("report", {"what": "notifications/roots/list_changed"})


async def identity(peer: Peer) -> Any:
    return await peer.call("identify")


async def prompts(peer: Peer) -> Any:
    return [
        await peer.request("prompts/get", {"name": "greet", "arguments": {"name": "Ada"}, "_meta": {"x": 2}}),
        await peer.request("prompts/get", {"name": "scold"}),
    ]


async def resources(peer: Peer) -> Any:
    uris = ("note://one", "song://any%20title", "file:///unknown")
    return [await peer.request("resources/read", {"uri": uri, "xRead": True}) for uri in uris]


async def subscriptions(peer: Peer) -> Any:
    answers = [await peer.request("resources/subscribe", {"uri": uri}) for uri in ("note://one", "song://two")]
    answers.append(await peer.call("touch"))
    both = sorted(await peer.heard.wait_for("notifications/resources/updated", 2), key=lambda params: params["uri"])
    answers.append(await peer.request("resources/unsubscribe", {"uri": "note://one"}))
    answers.append(await peer.call("touch"))
    return answers, both, await peer.heard.wait_for("notifications/resources/updated")


async def completions(peer: Peer) -> Any:
    argument = {"name": "name", "value": "an", "xTyped": "slowly"}
    references = ({"type": "ref/prompt", "name": "greet"}, {"type": "ref/resource", "uri": "note://{title}"})
    return [
        await peer.request(
            "completion/complete", {"ref": ref, "argument": argument, "context": {"arguments": {"a": "b"}}}
        )
        for ref in references
    ]


async def changed_lists(peer: Peer) -> Any:
    lists: list[Any] = []
    for kind in ("tools", "prompts", "resources"):
        peer.heard.take(f"notifications/{kind}/list_changed")
        await peer.call("change", {"kind": kind})
        await peer.heard.wait_for(f"notifications/{kind}/list_changed")
        lists.append(await peer.list_all(f"{kind}/list", kind))
    return lists


async def custom_methods(peer: Peer) -> Any:
    answers = [await peer.request("acme/custom", {"n": 1}), await peer.request("acme/unknown", {"n": 1})]
    await peer.notify("notifications/acme/told", {"n": 2})
    return answers, await peer.call("report", {"what": "notifications/acme/told"}), await peer.request("ping")


STEPS: tuple[Callable[[Peer], Awaitable[Any]], ...] = (
    lists, tool_result, tool_failure, tool_errors, large_payloads, progress, concurrent_progress, log_messages,
    cancellation, elicitation, sampling, roots, identity, prompts, resources, subscriptions, completions,
    custom_methods, changed_lists,
)  # fmt: skip


async def run_script(peer: Peer) -> dict[str, Any]:
    """Return what each step saw, by name."""
    return {step.__name__: await step(peer) for step in STEPS}
