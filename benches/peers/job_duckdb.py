"""DuckDB's part, run in the private environment: counts the rows in scope.

Reads one JSON object from its argument, prints one. `inside` is the time without interpreter and imports.
"""

import json
import sys
import time

import duckdb

from shapes import LISTED_PROCEDURES


def main() -> None:
    task = json.loads(sys.argv[1])
    listed = ", ".join(f"'{code}'" for code in LISTED_PROCEDURES)
    hit = " OR ".join(f"{column} IN ({listed})" for column in task["scope_columns"])
    # The dialect is told, so that no time goes into finding it.
    rows = "read_csv($paths, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')"
    if task["checking"]:
        query = f"SELECT count(*), count(*) FILTER (WHERE {hit}) FROM {rows}"
        names = ["rows", "in_scope"]
    else:
        query = f"SELECT count(*) FROM {rows} WHERE {hit}"
        names = ["in_scope"]
    started = time.perf_counter()
    connection = duckdb.connect(config={"threads": task["cores"]})
    answer = connection.execute(query, {"paths": task["paths"]}).fetchone()
    print(json.dumps({"inside": time.perf_counter() - started, "counts": dict(zip(names, answer, strict=True))}))


main()
