"""A line of small bars: numbers at a glance, in a terminal."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def spark_line(numbers: Sequence[float], width: int = 16) -> str:
    """Return one bar a number, the smallest lowest and the largest full.

    Args:
        numbers: In their order; where there are more than `width`, evenly spaced ones and the last.
        width: Bars at most.
    """
    if len(numbers) > width:
        numbers = [numbers[round(i * (len(numbers) - 1) / (width - 1))] for i in range(width)]
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    if low == high:
        return _BARS[len(_BARS) // 2] * len(numbers)
    return "".join(
        _BARS[round((number - low) / (high - low) * (len(_BARS) - 1))] for number in numbers
    )
