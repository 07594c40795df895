"""Extracts that outgrow one machine, on Apache Spark.

:func:`check` reads extracts in slices, as tasks of Spark, and writes the report that ``claimlint check`` writes, to the byte;
only ``run.json`` differs. Each task runs ``claimlint slice`` as a child process. Spark starts tasks, tries them again and counts
them; through it go numbers of slices, rows and bytes, never the content of an extract. Only DataFrames are used, so that Spark
Connect and the shared compute of Databricks work.

Spark 4, with pyarrow, on the machines that run the tasks; this wheel on all of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claimlint._binary import (
    COMPLETE,
    ClaimlintError,
    Flag,
    Output,
    PathOrPaths,
    arguments,
    extracts,
    job_beside,
    run,
    run_report,
)
from claimlint._report import Report
from claimlint._table import check_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Progress", "check", "check_table"]

READING = frozenset(
    {
        "layout",
        "skip_lines",
        "comment",
        "join",
        "require",
        "max_decompressed",
        "policy",
        "select",
        "ignore",
        "expect_rows",
        "expect_amount",
        "config",
        "no_config",
    }
)
"""Flags of ``check`` that say how to read and judge. They are given to ``claimlint plan``, all others to ``claimlint merge``."""

AGAIN = 3
"""The exit code of ``merge`` if splits must be read again, from entries that it prints."""

SCHEMA = "slice long, rows long, rejected long, lines long, bytes long"
"""What comes back from a task: counts."""

LEFT = re.compile(r"\.?slice-\d+\.bin.*")
"""A slice, or a slice that was never finished."""

CLEANING_SECONDS = 5.0
"""How long the last copies of tasks that were not needed may take to end: Spark gives them two seconds, they take one."""

POLL_SECONDS = 1.0
"""How often finished slices are counted."""


class Progress(NamedTuple):
    """How far the reading is."""

    finished: int
    """Slices that are there, also those of an earlier run of this job."""
    slices: int
    """Slices that are needed."""


class _Work(NamedTuple):
    """One slice to be read: its number, and the byte where its first record starts if ``merge`` said so."""

    slice: int
    entry: int | None = None


def check(  # noqa: PLR0913 -- each is named
    spark: Any,  # noqa: ANN401 -- a session of Spark or of Spark Connect, which is not imported here
    paths: PathOrPaths,
    *,
    out: str | os.PathLike[str],
    auths: str | os.PathLike[str] | None = None,
    split: str | int = "256M",
    job: str | os.PathLike[str] | None = None,
    keep_job: bool = False,
    slice_memory: str | None = None,
    format: Flag = "parquet",  # noqa: A002 -- the name of the flag
    quiet: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    **flags: Flag,
) -> Report:
    """Judge the claims of extracts that a cluster reads, write a report and return it.

    All machines need the extracts, the files that flags name, and ``job`` under the same paths: volumes, NFS, a mounted object
    store. The report is written by the machine that calls this, all or nothing. If the call fails, or its process dies, the
    finished slices stay in ``job``; the same call then reads only what is missing.

    Args:
        spark: the session.
        paths: extracts, or patterns; all of them are judged together. Relative paths are made absolute.
        out: the directory of the report.
        auths: the plan's authorization file.
        split: bytes of a slice of a plain extract. A compressed one, and one with joined tables, is one slice.
        job: the directory of the slices, as private as the report; by default beside it, with ``.job`` after its name.
        keep_job: whether the slices stay when the report is complete.
        slice_memory: what ``claimlint slice --memory`` says: memory for the rows in scope of one task.
        format: files to add to the report; those of ``parquet`` are what :meth:`claimlint.Report.frame` reads.
        quiet: leave out progress and notes, which go to stderr.
        on_progress: called about once a second, from another thread, while slices are read; instead of lines on stderr.
        flags: any other flag of ``claimlint check``, with ``_`` for ``-``.

    Raises:
        ClaimlintError: if the run was refused or failed, with the message of claimlint. There is no report then.

    """
    files = [str(Path(path).absolute()) for path in extracts(paths)]
    directory = Path(job if job is not None else job_beside(out)).absolute()
    reading = {name: value for name, value in flags.items() if name in READING}
    writing = {name: value for name, value in flags.items() if name not in READING}
    reading["join"] = _absolute_tables(reading.get("join"))
    reading["auths"] = None if auths is None else str(Path(auths).absolute())
    if job is None:
        # As `check` makes the directories above a report, which only their owner may open.
        _make_above(directory)
    planned = run(["plan", *arguments({"out": directory, "split": split, **reading}), "--", *files], echo=not quiet)
    if planned.code != 0:
        raise planned.error()
    merge = ["merge", *arguments({"out": out, "format": format, "clean": not keep_job, **writing})]
    # What the merge would refuse after hours of reading is told now.
    tried = run([*merge, "--quiet", "--dry-run", "--", str(directory)])
    if tried.code != 0:
        raise tried.error()
    slices = int(json.loads(planned.out)["slices"])
    show = on_progress or (_ignore if quiet else _print)
    missing = [_Work(number) for number in range(slices) if not _slice(directory, number).exists()]
    _read(spark, directory, missing, slices, slice_memory, show)
    while True:
        merged, written = run_report([*merge, "--", str(directory)], out, quiet=quiet)
        if merged.code != AGAIN:
            break
        _read(spark, directory, _again(merged), slices, slice_memory, show)
    if merged.code not in COMPLETE:
        raise merged.error()
    if not keep_job:
        _remove(directory)
    return Report(written, failed=merged.code != 0, text=merged.out)


def _make_above(directory: Path) -> None:
    """Make the directories above one that are not there, private to their owner."""
    missing = [above for above in directory.parents if not above.exists()]
    try:
        for above in reversed(missing):
            above.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ClaimlintError(f"{directory.parent}: {error.strerror}") from None


def _read(  # noqa: PLR0913, PLR0917 -- what a round needs
    spark: Any,  # noqa: ANN401
    directory: Path,
    work: Sequence[_Work],
    slices: int,
    memory: str | None,
    show: Callable[[Progress], None],
) -> None:
    """Read slices as tasks of one Spark job, one task a slice."""
    if not work:
        return
    plan = str(directory / "plan.json")

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _task(plan, work, memory, batches)

    numbers = spark.range(0, len(work), 1, len(work))
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(directory, work, slices, show, done), daemon=True)
    tag = f"claimlint-{uuid.uuid4().hex}"
    can_interrupt = False
    # Spark 3.5 has tags with Connect only, and says so with an exception.
    with contextlib.suppress(Exception):
        spark.addTag(tag)
        can_interrupt = True
    watcher.start()
    try:
        numbers.mapInArrow(read, SCHEMA).collect()
    except BaseException as error:
        if can_interrupt:
            # Tasks that have begun would go on after Ctrl-C, or after another task has failed too often.
            with contextlib.suppress(Exception):
                spark.interruptTag(tag)
        message = _message(error)
        if message is None:
            raise
        raise ClaimlintError(message, 2) from None
    finally:
        if can_interrupt:
            spark.removeTag(tag)
        done.set()
        watcher.join()
    show(Progress(slices, slices))


def _task(plan: str, work: Sequence[_Work], memory: str | None, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read the slices of one task, each in a process of its own."""
    import pyarrow as pa  # noqa: PLC0415 -- only tasks need it

    for batch in batches:
        for index in batch.column(0).to_pylist():
            number, entry = work[index]
            typed = arguments({"plan": plan, "entry": entry, "memory": memory})
            output = run(["slice", *typed, str(number)], prepare=_end_with(os.getpid()))
            if output.code != 0:
                raise output.error()
            line = json.loads(output.out)
            counts = [number, line["rows"], line["rejected"], line["lines"], Path(line["file"]).stat().st_size]
            names = ["slice", "rows", "rejected", "lines", "bytes"]
            yield pa.RecordBatch.from_arrays([pa.array([count], pa.int64()) for count in counts], names)


