"""Each host's file in its documented format, and the entries that become of it."""

from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts import claude_desktop, codex, cursor, gemini, vscode, windsurf
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers
from mcp_dynaload.hosts.foreign_host import ForeignHost, UserPlaces
from mcp_dynaload.hosts.table import ALL, HOSTS, hosts_named
from mcp_dynaload.hosts.taking_over import HostFile, KnownServer, read_servers, take_over
from tests.hosts.machine import DATA

KEYS = ("mcpServers", "servers", "mcp_servers")
"""Where hosts have their servers."""

INHERITED: Json = {"inherit_env": True}
FEW: Json = {"inherit_env": False}


@pytest.fixture
def places(tmp_path: Path) -> UserPlaces:
    project = tmp_path / "shop"
    project.mkdir()
    variables = {"FILES_KEY": "k", "API_TOKEN": "t", "AUTH_TOKEN": "t", "DB_URL": "u", "FIGMA_TEAM": "f"}
    return UserPlaces(tmp_path / "home", project, "linux", variables)


def taken(host: ForeignHost, places: UserPlaces, known: list[KnownServer] | None = None) -> GivenServers:
    """Put the host's example where the host has its first file, and take it over."""
    example = next((DATA / "foreign").glob(f"{host.name.replace('-', '_')}.*"))
    put(host.user_files(places)[0], example.read_text("utf-8"))
    return taken_of([host], places, known)


def taken_of(hosts: list[ForeignHost], places: UserPlaces, known: list[KnownServer] | None = None) -> GivenServers:
    found, notes = read_servers(hosts, places, of_project=False)
    return take_over(found, known or [], places, notes)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def said(given: GivenServers, about: str) -> list[str]:
    """Return what is told of a server, without the place of it."""
    return [note.partition("): ")[2] for note in given.notes if note.startswith(f"{about} (")]


def left(given: GivenServers) -> dict[str, str]:
    return {one.name: one.reason.rpartition(" (")[0] for one in given.left}


def test_claude_desktop(places: UserPlaces) -> None:
    given = taken(claude_desktop.HOST, places)

    assert given.entries == {
        "filesystem": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/user/Desktop"],
            "dynaload": FEW,
        },
        "My-Notes": {
            "command": "/usr/local/bin/notes",
            "env": {"NOTES_TOKEN": "planted-notes-value", "PORT": "8080"},
            "dynaload": FEW,
        },
        "linear": {"command": "npx", "args": ["-y", "mcp-remote", "https://mcp.linear.app/mcp"], "dynaload": FEW},
    }
    assert said(given, "My-Notes") == ["named 'My Notes!' there"]
    assert left(given) == {
        "dynaload": "it would start mcp-dynaload behind itself; remove it here; only the client's file has it"
    }


def test_cursor(places: UserPlaces) -> None:
    put(places.project / ".env", "# values\nexport EXTRA='a # b'\nFILES_KEY=of-the-file\nPLAIN=c # not d\n\nodd line\n")

    given = taken(cursor.HOST, places)

    assert given.entries == {
        "files": {
            "command": "${HOME}/bin/files",
            "args": ["--root", "${CLAUDE_PROJECT_DIR}/src"],
            "env": {"EXTRA": "a # b", "FILES_KEY": "${FILES_KEY}", "PLAIN": "c"},
            "dynaload": INHERITED,
        },
        "api": {
            "type": "http",
            "url": "https://api.example.com/mcp",
            "headers": {"Authorization": "Bearer ${API_TOKEN}"},
        },
        "old": {"type": "sse", "url": "https://old.example.com/sse"},
        "with-login": {
            "type": "http",
            "url": "https://login.example.com/mcp",
            "oauth": {"clientId": "an-id", "scopes": "read write"},
        },
        "off": {"command": "off", "disabled": True, "dynaload": INHERITED},
    }
    assert said(given, "files") == [
        f"3 variables copied from {places.project / '.env'} as they are now: EXTRA, FILES_KEY, PLAIN",
        "'autoApprove' left out: which calls need a question is said by Claude Code's rules",
        "command uses the variable 'HOME', which is not set, so that its name stands there;"
        " set HOME where the client is started, or write ${HOME:-default}",
    ]
    assert said(given, "with-login") == [
        "its OAuth client was registered for that program: allow our callback for it, too",
        "its OAuth client secret left out: `mcp-dynaload login NAME --client-secret` asks for it",
    ]
    assert said(given, "off") == ["disabled there, so here, too: `mcp-dynaload enable NAME` uses it"]
    assert left(given) == {"here": "uses ${fileDirname}, which only that program knows"}
    assert "planted-secret" not in str(given)


