"""For all tests."""

import gc
import os
from collections.abc import Generator

import pytest
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs] - it is typed, but does not say so
from xdist.scheduler import LoadScopeScheduling  # pyright: ignore[reportMissingTypeStubs]

from tests.hunting import draw_as_wanted
from tests.sharing import group_of, position_of
from tests.waiting import PATIENT

draw_as_wanted()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Return asyncio, which uvicorn runs on, too; a test dependency brings trio, which would count otherwise."""
    return "asyncio"


def pytest_configure(config: pytest.Config) -> None:
    """Be patient with choices; start what is forked once for all processes that share the suite.

    A process on its own starts the latter when it needs it.
    """
    os.environ.update(PATIENT)
    if config.getoption("numprocesses", None) and not is_xdist_worker(config):
        from tests import programs

        os.environ[programs.SHARED] = programs.PYTHON


def is_xdist_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector of garbage leave alone what collecting makes, which lives as long as the process.

    Each process that shares the suite collects all of it; looking for garbage in that takes a fifth of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest begin first."""
    items.sort(key=lambda item: position_of(item.nodeid))


class Sharing(LoadScopeScheduling):
    """A plugin that gives the tests of a group to one process (the pinned pytest ignores `--dist loadgroup`)."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Let several processes share the suite."""
    return Sharing(config, log)
