"""Settings of what is kept of the past, and of when to raise the alarm."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Count = Annotated[int, Field(ge=1)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Address = Annotated[str, Field(pattern=r"^(https?://[^/\s]\S*)?$")]
_Percent = Annotated[float, Field(ge=0, le=100)]


class TelemetrySettings(BaseModel):
    """The part of `Settings` that is about watching."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    journal_days: _Positive = 30
    """How many days the journal, which `mcp-dynaload audit` shows, keeps what happened."""

    journal_rows: _Count = 200_000
    """How many entries it keeps at most."""

    success_rate_min: _Percent = 95
    """Alert: less than so many percent of the calls were answered by their tools."""

    avg_response_time_max: _Positive = 200
    """Alert: our own time for a prompt or call is longer on average, in milliseconds; servers' time is apart."""

    upstream_response_time_max: _Positive = 10_000
    """Alert: servers' time for a call is longer on average, in milliseconds."""

    error_rate_max: _Percent = 5
    """Alert: more than so many percent of calls and prompts ended in trouble."""

    reduction_min: _Percent = 50
    """Alert: prompts saved fewer percent of the tokens on average."""

    miss_rate_max: _Percent = 30
    """Alert: more than so many percent of calls were of tools that had to be searched or were not listed."""

    alert_window_seconds: _Positive = 300
    """Over the last so many seconds; fewer than ten values within them raise no alert."""

    alert_webhook: _Address = ""
    """Address to which alerts are posted as JSON; empty: nowhere."""

    otel_endpoint: _Address = ""
    """An OTLP collector, such as `http://127.0.0.1:4318`, for OpenTelemetry traces and metrics; needs `pip install
    '.[otel]'`. Empty: nowhere."""