def test_vs_code(places: UserPlaces) -> None:
    given = taken(vscode.HOST, places)

    assert given.entries == {
        "perplexity": {
            "command": "npx",
            "args": ["-y", "server-perplexity-ask", "--region", "${REGION:-eu-west-1}"],
            "env": {"PERPLEXITY_API_KEY": "${PERPLEXITY_API_KEY}"},
            "dynaload": INHERITED,
        },
        "io-github-upstash-context7": {
            "type": "http",
            "url": "https://mcp.context7.com/mcp",
            "headers": {"Authorization": "Bearer ${API_TOKEN}"},
        },
        "built": {
            "command": "node",
            "args": ["${CLAUDE_PROJECT_DIR}/out/server.js"],
            "dynaload": {"cwd": "tools", **INHERITED},
        },
    }
    assert said(given, "perplexity") == [
        "unset variables left out: 'UNSET'",
        "REGION (Region) is asked for there; here the variable of that name has it, by default its own",
        "set the variable PERPLEXITY_API_KEY (Perplexity API Key): what was typed in there is not read",
    ]
    assert said(given, "built") == ["'sandboxEnabled' left out: here it runs without that sandbox"]
    assert left(given) == {
        "socket": "listens on a socket of this machine, which Claude Code and this proxy cannot reach",
        "configured": "uses ${config:x.path}, which only that program knows",
    }


def test_the_older_places_of_vs_code(places: UserPlaces) -> None:
    user = places.home / ".config" / "Code" / "User"
    put(user / "settings.json", '{"editor.tabSize": 2, "mcp": {"servers": {"a": {"command": "a"}}, "inputs": []},}')
    put(user / "profiles" / "1f" / "mcp.json", '{"servers": {"b": {"command": "b"}}}')
    put(
        places.home / ".copilot" / "mcp-config.json",
        '{"mcpServers": {"c": {"type": "local", "command": "c", "tools": ["*"], "args": []}}}',
    )

    given = taken_of([vscode.HOST], places)

    assert given.entries == {
        "a": {"command": "a", "dynaload": INHERITED},
        "b": {"command": "b", "dynaload": INHERITED},
        "c": {"command": "c", "dynaload": {"include": ["*"], **INHERITED}},
    }
    assert given.notes == ()


def test_windsurf(places: UserPlaces) -> None:
    given = taken(windsurf.HOST, places)

    assert given.entries == {
        "figma": {
            "type": "http",
            "url": "https://mcp.figma.com/mcp",
            "headers": {"API_KEY": "Bearer ${AUTH_TOKEN}"},
            "dynaload": {"exclude": ["delete_file", "odd[[]name]"]},
        },
        "git": {"command": "py", "args": ["-m", "mcp_server_git"], "disabled": True, "dynaload": INHERITED},
    }
    assert left(given) == {"filed": "uses ${file:/run/token}, which only that program knows"}


