"""``claimlint check``, for scripts and notebooks."""

from __future__ import annotations

import os

from claimlint._binary import COMPLETE, Flag, PathOrPaths, arguments, extracts, run_report
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
        out: the directory of the report, also with ``{date}`` and ``{run}``. It is complete, or it is not there.
        auths: the plan's authorization file.
        format: files to add to the report; those of ``parquet`` are what :meth:`Report.frame` reads.
        quiet: leave out progress and notes, which go to stderr.
        flags: any other flag of ``claimlint check``, with ``_`` for ``-``: ``force=True``, ``fail_if=["rejected > 0"]``.

    Raises:
        ClaimlintError: if the run was refused or failed, with the message of claimlint. There is no report then.

    """
    typed = arguments({"out": out, "auths": auths, "format": format, **flags})
    output, written = run_report(["check", *typed, "--", *extracts(paths)], out, quiet=quiet)
    if output.code not in COMPLETE:
        raise output.error()
    return Report(written, failed=output.code != 0, text=output.out)
