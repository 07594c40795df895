"""``claimlint check``, for scripts and notebooks."""

from __future__ import annotations

import os

from claimlint._binary import COMPLETE, Flag, PathOrPaths, arguments, extracts, run
from claimlint._report import Report


def check(
    paths: PathOrPaths,
    *,
    out: str | os.PathLike[str],
    auths: str | os.PathLike[str] | None = None,
    format: Flag = "parquet",  # noqa: A002 -- the name of the flag
    quiet: bool = False,
    **flags: Flag,
) -> Report:
    """Judge the claims of one or more extracts, write a report and return it.

    ``claimlint.check("claims-*.csv", out="report", auths="auths.csv", fail_on="review")`` is
    ``claimlint check claims-*.csv --out report --auths auths.csv --fail-on review --format parquet``.

    Args:
        paths: extracts, or patterns; all of them are judged together.
        out: the directory of the report. It is complete, or it is not there.
        auths: the plan's authorization file.
        format: files to add to the report; those of ``parquet`` are what :meth:`Report.frame` reads.
        quiet: leave out progress and notes, which go to stderr.
        flags: any other flag of ``claimlint check``, with ``_`` for ``-``: ``force=True``, ``fail_if=["rejected > 0"]``.

    Raises:
        ClaimlintError: if the run was refused or failed, with the message of claimlint. There is no report then.

    """
    typed = arguments({"out": out, "auths": auths, "format": format, "quiet": quiet, **flags})
    output = run(["check", *typed, "--", *extracts(paths)], echo=not quiet)
    if output.code not in COMPLETE:
        raise output.error()
    return Report(out, failed=output.code != 0, text=output.out)
