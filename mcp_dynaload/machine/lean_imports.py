"""Importing a library's parts without the rest of it, in a process that is ours alone.

The SDK's packages import all that they offer: its server framework with the forms, tokens and cookies of a web
application, of which a session over stdio needs nothing. That is 80 ms of each start and 15 MB of each session.
"""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import cast

_LOCK = RLock()
"""Held while what was put off is made up for."""


class _PutOff(ModuleType):
    """A package whose own file has not run: it does when a name is asked for that is not there."""

    def __getattr__(self, name: str) -> object:
        with _LOCK:
            if "_begun" in self.__dict__:
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
            if type(self) is _PutOff:
                _make_whole(self)
        return getattr(self, name)


def _make_whole(module: ModuleType) -> None:
    module.__dict__["_begun"] = True
    try:
        loader = module.__spec__ and module.__spec__.loader
        assert loader is not None  # `_put_off` has found one
        loader.exec_module(module)
        module.__class__ = ModuleType
    finally:
        del module.__dict__["_begun"]


def import_parts(packages: Sequence[str], parts: Sequence[str]) -> bool:
    """Import these parts without what their packages import beside them, until somebody asks for that.

    The packages, outer ones first, are of one library. Where it is imported already, or its parts do not stand alone
    in the version that is installed, the whole of it is imported as ever, and False returned.
    """
    if packages[0] in sys.modules:
        return False
    try:
        for package in packages:
            _put_off(package)
        for part in parts:
            import_module(part)
    except (ImportError, AttributeError):  # whatever is wrong with the library itself, the whole import says it
        for name in [name for name in sys.modules if name == packages[0] or name.startswith(f"{packages[0]}.")]:
            del sys.modules[name]
        for part in parts:
            import_module(part)
        return False
    return True


def _put_off(package: str) -> None:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"No package named {package!r}", name=package)
    module = module_from_spec(spec)
    module.__class__ = _PutOff
    sys.modules[package] = module
    outer, _, name = package.rpartition(".")
    if outer:
        setattr(sys.modules[outer], name, module)


@contextmanager
def left_out(library: str) -> Generator[None]:
    """Have a library not be found for a while by those who import it where it is there, and need it for nothing."""
    if library in sys.modules:
        yield
        return
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules[library] = None
    try:
        yield
    finally:
        del modules[library]


@contextmanager
def built_when_used() -> Generator[None]:
    """Have pydantic build the validators of models that are defined meanwhile when they are used.

    Of the SDK's hundreds a session uses some dozens.
    """
    from pydantic import BaseModel  # imported by the SDK anyway, and by no command that does not need it

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]
