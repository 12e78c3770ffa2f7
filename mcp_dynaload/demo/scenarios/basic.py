"""One prompt with one purpose, and the call that serves it."""

from mcp_dynaload.demo.scenarios.steps import Called, Prompt, Scenario

BASIC = (
    Scenario(
        "last change of a file",
        (
            Prompt("who changed the pricing code last?", ("git.blame_file|git.commit_history",)),
            Called("git.commit_history", {"path": "shop/pricing.py"}, "Compute totals with VAT"),
        ),
    ),
    Scenario(
        "a day in the calendar",
        (
            Prompt("what do i have on monday, march 2nd?", ("calendar.list-events",)),
            Called("calendar.list-events", {"first_day": "2026-03-02"}, "Sprint 8 planning"),
        ),
    ),
    Scenario(
        "unread mail",
        (
            Prompt("any unread emails?", ("mail.list_messages|mail.list_folders",)),
            Called("mail.list_messages", {"unread_only": True}, "Your invoice for February"),
        ),
    ),
    Scenario(
        "is it up",
        (
            Prompt("is the worker container still up", ("containers.container_list|containers.container_inspect",)),
            Called("containers.container_inspect", {"name": "worker"}, '"exit_code": 137'),
        ),
    ),
    Scenario(
        "a number from the database",
        (
            Prompt("how many orders did customer 3 place? it's all in the shop db", ("database.run_query",)),
            Called("database.run_query", {"sql": "SELECT COUNT(*) FROM orders WHERE customer_id = 3"}, "[[5]]"),
        ),
    ),
    Scenario(
        "close a ticket",
        (
            Prompt("BIRD-105 is fixed, close it", ("issues.transition_issue",)),
            Called("issues.transition_issue", {"issueKey": "BIRD-105", "status": "done"}, '"status": "done"'),
        ),
    ),
    Scenario(
        "did the build pass",
        (
            Prompt("did the last pipeline run on main pass?", ("ci.list_runs|ci.get_run",)),
            Called("ci.list_runs", {"branch": "main", "limit": 1}, '"result": "success"'),
        ),
    ),
    Scenario(
        "an old decision",
        (
            Prompt(
                "what did we decide about rounding in february? should be in the notes", ("knowledge.search_notes",)
            ),
            Called("knowledge.search_notes", {"query": "rounding"}, "Decision of 11 February"),
        ),
    ),
    Scenario(
        "a service's latency",
        (
            Prompt(
                "how slow was checkout on march 4? p95 please",
                ("monitoring.get_metric_statistics|monitoring.query_metric_range",),
            ),
            Called(
                "monitoring.get_metric_statistics",
                {"service": "checkout", "metric": "latency_p95_ms"},
                '"samples": 288',
            ),
        ),
    ),
    Scenario(
        "a page of the shop",
        (
            Prompt(
                "open the shop's shipping page and tell me when express parcels arrive", ("browser.browser_navigate",)
            ),
            Called("browser.browser_navigate", {"url": "help/shipping.html"}, "Express parcels arrive the next"),
        ),
    ),
)
