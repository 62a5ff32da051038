"""Features of dates: their parts, where they stand in time, and the cycles that they go round."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.schema import Role
from pipelines.features.tables.columns import Builder, Columns
from pipelines.features.tables.whole import Whole

_DAY = 86_400.0
_PARTS = ("month", "day", "day_of_week", "day_of_year", "hour", "minute", "second", "is_month_end")
_CYCLES = {"month": 12, "day_of_week": 7, "day_of_year": 366, "hour": 24, "minute": 60}

Seconds = npt.NDArray[np.float64]


def date_parts(whole: Whole) -> Columns:
    """Return the month, the weekday, the hour and the like of each date, as numbers."""
    features = Builder(len(whole))
    for name, seconds in _dates(whole):
        moments = _moments(seconds)
        for part in _PARTS:
            features.number(f"{name} {part}", _part(moments, part))
        features.number(f"{name} hour of week", _hour_of_week(moments))
    return features.built()


def date_trends(whole: Whole) -> Columns:
    """Return how far on each date is, and how far apart two dates of a row are, in days.

    A test set that comes after the training set has values here that no tree has seen.
    """
    features = Builder(len(whole))
    dates = _dates(whole)
    for name, seconds in dates:
        moments = _moments(seconds)
        features.number(f"{name} days", (seconds - np.nanmin(seconds)) / _DAY)
        features.number(f"{name} year", _part(moments, "year"))
        features.number(f"{name} week", np.floor((seconds - np.nanmin(seconds)) / _DAY / 7))
    for place, (name, seconds) in enumerate(dates):
        for other, others in dates[:place]:
            features.number(f"{name} less {other}", (seconds - others) / _DAY)
    return features.built()


def date_cycles(whole: Whole) -> Columns:
    """Return the sine and cosine of the parts of dates that come round again."""
    features = Builder(len(whole))
    for name, seconds in _dates(whole):
        moments = _moments(seconds)
        for part, length in _CYCLES.items():
            values = _part(moments, part)
            if len(np.unique(values[~np.isnan(values)])) > 2:
                angle = 2 * np.pi * values / length
                features.number(f"{name} {part} sine", np.sin(angle))
                features.number(f"{name} {part} cosine", np.cos(angle))
    return features.built()


def _dates(whole: Whole) -> list[tuple[str, Seconds]]:
    columns = [
        (whole.schema.names[place], whole.column(place)) for place in whole.schema.places(Role.DATE)
    ]
    return [(name, seconds) for name, seconds in columns if not np.isnan(seconds).all()]


def _moments(seconds: Seconds) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(pd.Series(seconds), unit="s", errors="coerce"))


def _part(moments: pd.DatetimeIndex, part: str) -> Seconds:
    return np.where(moments.isna(), np.nan, np.asarray(getattr(moments, part), np.float64))


def _hour_of_week(moments: pd.DatetimeIndex) -> Seconds:
    hours = _part(moments, "hour")
    return hours if not np.nanmax(hours) else hours + 24 * _part(moments, "day_of_week")
