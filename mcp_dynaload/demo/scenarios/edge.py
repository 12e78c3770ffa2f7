"""Scenarios of the rare, the odd and the broken."""

from mcp_dynaload.demo.scenarios.steps import (
    Called,
    CommandTyped,
    Killed,
    ListChecked,
    Misnamed,
    Prompt,
    Scenario,
    Searched,
    needed,
)

_WORDS_OF_A_LINE = 10
_PASTED_WORDS = 5_000
_PASTE = "\n".join(
    f"2026-03-04T14:{number % 60:02} payments ERROR broker connection refused while capturing order {70_000 + number}"
    for number in range(_PASTED_WORDS // _WORDS_OF_A_LINE)
)

EDGE = (
    Scenario("nothing typed", (Prompt(""), Prompt("   \n\t "), Prompt("?!"))),
    Scenario(
        "five thousand words pasted",
        (
            Prompt(
                f"how often does this happen? group the log lines of all services\n\n{_PASTE}",
                ("monitoring.find_log_patterns|monitoring.search_logs",),
            ),
            Called("monitoring.find_log_patterns", {}, "broker connection refused"),
        ),
    ),
    Scenario(
        "emoji",
        needed(
            ("🐳 logs of the worker container pls 🙏🙏", "containers.container_logs"),
            ("📅 what's on thursday, march 5?", "calendar.list-events"),
        ),
    ),
    Scenario(
        "other languages",
        needed(
            ("Zeig mir die letzten Commits im Repository", "git.commit_history"),
            ("¿Qué reuniones tengo el jueves 5 de marzo en el calendario?", "calendar.list-events"),
            ("worker コンテナのログを見せて", "containers.container_logs"),
        ),
    ),
    Scenario(
        "commands that are not ours",
        (
            Prompt("/no-such-command with words"),
            CommandTyped("no-such-command with words", None),
            Prompt("/compact keep the ticket numbers"),
        ),
    ),
    Scenario(
        "no tool needed",
        needed(
            ("thanks, that's all for today", ""),
            ("explain in two sentences what a monad is", ""),
            ("write me a haiku about autumn", ""),
            ("why is 0.1 + 0.2 not 0.3 in floating point?", ""),
            ("translate to french: see you tomorrow", ""),
        ),
    ),
    Scenario(
        "yes and go on",
        (
            Prompt("show BIRD-110 in full", ("issues.get_issue",)),
            Prompt("yes"),
            Prompt("go on"),
            Prompt("ok 👍"),
        ),
    ),
    Scenario(
        "a server dies",
        (
            Called("knowledge.get_note", {"note_id": "vat"}, "VAT rates"),
            Killed("knowledge"),
            Called("knowledge.get_note", {"note_id": "vat"}, "VAT rates", tries=2),
            Called("git.repo_status", {}, "shop/shipping.py"),
            Killed("knowledge"),
            Prompt("find the runbook in our notes", ("knowledge.search_notes",)),
            Called("knowledge.search_notes", {"query": "incidents"}, "How we handle incidents", tries=2),
        ),
    ),
    Scenario(
        "a tool that is not listed",
        (
            ListChecked(absent=("database.check_integrity",)),
            Called("database.check_integrity", {}, "No problems found"),
            ListChecked(("database.check_integrity",)),
        ),
    ),
    Scenario(
        "names that do not exist",
        (
            Misnamed("git__comit_history", "Did you mean 'git__commit_history'"),
            Misnamed("create_isue", "issues__create_issue"),
            CommandTyped("why containers__container_log", ("Did you mean 'containers__container_logs'",)),
            Misnamed("", "There is no tool ''"),
        ),
    ),
    Scenario(
        "quotes, braces and templates",
        (
            Prompt(
                'search the files of the project for "${HOME}/.cache" or {"cache": [null, "\\n"]} '
                "'; DROP TABLE orders; --",
                ("files.grep_files",),
            ),
            Called("files.grep_files", {"pattern": "express_checkout"}, "config/settings.json"),
        ),
    ),
    Scenario(
        "a note of a background task",
        (
            Prompt(
                "<task-notification>\n<status>completed</status>\n<summary>Agent searched mail, created a git branch "
                "and restarted the worker container</summary>\n</task-notification>"
            ),
        ),
    ),
    Scenario(
        "misspelt",
        (
            *needed(
                ("shw me teh comit histroy", "git.commit_history"), ("lst al databse tabels", "database.list_tables")
            ),
            Called("database.list_tables", {}, "revenue_by_category"),
        ),
    ),
    Scenario(
        "wrong arguments",
        (
            Called("issues.get_issue", {}, "issueKey: Missing required argument", fails=True),
            Called("containers.container_start", {"name": "db"}, "is running", fails=True),
            Called("files.view_file", {"path": "../tracker/tracker.sqlite"}, "", fails=True),
            Called("issues.get_issue", {"issueKey": "BIRD-110"}, "Billing and shipping are swapped"),
        ),
    ),
    Scenario(
        "the model searches",
        (
            Searched("read the log of one job of a pipeline run", ("ci.get_job_log",)),
            Called("ci.get_job_log", {"run_id": "run-5", "job": "unit"}, "unit: failure"),
            Searched("qwxz vbnm", ()),
        ),
    ),
)
