"""Numbers at a glance."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.spark import spark_line


def test_higher_numbers_have_higher_bars() -> None:
    assert spark_line(range(8)) == "▁▂▃▄▅▆▇█"
    assert spark_line([3, 1, 2]) == "█▁▅"
    assert spark_line([0.5, 0.5]) == "▅▅"
    assert spark_line([]) == ""


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_a_line_is_as_wide_as_asked_and_ends_with_the_last_number(numbers: list[float]) -> None:
    line = spark_line(numbers, width=16)
    assert len(line) == min(16, len(numbers))
    shown = sorted("▁▂▃▄▅▆▇█")
    if max(numbers) > min(numbers):
        assert (line[-1] == shown[-1]) or numbers[-1] < max(numbers)
        assert (line[-1] == shown[0]) or numbers[-1] > min(numbers)
