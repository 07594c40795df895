"""Finds and runs the binary that the wheel brings."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Union

Flag = Union[str, int, float, bool, "os.PathLike[str]", Sequence[Union[str, int, "os.PathLike[str]"]], None]
"""The value of a flag: ``True`` for a flag without a value, a list for one that may be repeated, ``None`` to leave it out."""

PathOrPaths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]
"""One extract or several; patterns such as ``claims-*.csv`` are expanded."""

BINARY = "CLAIMLINT_BINARY"
"""The environment variable that names another binary than that of the wheel, such as one that was built from source."""

GRACE = 10.0
"""Seconds in which an interrupted run may remove its temporary files. It needs one."""

KEPT_LINES = 200
"""Lines of stderr that are kept for the message of an error; an error of ours has at most 21."""

WRITTEN = re.compile(r"Report: (.+) \(\d+\.\d+ s\)")
"""The line that names the report of a run, or the page in it."""

PLAIN = re.compile(r"\x1b\[[0-9;]*m")
"""What colors a text."""

COMPLETE = (0, 1)
"""Exit codes of a complete run: without and with findings at or above ``fail_on``."""


class ClaimlintError(RuntimeError):
    """The run was refused or failed, and wrote no report.

    The text is the message of claimlint. It names files, columns and line numbers, never the content of a row.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        """Keep the message and the exit code."""
        super().__init__(message)
        self.code = code
        """The exit code of the command: 2 if it was refused or failed; less than 0 if a signal ended it."""

    def __reduce__(self) -> tuple[type[ClaimlintError], tuple[str, int | None]]:
        """Let the error travel from one process to another with both of its parts."""
        return type(self), (str(self), self.code)


class Output(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def error(self) -> ClaimlintError:
        """Return the error that this output describes."""
        if self.code < 0:
            name = signal.Signals(-self.code).name if -self.code in set(signal.Signals) else str(-self.code)
            return ClaimlintError(f"claimlint was ended by {name}", self.code)
        _, _, message = f"\n{self.err}".partition("\nerror: ")
        message = message or _logged_error(self.err)
        return ClaimlintError(message.strip() or self.err.strip() or f"claimlint ended with {self.code}", self.code)


def binary() -> str:
    """Return the path of the binary.

    It is that of the environment variable ``CLAIMLINT_BINARY`` if that is set, else the one that was installed with this package.

    Raises:
        ClaimlintError: if it is in none of the places where ``pip`` puts programs.

    """
    named = os.environ.get(BINARY)
    if named:
        return named
    name = "claimlint.exe" if sys.platform == "win32" else "claimlint"
    package = Path(__file__).resolve().parent
    places = [
        Path(sysconfig.get_path("scripts")),
        # `pip install --target DIR` and archives of an environment that was moved.
        package.parent / "bin",
        package.parent.parent.parent.parent / "bin",
    ]
    with contextlib.suppress(KeyError):
        places.append(Path(sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user"))))
    for place in places:
        if (place / name).is_file():
            return str(place / name)
    looked = ", ".join(str(place) for place in places)
    raise ClaimlintError(f"the program claimlint is not in {looked}; install the wheel again, or set {BINARY}")


def arguments(flags: dict[str, Flag]) -> list[str]:
    """Return flags as arguments, in the order in which they were given: ``fail_on="never"`` is ``--fail-on=never``."""
    typed: list[str] = []
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if value is None or value is False:
            continue
        if value is True:
            typed.append(flag)
        elif isinstance(value, (str, int, float, os.PathLike)):
            # One argument, so that a value that begins with a dash cannot be another flag.
            typed.append(f"{flag}={_text(value)}")
        else:
            typed.extend(f"{flag}={_text(item)}" for item in value)
    return typed


def extracts(paths: PathOrPaths) -> list[str]:
    """Return extracts, directories and patterns as texts; claimlint itself expands directories and patterns.

    Raises:
        ClaimlintError: if there is no path at all.

    """
    files = [os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    if not files:
        raise ClaimlintError("name at least one extract")
    return files


def run(typed: Sequence[str], *, echo: bool = False, prepare: Callable[[], None] | None = None) -> Output:
    """Run the binary and return what it printed.

    Args:
        typed: the command and its arguments.
        echo: whether its stderr (progress, notes, warnings) is shown on that of Python as it comes.
        prepare: what the new process does before it becomes claimlint.

    Raises:
        ClaimlintError: if the binary cannot be started.

    """
    program = binary()
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    with tempfile.TemporaryFile() as out:
        try:
            child = subprocess.Popen(
                [program, *typed],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                preexec_fn=prepare,  # noqa: PLW1509 -- only what `prepare` needs of the standard library
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise ClaimlintError(f"{program}: {error.strerror}") from None
        with child:
            try:
                for line in child.stderr or ():
                    kept.append(line)
                    if echo:
                        sys.stderr.write(line)
                code = child.wait()
            except BaseException:
                # Above all KeyboardInterrupt: the run removes what it has begun to write.
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(GRACE)
                child.kill()
                raise
        out.seek(0)
        return Output(code, out.read().decode("utf-8", "replace"), "".join(kept))


def run_report(typed: Sequence[str], out: str | os.PathLike[str], *, quiet: bool) -> tuple[Output, Path]:
    """Run a command that writes a report; return what it printed, and the directory of the report.

    With ``quiet`` nothing of the run is shown. ``{date}`` and ``{run}`` in ``out`` are known to the run alone, and the last line
    that it prints names the report, so it is not told to be quiet then.
    """
    is_open = "{" in os.fspath(out)
    output = run([*typed[:1], *(["--quiet"] if quiet and not is_open else []), *typed[1:]], echo=not quiet)
    if not is_open or output.code not in COMPLETE:
        return output, Path(out)
    lines = (PLAIN.sub("", line) for line in reversed(output.out.splitlines()))
    found = next((match for line in lines if (match := WRITTEN.fullmatch(line))), None)
    if found is None:
        raise ClaimlintError(f"claimlint did not say where the report is that was written to {os.fspath(out)}")
    place = Path(found[1])
    return (output._replace(out="") if quiet else output), place.parent if place.is_file() else place


def job_beside(out: str | os.PathLike[str]) -> str:
    """Return the directory of a job beside the report, the same in each call: ``{date}`` is ``date`` in it."""
    return re.sub(r"[{}]", "", os.fspath(out)) + ".job"


def _logged_error(err: str) -> str:
    """Return the message of the error in a log of events, one JSON object a line; empty if there is none."""
    for line in reversed(err.splitlines()):
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and event.get("event") == "error":
                return str(event.get("message", ""))
    return ""


def _text(value: str | float | os.PathLike[str]) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)
