"""Many prompts, many calls, several sessions at once."""

from mcp_dynaload.demo.scenarios.steps import (
    Called,
    CalledAtOnce,
    Cleared,
    CommandTyped,
    Prompt,
    Scenario,
    Step,
    Together,
    needed,
)

_MANY = needed(
    ("is the repo clean?", "git.repo_status"),
    ("show the diff of what i haven't committed", "git.diff_working_tree"),
    ("list the git branches", "git.list_branches"),
    ("which tables does the shop database have?", "database.list_tables"),
    ("what columns does orders have?", "database.describe_table"),
    ("search my mail for the broker outage", "mail.search_mail"),
    ("any free hour on thursday for dana and yuki?", "calendar.find-free-slots"),
    ("do any of my appointments overlap?", "calendar.find-conflicts"),
    ("who has the critical ticket? search the tracker", "issues.search_issues"),
    ("comment on BIRD-101 that accounting is waiting", "issues.add_comment"),
    ("how is sprint 8 going?", "issues.get_sprint_report"),
    ("what is alerting right now?", "monitoring.list_firing_alerts|monitoring.get_service_health"),
    ("mute the payments-errors alert until tomorrow", "monitoring.silence_alert"),
    ("grep the sources for express", "files.grep_files"),
    ("rename todo.txt to later.txt", "files.rename_path"),
    ("which jobs are flaky?", "ci.find_flaky_jobs"),
    ("rerun what failed in run-5", "ci.rerun_failed_jobs"),
    ("how much memory do the containers take?", "containers.container_stats"),
    ("stop the cache container", "containers.container_stop"),
    ("which notes link to the vat note?", "knowledge.find_backlinks"),
    ("search our notes for the runbook", "knowledge.search_notes"),
    ("check the whole site for dead links", "browser.browser_check_links"),
    ("open products.html in the browser", "browser.browser_navigate"),
    ("export this week's events as an ics file", "calendar.export-ics"),
)

_LOG_LINE = (
    "2026-03-04T14:{:02}:11 ERROR payments broker connection refused while capturing order 70{:03} retry in 30s\n"
)


def _pasted(question: str, lines: int) -> str:
    return f"{question}\n```\n{''.join(_LOG_LINE.format(n % 60, n) for n in range(lines))}```"


def _each_cleared(prompts: tuple[Prompt, ...]) -> tuple[Step, ...]:
    return tuple(step for prompt in prompts for step in (Cleared(), prompt))


_LOOKUPS = (
    *(
        Called("knowledge.get_note", {"note_id": note}, title)
        for note, title in (("vat", "VAT rates"), ("broker", "Message broker"), ("books", "Reading list"))
    ),
    *(
        Called("issues.get_issue", {"issueKey": f"BIRD-{number}"}, f'"key": "BIRD-{number}"')
        for number in range(101, 113)
    ),
    *(
        Called("database.run_query", {"sql": f"SELECT {number} * 7 AS product"}, f"[[{number * 7}]]")
        for number in range(100, 125)
    ),
)

STRESS = (
    Scenario("twenty-four subjects in one session", _MANY),
    Scenario("twenty-four sessions one after the other", _each_cleared(_MANY)),
    Scenario(
        "four sessions at once", (Together(tuple(_each_cleared(_MANY[start : start + 6]) for start in (0, 6, 12, 18))),)
    ),
    Scenario(
        "forty calls at once",
        (
            Prompt("look up a few notes, tickets and numbers in the database", None),
            CalledAtOnce(_LOOKUPS),
            CalledAtOnce(_LOOKUPS),
        ),
    ),
    Scenario(
        "long pastes in a row",
        (
            Prompt(
                _pasted("payments logs this all day, which log messages are the most frequent?", 60),
                ("monitoring.find_log_patterns|monitoring.search_logs",),
            ),
            Prompt(_pasted("open an incident for this", 90), ("monitoring.open_incident",)),
            Prompt(_pasted("file a bug with this log in the tracker", 120), ("issues.create_issue",)),
            Prompt(_pasted("mail this to ops@parcelbird.example", 150), ("mail.send_message|mail.create_draft",)),
        ),
    ),
    Scenario(
        "commands between prompts",
        tuple(
            step
            for mode, prompt in zip(
                ("aggressive", "conservative", "balanced", "aggressive"), _MANY[4:16:3], strict=True
            )
            for step in (
                CommandTyped(f"performance-mode {mode}", (f"Mode {mode}",)),
                CommandTyped("cache-clear", ("forgotten",)),
                prompt,
                CommandTyped("tier-status", ("2 task",)),
                CommandTyped("session-info", (mode,)),
            )
        ),
    ),
)
