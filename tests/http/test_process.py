"""The service as a process: how it starts and how it ends."""

import signal
from pathlib import Path

import anyio
import pytest
from mcp import Client

from tests.faults.scripted import is_alive, text_in, until, until_exists
from tests.http.processes import MODULE, address_of, environment, process
from tests.proxy.clients import text_of


@pytest.mark.proves("service-drain")
async def test_sigterm_lets_a_running_call_finish_ends_all_upstreams_and_the_status_is_0(tmp_path: Path) -> None:
    arrived, go, answers = tmp_path / "arrived", tmp_path / "go", list[str]()
    with process(tmp_path) as service:
        url = await address_of(tmp_path)

        async def call() -> None:
            async with Client(url, mode="legacy") as client:
                done = await client.call_tool("a__wait", {"arrived": str(arrived), "until": str(go)})
                answers.append(text_of(done))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await until_exists(arrived)
            service.send_signal(signal.SIGTERM)
            await until(lambda: "event='draining'" in text_in(tmp_path / "stderr"))
            go.touch()
        await until(lambda: service.poll() is not None)

    assert answers == ["done waiting"]
    assert service.returncode == 0
    assert not is_alive(int(text_in(arrived)))
    log = text_in(tmp_path / "stderr")
    assert "Traceback" not in log, log


@pytest.mark.proves("service-drain")
async def test_a_call_that_does_not_finish_is_cut_off_in_time(tmp_path: Path) -> None:
    arrived = tmp_path / "arrived"
    with process(tmp_path, "--set", "drain_seconds=0.2") as service:
        url = await address_of(tmp_path)

        async def hang() -> None:
            async with Client(url, mode="legacy") as client:
                with pytest.raises(Exception):  # noqa: B017, PT011 - what a client makes of a cut connection is its own
                    await client.call_tool("a__hang", {"arrived": str(arrived)})

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hang)
            await until_exists(arrived)
            service.send_signal(signal.SIGTERM)
            await until(lambda: service.poll() is not None)
            tasks.cancel_scope.cancel()

    assert service.returncode == 0
    assert not is_alive(int(text_in(arrived)))


async def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with process(tmp_path):
        port = (await address_of(tmp_path)).split(":")[2].split("/")[0]
        second = await anyio.run_process(
            [*MODULE, "serve", "--transport", "sse", "--port", port], env=environment(tmp_path), check=False
        )

    assert second.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in second.stderr.decode()
    assert "Traceback" not in second.stderr.decode()
