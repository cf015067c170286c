"""DataFrames as a database: what they hold is read whole, and what cannot be read is refused by name."""

import pandas as pd
import pyarrow as pa

from relfm.connectors import connect


def test_frames_keep_their_named_index_and_mixed_cells() -> None:
    frame = pd.DataFrame({"kind": ["a", 2, None]}, index=pd.Index([1, 2, 3], name="id"))
    rows = connect({"things": frame, "arrow": pa.table({"id": [1]})}).tables["things"]
    assert rows["id"].to_pylist() == [1, 2, 3]
    assert rows["kind"].to_pylist() == ["a", "2", None]
