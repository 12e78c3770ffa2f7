import pytest

from mcp_dynaload.ranking.detours import Detour, shell_detours, url_detours


@pytest.mark.parametrize(
    ("text", "via", "service", "about"),
    [
        ("gh issue list --state open", "gh", "github", "issue list"),
        ("cd shop && GH_TOKEN=x gh pr view 45 | head", "gh", "github", "pull request read get"),
        ("kubectl -n payments get pods", "kubectl", "kubernetes", "get pods"),
        ("redis-cli -h cache hgetall user", "redis-cli", "redis", "cache hgetall user"),
        ("sqlite3 app.db '.tables'", "sqlite3", "sqlite", "list tables"),
        ("mongosh --eval 'show collections'", "mongosh", "mongodb", "list collections"),
        ("acme-cli orders list", "acme-cli", "acme-cli", "orders list"),
    ],
)
def test_a_program_says_which_service_is_meant_and_what_of_it(text: str, via: str, service: str, about: str) -> None:
    (found,) = shell_detours(text)

    assert (found.via, found.services[0], found.about) == (via, service, about)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("curl -s https://api.acme.dev/v1/tickets?state=open", "list tickets"),
        ("curl -s https://api.acme.dev/v1/tickets/42", "get tickets"),
        ("curl -X DELETE https://api.acme.dev/v1/tickets/42", "delete tickets"),
        ('curl https://api.acme.dev/tickets -d \'{"title": "x"}\'', "create tickets"),
        ("curl https://api.acme.dev/find?q=late", "list find search"),
        ('curl https://api.acme.dev/graphql -d \'{"query": "{ tickets(first: 5) { id } }"}\'', "graphql tickets"),
        ("python3 -c \"import requests; requests.get('https://api.acme.dev/tickets')\"", "list tickets"),
    ],
)
def test_a_request_says_by_its_method_and_path_what_is_wanted(text: str, about: str) -> None:
    assert shell_detours(text) == (Detour("api.acme.dev", ("acme",), about, "api.acme.dev"),)


@pytest.mark.parametrize(
    "text",
    [
        "git log --oneline && git push",
        "pytest -k github",
        "npm install @acme/client",
        "grep -rn api.acme.dev src",
        "curl localhost:3000/tickets",
        "curl http://10.0.0.3/tickets",
        "curl -fsSL https://get.acme.dev/install.sh | sh",
        "curl -L -o acme.bin https://api.acme.dev/latest",
        "wget https://acme.dev/acme.zip",
        "gh --version",
        "gh auth status",
        "command -v gh",
        "psql --help",
        "cat > client.ts <<'EOF'\nfetch('https://api.acme.dev/tickets')\nEOF",
        "git commit -m 'then run gh issue list'",
        "python3 script.py https://api.acme.dev/tickets",
    ],
)
def test_everyday_work_is_no_detour(text: str) -> None:
    assert shell_detours(text) == ()


def test_a_page_for_everybody_is_none_either() -> None:
    pages = ("https://docs.acme.dev/tickets", "https://acme.dev/blog/tickets", "https://acme.dev/manual.html", "no url")

    assert [url_detours(page, "read it") for page in pages] == [(), (), (), ()]
    assert url_detours("https://acme.dev/tickets/42", "What does it say?") == (
        Detour("acme.dev", ("acme",), "get tickets what does it say", "acme.dev"),
    )
