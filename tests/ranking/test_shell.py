from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.ranking.shell import ShellCommand, parse_shell


def programs(text: str) -> list[str]:
    return [command.program for command in parse_shell(text)]


def test_each_program_of_a_line_is_a_command_of_its_own() -> None:
    assert programs("cd shop && gh pr list | head -5; make test || true\nkubectl get pods &") == [
        "cd",
        "gh",
        "head",
        "make",
        "true",
        "kubectl",
    ]


def test_what_only_runs_another_program_is_left_out() -> None:
    assert programs("A=1 sudo -E timeout 30 env B=2 /usr/bin/psql -c x") == ["psql"]
    assert programs("for n in 1 2; do gh issue view $n; done") == ["for", "gh"]
    assert programs("npx --yes supabase db push") == ["supabase"]
    assert programs("docker exec -it shop-db psql -U app") == ["psql"]
    assert programs("docker run -it redis") == ["docker"]


def test_words_in_quotes_are_arguments_and_no_commands() -> None:
    assert parse_shell("git commit -m 'use psql; gh issue list'") == (
        ShellCommand("git", ("commit", "-m", "use psql; gh issue list")),
    )


def test_a_document_below_is_input_and_no_command() -> None:
    assert parse_shell("cat > notes.md <<'EOF'\ngh issue list\nEOF\npsql") == (
        ShellCommand("cat", (), "gh issue list", is_written=True),
        ShellCommand("psql", ()),
    )


def test_a_file_behind_a_redirection_is_no_argument() -> None:
    assert parse_shell("gh pr list 2>&1 > out.txt") == (ShellCommand("gh", ("pr", "list"), is_written=True),)


def test_what_looks_up_a_program_does_not_run_it() -> None:
    assert programs("command -v gh || which psql") == ["command", "which"]


def test_text_with_an_odd_quote_has_no_commands() -> None:
    assert parse_shell("echo it's gh issue list") == ()


@given(st.text(alphabet="ab \t\n'\"\\|&;<>()$={}-/#é", max_size=80))
def test_any_text_is_read(text: str) -> None:
    assert all(command.program for command in parse_shell(text))
