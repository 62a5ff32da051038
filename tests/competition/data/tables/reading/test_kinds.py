"""What a column is, told from its cells."""

import pandas as pd
import pytest

from competition.data.tables.reading.kinds import kind_of
from competition.data.tables.schema import Role


@pytest.mark.parametrize(
    ("cells", "role"),
    [
        ([f"pond {n} has frogs in it and {n} lilies" for n in range(30)], Role.TEXT),
        (["a pond with frogs in it", "a dry pond with reed"] * 15, Role.CATEGORY),
        ([f"a pond of kind {n}" for n in range(8)], Role.CATEGORY),  # too few to tell
        ([f"pond{n}" for n in range(30)], Role.CATEGORY),
        ([f"pond {n} of {n % 7} ponds" for n in range(30)] * 20, Role.CATEGORY),
    ],
)
def test_sentences_are_texts_where_nearly_all_differ(cells: list[str], role: Role) -> None:
    assert kind_of(pd.Series(cells, dtype="str")).role == role
