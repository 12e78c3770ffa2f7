import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """End processes that do not leave by themselves sooner than a user's would be."""
    monkeypatch.setattr("mcp_dynaload.upstream.process.EXIT_GRACE_SECONDS", 0.2)
    monkeypatch.setattr("mcp_dynaload.upstream.upstream.SETTLING_SECONDS", 0.2)
