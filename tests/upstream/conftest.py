import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that do not leave by themselves are ended sooner than a person's would be."""
    monkeypatch.setattr("mcp_dynaload.upstream.process.EXIT_GRACE_SECONDS", 0.2)
    monkeypatch.setattr("mcp_dynaload.upstream.upstream.SETTLING_SECONDS", 0.2)
