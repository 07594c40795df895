"""Writes an extract as Parquet in the ways of DuckDB, Polars, pandas and pyarrow, each beside the CSV that DuckDB writes of it.

usage: write_parquet.py EXTRACT.csv DIRECTORY [ROWS]
"""

import csv
import pathlib
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet as pq

extract, directory = sys.argv[1], pathlib.Path(sys.argv[2])
rows = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000

TYPED = """
    SELECT * REPLACE (
        TRY_CAST(line_number AS TINYINT) AS line_number,
        TRY_CAST(frequency_code AS UTINYINT) AS frequency_code,
        TRY_CAST(billing_npi AS BIGINT) AS billing_npi,
        TRY_CAST(place_of_service AS SMALLINT) AS place_of_service,
        TRY_CAST(service_date AS DATE) AS service_date,
        TRY_CAST(service_end_date AS TIMESTAMP) AS service_end_date,
        TRY_CAST(units AS UINTEGER) AS units,
        TRY_CAST(charge_amount AS DECIMAL(9, 2)) AS charge_amount,
        TRY_CAST(allowed_amount AS DECIMAL(18, 2)) AS allowed_amount,
        TRY_CAST(paid_amount AS DECIMAL(38, 2)) AS paid_amount
    ), claim_form = 'I' AS institutional, TIME '10:11:12' AS received_at, uuid() AS row_id, encode(claim_id) AS raw_id
    FROM texts
"""

# Numbers that are floating-point, as pandas makes them of whole numbers with gaps.
FLOATS = """
    SELECT * REPLACE (
        TRY_CAST(line_number AS DOUBLE) AS line_number,
        TRY_CAST(billing_npi AS DOUBLE) AS billing_npi,
        TRY_CAST(place_of_service AS REAL) AS place_of_service,
        TRY_CAST(service_date AS TIMESTAMPTZ) AS service_date,
        TRY_CAST(service_end_date AS TIMESTAMP_MS) AS service_end_date,
        TRY_CAST(procedure_code AS DOUBLE) AS procedure_code,
        TRY_CAST(units AS DOUBLE) AS units,
        TRY_CAST(charge_amount AS DOUBLE) AS charge_amount,
        TRY_CAST(allowed_amount AS REAL) AS allowed_amount
    ) FROM texts
"""

# Several diagnoses in one cell, for a layout with [lists].
LISTS = """
    SELECT * EXCLUDE (diagnosis_1, diagnosis_2, diagnosis_3, diagnosis_4, icd_procedure_1, icd_procedure_2),
        list_filter([diagnosis_1, diagnosis_2, diagnosis_3, diagnosis_4], lambda code: code IS NOT NULL) AS diagnosis_1,
        list_filter([icd_procedure_1, icd_procedure_2], lambda code: code IS NOT NULL) AS icd_procedure_1,
        {'source': 'test', 'row': 7} AS nested
    FROM texts
"""

database = duckdb.connect()
database.execute("SET timezone = 'UTC'")
database.execute("SELECT setseed(0.5)")
# Rows that are damaged as text are no matter of Parquet.
with open(extract, encoding="utf-8", newline="") as file:
    lines = list(csv.reader(file))[: rows + 1]
header = lines[0]
whole = [[cell or None for cell in line] for line in lines[1:] if len(line) == len(header)]
texts_in = pyarrow.table(
    {name: pyarrow.array([line[nth] for line in whole], pyarrow.string()) for nth, name in enumerate(header)}
)
database.execute("CREATE TABLE texts AS SELECT * FROM texts_in")
for name, query in [("typed", TYPED), ("floats", FLOATS), ("lists", LISTS)]:
    database.execute(f"CREATE TABLE {name} AS {query}")


# A floating-point column of whole numbers is read as those, and DuckDB writes them with a decimal.
WHOLE = """ REPLACE (
    CAST(line_number AS BIGINT) AS line_number,
    CAST(billing_npi AS BIGINT) AS billing_npi,
    CAST(place_of_service AS BIGINT) AS place_of_service,
    CAST(procedure_code AS BIGINT) AS procedure_code,
    CAST(units AS BIGINT) AS units)
"""


def export(name: str) -> None:
    """Writes NAME.csv beside NAME.parquet."""
    columns = "*" + (WHOLE if name.endswith("floats") else "")
    database.execute(f"COPY (SELECT {columns} FROM '{directory / name}.parquet') TO '{directory / name}.csv'")


def arrow(table: str) -> pyarrow.Table:
    return database.sql(f"SELECT * FROM {table}").to_arrow_table()


for name in ["texts", "typed", "floats", "lists"]:
    file = directory / f"duckdb-{name}.parquet"
    database.execute(f"COPY {name} TO '{file}' (COMPRESSION zstd, ROW_GROUP_SIZE 2048)")
typed = arrow("typed")
pq.write_table(
    typed.set_column(
        typed.schema.get_field_index("product"), "product", typed["product"].combine_chunks().dictionary_encode()
    ),
    directory / "pyarrow-old.parquet",
    version="1.0",
    compression="snappy",
    use_deprecated_int96_timestamps=True,
    row_group_size=150,
    data_page_size=512,
)
pq.write_table(
    arrow("texts"),
    directory / "pyarrow-new.parquet",
    data_page_version="2.0",
    compression="brotli",
    use_dictionary=False,
    column_encoding="DELTA_BYTE_ARRAY",
    row_group_size=170,
)
pq.write_table(
    arrow("texts"),
    directory / "pyarrow-pages.parquet",
    data_page_version="2.0",
    compression="zstd",
    use_dictionary=["product", "procedure_code", "icd_procedure_1"],
    row_group_size=60,
    data_page_size=256,
    write_batch_size=20,
)
pq.write_table(
    arrow("floats"),
    directory / "pyarrow-split-floats.parquet",
    compression="gzip",
    use_dictionary=False,
    use_byte_stream_split=["charge_amount", "allowed_amount"],
    store_schema=False,
)
polars.from_arrow(arrow("typed").drop(["row_id", "received_at"])).with_columns(
    polars.col("product").cast(polars.Categorical)
).write_parquet(directory / "polars-typed.parquet", compression="lz4", row_group_size=130)
arrow("floats").to_pandas().to_parquet(directory / "pandas-floats.parquet", index=False)
for file in sorted(directory.glob("*.parquet")):
    export(file.stem)
