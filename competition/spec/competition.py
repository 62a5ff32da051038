"""What a competition promises: the frozen `Competition`, read from one small TOML file."""

import difflib
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from competition.data.tables.fold_rule import STRATIFIED, By, FoldRule
from competition.data.tables.schema import Role
from competition.errors import PodiumError
from competition.problem.metrics.known import find_metric
from competition.problem.problem import Problem, needs_positive, usual_positive
from competition.problem.targets import Eats, Kind
from competition.spec.checks import check_spec
from competition.spec.entries import (
    class_of,
    count_of,
    list_of,
    listed,
    one_or_listed,
    quoted,
    share_of,
    text_of,
    texts_of,
    yes_or_no,
)
from competition.verbs import step

SPECS = Path(__file__).parents[1] / "specs"  # that come with Podium
WEBSITE = "https://www.kaggle.com"

_TOP = (
    "slug title metric daily_submissions public_share notebooks_only classes positive image_side "
    "channels bundled"
)
# Every entry that a file may have, by its table.
_ENTRIES: dict[str, tuple[str, ...] | None] = {
    "": (*_TOP.split(), "files", "columns", "roles", "folds", "rows"),
    "files": ("train", "test", "sample_submission"),
    "columns": ("id", "test_id", "target", "label"),
    "roles": None,  # any column
    "folds": ("by", "column", "match"),
    "rows": ("train", "test"),
}


