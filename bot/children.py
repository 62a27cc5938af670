"""Starts child processes and keeps them running: a session of their own, back-off, nobody left behind.

Also the program that every child begins as (`python -m bot.children PARENT COMMAND …`): it ties its life to its
parent's and becomes the command. It imports the standard library only, so that a child starts at once.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_CANNOT_EXECUTE = 127  # what shells answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait before a child is started again, seconds: doubling, and short again after a steady life."""

    first: float = 1.0
    longest: float = 30.0
    steady: float = 60.0

    def after(self, lived: float, last: float | None) -> float:
        """Return the wait after a life of `lived` seconds; `last` is the wait before that life."""
        if last is None or lived >= self.steady:
            return self.first
        return min(2 * last, self.longest)


class Child:
    """A command that is kept running until `stop`. `last_exit` and `restarts` show a crash loop."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        self.name = name
        self.restarts = 0
        self.last_exit: str | None = None
        self._command = command
        self._environment = environment or {}
        self._back_off = back_off or BackOff()
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._keep_running(), name=f"child {name}")

    @property
    def pid(self) -> int | None:
        """The process id while the child runs."""
        return self._process.pid if self._process else None

    async def stop(self, grace: float) -> None:
        """Ask the child to end (SIGTERM); after `grace` seconds kill its whole process group.

        SIGTERM goes to the child alone: whoever has children of its own ends them in its own way, and to
        RQ's workers a second signal means "drop the job".
        """
        self._stopping.set()
        self._terminate()
        await asyncio.wait({self._task}, timeout=grace)
        if self._process:
            log.warning("%s did not end within %g s: killed", self.name, grace)
            _kill_group(self._process.pid)
        await self._task

    async def _keep_running(self) -> None:
        wait: float | None = None
        while not self._stopping.is_set():
            started = monotonic()
            self.last_exit = await self._live()
            wait = self._back_off.after(monotonic() - started, wait)
            if self._stopping.is_set():
                log.info("%s ended: %s", self.name, self.last_exit)
                return
            log.warning("%s ended: %s; it starts again in %g s", self.name, self.last_exit, wait)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
                return
            self.restarts += 1

    async def _live(self) -> str:
        """Start the child, wait for its end and return how it ended."""
        try:
            self._process = await self._start()
        except OSError as error:
            return f"not started: {error.strerror}"
        if self._stopping.is_set():
            self._terminate()
        try:
            return _how_it_ended(await self._process.wait())
        finally:
            # What the child leaves behind in its group would otherwise live on without anybody who knows of it.
            _kill_group(self._process.pid)
            self._process = None

    async def _start(self) -> asyncio.subprocess.Process:
        # -P: a folder named "bot" where the owner happens to stand is not this package.
        guard = [sys.executable, "-P", "-m", "bot.children", str(os.getpid())]
        return await asyncio.create_subprocess_exec(
            *guard,
            *self._command,
            env={**os.environ, **self._environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=2,  # stdout belongs to the answers of commands
            start_new_session=True,
        )

    def _terminate(self) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.terminate()


class Supervisor:
    """The children that stop together."""

    def __init__(self, back_off: BackOff | None = None) -> None:
        self.children: list[Child] = []
        self._back_off = back_off

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        """Keep `command` running from now on; `environment` is added to this process's own."""
        child = Child(name, command, environment, self._back_off)
        self.children.append(child)
        return child

    async def stop(self, grace: float) -> None:
        """Stop all children at once; after `grace` seconds none of them is left."""
        await asyncio.gather(*(child.stop(grace) for child in self.children))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, even by SIGKILL (Linux; elsewhere nothing happens).

    `parent`: process id of the parent; if that one has ended already, so does this process.
    It outlasts exec but not fork. The kernel takes the parent's *thread* for the parent: start children
    from the main thread. https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _how_it_ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by signal {-code} ({signal.strsignal(-code)})"


def become(parent: int, command: list[str]) -> None:
    """Turn this process into `command`, which dies with `parent`."""
    die_with_parent(parent)
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list, never a shell
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(_CANNOT_EXECUTE)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
