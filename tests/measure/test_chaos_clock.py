"""The clock of the programs that `validate --chaos` starts jumps when it is told to."""

import os
import subprocess
import time
from pathlib import Path

from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.machine.own_process import module_command
from mcp_dynaload.measure.chaos.clocked_program import CLOCK_VARIABLE, jumping

DAY = 86_400.0


def test_it_is_off_by_what_its_file_says_at_each_look(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    now = jumping(lambda: 1000.0, file)
    looks = [now()]
    for written in ("259200", "-3600.5", "", "0"):
        file.write_text(written)
        looks.append(now())

    assert looks == [1000.0, 1000.0 + 3 * DAY, -2600.5, 1000.0, 1000.0]


def test_our_own_program_goes_by_it(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text(f"{-400 * DAY}")
    command = module_command("mcp_dynaload.measure.chaos.clocked_program", "token", "create", "ann")
    environ = {**os.environ, **variables_for(tmp_path), CLOCK_VARIABLE: str(tmp_path / "clock")}
    subprocess.run(command, env=environ, check=True, capture_output=True)
    (tmp_path / "clock").unlink()
    listed = subprocess.run([*command[:-2], "list"], env=environ, check=True, capture_output=True, text=True)

    made = time.strptime(listed.stdout.split()[2], "%Y-%m-%d")
    assert abs(time.time() - 400 * DAY - time.mktime(made)) < 2 * DAY
