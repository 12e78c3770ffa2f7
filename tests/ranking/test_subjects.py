from mcp_dynaload.catalog.catalog import build_catalog, build_tools
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.ranking.subjects import Subjects, subjects_of


def a_tool(name: str, description: str = "Does it") -> Json:
    return {"name": name, "description": description, "inputSchema": {"type": "object"}}


def the_subjects(entries: dict[str, list[str]], **definitions: list[Json]) -> Subjects:
    tools = [tool for server, found in definitions.items() for tool in build_tools(server.replace("_", "-"), found)]
    return subjects_of(build_catalog(tools, {tool.name: 1 for tool in tools}), entries)


def test_a_server_goes_by_its_name_its_package_its_scheme_and_its_host() -> None:
    entries = {
        "tracker": ["npx", "-y", "@acme/mcp-server-linear", "--verbose"],
        "db": ["postgresql://app@db/shop"],
        "remote": ["https://mcp.sentry.dev/mcp"],
    }
    subjects = the_subjects(
        entries, my_github=[a_tool("a")], tracker=[a_tool("b")], db=[a_tool("c")], remote=[a_tool("d")]
    )

    found = [subjects.named([word]) for word in ("github", "linear", "postgresql", "sentry", "slack")]
    assert found == [{"my-github"}, {"tracker"}, {"db"}, {"remote"}, frozenset()]
    assert subjects.serving("mcp.sentry.dev") == {"remote"}


def test_a_secret_in_an_entry_names_nothing() -> None:
    subjects = the_subjects({"x": ["run", "mcpsecretgithub" * 6]}, x=[a_tool("a")])

    assert subjects.names == {"x": frozenset({"x"})} or subjects.named(["github"]) == frozenset()


def test_a_server_with_a_plain_name_goes_by_the_service_that_its_definitions_name() -> None:
    tools = [a_tool("query", "Run a query in PostgreSQL"), a_tool("tables", "List the tables of the PostgreSQL server")]

    assert the_subjects({}, db=tools).named(["postgresql"]) == {"db"}
    assert the_subjects({}, db=[*tools, a_tool("x"), a_tool("y"), a_tool("z")]).named(["postgresql"]) == frozenset()


def test_a_server_that_tells_about_a_service_is_not_taken_for_one_of_it() -> None:
    assert the_subjects({}, aws_documentation=[a_tool("read")]).named(["aws"]) == frozenset()
