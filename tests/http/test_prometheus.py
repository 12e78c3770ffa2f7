from mcp_dynaload.http.prometheus import PrometheusMetrics
from mcp_dynaload.telemetry.events import (
    AlertChanged,
    CommandRun,
    ErrorKind,
    Fallback,
    FellBack,
    SessionClosed,
    UpstreamFailed,
    UpstreamStarted,
    UpstreamStopped,
)
from tests.telemetry.events import ME, a_call, a_list, a_prompt, a_search, opened

EVENTS = (
    opened(),
    opened(),
    SessionClosed(who=ME),
    a_prompt("git__log", "git__diff", cache_hit=True),
    a_list("git__log", cost=70),
    a_search("git__show"),
    a_call("git__log"),
    CommandRun(who=ME, command="pin", success=False, ms=1),
    UpstreamStarted(who=ME, upstream="git", ms=40),
    UpstreamStopped(who=ME, upstream="git"),
    UpstreamFailed(who=ME, upstream="git", kind=ErrorKind.TIMEOUT, detail="silent"),
    FellBack(who=ME, step=Fallback.UNKNOWN_NAME, tool="git__lag"),
    AlertChanged(alert="error_rate_max", is_firing=True, value=9, threshold=5),
)


def test_every_kind_of_event_is_counted_and_no_tool_session_or_user_named() -> None:
    prometheus_metrics = PrometheusMetrics()
    for event in EVENTS:
        prometheus_metrics(1.0, event)

    lines = prometheus_metrics.text().decode().splitlines()
    wanted = {
        "dynaload_sessions_total 2.0",
        "dynaload_sessions_open 1.0",
        'dynaload_prompt_tokens_total{measure="baseline"} 1000.0',
        'dynaload_rankings_total{cache="hit"} 1.0',
        "dynaload_tools_loaded_total 2.0",
        "dynaload_list_change_cost_tokens_total 70.0",
        "dynaload_tool_searches_total 1.0",
        'dynaload_tool_calls_total{outcome="ok",upstream="git"} 1.0',
        'dynaload_tool_call_seconds_bucket{le="0.02",part="upstream"} 1.0',
        'dynaload_commands_total{outcome="refused"} 1.0',
        'dynaload_upstream_start_seconds_sum{upstream="git"} 0.04',
        'dynaload_upstream_stops_total{upstream="git"} 1.0',
        'dynaload_upstream_failures_total{kind="timeout",upstream="git"} 1.0',
        'dynaload_fallbacks_total{step="unknown_name"} 1.0',
        'dynaload_alert_firing{alert="error_rate_max"} 1.0',
    }
    assert wanted - set(lines) == set()
    assert not [line for line in lines if "git__" in line or "s1" in line]
