import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mcp_dynaload.hosts.claude_code.login_probe import UpstreamEntry, http_probe, logins_needed


@contextmanager
def server_answering(status: int, location: str = "") -> Generator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(f"POST {body['method']} {self.headers['X-Key']}")

        def do_GET(self) -> None:
            self.answer("GET")

        def answer(self, request: str) -> None:
            seen.append(request)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "needs a login (it answered 401)"),
        (403, "needs a login (it answered 403)"),
        (200, None),
        (405, None),
        (500, None),
    ],
)
def test_only_401_and_403_mean_a_login(status: int, reason: str | None) -> None:
    with server_answering(status) as (url, seen):
        entry = {"type": "http", "url": "${URL}", "headers": {"X-Key": "${KEY:-k}"}}

        assert http_probe({"URL": url})(UpstreamEntry("s", entry)) == reason

    assert seen == ["POST initialize k"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_users_headers(status: int) -> None:
    with server_answering(401) as (other, seen), server_answering(status, other) as (url, _):
        entry = {"type": "http", "url": url, "headers": {"X-Key": "k"}}

        assert http_probe({})(UpstreamEntry("s", entry)) is None

    assert seen == []


def test_an_sse_server_is_asked_for_its_stream() -> None:
    with server_answering(401) as (url, seen):
        assert http_probe({})(UpstreamEntry("s", {"type": "sse", "url": url})) is not None

    assert seen == ["GET"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/mcp", "no url", "${UNSET}"])
def test_a_server_that_cannot_be_reached_needs_no_login(url: str) -> None:
    assert http_probe({})(UpstreamEntry("s", {"url": url})) is None


def test_the_reasons_are_collected_by_name() -> None:
    entries = [UpstreamEntry("a", {}), UpstreamEntry("b", {})]

    assert logins_needed(entries, lambda upstream: "login" if upstream.name == "b" else None) == {"b": "login"}
