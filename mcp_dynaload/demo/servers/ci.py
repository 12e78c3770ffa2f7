"""Demo server: build pipelines that really run the project's checks in subprocesses."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from mcp.server.lowlevel import Server

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.git_command import run_git
from mcp_dynaload.demo.storage import StoredRows
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

Result = Literal["success", "failure", "cancelled", "queued"]

_INSTRUCTIONS = """Continuous integration of the project. Pipelines are defined in .pipelines.json.
A run executes at once and its answer has the result of every job; read get_job_log for the reason of a failure."""
_STEP_TIMEOUT_SECONDS = 60.0
_LOG_CHARACTERS = 20_000


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    pipelines = _Pipelines(ensure_part(workspace, "project"), ensure_part(workspace, "pipelines"))
    return build_server("ci", pipelines, _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a run."""

    name: str
    result: Result
    seconds: float
    log: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a pipeline."""

    id: str
    pipeline: str
    branch: str
    result: Result
    started: str
    jobs: list[Job]


class _Pipelines:
    def __init__(self, project: Path, folder: Path) -> None:
        self._project = project
        self._runs = StoredRows(folder / "runs.json", Run)

    @tool("read")
    def list_pipelines(self) -> dict[str, list[str]]:
        """List the pipelines of the project and the jobs of each."""
        return {name: list(steps) for name, steps in self._definitions().items()}

    @tool("read")
    def validate_pipeline_config(self) -> str:
        """Check .pipelines.json for mistakes before pushing it."""
        return f"Valid: {', '.join(self._definitions())}."

    @tool("write")
    def run_pipeline(self, pipeline: str) -> Run:
        """Trigger a pipeline on the checked-out branch and wait for it. Jobs run in order until one fails.

        The jobs see the working tree as it is, uncommitted changes included. Each job may take a minute at most. The
        answer has the result, duration and log of every job that ran, so there is no need to ask for logs again.

        Args:
            pipeline: Name of the pipeline, e.g. test.
        """
        key = self._runs.new_key("run-")
        return self._runs.put(key, self._execute(key, pipeline, set()))

    @tool("write")
    def queue_pipeline(self, pipeline: str) -> Run:
        """Put a pipeline into the queue without running it yet; start it later with start_queued_run.

        Args:
            pipeline: Name of the pipeline.
        """
        key = self._runs.new_key("run-")
        self._steps(pipeline)
        return self._runs.put(key, Run(key, pipeline, self._branch(), "queued", _now(), []))

    @tool("write")
    def start_queued_run(self, run_id: str) -> Run:
        """Execute a queued run now.

        Args:
            run_id: Id of the queued run.
        """
        queued = self._queued(run_id)
        return self._runs.put(run_id, self._execute(run_id, queued.pipeline, set()))

    @tool("write")
    def cancel_run(self, run_id: str) -> Run:
        """Cancel a run that is still queued.

        Args:
            run_id: Id of the run.
        """
        return self._runs.put(run_id, replace(self._queued(run_id), result="cancelled"))

    @tool("write")
    def rerun_failed_jobs(self, run_id: str) -> Run:
        """Re-run only the failed and skipped jobs of a finished run; jobs that succeeded are kept.

        Args:
            run_id: Id of the failed run.
        """
        old = self._runs.get(run_id)
        if old.result != "failure":
            raise ToolFailedError(f"Run {run_id!r} ended with {old.result}; only failed runs can be re-run.")
        done = {job.name for job in old.jobs if job.result == "success"}
        fresh = self._execute(run_id, old.pipeline, done)
        kept = [job for job in old.jobs if job.name in done]
        return self._runs.put(run_id, replace(fresh, jobs=[*kept, *fresh.jobs]))

    @tool("read")
    def list_runs(
        self, pipeline: str | None = None, branch: str | None = None, result: Result | None = None, limit: Limit = 20
    ) -> list[Json]:
        """List pipeline runs, newest first. Answers "is main green?" and "when did it break?".

        Args:
            pipeline: Only runs of this pipeline.
            branch: Only runs on this branch.
            result: Only runs with this result.
            limit: Maximum number of runs.
        """
        keys = ("id", "pipeline", "branch", "result", "started")
        wanted = {key: value for key, value in zip(keys[1:4], (pipeline, branch, result), strict=True) if value}
        rows = [{key: getattr(run, key) for key in keys} for run in reversed(self._runs.all().values())]
        return [row for row in rows if wanted.items() <= row.items()][:limit]

    @tool("read")
    def get_run(self, run_id: str) -> Run:
        """Get a run with all its jobs, durations and logs.

        Args:
            run_id: Id such as run-5.
        """
        return self._runs.get(run_id)

    @tool("read")
    def get_job_log(self, run_id: str, job: str) -> str:
        """Read the log of one job of a run, for example to see which test failed.

        Args:
            run_id: Id of the run.
            job: Name of the job.
        """
        jobs = {entry.name: entry.log for entry in self._runs.get(run_id).jobs}
        if job not in jobs:
            raise ToolFailedError(f"Run {run_id!r} has no job {job!r}. Jobs: {', '.join(jobs) or 'none'}.")
        return jobs[job]

    @tool("read")
    def find_flaky_jobs(self) -> list[Json]:
        """Find jobs that both failed and succeeded on the same branch, with their failure rate."""
        outcomes = Counter((r.pipeline, r.branch, j.name, j.result) for r in self._runs.all().values() for j in r.jobs)
        jobs = sorted({key[:3] for key in outcomes})
        counts = ((job, outcomes[(*job, "success")], outcomes[(*job, "failure")]) for job in jobs)
        return [
            {"pipeline": p, "branch": b, "job": j, "failure_rate": round(bad / (good + bad), 2)}
            for (p, b, j), good, bad in counts
            if good and bad
        ]

    @tool("delete")
    def delete_run(self, run_id: str) -> str:
        """Delete a run and its logs.

        Args:
            run_id: Id of the run.
        """
        return f"Deleted {self._runs.remove(run_id).id}."

    def _definitions(self) -> dict[str, dict[str, list[str]]]:
        try:
            text = (self._project / ".pipelines.json").read_text(encoding="utf-8")
            pipelines = cast("dict[str, dict[str, dict[str, list[str]]]]", json.loads(text))
            return {
                name: {job: list(command) for job, command in pipelines[name]["steps"].items()} for name in pipelines
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ToolFailedError(f".pipelines.json is not a valid pipeline file: {error!r}.") from error

    def _steps(self, pipeline: str) -> dict[str, list[str]]:
        definitions = self._definitions()
        if pipeline not in definitions:
            raise ToolFailedError(f"There is no pipeline {pipeline!r}. Pipelines: {', '.join(definitions)}.")
        return definitions[pipeline]

    def _queued(self, run_id: str) -> Run:
        run = self._runs.get(run_id)
        if run.result != "queued":
            raise ToolFailedError(f"Run {run_id!r} is not queued: {run.result}.")
        return run

    def _branch(self) -> str:
        return run_git(self._project, "branch", "--show-current").strip() or "(detached)"

    def _execute(self, key: str, pipeline: str, skip: set[str]) -> Run:
        started, jobs = _now(), list[Job]()
        for name, command in self._steps(pipeline).items():
            if name not in skip:
                jobs.append(self._job(name, command))
            if jobs and jobs[-1].result == "failure":
                break
        result = "failure" if any(job.result == "failure" for job in jobs) else "success"
        return Run(key, pipeline, self._branch(), result, started, jobs)

    def _job(self, name: str, command: list[str]) -> Job:
        begin = time.perf_counter()
        try:
            done = subprocess.run(
                [sys.executable, "-B", *command],
                cwd=self._project,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=_STEP_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Job(name, "failure", _STEP_TIMEOUT_SECONDS, f"stopped after {_STEP_TIMEOUT_SECONDS:.0f} s")
        result = "success" if done.returncode == 0 else "failure"
        return Job(name, result, round(time.perf_counter() - begin, 3), done.stdout[-_LOG_CHARACTERS:])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
