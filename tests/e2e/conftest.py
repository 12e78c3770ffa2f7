"""The real client in front of our server, which stands in front of real upstream servers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.stage import DEFAULT_MODEL, FROZEN_LIST_MODEL, NPM_BIN, PROXY_COMMAND, PYTHON_BIN, Stage
from tests.e2e.upstreams import Workplace
from tests.untraced import untraced

__all__ = ["untraced"]


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    for program in (NPM_BIN / "claude", PYTHON_BIN / "mcp-server-git"):
        if not program.exists():
            pytest.fail(f"{program} is missing: run .ci/install-e2e")
    place = Workplace(tmp_path_factory.mktemp("workplace"), NPM_BIN, PROXY_COMMAND)
    place.prepare()
    return place


@pytest.fixture(scope="session")
def filled_state(workplace: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("filled") / "state"
    workplace.fill_catalog(state)
    return state


@pytest.fixture
def stage(workplace: Workplace, filled_state: Path, tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        place = Stage(workplace, filled_state, tmp_path, stack)
        yield place
        place.wait_until_all_processes_are_gone()


@pytest.fixture(params=[DEFAULT_MODEL, FROZEN_LIST_MODEL], ids=["default", "sonnet"])
def model(request: pytest.FixtureRequest) -> str | None:
    return request.param
