"""What a competition promises: the frozen `Competition`, read from one small TOML file."""

import difflib
import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from competition.errors import PodiumError
from competition.problem.metric import Metric
from competition.problem.metrics import find_metric
from competition.problem.problem import Problem, needs_positive, usual_positive
from competition.problem.targets import Eats, Kind

SPECS = Path(__file__).parent / "specs"
WEBSITE = "https://www.kaggle.com"

_TOP = (
    "slug title metric daily_submissions public_share classes positive image_side channels bundled"
)
# Every entry that a file may have, by its table.
_ENTRIES = {
    "": (*_TOP.split(), "files", "columns", "rows"),
    "files": ("train", "test", "sample_submission"),
    "columns": ("id", "target", "label"),
    "rows": ("train", "test"),
}


@dataclass(frozen=True)
class Competition:
    """One competition, as its TOML file describes it.

    Attributes:
        slug: Kaggle's name for it, as in its address.
        title: The name that people read.
        metric: How Kaggle scores it, in any spelling that `find_metric` knows.
        train_file: Labelled images, one row each: label column(s), then the pixel columns.
        test_file: Images to label; may start with the id column.
        sample_file: The sample submission: the id and target columns.
        id_column: First column of a submission.
        target_columns: Its other columns.
        label_columns: The column(s) of `train_file` that hold the truth.
        image_side: Pixels along one side of the square images.
        channels: 1 for grey images, 3 for colour.
        classes: The label values as they are written in the files, in class order; none for
            numbers.
        positive: The class that counts as positive, as it is written; None where none does.
        train_rows: Rows that `train_file` must have; None if it may vary.
        test_rows: Rows that `test_file` and a submission must have; None if it may vary.
        daily_submissions: How many submissions Kaggle takes in a day (UTC).
        public_share: Share of the test rows that the public score is taken on; None if unknown.
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
    image_side: int
    channels: int = 1
    classes: tuple[str, ...] = ()
    positive: str | None = None
    train_rows: int | None = None
    test_rows: int | None = None
    daily_submissions: int = 5
    public_share: float | None = None
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
        """What kind of rows it has: `images`."""
        return "images"

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of one image: (side, side), or (side, side, 3)."""
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
            f"slug = {_quoted(self.slug)}",
            f"title = {_quoted(self.title)}",
            f"metric = {_quoted(self.metric)}",
            f"daily_submissions = {self.daily_submissions}",
        ]
        if self.public_share is not None:
            lines.append(f"public_share = {self.public_share!r}")
        if self.classes:
            lines.append(f"classes = {_listed(self.classes)}")
        if self.positive is not None:
            lines.append(f"positive = {_quoted(self.positive)}")
        lines.append(f"image_side = {self.image_side}")
        if self.channels != 1:
            lines.append(f"channels = {self.channels}")
        if self.bundled is not None:
            lines.append(f"bundled = {_quoted(self.bundled)}")
        lines += [
            "",
            "[files]",
            f"train = {_quoted(self.train_file)}",
            f"test = {_quoted(self.test_file)}",
            f"sample_submission = {_quoted(self.sample_file)}",
            "",
            "[columns]",
            f"id = {_quoted(self.id_column)}",
            f"target = {_one_or_listed(self.target_columns)}",
            f"label = {_one_or_listed(self.label_columns)}",
        ]
        rows = {"train": self.train_rows, "test": self.test_rows}
        if any(count is not None for count in rows.values()):
            lines += ["", "[rows]"]
            lines += [f"{name} = {count}" for name, count in rows.items() if count is not None]
        return "\n".join(lines) + "\n"


def available_competitions() -> list[str]:
    """Return the slugs of the shipped competitions, sorted."""
    return sorted(path.stem for path in SPECS.glob("*.toml"))


def load_competition(name: str) -> Competition:
    """Read the competition of a slug, or of the path of a TOML file.

    Args:
        name: A slug with a file in `competition/specs/`, or a path that ends in `.toml`.

    Raises:
        PodiumError: no such competition, or its file breaks a promise.

    Example:
        >>> load_competition("digit-recognizer").problem.metric.name
        'accuracy'
    """
    path = Path(name) if name.endswith(".toml") else SPECS / f"{name}.toml"
    if not path.is_file() or (not name.endswith(".toml") and name not in available_competitions()):
        raise PodiumError(
            f"There is no competition {name!r} here: known are "
            f"{', '.join(available_competitions())}. Check COMPETITION, or describe a new one in "
            f"{SPECS.parent.name}/{SPECS.name}/<slug>.toml."
        )
    try:
        return _parse(tomllib.loads(path.read_text(encoding="utf-8")))
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
        slug=_text(table["slug"], "slug"),
        title=_text(table["title"], "title"),
        metric=_text(table["metric"], "metric"),
        train_file=_text(files["train"], "files.train"),
        test_file=_text(files["test"], "files.test"),
        sample_file=_text(files["sample_submission"], "files.sample_submission"),
        id_column=_text(columns["id"], "columns.id"),
        target_columns=_texts(columns["target"], "columns.target"),
        label_columns=_texts(columns["label"], "columns.label"),
        image_side=_count(table["image_side"], "image_side"),
        channels=_count(table.get("channels", 1), "channels"),
        classes=tuple(_class(name) for name in _list(table.get("classes", []), "classes")),
        positive=_class(table["positive"]) if "positive" in table else None,
        train_rows=_count(rows["train"], "rows.train") if "train" in rows else None,
        test_rows=_count(rows["test"], "rows.test") if "test" in rows else None,
        daily_submissions=_count(table["daily_submissions"], "daily_submissions"),
        public_share=_share(table["public_share"]) if "public_share" in table else None,
        bundled=_text(table["bundled"], "bundled") if "bundled" in table else None,
    )
    _check(spec, find_metric(spec.metric))
    return spec


