"""Runs one process and says what it cost, and watches what the rest of the machine does meanwhile."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One run. `inside` is the tool's own clock, for those whose start-up must not be held against them."""

    wall: float
    cpu: float
    peak_mb: float
    inside: float | None

    @property
    def best(self) -> float:
        """The figure all ratios use: the better of the two clocks."""
        return self.wall if self.inside is None else min(self.wall, self.inside)


def run(command: list[str], environment: dict[str, str]) -> tuple[Sample, str]:
    """Wall clock of the whole process; processor time and peak memory of it and all its children; its output.

    Linux lets a child's peak memory start at that of its parent, so nothing below this process's own (some 15 MB) can be
    told apart."""
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.stdout.close()
        # wait4 has taken the exit status; Popen must not look for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            message = errors.read().decode(errors="replace")[-2_000:]
            raise SystemExit(f"exit {process.returncode}: {' '.join(command)[:500]}\n{message}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, None), output


class Strangers:
    """How much of the machine goes to processes that are not ours, since this was made. Tools that use every core lose
    most to them, so a table made beside a compiler compares nothing."""

    def __init__(self) -> None:
        self.started = self._now()

    def cores(self) -> float:
        wall, everybody, ours = (now - before for now, before in zip(self._now(), self.started, strict=True))
        return max(0.0, everybody - ours) / wall

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Wall clock, processor time of everybody, and of this process and its children; all in seconds."""
        with open("/proc/stat") as stat:
            user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, stat.readline().split()[1:9])
        everybody = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        times = os.times()
        return time.perf_counter(), everybody, times.user + times.system + times.children_user + times.children_system