def test_codex(places: UserPlaces) -> None:
    given = taken(codex.HOST, places)

    assert given.entries == {
        "docs": {
            "command": "npx",
            "args": ["-y", "docs-server"],
            "env": {"DOCS_TOKEN": "${DOCS_TOKEN:-}", "LOCAL": "${LOCAL:-}", "MODE": "fast"},
            "timeout": 45_500,
            "dynaload": {
                "cwd": "/srv/docs",
                "connect_timeout_seconds": 20,
                "include": ["open", "search"],
                "exclude": ["drop"],
                **FEW,
            },
        },
        "figma-remote": {
            "type": "http",
            "url": "https://mcp.figma.com/mcp",
            "headers": {
                "X-Figma-Region": "us-east-1",
                "X-Team": "${FIGMA_TEAM}",
                "Authorization": "Bearer ${FIGMA_OAUTH_TOKEN}",
            },
            "disabled": True,
        },
        "login": {
            "type": "http",
            "url": "https://login.example.com/mcp",
            "oauth": {"clientId": "an-id", "scopes": "read"},
        },
    }
    assert said(given, "docs") == ["'tools' left out: which calls need a question is said by Claude Code's rules"]
    assert "'oauth_resource' left out: nothing here has that meaning" in said(given, "login")
    assert any("'FIGMA_OAUTH_TOKEN', which is not set" in note for note in said(given, "figma-remote"))
    assert left(given) == {"broken": "has neither a program nor an address"}


def test_gemini(places: UserPlaces) -> None:
    given = taken(gemini.HOST, places)

    assert given.entries == {
        "python": {
            "command": "python",
            "args": ["-m", "my_mcp_server"],
            "env": {"DATABASE_URL": "${DB_URL}", "API_KEY": "${API_KEY:-none}"},
            "timeout": 15_000,
            "dynaload": {
                "cwd": "mcp-servers/python",
                "include": ["safe_tool", "shell"],
                "exclude": ["dangerous_tool"],
                **INHERITED,
            },
        },
        "http": {"type": "http", "url": "https://http.example.com/mcp"},
        "sse": {"type": "sse", "url": "https://sse.example.com/events"},
        "typed": {"type": "http", "url": "https://typed.example.com/mcp"},
        "login": {
            "type": "sse",
            "url": "https://login.example.com/sse",
            "oauth": {"clientId": "an-id", "scopes": "a b", "callbackPort": 7777},
        },
        "experimental": {"command": "experimental", "disabled": True, "dynaload": INHERITED},
    }
    assert said(given, "python") == ["'trust' left out: which calls need a question is said by Claude Code's rules"]
    assert said(given, "http") == ["'timeout' left out: less than a second for a call"]
    assert left(given) == {"google": "logs in by 'google_credentials', which only that program can do"}


def test_a_list_of_allowed_servers_switches_the_others_off(places: UserPlaces) -> None:
    put(
        places.home / ".gemini" / "settings.json",
        '{"mcp": {"allowed": ["a"]}, "mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}}',
    )

    entries = taken_of([gemini.HOST], places).entries

    assert [name for name, entry in entries.items() if entry.get("disabled")] == ["b"]


WINDOWS = {"APPDATA": "/u/AppData/Roaming", "LOCALAPPDATA": "/u/AppData/Local"}


@pytest.mark.parametrize(
    ("host", "platform", "files"),
    [
        (claude_desktop.HOST, "linux", ["/u/.config/Claude/claude_desktop_config.json"]),
        (claude_desktop.HOST, "darwin", ["/u/Library/Application Support/Claude/claude_desktop_config.json"]),
        (
            claude_desktop.HOST,
            "win32",
            [
                "/u/AppData/Roaming/Claude/claude_desktop_config.json",
                "/u/AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json",
            ],
        ),
        (cursor.HOST, "win32", ["/u/.cursor/mcp.json"]),
        (vscode.HOST, "linux", ["/u/.config/Code/User/mcp.json"]),
        (vscode.HOST, "darwin", ["/u/Library/Application Support/Code/User/mcp.json"]),
        (vscode.HOST, "win32", ["/u/AppData/Roaming/Code/User/mcp.json"]),
        (windsurf.HOST, "darwin", ["/u/.codeium/windsurf/mcp_config.json"]),
        (codex.HOST, "linux", ["/u/.codex/config.toml"]),
        (gemini.HOST, "linux", ["/u/.gemini/settings.json"]),
    ],
)
def test_where_each_system_has_the_files(host: ForeignHost, platform: str, files: list[str]) -> None:
    environ = WINDOWS if platform == "win32" else {}
    found = host.user_files(UserPlaces(Path("/u"), Path("/p"), platform, environ))

    assert list(map(str, found))[: len(files)] == files


