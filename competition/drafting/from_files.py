"""Drafts from files alone: a competition's zip or folder, or one labelled CSV."""

from pathlib import Path

from competition.drafting.draft import Draft


def draft_from_zip(path: Path, metric: str, slug: str | None = None) -> Draft:
    """Draft the competition of a zip or a folder that holds train, test and sample.

    Args:
        path: The zip, or a folder with the files; whatever their names.
        metric: How it is scored, in any spelling that `find_metric` knows.
        slug: Kaggle's name for it; None for one made of the file's name.

    Returns:
        The draft. Its competition's `train_file`, `test_file` and `sample_file` are the names of
        members of the zip, without folders (`archives.member_called` finds them).

    Raises:
        PodiumError: there is no such file, its tables cannot be told apart, the metric is not
            known or does not fit the target, or a positive class must be named.
    """
    raise NotImplementedError


def draft_from_csv(path: Path, target: str, metric: str, slug: str | None = None) -> Draft:
    """Draft a competition on one labelled CSV, which has no test set and no sample.

    Args:
        path: The CSV, plain or in a zip of its own.
        target: The column that is asked; several ones parted by commas.
        metric: How it is scored, in any spelling that `find_metric` knows.
        slug: The competition's name; None for one made of the file's name.

    Returns:
        The draft. `train_file`, `test_file` and `sample_file` are `train.csv`, `test.csv` and
        `sample_submission.csv`, which the practice Kaggle makes; `id_column` is a column of the CSV
        that is unique and looks like an id, or else a new name that none of its columns has
        (`id`), for which ids have to be made. Folds are stratified (random where numbers are
        asked) or by the groups or times that ids and dates show.

    Raises:
        PodiumError: there is no such file or column, the target is constant, the metric is not
            known or does not fit the target, or a positive class must be named.
    """
    raise NotImplementedError
