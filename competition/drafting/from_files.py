"""Drafts from files alone: a competition's zip or folder, or one labelled CSV."""

import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path

from competition.data.tables.fold_rule import STRATIFIED
from competition.drafting.asking.classes import classes_of
from competition.drafting.asking.columns import Asked, leave_out_index, what_is_asked
from competition.drafting.asking.ids import looks_like_id
from competition.drafting.asking.scored import (
    look_at_metric,
    look_at_sample,
    metric_named,
    over_columns,
    positive_of,
    require_numbers,
)
from competition.drafting.draft import Draft, Notes
from competition.drafting.files import find_files, unpacked
from competition.drafting.roles import Roles, roles_of
from competition.drafting.split.folds import folds_like_test
from competition.drafting.tables import Tables, require_column
from competition.errors import PodiumError
from competition.problem.metrics.metric import Metric
from competition.problem.targets import Eats, Kind
from competition.spec import Competition
from competition.spec.checks import check_spec

_USUAL_DAILY = 5
_TRAIN = "train.csv"


@dataclass(frozen=True)
class Told:
    """What is known of a competition but from its files: by Kaggle, or by a person.

    Attributes:
        metric: How it is scored; None where nobody says.
        metric_from: Who says so, as in `Kaggle`.
        target: The label column(s); several ones parted by commas; None to tell them from files.
        positive: The class that counts as positive; None where nobody says.
        slug: Kaggle's name for it; None for one made of the file's name.
        title: The name that people read; None for one made of the slug.
        daily: How many submissions a day Kaggle takes; None where unknown.
        notebooks_only: Whether Kaggle says that it takes submissions from notebooks alone.
    """

    metric: str | None = None
    metric_from: str = "as named"
    target: str | None = None
    positive: str | None = None
    slug: str | None = None
    title: str | None = None
    daily: int | None = None
    notebooks_only: bool = False


def draft_from_zip(
    path: Path, metric: str, slug: str | None = None, positive: str | None = None
) -> Draft:
    """Draft the competition of a zip or a folder that holds train, test and sample.

    Args:
        path: The zip, or a folder with the files; whatever their names.
        metric: How it is scored, in any spelling that `find_metric` knows.
        slug: Kaggle's name for it; None for one made of the file's name.
        positive: The class that counts as positive, where the metric asks and it is not plain.

    Returns:
        The draft. Its competition's `train_file`, `test_file` and `sample_file` are the names of
        members of the zip, without folders (`archives.member_called` finds them).

    Raises:
        PodiumError: there is no such file, its tables cannot be told apart, the metric is not
            known or does not fit the target, or a positive class must be named (`Undecided`).
    """
    return draft(path, Told(metric=metric, slug=slug, positive=positive))


def draft_from_csv(
    path: Path, target: str, metric: str, slug: str | None = None, positive: str | None = None
) -> Draft:
    """Draft a competition on one labelled CSV, which has no test set and no sample.

    Args:
        path: The CSV, plain or in a zip of its own.
        target: The column that is asked; several ones parted by commas.
        metric: How it is scored, in any spelling that `find_metric` knows.
        slug: The competition's name; None for one made of the file's name.
        positive: The class that counts as positive, where the metric asks and it is not plain.

    Returns:
        The draft. `train_file`, `test_file` and `sample_file` are `train.csv`, `test.csv` and
        `sample_submission.csv`, which the practice Kaggle makes; `id_column` is a column of the
        CSV that is unique and looks like an id, or else a new name that none of its columns has
        (`id`, `row_id`), for which ids have to be made. Folds are stratified: no test set shows
        what else they should be like.

    Raises:
        PodiumError: there is no such file or column, the target is constant, the metric is not
            known or does not fit the target, or a positive class must be named (`Undecided`).
    """
    if not path.is_file():
        raise PodiumError(f"There is no file {path}. Give a labelled CSV.")
    told = Told(metric=metric, slug=slug, positive=positive, target=target)
    tables = Tables.read_one(path, ())
    labels = _named(tables, told)
    notes = Notes()
    known = over_columns(metric_named(metric, tables), tables, labels)
    notes.reasons["metric"] = _metric_reason(told, known)
    id_column = _own_id(tables, labels, notes)
    notes.reasons["columns.target"] = notes.reasons["columns.label"] = "as named"
    classes = () if known.kind == Kind.NUMBERS else classes_of(tables, labels, known, notes)
    asked = Asked(id_column, None, _targets(labels, classes, known), labels, classes)
    return _finished(tables, asked, known, told, notes, path)


def draft(source: Path, told: Told) -> Draft:
    """Draft a competition of a zip or a folder, with what is known of it otherwise.

    Raises:
        PodiumError: the files cannot be told apart, or do not fit each other or the metric.
        Undecided: no file tells something that a person has to say.
    """
    with unpacked(source) as folder:  # from which labels are read again, in their very text
        return draft_of(Tables.read(find_files(folder)), told, source)