def test_variables_move_the_files_of_those_that_have_one() -> None:
    environ = {"CODEX_HOME": "/c", "GEMINI_CLI_HOME": "/g", "XDG_CONFIG_HOME": "/x", "COPILOT_HOME": "/o"}
    places = UserPlaces(Path("/u"), Path("/p"), "linux", environ)

    files = {str(path) for host in HOSTS for path in host.user_files(places)}

    assert {
        "/c/config.toml",
        "/g/.gemini/settings.json",
        "/x/Claude/claude_desktop_config.json",
        "/o/mcp-config.json",
    } <= files


def test_a_file_that_is_broken_is_told_and_the_others_are_read(places: UserPlaces) -> None:
    put(places.home / ".codex" / "config.toml", "[mcp_servers\n")
    put(places.home / ".cursor" / "mcp.json", "[]")
    put(places.home / ".gemini" / "settings.json", '{"mcpServers": {"a": {"command": "a"}, "b": 1}}')

    given = taken_of(list(hosts_named(ALL)), places)

    assert list(given.entries) == ["a"]
    assert [note.partition(" was not read: ")[2] for note in given.notes] == [
        "it holds no object; correct it and run this again",
        "Expected ']' at the end of a table declaration (at line 1, column 13); correct it and run this again",
    ]
    assert left(given) == {"b": "has neither a program nor an address"}


def test_a_host_without_a_file_says_where_it_was_looked_for(places: UserPlaces) -> None:
    with pytest.raises(HostError, match=r"Cursor: none of these files is there: .*\.cursor/mcp\.json"):
        taken_of([cursor.HOST], places)


def test_an_unknown_host_is_told_those_that_are_known() -> None:
    with pytest.raises(HostError, match="known are claude-desktop, cursor, vscode, windsurf, codex, gemini and all"):
        hosts_named("zed")


def test_nothing_is_taken_in_that_is_no_string_of_an_entry(places: UserPlaces) -> None:
    put(places.home / ".cursor" / "mcp.json", '{"mcpServers": {"a": {"command": ["x"]}, "b": {"url": 1}, "c": null}}')

    given = taken_of([cursor.HOST], places)

    assert given.entries == {}
    assert sorted(left(given)) == ["a", "b", "c"]


ODD_ENTRIES: list[Json] = [
    {"url": "http://[x/sse"},
    {"command": "a", "envFile": "~nobody/.env"},
    {"command": "a", "envFile": "x\0y"},
    {"command": "a", "cwd": "~nobody/x", "timeout": 1e999},
    {"command": "a", "args": [None, {"b": 1}, ["c"]], "env": []},
    {"command": "${env:}", "args": ["${", "$", "${}"]},
    {"httpUrl": "https://a.example", "oauth": {"redirectUri": "http://localhost:99999999/x", "clientId": "i"}},
    {"serverUrl": "https://b.example/\ud800", "headers": {"\ud800": None}},
]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
@pytest.mark.parametrize("odd", ODD_ENTRIES, ids=str)
def test_an_odd_entry_harms_no_other(places: UserPlaces, host: ForeignHost, odd: Json) -> None:
    entries = [*host.entries({key: {"odd": odd, "good": {"command": "good"}} for key in KEYS}, places)]

    given = take_over([HostFile(host, Path("f"), entry) for entry in entries], [], places)

    assert "good" in given.entries


def test_a_file_of_nothing_but_comments_and_commas_is_read_at_once(places: UserPlaces) -> None:
    put(places.home / ".cursor" / "mcp.json", '{"mcpServers": {"a": {"command": "a"}, ' + "// x " * 5_000 + "\n}}")

    assert list(taken_of([cursor.HOST], places).entries) == ["a"]
