"""A host of git repositories on loopback, over HTTP as the real ones: for what is taken from a URL."""

import os
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@contextmanager
def git_host(folder: Path) -> Generator[str]:
    """Serve the repositories in a folder; yield the address before their names."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            head, _, body = self._by_git().partition(b"\r\n\r\n")
            fields = [line.partition(": ") for line in head.decode().split("\r\n")]
            status = next((int(value.split()[0]) for name, _, value in fields if name == "Status"), 200)
            self.send_response(status)
            for name, _, value in fields:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def _by_git(self) -> bytes:
            asked = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            variables = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": asked.path,
                "QUERY_STRING": asked.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            command = ["git", "http-backend"]
            return subprocess.run(
                command, input=body, env={**os.environ, **variables}, stdout=subprocess.PIPE, check=True
            ).stdout

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