def _end_with(parent: int) -> Callable[[], None] | None:
    """Return what a child process does so that it ends with its parent.

    Spark kills Python workers outright when an executor is lost or another copy of the task was faster. Without this the child
    would read on, and might put its slice into a job that has been removed.
    """
    if not sys.platform.startswith("linux"):
        return None
    set_option, pr_set_pdeathsig = ctypes.CDLL(None).prctl, 1

    def prepare() -> None:
        set_option(pr_set_pdeathsig, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(2)

    return prepare


def _watch(directory: Path, work: Sequence[_Work], slices: int, show: Callable[[Progress], None], done: threading.Event) -> None:
    """Count the slices that are there until the job has ended. Slices that are read again have been there before."""
    waiting = {number for number, entry in work if entry is None}
    others = slices - len(work)
    pause = POLL_SECONDS
    while not done.wait(pause):
        started = time.monotonic()
        waiting = {number for number in waiting if not _slice(directory, number).exists()}
        show(Progress(others + len(work) - len(waiting), slices))
        # A look at a slow file system must not become its main load.
        pause = max(POLL_SECONDS, 10 * (time.monotonic() - started))


def _print(progress: Progress) -> None:
    sys.stderr.write(f"claimlint: {progress.finished} of {progress.slices} slices\n")


def _ignore(_: Progress) -> None:
    pass


def _again(merged: Output) -> list[_Work]:
    """Return the slices that ``merge`` lists, each as ``NUMBER --entry BYTE``."""
    lines = (line.split() for line in merged.out.splitlines())
    return [_Work(int(number), int(entry)) for number, _, entry in lines]


def _message(error: BaseException) -> str | None:
    """Return the message of claimlint in an error of Spark, which holds the traceback of the task as a text."""
    if not isinstance(error, Exception):
        return None
    found = re.search(r"ClaimlintError: (.+?)(?=\n\s*\n|\n\s*at |\n\s*JVM stacktrace|\Z)", str(error), re.DOTALL)
    return found[1].strip() if found else None


def _absolute_tables(tables: Flag) -> Flag:
    """Make the files of ``NAME=FILE`` absolute, because tasks run in directories of their own."""
    if tables is None:
        return None
    each = [tables] if isinstance(tables, (str, os.PathLike)) else list(tables)  # type: ignore[arg-type]
    split = (os.fspath(table).partition("=") for table in each)  # type: ignore[arg-type]
    return [f"{name}={Path(file).absolute()}" for name, _, file in split]


def _slice(directory: Path, number: int) -> Path:
    return directory / f"slice-{number}.bin"


def _remove(directory: Path) -> None:
    """Remove what a copy of a task that was not needed has left after ``merge`` had removed the job."""
    deadline = time.monotonic() + CLEANING_SECONDS
    while directory.is_dir() and time.monotonic() < deadline:
        if not all(LEFT.fullmatch(path.name) for path in directory.iterdir()):
            return
        shutil.rmtree(directory, ignore_errors=True)
        time.sleep(0.1)
