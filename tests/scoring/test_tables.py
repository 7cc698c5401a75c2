"""Tables of many rows."""

from pathlib import Path

import pytest

from core.scoring.tables import write_table


@pytest.mark.parametrize("count", [0, 3, 100_000, 200_001])
def test_parquet_holds_every_row_once_in_order(tmp_path: Path, count: int) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = tmp_path / "rows.parquet"
    write_table(path, ((f"p{k % 7}", k) for k in range(count)), (("name", str), ("place", int)))
    table = parquet.read_table(path)
    assert table.column_names == ["name", "place"]
    assert table["place"].to_pylist() == list(range(count))
    assert table["name"].to_pylist() == [f"p{k % 7}" for k in range(count)]
