"""A real `redis-server` on a free loopback port, that a test may stop and start again."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from tests.ports import free_port

READY = "Ready to accept connections"


@dataclass(slots=True)
class RedisServer:
    """A Redis that keeps what it has acknowledged on disk, as config/deploy has it do."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        persisting = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
        place = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        self._process = subprocess.Popen(
            ["redis-server", *place, *persisting], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout
        printed: list[str] = []
        for line in self._process.stdout:
            printed.append(line)
            if READY in line:
                return
        raise RuntimeError(f"redis-server did not start; run .ci/install-e2e: {''.join(printed)}")

    def flush(self) -> None:
        """Empty it."""
        with Redis(port=self.port) as client:
            client.execute_command("FLUSHALL")  # pyright: ignore[reportUnknownMemberType] - untyped there

    def stop(self) -> None:
        """Stop it without warning."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def running_redis(folder: Path) -> Generator[RedisServer]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
