"""``claimlint.check``: the report is that of the command, frames have its cells, errors have its messages."""

from __future__ import annotations

import csv
import datetime
import decimal
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import claimlint
from claimlint._binary import arguments


def content(directory: Path) -> dict[str, bytes]:
    """Return the files of a report that do not depend on when and how it was made."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "run.json"}


def test_the_report_is_that_of_the_command(tmp_path: Path, claims: Path, auths: Path) -> None:
    report = claimlint.check(claims, out=tmp_path / "a", auths=auths, format="all", quiet=True)
    command = [
        claimlint.binary(),
        "check",
        claims,
        "--auths",
        auths,
        "--out",
        tmp_path / "b",
        "--format",
        "all",
    ]
    run = subprocess.run(command, capture_output=True, check=False, text=True)
    assert run.returncode == 1, run.stderr
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert report.failed
    assert set(report.paths) == {path.name for path in (tmp_path / "b").iterdir()}
    assert report.summary["ledger"]["rows"] == 400


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("page", [True, False])
def test_the_report_of_a_template_is_where_the_run_wrote_it(tmp_path: Path, claims: Path, *, quiet: bool, page: bool) -> None:
    flags: dict[str, claimlint.Flag] = {"no_html": not page, "color": "always"}
    report = claimlint.check(claims, out=tmp_path / "nights (1.5 s)" / "{date}-{run}", quiet=quiet, today="2024-03-05", **flags)
    assert report.directory.parent == tmp_path / "nights (1.5 s)"
    assert report.directory.name.startswith("2024-03-05-")
    assert report.summary["ledger"]["rows"] == 400
    assert report.paths["services.parquet"].is_file()
    assert (report.text == "") == quiet
    with pytest.raises(claimlint.ClaimlintError, match="not known"):
        claimlint.check(claims, out=tmp_path / "{day}", quiet=True)


def test_flags_become_arguments() -> None:
    flags: dict[str, claimlint.Flag] = {
        "fail_on": "never",
        "force": True,
        "no_html": False,
        "layout": None,
        "skip_lines": 2,
        "select": ["DX", "PA"],
        "out": Path("a b"),
        "comment": "--x",
    }
    typed = [
        "--fail-on=never",
        "--force",
        "--skip-lines=2",
        "--select=DX",
        "--select=PA",
        "--out=a b",
        "--comment=--x",
    ]
    assert arguments(flags) == typed


def test_patterns_are_expanded_by_name(tmp_path: Path, claims: Path) -> None:
    header, *rows = claims.read_bytes().splitlines(keepends=True)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    # claimlint expands the pattern itself, so a file that is still being written is passed over.
    for name, part in (("b.csv", rows[:200]), ("a.csv", rows[200:]), ("c.csv.part", rows)):
        (inbox / name).write_bytes(header + b"".join(part))
    report = claimlint.check(inbox / "*", out=tmp_path / "report", quiet=True, fail_on="never")
    assert not report.failed
    assert [Path(part["file"]).name for part in report.summary["inputs"]] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("engine", ["polars", "pandas", None])
def test_frames_have_the_cells_and_types_of_the_tables(tmp_path: Path, claims: Path, engine: str | None) -> None:
    report = claimlint.check(claims, out=tmp_path / "report", format=["parquet", "rollups"], quiet=True)
    for table in ("services", "findings", "rejects", "rollup-month"):
        frame = report.frame(table, engine)
        with (tmp_path / "report" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        # Without a baseline only Parquet has the column `new`.
        assert [name for name in frame.columns if name != "new"] == header
        assert len(frame) == len(rows) > 0
        column = "claim_id" if "claim_id" in header else header[0]
        assert [str(cell) for cell in frame[column]] == [row[header.index(column)] for row in rows]
    services = report.frame("services", engine)
    assert isinstance(services["service_date"][0], datetime.date)
    assert any(isinstance(cell, decimal.Decimal) for cell in services["amount_at_risk"])


def test_errors_have_the_message_of_claimlint(tmp_path: Path, claims: Path) -> None:
    out = tmp_path / "report"
    with pytest.raises(claimlint.ClaimlintError, match=r"none\.csv") as error:
        claimlint.check(tmp_path / "none.csv", out=out, quiet=True)
    assert error.value.code == 2
    with pytest.raises(claimlint.ClaimlintError, match=r"^[^{]*none\.csv: does not exist") as error:
        claimlint.check(tmp_path / "none.csv", out=out, quiet=True, log="json")
    with pytest.raises(claimlint.ClaimlintError, match="--no-such-flag"):
        claimlint.check(claims, out=out, quiet=True, no_such_flag=True)
    with pytest.raises(claimlint.ClaimlintError, match="no extract has such a name"):
        claimlint.check(tmp_path / "*.none", out=out)
    with pytest.raises(claimlint.ClaimlintError, match="at least one"):
        claimlint.check([], out=out)
    assert not out.exists()
    report = claimlint.check(claims, out=out, format=None, quiet=True)
    with pytest.raises(claimlint.ClaimlintError, match="format="):
        report.frame("services")
    with pytest.raises(claimlint.ClaimlintError, match="no table x"):
        report.frame("x")
    with pytest.raises(claimlint.ClaimlintError, match=str(out)):
        claimlint.check(claims, out=out, quiet=True)


def test_no_error_holds_the_content_of_a_row(tmp_path: Path, claims: Path) -> None:
    lines = claims.read_text(encoding="utf-8").splitlines()
    (tmp_path / "bad.csv").write_text("\n".join([lines[0], *["SECRETCELL"] * 50]), encoding="utf-8")
    with pytest.raises(claimlint.ClaimlintError) as error:
        claimlint.check(tmp_path / "bad.csv", out=tmp_path / "report", quiet=True)
    assert str(error.value)
    assert "SECRETCELL" not in str(error.value)


def test_a_missing_binary_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, claims: Path) -> None:
    monkeypatch.setenv("CLAIMLINT_BINARY", str(tmp_path / "none"))
    with pytest.raises(claimlint.ClaimlintError, match="none: No such file"):
        claimlint.check(claims, out=tmp_path / "report")


def test_an_interrupted_check_leaves_nothing(tmp_path: Path) -> None:
    extract = tmp_path / "large.csv"
    lines = (Path(__file__).parents[3] / "fixtures/extracts/kyphoplasty-2024q1.csv").read_bytes().splitlines(keepends=True)
    extract.write_bytes(lines[0] + b"".join(lines[1:]) * 2000)
    out = tmp_path / "out" / "report"
    out.parent.mkdir()
    code = "import claimlint, sys; claimlint.check(sys.argv[1], out=sys.argv[2], quiet=True)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    child = subprocess.Popen([sys.executable, "-c", code, extract, out], env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not any(out.parent.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert "KeyboardInterrupt" in err
    assert child.returncode != 0
    assert list(out.parent.iterdir()) == []
