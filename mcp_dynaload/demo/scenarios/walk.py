"""The walk-through: prompts that people type, with the tools they need and calls that prove that those work."""

from mcp_dynaload.demo.scenarios.steps import Called, Prompt, Scenario


def _scenario(prompt: Prompt, *calls: Called) -> Scenario:
    return Scenario(prompt.text, (prompt, *calls))


WALK = (
    _scenario(
        Prompt("what did I change since the last commit?", ("git.repo_status", "git.diff_working_tree")),
        Called("git.repo_status", {}, "shop/shipping.py"),
        Called("git.diff_working_tree", {}, "+FLAT_RATE = 5.5"),
    ),
    _scenario(
        Prompt(
            "Customers tell us the login page crashes when they leave the password empty. Do we have a ticket for that "
            "already? If so, give it to milo please.",
            ("issues.search_issues", "issues.assign_issue"),
        ),
        Called("issues.search_issues", {"query": "login password"}, "BIRD-104"),
        Called("issues.assign_issue", {"issueKey": "BIRD-104", "assignee": "milo"}, '"assignee": "milo"'),
    ),
    _scenario(
        Prompt(
            "Which product category earns the most money? Check the orders in our SQL database.",
            ("database.list_tables", "database.run_query"),
        ),
        Called("database.list_tables", {}, "revenue_by_category"),
        Called(
            "database.run_query",
            {"sql": "SELECT category FROM revenue_by_category ORDER BY revenue DESC LIMIT 1"},
            "outdoor",
        ),
    ),
    _scenario(
        Prompt(
            "payments alerted yesterday afternoon around two. look at the error rate and the error logs, what broke?",
            ("monitoring.query_metric_range", "monitoring.find_log_patterns"),
        ),
        Called(
            "monitoring.query_metric_range",
            {"service": "payments", "metric": "error_rate", "stepMinutes": 60},
            "2026-03-04T14:00:00",
        ),
        Called("monitoring.find_log_patterns", {"level": "error"}, "broker connection refused"),
    ),
    _scenario(
        Prompt(
            "Find an hour on Thursday, March 5th when both Yuki and I are free and book a meeting about "
            "express checkout.",
            ("calendar.find-free-slots", "calendar.create-event"),
        ),
        Called(
            "calendar.find-free-slots",
            {"day": "2026-03-05", "minutes": 60, "attendees": ["dana", "yuki"]},
            "2026-03-05T12:00",
        ),
        Called(
            "calendar.create-event",
            {
                "title": "Express checkout",
                "start": "2026-03-05T12:00",
                "minutes": 60,
                "attendees": ["dana", "yuki"],
            },
            "2026-03-05T13:00",
        ),
    ),
    _scenario(
        Prompt(
            "Open the shop page for the enamel mug, choose the white one and add two to the cart.",
            ("browser.browser_navigate", "browser.browser_fill_form"),
        ),
        Called("browser.browser_navigate", {"url": "mug.html"}, "e7 combobox"),
        Called(
            "browser.browser_fill_form",
            {"fields": [{"ref": "e7", "value": "white"}, {"ref": "e8", "value": "2"}], "submit": True},
            "colour=white&quantity=2",
        ),
    ),
    _scenario(
        Prompt("run the tests on main and, if anything is red, show me the log", ("ci.run_pipeline", "ci.get_job_log")),
        Called("ci.run_pipeline", {"pipeline": "test"}, '"result": "success"'),
        Called("ci.get_job_log", {"run_id": "run-7", "job": "unit"}, "Ran 4 tests"),
    ),
    _scenario(
        Prompt(
            "The worker container on staging died again. Why? Restart it once you know.",
            ("containers.container_logs", "containers.container_restart"),
        ),
        Called("containers.container_logs", {"name": "worker"}, "out of memory"),
        Called("containers.container_restart", {"name": "worker"}, '"state": "running"'),
    ),
    _scenario(
        Prompt(
            "Answer Yuki's email about rounding: we go with rounding per line.",
            ("mail.search_mail", "mail.reply_to_message"),
        ),
        Called("mail.search_mail", {"query": "rounding", "sender": "yuki"}, '"id": "m2"'),
        Called("mail.reply_to_message", {"message_id": "m2", "body": "Per line it is."}, "Re: Rounding of totals"),
    ),
    _scenario(
        Prompt("Where in the code do we use VAT?", ("files.grep_files",)),
        Called("files.grep_files", {"pattern": "VAT", "glob": "*.py"}, "shop/pricing.py"),
    ),
    _scenario(
        Prompt(
            "Look up in our notes why totals are rounded per line, then create a branch for the change, and file a bug "
            "that the invoice still uses the old rounding.",
            ("knowledge.search_notes", "git.create_branch", "issues.create_issue"),
        ),
        Called("knowledge.search_notes", {"query": "rounded per line"}, "accounting"),
        Called("git.create_branch", {"name": "fix/invoice-rounding"}, "fix/invoice-rounding"),
        Called("issues.create_issue", {"title": "Invoice rounds per order", "type": "bug"}, "BIRD-113"),
    ),
    _scenario(
        Prompt(
            "Write a short incident summary into docs/incident.md based on the logs, commit it, and mail it to ops.",
            ("monitoring.search_logs", "files.save_file", "git.stage_files", "git.commit_staged", "mail.send_message"),
        ),
    ),
    _scenario(
        Prompt(
            "Are there customers with the same email address twice, and does the customers table have an index "
            "on email?",
            ("database.find_duplicates", "database.list_indexes"),
        ),
    ),
    _scenario(
        Prompt("Is any link on our website broken?", ("browser.browser_check_links",)),
    ),
    _scenario(
        Prompt("Thanks, that's all for now.", ()),
    ),
    _scenario(
        Prompt("Explain in two sentences what a race condition is.", ()),
    ),
    _scenario(
        Prompt("Rewrite this politely: 'your idea is bad and will not scale'", ()),
    ),
)
"""Terse, chatty and compound prompts, the last ones without any need for tools."""
