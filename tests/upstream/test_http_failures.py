"""Why a server behind HTTP gave no answer, in words."""

import httpx2
import pytest

from mcp_dynaload.machine.logs import without_addresses
from mcp_dynaload.upstream.http_failures import status_reason

AT_OLD = '"https://old.example:8443"'


@pytest.mark.proves("secrets", "in-words")
@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("/v2/mcp", f'("/v2/mcp" at {AT_OLD})'),
        ("next", f'("/one/next" at {AT_OLD})'),
        ("/mcp/?api_key=sk-123456", f'("/mcp/" at {AT_OLD}, with a query that is not shown)'),
        ("//new.example/mcp?key=abc#abc", '("/mcp" at "https://new.example", with a query that is not shown)'),
        ("http://ada:abc@new.example/mcp#abc", '("/mcp" at "http://new.example")'),
        ("https://new.example/s/NWFiY2RlZmdoaWprbG1u/mcp", '("/s/\u2026/mcp" at "https://new.example")'),
        ("https://new.example", '("/" at "https://new.example")'),
        ("https://[new.example/abc", ""),
        (" ", ""),
    ],
)
def test_where_a_server_moved_is_told_whole_but_for_what_may_be_a_key(place: str, told: str) -> None:
    request = httpx2.Request("POST", "https://old.example:8443/one/mcp")
    response = httpx2.Response(302, headers={"location": place}, request=request)

    words = without_addresses(status_reason(response))  # as every error is before it is shown

    moved = f"put the address to which it moved {told}".strip()
    assert words == f"it answered with HTTP 302 (Found): {moved} into 'url' of its entry"
