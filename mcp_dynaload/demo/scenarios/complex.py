"""Several prompts in one session: follow-ups, changes of subject, subagents."""

from mcp_dynaload.demo.scenarios.steps import Called, Cleared, ListChecked, Prompt, Scenario, Subagent, TurnDone

COMPLEX = (
    Scenario(
        "from an alert to a note",
        (
            Prompt(
                "payments was throwing errors on wednesday afternoon, find out what happened",
                (
                    "monitoring.search_logs|monitoring.find_log_patterns",
                    "monitoring.query_metric_range|monitoring.detect_anomalies|monitoring.get_service_health",
                ),
            ),
            Called("monitoring.find_log_patterns", {}, "broker connection refused"),
            TurnDone(),
            Prompt("open an incident for it, critical", ("monitoring.open_incident",)),
            Called("monitoring.open_incident", {"title": "Broker down", "severity": "critical"}, "INC-1"),
            TurnDone(),
            Prompt("and write down what we learned in our notes", ("knowledge.add_note|knowledge.edit_note",)),
            Called("knowledge.add_note", {"title": "Broker outage", "body": "Watch the certificate."}, "broker-outage"),
            TurnDone(),
            Prompt("thanks!"),
        ),
    ),
    Scenario(
        "from a ticket to a review",
        (
            Prompt("i'm taking BIRD-101. what is it about?", ("issues.get_issue",)),
            Called("issues.get_issue", {"issueKey": "BIRD-101"}, "one cent"),
            TurnDone(),
            Prompt("ok, make a git branch for it", ("git.create_branch",)),
            Called("git.create_branch", {"name": "fix/one-cent"}, "fix/one-cent"),
            TurnDone(),
            Prompt(
                "run the test pipeline and commit my changes when it's green",
                ("ci.run_pipeline", "git.stage_files", "git.commit_staged"),
            ),
            Called("ci.run_pipeline", {"pipeline": "test"}, '"result": "success"'),
            Called("git.stage_files", {"paths": ["shop/shipping.py"]}, "shop/shipping.py"),
            Called("git.commit_staged", {"message": "Raise the flat rate"}, "Raise the flat rate"),
            TurnDone(),
            Prompt("now move the ticket to review", ("issues.transition_issue",)),
            Called("issues.transition_issue", {"issueKey": "BIRD-101", "status": "review"}, '"status": "review"'),
        ),
    ),
    Scenario(
        "the same for another one",
        (
            Prompt("show me the last log lines of the checkout container", ("containers.container_logs",)),
            Called("containers.container_logs", {"name": "checkout"}, "POST /orders 201"),
            TurnDone(),
            Prompt("now the same for worker", ("containers.container_logs",)),
            Called("containers.container_logs", {"name": "worker"}, "out of memory"),
            TurnDone(),
            Prompt("restart it", ("containers.container_restart",)),
            Called("containers.container_restart", {"name": "worker"}, '"state": "running"'),
        ),
    ),
    Scenario(
        "work for subagents",
        (
            Prompt("which meetings do I have on friday, march 6?", ("calendar.list-events",)),
            Called("calendar.list-events", {"first_day": "2026-03-06"}, "Demo for customers"),
            Subagent(
                "Search Dana's mailbox for messages about the customer demo, read them, and summarise in five lines "
                "what sales expects us to show.",
                ("mail.search_mail", "mail.read_message|mail.get_thread"),
            ),
            Subagent(
                "Look at Sprint 8 in the issue tracker. Which stories about express checkout are not done yet, and who "
                "works on them? Answer as a list.",
                ("issues.get_sprint_report|issues.search_issues",),
            ),
            Called("mail.search_mail", {"query": "demo"}, "Demo for customers"),
            Called("issues.get_sprint_report", {"sprint": "Sprint 8"}, "Express checkout"),
            TurnDone(),
            Prompt("save what they found as docs/demo.md", ("files.save_file",)),
            Called("files.save_file", {"path": "docs/demo.md", "content": "# Demo"}, "docs/demo.md"),
        ),
    ),
    Scenario(
        "clean up the data",
        (
            Prompt(
                "are there customers twice in the database?",
                ("database.find_duplicates|database.run_query",),
            ),
            Called("database.find_duplicates", {"table": "customers", "columns": ["email"]}, "ada@mail.example"),
            TurnDone(),
            Prompt("delete the newer ada", ("database.execute_statement",)),
            Called("database.execute_statement", {"sql": "DELETE FROM customers WHERE id = 13"}, "1"),
            TurnDone(),
            Prompt(
                "and make sure no two customers can have the same email from now on",
                ("database.create_index|database.execute_statement",),
            ),
            Called("database.create_index", {"table": "customers", "columns": ["email"], "unique": True}, "customers"),
        ),
    ),
    Scenario(
        "a release",
        (
            Prompt("what's new in the repo since v0.1.0?", ("git.compare_refs|git.commit_history",)),
            Called("git.compare_refs", {"base": "v0.1.0", "head": "main", "stat_only": True}, "config/settings.json"),
            TurnDone(),
            Prompt("trigger the build pipeline", ("ci.run_pipeline",)),
            Called("ci.run_pipeline", {"pipeline": "build"}, '"result": "success"'),
            TurnDone(),
            Prompt("tag it as v0.2.0", ("git.create_tag",)),
            Called("git.create_tag", {"name": "v0.2.0", "message": "Second"}, "v0.2.0"),
            TurnDone(),
            Prompt("tell the team by mail", ("mail.send_message|mail.create_draft",)),
            Called("mail.send_message", {"to": ["team@p.example"], "subject": "v0.2.0", "body": "Out."}, "v0.2.0"),
        ),
    ),
    Scenario(
        "a fresh start",
        (
            Prompt("which containers are running?", ("containers.container_list",)),
            Cleared(),
            ListChecked(absent=("containers.container_list",)),
            Prompt("show me the newest messages in my inbox", ("mail.list_messages",)),
            ListChecked(absent=("containers.container_list",)),
            Called("mail.list_messages", {}, "Payments incident on Wednesday"),
        ),
    ),
    Scenario(
        "an appointment that moves",
        (
            Prompt("when are milo and I both free on march 3rd? need an hour", ("calendar.find-free-slots",)),
            Called("calendar.find-free-slots", {"day": "2026-03-03", "minutes": 60, "attendees": ["milo"]}, "start"),
            TurnDone(),
            Prompt("book the first slot, call it pairing", ("calendar.create-event",)),
            Called("calendar.create-event", {"title": "Pairing", "start": "2026-03-03T10:00", "minutes": 60}, "ev8"),
            TurnDone(),
            Prompt("sorry, half an hour later", ("calendar.move-event",)),
            Called("calendar.move-event", {"event_id": "ev8", "start": "2026-03-03T10:30"}, "2026-03-03T11:30"),
            TurnDone(),
            Prompt("and cancel the dentist on thursday", ("calendar.delete-event",)),
            Called("calendar.delete-event", {"event_id": "ev6"}, "Dentist"),
        ),
    ),
)