def draft_of(tables: Tables, told: Told, source: Path) -> Draft:
    """Draft a competition of its tables.

    Args:
        tables: Train, test and the sample, if there is one.
        told: What is known otherwise.
        source: The zip or the folder; its name makes the slug where none is told.

    Raises:
        PodiumError: as `draft`.
        Undecided: as `draft`; with the answer in `told` it goes on.
    """
    notes = Notes(dict(tables.files.reasons) if tables.files else {})
    aside = tables.files.aside if tables.files else ()
    if aside:
        notes.questions.append(
            f"{', '.join(aside[:8])}: left aside. Podium takes one table; what "
            f"{'it tells' if len(aside) == 1 else 'they tell'} has to be joined into "
            f"{tables.train_name} and {tables.test_name}."
        )
    leave_out_index(tables, notes)
    named = _named(tables, told)
    metric = over_columns(metric_named(told.metric, tables), tables, named)
    notes.reasons["metric"] = _metric_reason(told, metric)
    asked = what_is_asked(tables, metric, named, notes)
    look_at_metric(metric, asked, notes)
    look_at_sample(tables, asked, metric, notes)
    return _finished(tables, asked, metric, told, notes, source)


def slug_of(text: str) -> str:
    """Return the slug in a competition's address or in a file's name.

    Example:
        >>> slug_of("https://www.kaggle.com/competitions/titanic/overview")
        'titanic'
        >>> slug_of("My Data (2)")
        'my-data-2'
    """
    found = re.search(r"kaggle\.com/(?:competitions|c)/([^/?#]+)", text)
    plain = re.sub(r"[^a-z0-9]+", "-", (found[1] if found else text).lower()).strip("-")
    if not plain:
        raise PodiumError(f"{text!r} names no competition. Give its slug, as in its address.")
    return plain


# ---------------------------------------------------------------------- parts of a draft


def _named(tables: Tables, told: Told) -> tuple[str, ...]:
    """Return the label columns that a person named: one as it stands, or several with commas."""
    if told.target is None:
        return ()
    if told.target in tables.train:
        return (told.target,)
    names = tuple(name.strip() for name in told.target.split(","))
    for name in names:
        require_column(tables, name)
    return names


def _own_id(tables: Tables, labels: tuple[str, ...], notes: Notes) -> str:
    """Return the id column of a labelled CSV, or a new name where it has none."""
    for name in map(str, tables.train.columns):
        if name not in labels and looks_like_id(tables.train, name):
            notes.reasons["columns.id"] = f"different in each row of {tables.train_name}"
            return name
    notes.reasons["columns.id"] = f"{tables.train_name} has no ids, so they are made"
    names = itertools.chain(("id", "row_id"), (f"row_id_{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in tables.train)


def _targets(labels: tuple[str, ...], classes: tuple[str, ...], metric: Metric) -> tuple[str, ...]:
    """Return the target columns of a made sample: a class each, where the metric wants that."""
    if metric.eats == Eats.CLASS_PROBABILITIES and len(classes) > 2:
        return tuple(f"{labels[0]}_{name}" for name in classes)
    return labels


def _metric_reason(told: Told, metric: Metric) -> str:
    written = str(told.metric)
    more = f": {written!r}" if written != metric.name else ""
    return f"{told.metric_from}{more}"


def _finished(
    tables: Tables, asked: Asked, metric: Metric, told: Told, notes: Notes, source: Path
) -> Draft:
    """Return the draft, from what is asked."""
    if metric.kind == Kind.NUMBERS:
        require_numbers(tables, asked, metric)
    positive = positive_of(asked, metric, told.positive, notes)
    labels = set(asked.labels)
    ids = {asked.id_column, asked.test_id or asked.id_column}
    train, test = tables.train, tables.test
    side, channels = _pixels([name for name in map(str, train) if name not in ids | labels], notes)
    roles: Roles = ()
    folds = STRATIFIED
    if side is None:
        texts = {name: tables.texts(name) for name in asked.labels}
        roles = roles_of(train, test, ids, texts, notes)
        folds = folds_like_test(train, test, asked, roles, notes)
    slug = slug_of(told.slug or re.sub(r"(\.csv)?(\.zip)?$", "", source.name))
    if told.daily is None:
        notes.reasons["daily_submissions"] = "usual at Kaggle; the rules say"
    if told.notebooks_only:
        notes.reasons["notebooks_only"] = (
            "as Kaggle says: what is submitted is a script that Kaggle runs"
        )
    competition = Competition(
        slug=slug,
        title=told.title or slug.replace("-", " ").title(),
        metric=metric.name,
        train_file=tables.train_name if test is not None else _TRAIN,
        test_file=tables.test_name,
        sample_file=tables.sample_name,
        id_column=asked.id_column,
        target_columns=asked.targets,
        label_columns=asked.labels,
        test_id=asked.test_id,
        image_side=side,
        channels=channels,
        roles=roles,
        folds=folds,
        classes=asked.classes,
        positive=positive,
        train_rows=None if test is None else len(train),
        test_rows=None if test is None else len(test),
        daily_submissions=told.daily or _USUAL_DAILY,
        notebooks_only=told.notebooks_only,
    )
    try:
        check_spec(competition, metric)
    except ValueError as error:
        raise PodiumError(f"{slug} cannot be drafted: {error}.") from None
    return Draft(competition, notes.reasons, notes.questions)


def _pixels(columns: list[str], notes: Notes) -> tuple[int | None, int]:
    """Return the side of square images and their channels, where all columns are called pixels."""
    if not columns or not all("pixel" in name.lower() for name in columns):
        return None, 1
    for channels in (1, 3):
        side = math.isqrt(len(columns) // channels)
        if side >= 4 and side * side * channels == len(columns):
            notes.reasons["image_side"] = f"{len(columns):,} columns are called pixels"
            return side, channels
    return None, 1
