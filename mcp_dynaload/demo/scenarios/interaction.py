"""Slash commands between prompts, with the effect that each must have."""

from mcp_dynaload.demo.scenarios.steps import Called, Cleared, CommandTyped, ListChecked, Prompt, Scenario, TurnDone

INTERACTION = (
    Scenario(
        "load a category",
        (
            CommandTyped(
                "load-category git", ("of category 'git'", "git__create_tag", "Callable from your next prompt")
            ),
            ListChecked(("git.merge_branch", "git.create_tag", "git.blame_file")),
            Prompt("what exactly is in the latest commit?", ("git.show_commit",)),
            Called("git.show_commit", {"ref": "main", "stat_only": True}, "config/settings.json"),
            CommandTyped("load-category git", ("Nothing new to load",)),
        ),
    ),
    Scenario(
        "pin a tool",
        (
            CommandTyped("pin containers__container_logs", ("Pinned 1 tool in this project",)),
            ListChecked(("containers.container_logs",)),
            Cleared(),
            ListChecked(("containers.container_logs",)),
            CommandTyped("why containers__container_logs", ("is loaded: pinned by you",)),
            Prompt("why did the worker crash?", ("containers.container_logs",)),
            Called("containers.container_logs", {"name": "worker"}, "out of memory"),
            CommandTyped("unpin containers__container_logs", ("Unpinned 1 tool",)),
            Cleared(),
            ListChecked(absent=("containers.container_logs",)),
        ),
    ),
    Scenario(
        "unload a tool",
        (
            Prompt("delete the mail with the spring offers", ("mail.delete_message",)),
            CommandTyped(
                "unload mail__delete_message", ("Unloaded tool 'mail__delete_message'", "until /dynaload:reset")
            ),
            Called("mail.delete_message", {"message_id": "m5"}, "The user unloaded", fails=True),
            Cleared(),
            Prompt("delete the mail with the spring offers", None),
            ListChecked(absent=("mail.delete_message",)),
            CommandTyped("reset", ("1 unloaded tool allowed again",)),
            Called("mail.delete_message", {"message_id": "m5"}, "m5"),
        ),
    ),
    Scenario(
        "change the mode",
        (
            CommandTyped("performance-mode aggressive", ("Mode aggressive: saves at least 70%",)),
            Prompt("list the open bugs nobody works on", ("issues.search_issues",)),
            CommandTyped("session-info", ("aggressive",)),
            CommandTyped("performance-mode agressive", ("There is no mode 'agressive'. Did you mean 'aggressive'?",)),
            CommandTyped("performance-mode conservative", ("Mode conservative",)),
            CommandTyped("reset", ("mode balanced",)),
            Prompt("assign BIRD-104 to milo", ("issues.assign_issue",)),
            Called("issues.assign_issue", {"issueKey": "BIRD-104", "assignee": "milo"}, '"assignee": "milo"'),
        ),
    ),
    Scenario(
        "prepare for a task",
        (
            CommandTyped("optimize-for find out why a pipeline run failed", ("Loaded",)),
            ListChecked(("ci.get_job_log",)),
            Prompt("what went wrong in run-5?", ("ci.get_run|ci.get_job_log",)),
            Called("ci.get_run", {"run_id": "run-5"}, '"result": "failure"'),
            CommandTyped("optimize-for", ("Say what the task is",)),
        ),
    ),
    Scenario(
        "ask for reasons",
        (
            Prompt("which events are in my calendar on thursday, march 5?", ("calendar.list-events",)),
            CommandTyped("why calendar__list-events", ("calendar__list-events is loaded", "probability")),
            CommandTyped("why mail__delete_message", ("mail__delete_message is not loaded",)),
            CommandTyped("why calender__list-events", ("Did you mean 'calendar__list-events'",)),
            CommandTyped("tier-status", ("1 core", "2 task", "3 reserve", "calendar__list-events")),
        ),
    ),
    Scenario(
        "search without loading",
        (
            CommandTyped("find unused docker volumes", ("containers__volume_list", "best first")),
            ListChecked(absent=("containers.volume_list",)),
            CommandTyped("find", ("Say what the tool should do",)),
            Prompt("which volumes does nobody mount any more?", ("containers.volume_list",)),
            Called("containers.volume_list", {}, "old-backups"),
        ),
    ),
    Scenario(
        "do without a category",
        (
            CommandTyped("unload-category mail", ("Unloaded category 'mail': 12 tools",)),
            Prompt("any mail from yuki about rounding?", None),
            ListChecked(absent=("mail.search_mail", "mail.list_messages")),
            Called("mail.search_mail", {"query": "rounding"}, "The user unloaded", fails=True),
            CommandTyped("load-category mail", ("of category 'mail'",)),
            Called("mail.search_mail", {"query": "rounding"}, "Re: Rounding of totals"),
            Prompt("ok, and now? any mail from yuki about rounding?", ("mail.search_mail",)),
        ),
    ),
    Scenario(
        "look at the session",
        (
            CommandTyped("function-stats", ("No tool was loaded or called",)),
            Prompt("who of the customers lives in Oslo? query the db", ("database.run_query",)),
            Called("database.run_query", {"sql": "SELECT name FROM customers WHERE city = 'Oslo'"}, "Chloe"),
            TurnDone(),
            CommandTyped("function-stats", ("1 call of", "database__run_query")),
            CommandTyped("session-info", ("running: database", "balanced", "of 149 loaded")),
            CommandTyped("list-categories", ("calendar", "databases", "monitoring")),
            CommandTyped("help", ("load-category <category>", "performance-mode <mode>", "reset")),
        ),
    ),
    Scenario(
        "load by tier",
        (
            CommandTyped("load-tier task", ("There is no task yet",)),
            Prompt("compare main with the discount branch", ("git.compare_refs",)),
            CommandTyped("load-tier 2", ("ier 2 (task)",)),
            CommandTyped("load-tier 3", ("Tier 3 (reserve)", "Nothing loaded", "load-tier 3 all")),
            ListChecked(absent=("mail.delete_message", "containers.system_prune")),
            CommandTyped("load-tier 4", ("There is no tier '4'", "core, task, reserve")),
            Called("git.compare_refs", {"base": "main", "head": "feature/discount-codes"}, "+CODES"),
        ),
    ),
    Scenario(
        "switch the cache",
        (
            Prompt(
                "show the slow query's plan, is there an index on orders?",
                ("database.list_indexes|database.explain_query",),
            ),
            CommandTyped("cache-clear", ("forgotten",)),
            CommandTyped("cache-disable", ("The cache of rankings is off",)),
            CommandTyped("session-info", ("cache", "off")),
            Cleared(),
            Prompt(
                "show the slow query's plan, is there an index on orders?",
                ("database.list_indexes|database.explain_query",),
            ),
            CommandTyped("cache-enable", ("The cache of rankings is on",)),
        ),
    ),
)
