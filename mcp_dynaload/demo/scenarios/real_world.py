"""Scenarios of a day's work, most of them across several servers."""

from mcp_dynaload.demo.scenarios.steps import Called, Prompt, Scenario

REAL_WORLD = (
    Scenario(
        "the morning",
        (
            Prompt(
                "morning! which meetings do i have today (march 3), anything urgent in my mail, and is production "
                "healthy?",
                (
                    "calendar.list-events",
                    "mail.list_messages|mail.search_mail",
                    "monitoring.get_service_health|monitoring.list_firing_alerts",
                ),
            ),
            Called("calendar.list-events", {"first_day": "2026-03-03"}, "1:1 Dana and Milo"),
            Called("mail.list_messages", {"unread_only": True}, "Your invoice for February"),
            Called("monitoring.get_service_health", {}, "payments"),
        ),
    ),
    Scenario(
        "a customer's complaint",
        (
            Prompt(
                "support says the shop's search finds nothing when you type Kühltasche. is that a known bug? if not "
                "file one",
                ("issues.search_issues", "issues.create_issue"),
            ),
            Called("issues.search_issues", {"query": "umlauts"}, "BIRD-105"),
        ),
    ),
    Scenario(
        "an invoice",
        (
            Prompt(
                "billing mailed me an invoice. how much is it and when is it due? put a reminder in my calendar two "
                "days before",
                ("mail.search_mail|mail.list_messages", "mail.read_attachment", "calendar.create-event"),
            ),
            Called("mail.read_attachment", {"message_id": "m3", "filename": "invoice-2026-118.txt"}, "1290.00 EUR"),
            Called("calendar.create-event", {"title": "Pay 2026-118", "start": "2026-03-18T09:00"}, "ev8"),
        ),
    ),
    Scenario(
        "a full disk",
        (
            Prompt(
                "the docker host is running out of disk. see which images and volumes nobody uses and get rid of them",
                (
                    "containers.image_list|containers.container_stats",
                    "containers.volume_list",
                    "containers.system_prune|containers.image_remove",
                ),
            ),
            Called("containers.system_prune", {"volumes": True}, '"megabytes_freed": 590'),
        ),
    ),
    Scenario(
        "a changed tax",
        (
            Prompt(
                "VAT goes down to 16 % in July. Find every place in the repo where 0.19 is hard-coded and replace it.",
                ("files.grep_files", "files.replace_in_file"),
            ),
            Called("files.grep_files", {"pattern": r"0\.19"}, "config/settings.json"),
            Called("files.replace_in_file", {"path": "shop/pricing.py", "old": "0.19", "new": "0.16"}, "+VAT = 0.16"),
        ),
    ),
    Scenario(
        "out of stock",
        (
            Prompt(
                "which products are out of stock? check the database and send purchasing@parcelbird.example the list",
                ("database.run_query", "mail.send_message|mail.create_draft"),
            ),
            Called("database.run_query", {"sql": "SELECT name FROM products WHERE stock = 0"}, "Cooler bag"),
            Called(
                "mail.send_message",
                {"to": ["purchasing@parcelbird.example"], "subject": "Out of stock", "body": "Cooler bag"},
                "Out of stock",
            ),
        ),
    ),
    Scenario(
        "back to the version before",
        (
            Prompt(
                "checkout's latency doubled after today's deploy, check the metrics. if it's true stop the container "
                "and start the 1.8.1 image instead",
                (
                    "monitoring.query_metric_range|monitoring.get_metric_statistics|monitoring.detect_anomalies",
                    "containers.container_stop|containers.container_remove",
                    "containers.container_run",
                ),
            ),
            Called("containers.container_stop", {"name": "checkout"}, "checkout"),
            Called("containers.container_run", {"image": "parcelbird/checkout:1.8.1", "name": "checkout2"}, "running"),
        ),
    ),
    Scenario(
        "before the standup",
        (
            Prompt(
                "standup in ten minutes. what have i committed lately and which of my tickets are still open? i'm dana",
                ("git.commit_history", "issues.search_issues"),
            ),
            Called("git.commit_history", {"author": "Dana"}, "Add pipelines and settings"),
            Called("issues.search_issues", {"assignee": "dana", "status": "open"}, "BIRD-106"),
        ),
    ),
    Scenario(
        "a look at the site",
        (
            Prompt(
                "go to the shop's login page, sign in as ada@mail.example with any password, and take a screenshot of "
                "what comes next",
                (
                    "browser.browser_navigate",
                    "browser.browser_fill_form|browser.browser_type",
                    "browser.browser_take_screenshot",
                ),
            ),
            Called("browser.browser_navigate", {"url": "login.html"}, "textbox 'Password'"),
        ),
    ),
    Scenario(
        "after the incident",
        (
            Prompt(
                "for thursday's incident review: pull the error logs of payments from march 4, write a timeline into a "
                "new note and link it to the note about the broker",
                ("monitoring.search_logs|monitoring.find_log_patterns", "knowledge.add_note", "knowledge.link_notes"),
            ),
            Called("monitoring.search_logs", {"service": "payments", "level": "error"}, "broker connection refused"),
            Called("knowledge.add_note", {"title": "Timeline", "body": "14:00 refused"}, "timeline"),
            Called("knowledge.link_notes", {"source_id": "timeline", "target_id": "broker"}, "broker"),
        ),
    ),
)
