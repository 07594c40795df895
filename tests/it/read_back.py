"""Reads a report's Parquet, JSON Lines and workbook with DuckDB, Polars, pyarrow, pandas and openpyxl, and compares each
with the CSV files.

Usage: read_back.py DIRECTORY. Prints one line a reader and table; a difference ends it with an error.
"""

import csv
import datetime
import decimal
import json
import pathlib
import sys

import duckdb
import openpyxl
import pandas
import polars
import pyarrow
import pyarrow.parquet

LISTS = {"diagnoses_considered", "rules"}
AMOUNTS = {"amount_at_risk", "recoverable"}
# The signs that the workbook shows for control characters.
SEEN = {n: 0x2400 + n for n in range(32)}


def bare(cell):
    """A cell without the guard against spreadsheets."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def wanted(path):
    """The CSV file: its header and its cells."""
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, [[bare(cell) for cell in row] for row in rows]


def text(name, value):
    """A value as the CSV file prints it."""
    if value is None:
        return ""
    if hasattr(value, "tolist"):
        # pandas gives lists as arrays.
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        assert name in LISTS, name
        return ";".join(value)
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date):
        assert name == "service_date", name
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, float, int)) and name in AMOUNTS:
        return f"{decimal.Decimal(str(value)):.2f}"
    if isinstance(value, (decimal.Decimal, float, int)) and name == "units":
        return f"{decimal.Decimal(str(value)).normalize():f}"
    if name == "source_line":
        assert isinstance(value, int), value
        return str(value)
    assert isinstance(value, str), (name, value)
    return value


def hold(who, want, header, rows):
    """Says that a reader saw what the CSV file says, or ends. Without a baseline only the typed formats have `new`."""
    header, rows = list(header), [list(row) for row in rows]
    if "new" not in want[0]:
        assert header.pop() == "new" and all(row.pop() in ("", None) for row in rows), who
    assert header == want[0], (who, header)
    got = [[text(name, value) for name, value in zip(header, row, strict=True)] for row in rows]
    assert len(got) == len(want[1]), (who, len(got), len(want[1]))
    for mine, theirs in zip(want[1], got):
        assert mine == theirs, (who, mine, theirs)
    print(f"{who}: {len(got)} rows are those of the CSV file")


def types_of_arrow(path):
    """Checks the types that every reader can take: no view types, dates of a day, and decimals that a NUMERIC takes."""
    file = pyarrow.parquet.ParquetFile(path)
    assert not file.metadata.metadata, "no schema beside that of Parquet"
    schema = file.schema_arrow
    for field in schema:
        if field.name in LISTS:
            assert pyarrow.types.is_list(field.type) and field.type.value_type == pyarrow.string(), field
        elif field.name == "service_date":
            assert field.type == pyarrow.date32(), field
        elif field.name in AMOUNTS or field.name == "units":
            digits = (19, 2) if field.name in AMOUNTS else (38, 9)
            assert (field.type.precision, field.type.scale) == digits, field
            # NUMERIC of BigQuery: 29 digits before the point, 9 after it.
            assert digits[0] - digits[1] <= 29 and digits[1] <= 9, field
        elif field.name == "source_line":
            assert field.type == pyarrow.int64(), field
        else:
            assert field.type == pyarrow.string(), field


def main():
    place = pathlib.Path(sys.argv[1])
    book = openpyxl.load_workbook(place / "report.xlsx", read_only=False)
    streamed = openpyxl.load_workbook(place / "report.xlsx", read_only=True)
    assert book.sheetnames == ["Summary", "Services", "Findings", "Providers", "Rejects", "About"], book.sheetnames
    for sheet in book.worksheets:
        # The summary is a page to read, not a table.
        is_table = sheet.title != "Summary"
        assert not is_table or (sheet.freeze_panes == "A2" and sheet.auto_filter.ref), sheet.title
        # What a reader believes that does not read the rows.
        stated = streamed[sheet.title].calculate_dimension()
        assert stated == sheet.calculate_dimension(), (sheet.title, stated)
        assert not is_table or stated == sheet.auto_filter.ref, (sheet.title, stated)
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row), sheet.title
    for name in ("services", "findings"):
        want = wanted(place / f"{name}.csv")
        told = duckdb.sql(f"select * from read_parquet('{place / name}.parquet')")
        types = dict(zip(told.columns, map(str, told.types)))
        assert types["service_date"] == "DATE", types
        assert all(types[amount] == "DECIMAL(19,2)" for amount in AMOUNTS & set(types)), types
        hold(f"duckdb, {name}.parquet", want, told.columns, told.fetchall())
        frame = polars.read_parquet(place / f"{name}.parquet")
        assert frame.schema["service_date"] == polars.Date and frame.schema["claim_id"] == polars.String, frame.schema
        hold(f"polars, {name}.parquet", want, frame.columns, frame.rows())
        types_of_arrow(place / f"{name}.parquet")
        table = pyarrow.parquet.read_table(place / f"{name}.parquet")
        hold(f"pyarrow, {name}.parquet", want, table.column_names, zip(*(column.to_pylist() for column in table.columns)))
        frame = pandas.read_parquet(place / f"{name}.parquet")
        cells = frame.astype(object).where(frame.notna(), None)
        hold(f"pandas, {name}.parquet", want, frame.columns, cells.itertuples(index=False))
        with open(place / f"{name}.jsonl", encoding="utf-8") as file:
            objects = [json.loads(line) for line in file]
        counted = duckdb.sql(f"select count(*) from read_json('{place / name}.jsonl')").fetchall()[0][0]
        assert counted == len(objects) == polars.read_ndjson(place / f"{name}.jsonl").height, counted
        hold(f"json, {name}.jsonl", want, objects[0].keys(), [list(o.values()) for o in objects])
        header, *rows = book[name.capitalize()].iter_rows(values_only=True)
        shown = want[0], [[cell.translate(SEEN) for cell in row] for row in want[1]]
        # Excel reads `_x005F_` as an underscore; openpyxl leaves it.
        rows = [[v.replace("_x005F_", "_") if isinstance(v, str) else v for v in row] for row in rows]
        # Findings have a column for readers that no other format has.
        if header[-1] == "what_would_change_it":
            header, rows = header[:-1], [row[:-1] for row in rows]
        hold(f"openpyxl, {name}", shown, header, rows)


if __name__ == "__main__":
    main()
