"""Past runs of the project's pipelines."""

import json
from pathlib import Path

_RUNS = (
    (1, "build", "main", "success", {"lint": "success"}),
    (2, "test", "main", "success", {"lint": "success", "unit": "success"}),
    (3, "test", "feature/discount-codes", "failure", {"lint": "success", "unit": "failure"}),
    (4, "test", "feature/discount-codes", "success", {"lint": "success", "unit": "success"}),
    (5, "test", "main", "failure", {"lint": "success", "unit": "failure"}),
    (6, "test", "main", "success", {"lint": "success", "unit": "success"}),
)


def write(folder: Path) -> None:
    """Write the runs."""
    runs = {
        f"run-{number}": {
            "id": f"run-{number}",
            "pipeline": pipeline,
            "branch": branch,
            "result": result,
            "started": f"2026-03-{number:02}T10:00:00",
            "jobs": [
                {"name": name, "result": outcome, "seconds": 0.4 * number, "log": f"{name}: {outcome}"}
                for name, outcome in jobs.items()
            ],
        }
        for number, pipeline, branch, result, jobs in _RUNS
    }
    (folder / "runs.json").write_text(json.dumps(runs))