@dataclass(frozen=True)
class Competition:
    """One competition, as its TOML file describes it.

    Attributes:
        slug: Kaggle's name for it, as in its address.
        title: The name that people read.
        metric: How Kaggle scores it, in any spelling that `find_metric` knows.
        train_file: Labelled rows: of images, label column(s) and then the pixel columns; of a
            table, any columns.
        test_file: Rows to answer; of images, it may start with the id column.
        sample_file: The sample submission: the id and target columns.
        id_column: First column of a submission.
        target_columns: Its other columns.
        label_columns: The column(s) of `train_file` that hold the truth.
        test_id: The id column of `test_file`, where it has another name than in a submission.
        image_side: Pixels along one side of the square images; None for a table.
        channels: 1 for grey images, 3 for colour.
        roles: The columns of a table whose role is not to be found from the files: each name with
            its role, or with the levels of an ordinal column in their order.
        folds: How training rows are dealt out.
        features: The source of a person's own features, `<slug>.py` beside the TOML file.
        classes: The label values as they are written in the files, in class order; none for
            numbers.
        positive: The class that counts as positive, as it is written; None where none does.
        train_rows: Rows that `train_file` must have; None if it may vary.
        test_rows: Rows that `test_file` and a submission must have; None if it may vary.
        daily_submissions: How many submissions Kaggle takes in a day (UTC).
        public_share: Share of the test rows that the public score is taken on; None if unknown.
        notebooks_only: Whether it takes submissions from notebooks alone, which Kaggle runs again
            on a test file that nobody has seen.
        bundled: The data set that a rehearsal takes where it is given no file; None for none.
    """

    slug: str
    title: str
    metric: str
    train_file: str
    test_file: str
    sample_file: str
    id_column: str
    target_columns: tuple[str, ...]
    label_columns: tuple[str, ...]
    test_id: str | None = None
    image_side: int | None = None
    channels: int = 1
    roles: tuple[tuple[str, Role | tuple[str, ...]], ...] = ()
    folds: FoldRule = STRATIFIED
    features: str | None = field(default=None, repr=False)
    classes: tuple[str, ...] = ()
    positive: str | None = None
    train_rows: int | None = None
    test_rows: int | None = None
    daily_submissions: int = 5
    public_share: float | None = None
    notebooks_only: bool = False
    bundled: str | None = None

    @property
    def url(self) -> str:
        """The competition's page."""
        return f"{WEBSITE}/competitions/{self.slug}"

    @property
    def rules_url(self) -> str:
        """The page on which a person accepts the rules; nothing else can."""
        return f"{self.url}/rules"

    @property
    def files(self) -> tuple[str, str, str]:
        """The three files that a download must bring."""
        return (self.train_file, self.test_file, self.sample_file)

    @property
    def rows_kind(self) -> str:
        """What kind of rows it has: `images` or `tables`."""
        return "tables" if self.image_side is None else "images"

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of one image: (side, side), or (side, side, 3)."""
        assert self.image_side is not None, "a table has no images"
        grey = (self.image_side, self.image_side)
        return grey if self.channels == 1 else (*grey, self.channels)

    @property
    def problem(self) -> Problem:
        """What is asked: the metric, with the classes or targets that it is about."""
        metric = find_metric(self.metric)
        one_column = (
            metric.eats == Eats.CLASS_PROBABILITIES
            and len(self.target_columns) == 1
            and len(self.classes) == 2
        )
        positive = None
        if needs_positive(metric, one_column):
            positive = (
                usual_positive(self.classes)
                if self.positive is None
                else self.classes.index(self.positive)
            )
        targets = self.target_columns if metric.kind == Kind.NUMBERS else ()
        return Problem(metric, self.classes, targets, positive, one_column)

    def with_rows(self, train: int, test: int) -> "Competition":
        """Return the same competition with other numbers of rows."""
        return replace(self, train_rows=train, test_rows=test)

    def to_toml(self) -> str:
        """Return the TOML text that `load_competition` reads back as an equal object."""
        lines = [
            f"slug = {quoted(self.slug)}",
            f"title = {quoted(self.title)}",
            f"metric = {quoted(self.metric)}",
            f"daily_submissions = {self.daily_submissions}",
        ]
        if self.public_share is not None:
            lines.append(f"public_share = {self.public_share!r}")
        if self.notebooks_only:
            lines.append("notebooks_only = true")
        if self.classes:
            lines.append(f"classes = {listed(self.classes)}")
        if self.positive is not None:
            lines.append(f"positive = {quoted(self.positive)}")
        if self.image_side is not None:
            lines.append(f"image_side = {self.image_side}")
        if self.channels != 1:
            lines.append(f"channels = {self.channels}")
        if self.bundled is not None:
            lines.append(f"bundled = {quoted(self.bundled)}")
        lines += [
            "",
            "[files]",
            f"train = {quoted(self.train_file)}",
            f"test = {quoted(self.test_file)}",
            f"sample_submission = {quoted(self.sample_file)}",
            "",
            "[columns]",
            f"id = {quoted(self.id_column)}",
            *([f"test_id = {quoted(self.test_id)}"] if self.test_id is not None else []),
            f"target = {one_or_listed(self.target_columns)}",
            f"label = {one_or_listed(self.label_columns)}",
        ]
        lines += self._of_table()
        rows = {"train": self.train_rows, "test": self.test_rows}
        if any(count is not None for count in rows.values()):
            lines += ["", "[rows]"]
            lines += [f"{name} = {count}" for name, count in rows.items() if count is not None]
        return "\n".join(lines) + "\n"

    def _of_table(self) -> list[str]:
        """Return the TOML lines that a table alone has."""
        lines = []
        if self.roles:
            lines += ["", "[roles]"]
            lines += [
                f"{quoted(name)} = {quoted(role) if isinstance(role, Role) else listed(role)}"
                for name, role in self.roles
            ]
        if self.folds != STRATIFIED:
            lines += ["", "[folds]", f"by = {quoted(self.folds.by)}"]
            if self.folds.column is not None:
                lines.append(f"column = {quoted(self.folds.column)}")
            if self.folds.match is not None:
                lines.append(f"match = {quoted(self.folds.match)}")
        return lines


def own_specs() -> Path:
    """Return where a person's own competitions are described.

    That is beside Podium's own within its source folder, and `specs` below the working folder
    where Podium is installed.
    """
    here = Path("competition/specs")
    return SPECS if here.is_dir() and here.samefile(SPECS) else Path("specs")


def available_competitions() -> list[str]:
    """Return the slugs of a person's own competitions and of Podium's, sorted."""
    return sorted({path.stem for folder in (own_specs(), SPECS) for path in folder.glob("*.toml")})


def load_competition(name: str) -> Competition:
    """Read the competition of a slug, or of the path of a TOML file.

    Args:
        name: A slug with a file in `specs/`, or a path that ends in `.toml`.

    Raises:
        PodiumError: no such competition, or its file breaks a promise.

    Example:
        >>> load_competition("digit-recognizer").problem.metric.name
        'accuracy'
    """
    path = Path(name) if name.endswith(".toml") else own_specs() / f"{name}.toml"
    if not name.endswith(".toml") and not path.is_file():
        path = SPECS / f"{name}.toml"
    if not path.is_file() or (not name.endswith(".toml") and name not in available_competitions()):
        raise PodiumError(
            f"There is no competition {name!r} here: known are "
            f"{', '.join(available_competitions())}. Check COMPETITION, or draft a new one: "
            f"{step('new', COMPETITION='slug')}"
        )
    try:
        spec = _parse(tomllib.loads(path.read_text(encoding="utf-8")))
        own = path.with_suffix(".py")
        if spec.rows_kind == "tables" and own.is_file():
            return replace(spec, features=own.read_text(encoding="utf-8"))
        return spec
    except (OSError, UnicodeDecodeError) as error:
        raise PodiumError(f"{path} cannot be read ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise PodiumError(f"{path} is not valid TOML: {error}.") from error
    except KeyError as error:
        raise PodiumError(
            f"{path} lacks the entry {error.args[0]!r}; add it as in "
            f"{SPECS / 'digit-recognizer.toml'}."
        ) from error
    except (TypeError, ValueError, PodiumError) as error:
        raise PodiumError(f"{path}: {str(error).rstrip('.')}.") from error


def _parse(table: dict[str, Any]) -> Competition:
    _check_entries(table)
    files, columns, rows = table["files"], table["columns"], table.get("rows", {})
    spec = Competition(
        slug=text_of(table["slug"], "slug"),
        title=text_of(table["title"], "title"),
        metric=text_of(table["metric"], "metric"),
        train_file=text_of(files["train"], "files.train"),
        test_file=text_of(files["test"], "files.test"),
        sample_file=text_of(files["sample_submission"], "files.sample_submission"),
        id_column=text_of(columns["id"], "columns.id"),
        target_columns=texts_of(columns["target"], "columns.target"),
        label_columns=texts_of(columns["label"], "columns.label"),
        test_id=text_of(columns["test_id"], "columns.test_id") if "test_id" in columns else None,
        image_side=count_of(table["image_side"], "image_side") if "image_side" in table else None,
        channels=count_of(table.get("channels", 1), "channels"),
        roles=tuple((name, _role(name, role)) for name, role in table.get("roles", {}).items()),
        folds=_fold_rule(table.get("folds", {})),
        classes=tuple(class_of(name) for name in list_of(table.get("classes", []), "classes")),
        positive=class_of(table["positive"]) if "positive" in table else None,
        train_rows=count_of(rows["train"], "rows.train") if "train" in rows else None,
        test_rows=count_of(rows["test"], "rows.test") if "test" in rows else None,
        daily_submissions=count_of(table["daily_submissions"], "daily_submissions"),
        public_share=share_of(table["public_share"]) if "public_share" in table else None,
        notebooks_only=yes_or_no(table.get("notebooks_only", False), "notebooks_only"),
        bundled=text_of(table["bundled"], "bundled") if "bundled" in table else None,
    )
    check_spec(spec, find_metric(spec.metric))
    return spec


def _role(name: str, value: object) -> Role | tuple[str, ...]:
    """Return a column's role, or the levels of an ordinal column."""
    if isinstance(value, list):
        return tuple(class_of(level) for level in value)
    known = [role.value for role in Role if role not in (Role.ORDINAL, Role.GROUP)]
    if value not in known:
        raise ValueError(
            f"the role of {name!r} must be one of {', '.join(known)}, or the list of its levels "
            f"in their order, not {value!r}"
        )
    return Role(str(value))


def _fold_rule(table: dict[str, Any]) -> FoldRule:
    known = [by.value for by in By]
    by = table.get("by", By.STRATIFIED.value)
    if by not in known:
        raise ValueError(f"folds.by must be one of {', '.join(known)}, not {by!r}")
    column = text_of(table["column"], "folds.column") if "column" in table else None
    match = text_of(table["match"], "folds.match") if "match" in table else None
    return FoldRule(By(by), column, match)


def _check_entries(table: dict[str, Any]) -> None:
    """Refuse an entry that nothing reads: it is misspelt, or means something to its writer."""
    for place, known in _ENTRIES.items():
        part = table.get(place, {}) if place else table
        if not isinstance(part, dict):
            raise TypeError(f"[{place}] must be a table")
        for name in part:
            if known is not None and name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f"; did you mean {close[0]!r}?" if close else f": known are {', '.join(known)}"
                )
                where = f" in [{place}]" if place else ""
                raise ValueError(f"the entry {name!r}{where} is not known{hint}")
