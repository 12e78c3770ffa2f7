"""The calls of every demo tool on a fresh workspace, as a table.

A line is `tool {arguments}`, further calls after `;;`, and after `=>` a text that the last answer must contain; an
indented line continues the one before. A tool that changes something is followed by one that shows the change.
"""

CALLS: dict[str, str] = {
    "browser": r"""
browser_navigate {"url": "http://shop.local/mug.html"} => Holds 350 ml
browser_navigate {"url": "index.html"} ;; browser_navigate {"url": "tent.html"} ;; browser_navigate_back {}
    => Everything for home
browser_navigate {"url": "login.html"} ;; browser_snapshot {} => e6 textbox 'Password'
browser_navigate {"url": "index.html"} ;; browser_click {"ref": "e2", "element": "Products"}
    => http://shop.local/products.html
browser_navigate {"url": "login.html"} ;; browser_type {"ref": "e5", "text": "a@b"} ;; browser_snapshot {} => = 'a@b'
browser_navigate {"url": "mug.html"}
    ;; browser_select_option {"ref": "e7", "value": "green"}
    ;; browser_click {"ref": "e9"}
    => colour=green
browser_navigate {"url": "mug.html"} ;; browser_fill_form {"fields": [{"ref": "e8", "value": "7"}], "submit": true}
    => quantity=7
browser_navigate {"url": "products.html"} ;; browser_list_links {} => http://shop.local/catalog-2025.html
browser_navigate {"url": "help/shipping.html"} ;; browser_extract_text {} => the next working day
browser_navigate {"url": "products.html"} ;; browser_extract_table {}
    => {"Product": "Cast iron pan", "Price": "54.00", "Stock": "18"}
browser_navigate {"url": "mug.html"} ;; browser_take_screenshot {"width": 40} => | [ Add to cart ]
browser_navigate {"url": "help/shipping.html"} ;; browser_find_text {"text": "EXPRESS parcels"} => e5 paragraph
browser_navigate {"url": "index.html"} ;; browser_tabs {"action": "new"} ;; browser_tabs {"action": "list"}
    => * 1: about:blank
browser_check_links {} => products.html -> http://shop.local/catalog-2025.html
""",
    "calendar": r"""
list-calendars {} => {"calendar": "personal", "events": 2}
list-events {"first_day": "2026-03-05"} => Dentist
get-event {"event_id": "ev2"} => Sprint 8 planning
search-events {"query": "room robin"} => Daily standup
create-event {"title": "Tea", "start": "2026-03-04T16:00"} ;; list-events {"first_day": "2026-03-04"}
    => "end": "2026-03-04T16:30"
move-event {"event_id": "ev2", "start": "2026-03-03T08:00"} ;; get-event {"event_id": "ev2"}
    => "end": "2026-03-03T10:00"
update-event {"event_id": "ev3", "add_attendees": ["yuki"]} ;; get-event {"event_id": "ev3"}
    => ["dana", "milo", "yuki"]
respond-to-event {"event_id": "ev7", "answer": "declined"} ;; get-event {"event_id": "ev7"} => "answer": "declined"
delete-event {"event_id": "ev6"} ;; find-free-slots {"day": "2026-03-05"}
    => "2026-03-05T12:00", "end": "2026-03-05T17:00"
find-free-slots {"day": "2026-03-02", "minutes": 120} => "start": "2026-03-02T12:00"
create-event {"title": "Clash", "start": "2026-03-05T15:30"} ;; find-conflicts {} => [["ev6", "ev8"]]
export-ics {"first_day": "2026-03-06", "last_day": "2026-03-06"} => SUMMARY:Demo for customers
""",
    "ci": r"""
list_pipelines {} => "test": ["lint", "unit"]
validate_pipeline_config {} => Valid: build, test, smoke.
run_pipeline {"pipeline": "test"} => Ran 4 tests
run_pipeline {"pipeline": "smoke"} ;; get_job_log {"run_id": "run-7", "job": "old api"}
    => No module named 'shop.legacy'
queue_pipeline {"pipeline": "build"} ;; list_runs {"result": "queued"} => run-7
queue_pipeline {"pipeline": "build"} ;; start_queued_run {"run_id": "run-7"} => "result": "success"
queue_pipeline {"pipeline": "build"} ;; cancel_run {"run_id": "run-7"} ;; get_run {"run_id": "run-7"}
    => "result": "cancelled"
rerun_failed_jobs {"run_id": "run-5"} ;; list_runs {"result": "failure"} => [{"id": "run-3"
list_runs {"branch": "main", "limit": 1} => run-6
get_run {"run_id": "run-3"} => "result": "failure"
find_flaky_jobs {} => "branch": "main", "job": "unit", "failure_rate": 0.33
delete_run {"run_id": "run-6"} ;; list_runs {"limit": 1} => run-5
""",
    "containers": r"""
container_list {} => {"name": "cache", "image": "redis:7", "state": "running", "ports": {"6379": "6379"}}
container_inspect {"name": "db"} => "POSTGRES_DB": "shop"
container_logs {"name": "checkout", "tail": 1} => POST /orders 201
container_stats {} => "containers": {"exited": 1, "running": 3}, "memory_megabytes": 192
container_run {"image": "nginx:1.27", "name": "web", "ports": {"80": "80"}} ;; container_list {} => "name": "web"
container_start {"name": "worker"} ;; container_logs {"name": "worker"} => worker started
container_stop {"name": "cache"} ;; container_inspect {"name": "cache"} => "exit_code": 143
container_restart {"name": "db"} ;; container_logs {"name": "db", "tail": 2} => received SIGTERM
container_pause {"name": "db"} ;; container_stats {} => "paused": 1
container_remove {"name": "worker"} ;; container_stats {} => "containers": {"running": 3}
image_list {} => {"name": "postgres:16", "megabytes": 431}
image_tag {"source": "redis:7", "target": "redis:stable"} ;; image_list {} => redis:stable
image_remove {"name": "nginx:1.27"} ;; container_stats {} => "disk_megabytes": 1179
volume_list {} => {"volume": "pgdata", "used_by": ["db"]}
system_prune {"volumes": true} => "volumes": ["old-backups"], "megabytes_freed": 590
""",
    "database": r"""
list_tables {} => {"name": "orders", "type": "table", "rows": 60}
describe_table {"table": "orders"} => customer_id -> customers(id)
run_query {"sql": "SELECT name FROM products WHERE price > 200"} => Two person tent
explain_query {"sql": "SELECT * FROM orders WHERE customer_id = 3"} => USING INDEX orders_by_customer
execute_statement {"sql": "UPDATE products SET stock = 5"} ;; run_query {"sql": "SELECT MAX(stock) FROM products"}
    => [[5]]
sample_rows {"table": "customers", "count": 2} => ada@mail.example
column_statistics {"table": "products", "column": "price"} => "minimum": 12.5, "maximum": 219.0
find_duplicates {"table": "customers", "columns": ["email"]} => [["ada@mail.example", 2]]
list_indexes {"table": "orders"} => orders_by_customer
create_index {"table": "orders", "columns": ["status"]}
    ;; explain_query {"sql": "SELECT * FROM orders WHERE status = 'new'"}
    => orders_by_status
drop_index {"name": "orders_by_customer"} ;; explain_query {"sql": "SELECT * FROM orders WHERE customer_id = 3"}
    => SCAN orders
check_integrity {} => No problems found.
export_csv {"sql": "SELECT sku, price FROM products ORDER BY sku LIMIT 1"} => bag,34.5
""",
    "files": r"""
view_file {"path": "shop/pricing.py", "start_line": 3, "end_line": 3} => VAT = 0.19
grep_files {"pattern": "quantity < \\d", "glob": "*.py"} => "path": "shop/cart.py", "line": 9
find_files {"glob": "tests/*.py"} => tests/test_cart.py
folder_tree {"path": "docs"} => architecture.md
path_info {"path": "todo.txt"} => "lines": 2
compare_files {"left": "shop/cart.py", "right": "shop/pricing.py"} => +VAT = 0.19
save_file {"path": "docs/new.md", "content": "hello"} ;; view_file {"path": "docs/new.md"} => hello
append_to_file {"path": "todo.txt", "content": "- tea"} ;; view_file {"path": "todo.txt", "start_line": 3} => - tea
replace_in_file {"path": "shop/pricing.py", "old": "0.19", "new": "0.2"} => +VAT = 0.2
make_folder {"path": "a/b"} ;; folder_tree {} =>   b/
rename_path {"source": "todo.txt", "destination": "later.txt"} ;; find_files {"glob": "*.txt"} => ["later.txt"]
copy_path {"source": "docs", "destination": "manual"} ;; find_files {"glob": "manual/*"} => manual/runbook.md
delete_path {"path": "docs", "recursive": true} ;; find_files {"glob": "*.md"} => ["README.md"]
project_statistics {} => {"type": ".txt", "files": 1, "lines": 2}
""",
    "git": r"""
repo_status {} => {"branch": "main", "staged": [], "changed": ["shop/shipping.py"], "untracked": ["todo.txt"]}
commit_history {"path": "shop/pricing.py"} => Compute totals with VAT
show_commit {"ref": "main", "stat_only": true} => config/settings.json
diff_working_tree {} => +FLAT_RATE = 5.5
compare_refs {"base": "main", "head": "feature/discount-codes"} => +CODES
blame_file {"path": "shop/cart.py", "start_line": 1, "end_line": 1} => Dana Okafor
search_history {"text": "SPRING25"} => Yuki Tanabe: Add discount codes
list_branches {} => fix/rounding
list_tags {} => v0.1.0
create_branch {"name": "try"} ;; repo_status {} => "branch": "try"
discard_changes {"path": "shop/shipping.py"} ;; switch_branch {"name": "fix/rounding"} ;; repo_status {}
    => "branch": "fix/rounding"
delete_branch {"name": "fix/rounding", "force": true} ;; list_branches {} => feature/discount-codes
stage_files {"paths": ["todo.txt"]} ;; repo_status {} => "staged": ["todo.txt"]
stage_files {"paths": ["."]} ;; unstage_files {"paths": ["todo.txt"]} ;; repo_status {}
    => "staged": ["shop/shipping.py"]
stage_files {"paths": ["todo.txt"]} ;; commit_staged {"message": "Add todo"} ;; commit_history {"limit": 1}
    => Add todo
discard_changes {"path": "shop/shipping.py"} ;; diff_working_tree {} => No differences.
stash_changes {"message": "rates", "include_untracked": true} ;; repo_status {} => "changed": [], "untracked": []
merge_branch {"source": "feature/discount-codes"} ;; commit_history {"limit": 1} => Merge feature/discount-codes
create_tag {"name": "v0.2.0", "message": "Second"} ;; list_tags {} => v0.2.0          Second
""",
    "issues": r"""
search_issues {"query": "umlauts"} => "key": "BIRD-105"
get_issue {"issueKey": "BIRD-101"} => "labels": ["pricing"]
create_issue {"title": "New", "labels": ["x"]} ;; get_issue {"issueKey": "BIRD-113"} => "labels": ["x"]
update_issue {"issueKey": "BIRD-105", "points": 13} ;; get_issue {"issueKey": "BIRD-105"} => "points": 13
transition_issue {"issueKey": "BIRD-105", "status": "done"} ;; search_issues {"status": "done"} => "total": 4
assign_issue {"issueKey": "BIRD-104", "assignee": "yuki"} ;; search_issues {"assignee": "yuki", "status": "open"}
    => "key": "BIRD-104"
add_comment {"issueKey": "BIRD-105", "body": "me too"} ;; list_comments {"issueKey": "BIRD-105"} => "body": "me too"
list_comments {"issueKey": "BIRD-104"} => Three customers called
set_labels {"issueKey": "BIRD-101", "add": ["a"], "remove": ["pricing"]} ;; search_issues {"label": "a"}
    => "labels": ["a"]
link_issues {"sourceKey": "BIRD-106", "targetKey": "BIRD-102", "kind": "blocks"} => BIRD-106 blocks BIRD-102
get_sprint_report {"sprint": "Sprint 8"} => "points_done": 0, "points_left": 18
delete_issue {"issueKey": "BIRD-111"} ;; search_issues {} => "total": 11
""",
    "knowledge": r"""
search_notes {"query": "expired certificate"} => [{"id": "incident-0304"
get_note {"note_id": "vat"} => 25 in Norway
add_note {"title": "Tea rota", "body": "Milo"} ;; get_note {"note_id": "tea-rota"} => "body": "Milo"
edit_note {"note_id": "books", "body": "Ulysses", "append": true} ;; search_notes {"query": "ulysses"} => Reading list
delete_note {"note_id": "vat"} ;; get_note {"note_id": "rounding"} => "links": []
link_notes {"source_id": "books", "target_id": "vat"} ;; find_backlinks {"note_id": "vat"} => "books"
unlink_notes {"source_id": "express", "target_id": "vat"} ;; find_orphans {} => ["express", "books"]
tag_note {"note_id": "books", "tags": ["fun"]} ;; list_tags {} => "fun": 1
list_tags {} => "pricing": 2
find_backlinks {"note_id": "vat"} => ["rounding", "express"]
find_orphans {} => ["books"]
find_connection {"source_id": "runbook", "target_id": "broker"} => ["runbook", "incident-0304", "broker"]
""",
    "mail": r"""
list_folders {} => {"folder": "Inbox", "total": 5, "unread": 3}
list_messages {"unread_only": true, "limit": 1} => "id": "m4"
read_message {"message_id": "m1"} => 14 orders are off by a cent
search_mail {"query": "broker"} => Payments incident
get_thread {"message_id": "m2"} => I have a branch, fix/rounding
read_attachment {"message_id": "m3", "filename": "invoice-2026-118.txt"} => 1290.00 EUR
send_message {"to": ["a@b.example"], "subject": "Hi", "body": "x"} ;; list_messages {"folder": "Sent"}
    => "subject": "Hi"
create_draft {"to": ["a@b.example"], "subject": "Hi", "body": "x"} ;; list_messages {"folder": "Drafts"} => "id": "m8"
reply_to_message {"message_id": "m2", "body": "Yes"} ;; read_message {"message_id": "m8"} => > I can review.
move_message {"message_id": "m5", "folder": "Archive"} ;; list_messages {"folder": "Archive"} => Spring offers
mark_message {"message_id": "m2", "mark": "read"} ;; list_folders {} => "unread": 2
delete_message {"message_id": "m5"} ;; list_folders {} => "total": 4
""",
    "monitoring": r"""
list_metrics {} => "cpu_percent": ["catalog", "checkout", "payments", "search"]
query_metric_range {"service": "payments", "metric": "error_rate", "end": "2026-03-04T01:00:00"}
    => [["2026-03-04T00:00:00", 0.
get_metric_statistics {"service": "search", "metric": "cpu_percent"} => "samples": 288
detect_anomalies {"service": "payments", "metric": "error_rate"} => "time": "2026-03-04T14:00:00"
get_service_health {"at": "2026-03-04T14:20:00"} => "status": "alerting"
search_logs {"query": "refused", "level": "error", "limit": 1} => while capturing order 70168
find_log_patterns {}
    => {"count": 9, "service": "payments", "pattern": "broker connection refused while capturing order #"}
list_alert_rules {} => checkout-latency
list_firing_alerts {"at": "2026-03-04T14:20:00"} => payments-errors
create_alert_rule {"name": "busy", "service": "search", "metric": "cpu_percent", "threshold": 1}
    ;; list_firing_alerts {}
    => "name": "busy"
silence_alert {"name": "payments-errors", "reason": "move"} ;; list_firing_alerts {"at": "2026-03-04T14:20:00"} => []
delete_alert_rule {"name": "search-cpu"} ;; list_alert_rules {} => "silenced": ""}]
open_incident {"title": "Payments down", "severity": "critical", "note": "broker"} => "id": "INC-1"
open_incident {"title": "Slow", "severity": "warning"}
    ;; update_incident {"incidentId": "INC-1", "note": "ok", "resolved": true}
    => "status": "resolved"
""",
}
