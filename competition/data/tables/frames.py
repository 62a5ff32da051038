"""A table's rows as data frames, for estimators that Podium knows nothing of."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from competition.data.csv_files import find_csv
from competition.data.tables.own_features import friendly_frames, with_own_features
from competition.data.tables.sharing import Shared, shared_columns
from competition.data.tables.table import order_of, read_both
from competition.problem.sample import read_sample_ids
from competition.spec import Competition


def read_frames(competition: Competition, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read what can be learnt from of the training rows, and the same of the test rows.

    A person's own features take the place of the columns, where there are any.

    Args:
        competition: What the files hold.
        folder: Where they are.

    Returns:
        Frames (n, columns) and (m, columns), indexed by the ids where the files have some, the test
        rows in the sample's order. Numbers are numbers with NaN for a missing one, dates are
        moments, and all else is `category`, with the levels of both files.

    Raises:
        PodiumError: a file breaks a promise.
    """
    paths = (find_csv(folder, name) for name in (competition.train_file, competition.test_file))
    train_path, test_path = paths
    with ThreadPoolExecutor(1) as beside:
        train, test = read_both(train_path, test_path, competition, beside)
    ids = read_sample_ids(competition, folder)
    order = order_of(test, ids, competition, test_path)
    shared = shared_columns(train, test, competition)
    frames = _columns(shared, competition)
    if order is not None:
        frames = frames[0], frames[1].iloc[order].reset_index(drop=True)
    for name in frames[0].columns:
        _share_levels(frames, name)
    first, second = frames
    if competition.id_column in train:
        first = first.set_index(pd.Index(train[competition.id_column], name=competition.id_column))
    second = second.set_index(pd.Index(ids, name=competition.test_id or competition.id_column))
    return first, second


def _columns(shared: Shared, competition: Competition) -> tuple[pd.DataFrame, pd.DataFrame]:
    if competition.features is not None:
        name = f"{competition.slug}.py"
        return with_own_features(competition.features, name, shared.train, shared.test, shared.ids)
    learnt = [name for name in shared.train.columns if name not in shared.ids]
    return friendly_frames(shared.train[learnt], shared.test[learnt], ())


def _share_levels(frames: tuple[pd.DataFrame, pd.DataFrame], name: str) -> None:
    """Make texts categories, of the levels of train and test together."""
    parts = [frame[name] for frame in frames]
    if all(
        pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells)
        for cells in parts
    ):
        return
    levels = pd.concat([cells.astype("str") for cells in parts]).dropna().unique()
    kind = pd.CategoricalDtype(sorted(levels))
    for frame, cells in zip(frames, parts, strict=True):
        frame[name] = cells.astype("str").astype(kind)
