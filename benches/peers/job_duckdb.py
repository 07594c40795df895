"""DuckDB's part, run in the private environment: counts the rows in scope, or does the two checks of the dense audit.

Reads one JSON object from its argument, prints one. `inside` is the time without interpreter and imports.
"""

import json
import sys
import time
from collections.abc import Iterable

import duckdb

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

# The dialect is told, so that no time goes into finding it.
ROWS = "read_csv($paths, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')"


def texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def any_of(columns: list[str], values: Iterable[str]) -> str:
    return " OR ".join(f"coalesce({column} IN ({texts(values)}), false)" for column in columns)


def not_in_list() -> str:
    """The list applies to the product, and no diagnosis of the row is on it."""
    return f"({of_classes(CLASSES_WITH_A_LIST)} AND NOT ({any_of([f'diagnosis_{n}' for n in range(1, 13)], LISTED_DIAGNOSES)}))"


def of_classes(classes: list[str]) -> str:
    """The product is of one of these classes. An absent product is the label ""."""
    return f"coalesce(product, '') IN ({texts(label for label, (name, _) in PRODUCTS.items() if name in classes)})"


def missing_authorization() -> str:
    """An authorization is required by setting and product, and there is none."""
    by_bill = f"substr(bill_type, 1, 2) IN ({texts(INPATIENT_BILLS)})"
    by_place = f"coalesce(place_of_service IN ({texts(INPATIENT_PLACES)}), false)"
    inpatient = f"CASE WHEN bill_type IS NOT NULL THEN {by_bill} ELSE {by_place} END"
    required = f"({inpatient} OR {of_classes(CLASSES_ALWAYS_AUTHORIZED)})"
    return f"({required} AND (authorization_number IS NULL OR authorization_number IN ({texts(NO_AUTHORIZATION)})))"


def count(task: dict) -> tuple[str, list[str]]:
    hit = any_of(task["scope_columns"], LISTED_PROCEDURES)
    if task["checking"]:
        return f"SELECT count(*), count(*) FILTER (WHERE {hit}) FROM {ROWS}", ["rows", "in_scope"]
    return f"SELECT count(*) FROM {ROWS} WHERE {hit}", ["in_scope"]


def take(task: dict) -> list[tuple]:
    """All columns of the rows in scope of a Parquet file: a count would read the column of the filter alone."""
    hit = " OR ".join(f"{column} IN ({texts(LISTED_PROCEDURES)})" for column in task["scope_columns"])
    connection = duckdb.connect(config={"threads": task["cores"]})
    return connection.execute(f"SELECT * FROM read_parquet($paths) WHERE {hit}", {"paths": task["paths"]}).fetchall()


def audit(task: dict) -> tuple[str, list[str]]:
    rows = f"SELECT *, {not_in_list()} AS not_in_list, {missing_authorization()} AS missing_authorization FROM {ROWS}"
    if not task["checking"]:
        flagged = f"SELECT * FROM ({rows}) WHERE not_in_list OR missing_authorization"
        return f"COPY ({flagged}) TO '{task['flagged_csv']}' (FORMAT csv, HEADER)", []
    counted = {
        "rows": "count(*)",
        "in_scope": f"count(*) FILTER (WHERE {any_of(task['scope_columns'], LISTED_PROCEDURES)})",
        "not_in_list": "count(*) FILTER (WHERE not_in_list)",
        "missing_authorization": "count(*) FILTER (WHERE missing_authorization)",
        "flagged": "count(*) FILTER (WHERE not_in_list OR missing_authorization)",
    }
    return f"SELECT {', '.join(counted.values())} FROM ({rows})", list(counted)


def main() -> None:
    task = json.loads(sys.argv[1])
    if task["paths"][0].endswith(".parquet"):
        started = time.perf_counter()
        taken = len(take(task))
        print(json.dumps({"inside": time.perf_counter() - started, "counts": {"in_scope": taken}}))
        return
    query, names = audit(task) if "flagged_csv" in task else count(task)
    started = time.perf_counter()
    connection = duckdb.connect(config={"threads": task["cores"]})
    answer = connection.execute(query, {"paths": task["paths"]}).fetchone()
    counts = dict(zip(names, answer, strict=True)) if names else {}
    print(json.dumps({"inside": time.perf_counter() - started, "counts": counts}))


main()
