from pathlib import Path

from mcp_dynaload.config.categories_file import read_categories
from mcp_dynaload.configuration import open_catalog, read_configuration

EXAMPLE = Path(__file__).parents[2] / "config" / "categories.example.toml"


def test_the_example_is_read_without_a_mistake() -> None:
    categories, problems = read_categories([EXAMPLE])

    assert categories["release"] == ("git__git_log", "git__create_tag", "ci__*")
    assert problems == ()


def test_a_later_file_wins_by_name_and_one_that_is_missing_is_none(tmp_path: Path) -> None:
    mine, projects = tmp_path / "mine.toml", tmp_path / "projects.toml"
    mine.write_text('a = ["x"]\nb = ["y"]\n')
    projects.write_text('a = ["z"]\n')

    assert read_categories([mine, tmp_path / "missing.toml", projects]) == ({"a": ("z",), "b": ("y",)}, ())


def test_a_mistake_is_told_with_its_place_and_the_rest_is_read(tmp_path: Path) -> None:
    wrong, broken = tmp_path / "wrong.toml", tmp_path / "broken.toml"
    wrong.write_text('a = "x"\nb = ["y"]\n')
    broken.write_text("a = [")

    categories, (one, other) = read_categories([wrong, broken])

    assert categories == {"b": ("y",)}
    assert str(one) == f"{wrong}: a is not a list of globs; give a list of texts, such as ['git__*']"
    assert str(other).startswith(f"{broken}: cannot be read: ")


def test_the_files_beside_the_servers_files_are_read_and_a_mistake_is_told(tmp_path: Path) -> None:
    config, project = tmp_path / "config", tmp_path / "project"
    for folder, text in ((config, 'a = ["x"]\nb = ["y"]\nc = 1\n'), (project / ".mcp-dynaload", 'a = ["z"]\n')):
        folder.mkdir(parents=True)
        (folder / "categories.toml").write_text(text)
    environ = {
        "MCP_DYNALOAD_CONFIG_DIR": str(config),
        "MCP_DYNALOAD_STATE_DIR": str(tmp_path / "state"),
        "CLAUDE_PROJECT_DIR": str(project),
    }

    configuration = read_configuration(environ)
    with open_catalog(configuration) as live:
        assert live.named_categories == {"a": ("z",), "b": ("y",)}

    assert [problem.key for problem in configuration.upstreams.problems] == ["c"]
    assert configuration.is_demo