def _check_entries(table: dict[str, Any]) -> None:
    """Refuse an entry that nothing reads: it is misspelt, or means something to its writer."""
    for place, known in _ENTRIES.items():
        part = table.get(place, {}) if place else table
        if not isinstance(part, dict):
            raise TypeError(f"[{place}] must be a table")
        for name in part:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f"; did you mean {close[0]!r}?" if close else f": known are {', '.join(known)}"
                )
                where = f" in [{place}]" if place else ""
                raise ValueError(f"the entry {name!r}{where} is not known{hint}")


def _check(spec: Competition, metric: Metric) -> None:
    """Check that the entries fit together."""
    if any(
        "/" in name or "\\" in name or name.startswith(".") for name in (spec.slug, *spec.files)
    ):
        raise ValueError("slug and files must be plain names, without folders")
    if spec.channels not in (1, 3):
        raise ValueError("channels must be 1 for grey images or 3 for colour")
    columns = (spec.id_column, *spec.target_columns)
    if len(set(columns)) < len(columns) or len(set(spec.label_columns)) < len(spec.label_columns):
        raise ValueError("[columns] names a column twice")
    if any("\n" in name or "\r" in name for name in (*columns, *spec.label_columns, *spec.classes)):
        raise ValueError("names of columns and classes have no line breaks")
    if metric.kind == Kind.NUMBERS:
        if spec.classes or spec.positive is not None:
            raise ValueError(f"the metric {metric.name!r} scores numbers, so there are no classes")
        if len(spec.label_columns) != len(spec.target_columns):
            raise ValueError("columns.target and columns.label must name as many columns")
        return
    if not 2 <= len(set(spec.classes)) == len(spec.classes) <= 256:
        raise ValueError(f"the metric {metric.name!r} needs classes: 2 to 256 different names")
    if len(spec.label_columns) != 1:
        raise ValueError("classes stand in one label column")
    _check_form(spec, metric)


def _check_form(spec: Competition, metric: Metric) -> None:
    """Check that the target columns can hold what the metric is computed from."""
    wide = metric.eats == Eats.CLASS_PROBABILITIES
    one = len(spec.target_columns) == 1
    if (
        wide
        and not (one and len(spec.classes) == 2)
        and len(spec.target_columns) != len(spec.classes)
    ):
        raise ValueError(
            f"{len(spec.classes)} classes need as many columns.target, in their order, not "
            f"{len(spec.target_columns)}"
        )
    if not wide and not one:
        raise ValueError(f"the metric {metric.name!r} takes one target column")
    if metric.eats == Eats.RANKING and any(" " in name for name in spec.classes):
        raise ValueError("ranked labels are parted by blanks, so no class name may hold one")
    if not needs_positive(metric, wide and one):
        if spec.positive is not None:
            raise ValueError(f"the metric {metric.name!r} has no positive class")
        return
    if len(spec.classes) != 2:
        raise ValueError(f"the metric {metric.name!r} takes two classes, not {len(spec.classes)}")
    if spec.positive is None and usual_positive(spec.classes) is None:
        raise ValueError(f"say which class is positive: positive = {_quoted(spec.classes[1])}")
    if spec.positive is not None and spec.positive not in spec.classes:
        raise ValueError(f"positive is {spec.positive!r}, which is not one of the classes")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text, not {value!r}")
    return value


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{name} must be a list, not {value!r}")
    return value


def _texts(value: object, name: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value, name),)
    if not isinstance(value, list) or not value:
        raise TypeError(f"{name} must be a text or a list of texts, not {value!r}")
    return tuple(_text(each, name) for each in value)


def _class(value: object) -> str:
    """Return a class as the files write it; a number in the TOML stands for its digits."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if not isinstance(value, str | int) or value == "":
        raise TypeError(f"classes must be texts, not {value!r}")
    return str(value)


def _count(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError(f"{name} must be a whole number above 0, not {value!r}")
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, float | int) or not 0 < value <= 1:
        raise TypeError(f"public_share must be a number above 0 and up to 1, not {value!r}")
    return float(value)


def _quoted(text: str) -> str:
    # TOML escapes as JSON does, and the delete character too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _one_or_listed(texts: tuple[str, ...]) -> str:
    return _quoted(texts[0]) if len(texts) == 1 else _listed(texts)
