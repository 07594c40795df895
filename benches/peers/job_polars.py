"""Polars' part, run in the private environment: counts the rows in scope, or does the two checks of the dense audit.

Reads one JSON object from its argument, prints one. `inside` is the time without interpreter and imports.
"""

import json
import sys
import time

import polars as pl

from shapes import (
    CLASSES_ALWAYS_AUTHORIZED,
    CLASSES_WITH_A_LIST,
    INPATIENT_BILLS,
    INPATIENT_PLACES,
    LISTED_DIAGNOSES,
    LISTED_PROCEDURES,
    NO_AUTHORIZATION,
    PRODUCTS,
)


def scan(paths: list[str]) -> pl.LazyFrame:
    """Every column as text, as the tool that judges it needs it. Columns a query does not use are never built."""
    if paths[0].endswith(".parquet"):
        return pl.scan_parquet(paths)
    return pl.scan_csv(paths, infer_schema=False)


def in_scope(columns: list[str]) -> pl.Expr:
    return pl.any_horizontal([pl.col(column).is_in(LISTED_PROCEDURES).fill_null(False) for column in columns])


def not_in_list() -> pl.Expr:
    """The list applies to the product, and no diagnosis of the row is on it."""
    columns = [f"diagnosis_{n}" for n in range(1, 13)]
    listed = pl.any_horizontal([pl.col(column).is_in(LISTED_DIAGNOSES).fill_null(False) for column in columns])
    return product_class().is_in(CLASSES_WITH_A_LIST) & ~listed


def product_class() -> pl.Expr:
    classes = {label: name for label, (name, _) in PRODUCTS.items()}
    return pl.col("product").fill_null("").replace_strict(classes, default="unknown")


def missing_authorization() -> pl.Expr:
    """An authorization is required by setting and product, and there is none."""
    by_bill = pl.col("bill_type").str.slice(0, 2).is_in(INPATIENT_BILLS)
    by_place = pl.col("place_of_service").is_in(INPATIENT_PLACES)
    inpatient = pl.when(pl.col("bill_type").is_not_null()).then(by_bill).otherwise(by_place)
    required = inpatient | product_class().is_in(CLASSES_ALWAYS_AUTHORIZED)
    number = pl.col("authorization_number")
    return required & (number.is_null() | number.is_in(NO_AUTHORIZATION))


def count(task: dict) -> dict:
    rows, hit = scan(task["paths"]), in_scope(task["scope_columns"])
    if task["checking"]:
        query = rows.select(pl.len().alias("rows"), hit.sum().alias("in_scope"))
    elif task["paths"][0].endswith(".parquet"):
        # A count would read the column of the filter alone.
        return {"in_scope": rows.filter(hit).collect(engine="streaming").height}
    else:
        query = rows.filter(hit).select(pl.len().alias("in_scope"))
    return query.collect(engine="streaming").to_dicts()[0]


def audit(task: dict) -> dict:
    rows = scan(task["paths"]).with_columns(
        not_in_list().alias("not_in_list"), missing_authorization().alias("missing_authorization")
    )
    flagged = pl.col("not_in_list") | pl.col("missing_authorization")
    if not task["checking"]:
        rows.filter(flagged).sink_csv(task["flagged_csv"])
        return {}
    query = rows.select(
        pl.len().alias("rows"),
        in_scope(task["scope_columns"]).sum().alias("in_scope"),
        pl.col("not_in_list").sum(),
        pl.col("missing_authorization").sum(),
        flagged.sum().alias("flagged"),
    )
    return query.collect(engine="streaming").to_dicts()[0]


def main() -> None:
    task = json.loads(sys.argv[1])
    started = time.perf_counter()
    counts = audit(task) if "flagged_csv" in task else count(task)
    print(json.dumps({"inside": time.perf_counter() - started, "counts": counts}))


main()
