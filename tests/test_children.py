"""Child processes: kept running, stopped gently, and none of them left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.children import BackOff, Child, Supervisor
from tests.requirements import require

QUICK = BackOff(first=0.05, longest=0.2)
FOREVER = [sys.executable, "-c", "import time; time.sleep(1000)"]
DEADLINE = 20.0


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    """Provide a supervisor that restarts quickly and leaves nothing behind."""
    supervisor = Supervisor(QUICK)
    yield supervisor
    await supervisor.stop(0.1)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come to pass; a test that waits in vain fails."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not fetched by its parent does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        # Gone in between, or a system without /proc.
        return not Path("/proc/self").exists()


async def first_pid(child: Child) -> int:
    """Return the process id of a child once it runs."""
    await until(lambda: child.pid is not None)
    assert child.pid is not None
    return child.pid


async def written(path: Path) -> str:
    """Return what a child has written to `path`, once it has (with a line feed at the end)."""
    await until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text().strip()


def script(tmp_path: Path, text: str) -> list[str]:
    """Return a command that runs a Python text; it finds its folder in the first argument."""
    path = tmp_path / "script.py"
    path.write_text("import os, pathlib, signal, subprocess, sys, time\nhome = pathlib.Path(sys.argv[1])\n" + text)
    return [sys.executable, str(path), str(tmp_path)]


async def test_a_child_has_a_session_of_its_own_no_stdin_and_the_added_environment(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    text = """
facts = os.getsid(0) == os.getpid(), sys.stdin.read(), os.environ["ADDED"], "PATH" in os.environ
(home / "facts").write_text(repr(facts) + "\\n")
time.sleep(1000)
"""
    supervisor.start("x", script(tmp_path, text), {"ADDED": "yes"})
    assert await written(tmp_path / "facts") == "(True, '', 'yes', True)"


async def test_a_child_killed_with_sigkill_starts_again(supervisor: Supervisor) -> None:
    child = supervisor.start("x", FOREVER)
    first = await first_pid(child)
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.restarts == 1 and child.pid is not None)
    assert child.pid != first
    assert child.last_exit == "killed by signal 9 (Killed)"
    assert alive(await first_pid(child))
    assert not alive(first)


async def test_a_crash_loop_shows_in_the_restarts_and_the_last_exit(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    child = supervisor.start("clumsy", [sys.executable, "-c", "raise SystemExit(3)"])
    await until(lambda: child.restarts >= 3)
    assert child.last_exit == "exit code 3"
    messages = [record.getMessage() for record in caplog.records if "clumsy" in record.getMessage()]
    assert messages[:3] == [
        "clumsy ended: exit code 3; it starts again in 0.05 s",
        "clumsy ended: exit code 3; it starts again in 0.1 s",
        "clumsy ended: exit code 3; it starts again in 0.2 s",
    ]


def test_the_wait_doubles_up_to_thirty_seconds_and_is_short_again_after_a_steady_minute() -> None:
    waits: list[float] = []
    for lived in (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 59.9, 60.0, 0.1):
        waits.append(BackOff().after(lived, waits[-1] if waits else None))
    assert waits == [1, 2, 4, 8, 16, 30, 30, 1, 2]


async def test_a_command_that_does_not_exist_says_so(supervisor: Supervisor, capfd: pytest.CaptureFixture[str]) -> None:
    child = supervisor.start("x", ["no-such-program-here"])
    await until(lambda: child.last_exit is not None)
    assert child.last_exit == "exit code 127"
    assert "no-such-program-here: No such file or directory" in capfd.readouterr().err


async def test_what_a_child_prints_does_not_mix_with_the_answers_on_stdout(
    supervisor: Supervisor, capfd: pytest.CaptureFixture[str]
) -> None:
    child = supervisor.start("x", [sys.executable, "-c", "print('chatter')"])
    await until(lambda: child.restarts == 1)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "chatter" in captured.err


async def test_a_folder_called_bot_in_the_current_folder_is_not_run(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").write_text("raise SystemExit('the wrong bot')")
    monkeypatch.chdir(tmp_path)
    supervisor.start("x", script(tmp_path, '(home / "ran").write_text("yes\\n")\ntime.sleep(1000)'))
    assert await written(tmp_path / "ran") == "yes"


GENTLE = """
def finish(*_):
    (home / "end").write_text("finished its work\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
(home / "ready").write_text("yes\\n")
time.sleep(1000)
"""


async def test_stop_lets_a_child_finish_and_does_not_start_it_again(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start("x", script(tmp_path, GENTLE))
    await written(tmp_path / "ready")
    await child.stop(DEADLINE)
    assert await written(tmp_path / "end") == "finished its work"
    assert (child.last_exit, child.restarts, child.pid) == ("exit code 0", 0, None)


WITH_OFFSPRING = """
offspring = "import time; time.sleep(0.3); open({path!r}, 'w').write('done\\\\n'); time.sleep(1000)"
young = subprocess.Popen([sys.executable, "-c", offspring.format(path=str(home / "offspring"))])
def wait_for_offspring(*_):
    while not (home / "offspring").exists():
        time.sleep(0.01)
    sys.exit(0)
signal.signal(signal.SIGTERM, STOP)
(home / "pid").write_text(f"{young.pid}\\n")
while True:
    time.sleep(1000)
"""


async def test_sigterm_goes_to_the_child_alone_and_what_it_leaves_behind_is_killed(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    child = supervisor.start("x", script(tmp_path, WITH_OFFSPRING.replace("STOP", "wait_for_offspring")))
    offspring = int(await written(tmp_path / "pid"))
    await child.stop(DEADLINE)
    assert await written(tmp_path / "offspring") == "done"
    assert child.last_exit == "exit code 0"
    await until(lambda: not alive(offspring))


async def test_a_child_that_ignores_sigterm_is_killed_with_its_whole_group(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    child = supervisor.start("x", script(tmp_path, WITH_OFFSPRING.replace("STOP", "signal.SIG_IGN")))
    offspring = int(await written(tmp_path / "pid"))
    await child.stop(0.2)
    assert child.last_exit == "killed by signal 9 (Killed)"
    await until(lambda: not alive(offspring))


async def test_the_group_of_a_killed_child_does_not_live_on(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start("x", script(tmp_path, WITH_OFFSPRING.replace("STOP", "signal.SIG_DFL")))
    offspring = int(await written(tmp_path / "pid"))
    os.kill(await first_pid(child), signal.SIGKILL)
    await until(lambda: not alive(offspring))


async def test_stop_during_the_wait_for_a_restart_starts_nothing(tmp_path: Path) -> None:
    count = "with (home / 'starts').open('a') as file: file.write('started\\n')"
    supervisor = Supervisor(BackOff(first=1000.0))
    child = supervisor.start("x", script(tmp_path, count))
    await until(lambda: child.last_exit is not None)
    async with asyncio.timeout(DEADLINE):
        await supervisor.stop(DEADLINE)
    assert (tmp_path / "starts").read_text() == "started\n"
    assert child.restarts == 0


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
async def test_stop_before_the_child_has_come_up_leaves_nothing(turns: int) -> None:
    supervisor = Supervisor(QUICK)
    child = supervisor.start("x", FOREVER)
    for _ in range(turns):
        await asyncio.sleep(0)
    await supervisor.stop(DEADLINE)
    assert child.pid is None
    assert child.restarts == 0


async def test_a_supervisor_that_is_cancelled_kills_its_children() -> None:
    child = Supervisor(QUICK).start("x", FOREVER)
    pid = await first_pid(child)
    child._task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await child._task
    await until(lambda: not alive(pid))


async def test_stopping_twice_is_stopping_once(supervisor: Supervisor) -> None:
    child = supervisor.start("x", FOREVER)
    await first_pid(child)
    await child.stop(DEADLINE)
    await child.stop(DEADLINE)
    assert child.last_exit == "killed by signal 15 (Terminated)"


PARENT = """
import asyncio, sys
from bot.children import Supervisor
async def main():
    child = Supervisor().start("x", [sys.executable, "-c", "import time; time.sleep(1000)"])
    while child.pid is None:
        await asyncio.sleep(0.01)
    print(child.pid, flush=True)
    await asyncio.sleep(1000)
asyncio.run(main())
"""


async def test_a_parent_killed_with_sigkill_takes_its_children_along() -> None:
    require("PR_SET_PDEATHSIG", sys.platform == "linux", "only Linux tells children that their parent is dead")
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await until(lambda: not alive(pid))


def test_a_child_whose_parent_ended_before_it_could_ask_goes_at_once() -> None:
    require("PR_SET_PDEATHSIG", sys.platform == "linux", "only Linux tells children that their parent is dead")
    someone_else = str(os.getppid())
    ended = subprocess.run([sys.executable, "-m", "bot.children", someone_else, "true"], check=False)
    assert ended.returncode == -signal.SIGKILL
