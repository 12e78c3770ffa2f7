"""Parts of a library are imported without the rest, which is there once somebody asks for it."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

from mcp_dynaload.machine.lean_imports import built_when_used, import_parts, left_out
from mcp_dynaload.machine.own_process import ISOLATION

OUTER, INNER, PART = "lean_library", "lean_library.inner", "lean_library.inner.part"

AS_SERVE_DOES = """
import sys
from mcp_dynaload.cli.serve import Transport, _import_libraries
_import_libraries(Transport.STDIO)
import mcp_dynaload.app
print(*(name for name in ("mcp.server.mcpserver", "cryptography", "rich", "uvicorn") if name in sys.modules))
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.shared.exceptions import MCPError as own
print(MCPError is own, Client.__module__, MCPServer.__module__)
import rich, uvicorn
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a library of two packages, each of which imports more than a part of it needs."""
    folder = tmp_path / OUTER
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text(f"from {INNER}.part import VALUE\nfrom {OUTER} import rest\n")
    (folder / "rest.py").write_text("")
    (folder / "inner" / "__init__.py").write_text(f"import {OUTER}.rest\nNAME = 'inner'\n")
    (folder / "inner" / "part.py").write_text("VALUE = 7\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == OUTER]:
        del sys.modules[name]


@pytest.mark.usefixtures("library")
def test_a_part_is_imported_without_what_its_packages_import() -> None:
    assert import_parts((OUTER, INNER), [PART])

    assert sys.modules[PART].VALUE == 7
    assert f"{OUTER}.rest" not in sys.modules


@pytest.mark.usefixtures("library")
def test_the_rest_is_there_once_a_name_of_it_is_asked_for() -> None:
    import_parts((OUTER, INNER), [PART])

    outer, inner = import_module(OUTER), import_module(INNER)

    assert (outer.VALUE, inner.NAME) == (7, "inner")
    assert f"{OUTER}.rest" in sys.modules
    assert outer.inner is inner
    with pytest.raises(AttributeError, match="nowhere"):
        _ = outer.nowhere


def test_a_library_whose_parts_do_not_stand_alone_is_imported_as_a_whole(library: Path) -> None:
    (library / "__init__.py").write_text("FIRST = 1\nfrom lean_library.inner import part\n")
    (library / "inner" / "part.py").write_text(
        "import sys\nif not vars(sys.modules['lean_library']).get('FIRST'):\n    raise ImportError\nVALUE = 8\n"
    )

    assert not import_parts((OUTER, INNER), [PART])

    assert sys.modules[PART].VALUE == 8
    assert sys.modules[OUTER].FIRST == 1


def test_a_library_that_lacks_one_of_its_packages_is_imported_as_a_whole(library: Path) -> None:
    (library / "__init__.py").write_text("WHOLE = True\n")

    assert not import_parts((OUTER, f"{OUTER}.gone"), [PART])

    assert sys.modules[OUTER].WHOLE


@pytest.mark.usefixtures("library")
def test_what_is_imported_already_stays_as_it_is() -> None:
    before = import_module(OUTER)

    assert not import_parts((OUTER, INNER), [PART])

    assert sys.modules[OUTER] is before


def test_a_library_that_is_there_no_more_says_so() -> None:
    with pytest.raises(ModuleNotFoundError, match="lean_nowhere"):
        import_parts(["lean_nowhere"], ["lean_nowhere.part"])


@pytest.mark.usefixtures("library")
def test_a_library_is_not_found_only_for_a_while() -> None:
    with left_out(OUTER), pytest.raises(ModuleNotFoundError):
        import_module(OUTER)

    assert import_module(OUTER).VALUE == 7
    with left_out(OUTER):  # it is imported already: whoever has it keeps it
        assert import_module(OUTER).VALUE == 7


def test_a_session_has_neither_the_server_framework_nor_a_web_server_nor_colours_but_can_have_them() -> None:
    ended = subprocess.run([sys.executable, *ISOLATION, "-c", AS_SERVE_DOES], capture_output=True, check=True)

    assert ended.stdout.decode().splitlines() == [
        "",
        "True mcp.client.client mcp.server.mcpserver.server",
    ]


def test_a_models_validator_is_built_when_it_is_used() -> None:
    with built_when_used():

        class Late(BaseModel):
            number: int

    class AtOnce(BaseModel):
        number: int

    assert (Late.__pydantic_complete__, AtOnce.__pydantic_complete__) == (False, True)
    assert Late.model_validate({"number": "7"}).number == 7
    assert Late.__pydantic_complete__
