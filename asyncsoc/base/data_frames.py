"""Tables as pandas data frames, and what is said where pandas is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from asyncsoc.base.errors import EnvironmentProblem

if TYPE_CHECKING:
    import pandas as pd


def data_frame(columns: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, index: str | None = None) -> pd.DataFrame:
    """Return a data frame of columns by name, or of rows that are mappings.

    Parameters
    ----------
    columns
        Arrays (n,) by name, or one mapping a row.
    index
        Name of the index, which counts from 0; or the column that becomes the index.

    Raises
    ------
    EnvironmentProblem
        pandas is not installed.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(
            "a data frame needs pandas", where="to_dataframe", next_step="pip install pandas"
        ) from error
    rows = dict(columns) if isinstance(columns, Mapping) else [dict(row) for row in columns]
    frame = pd.DataFrame(rows)
    if index is not None and index in frame.columns:
        return frame.set_index(index)
    frame.index.name = index
    return frame
