"""What a competition promises: the frozen `Competition`, read from one small TOML file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from competition.errors import PodiumError

SPECS = Path(__file__).parent / "specs"
WEBSITE = "https://www.kaggle.com"


@dataclass(frozen=True)
class Competition:
    """One image-classification competition, as its TOML file describes it.

    Attributes:
        slug: Kaggle's name for it, as in its address.
        title: The name that people read.
        metric: How Kaggle scores it; `accuracy` is the one that is known.
        train_file: Labelled images, one row each: the label column, then side × side pixel columns.
        test_file: Images to label; may start with the id column.
        sample_file: The sample submission: the id and target columns.
        id_column: First column of a submission.
        target_column: Second column of a submission.
        label_column: The column of `train_file` that holds the labels.
        image_side: Pixels along one side of the square images.
        classes: The label values as they are written in the files, in class order.
        train_rows: Rows that `train_file` must have; None if it may vary.
        test_rows: Rows that `test_file` and a submission must have; None if it may vary.
        daily_submissions: How many submissions Kaggle takes in a day (UTC).
    """

    slug: str
    title: str
    metric: str
    train_file: str
    test_file: str
    sample_file: str
    id_column: str
    target_column: str
    label_column: str
    image_side: int
    classes: tuple[str, ...]
    train_rows: int | None
    test_rows: int | None
    daily_submissions: int

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

    def to_toml(self) -> str:
        """Return the TOML text that `load_competition` reads back as an equal object."""
        lines = [
            f"slug = {_quoted(self.slug)}",
            f"title = {_quoted(self.title)}",
            f"metric = {_quoted(self.metric)}",
            f"daily_submissions = {self.daily_submissions}",
            f"classes = [{', '.join(map(_quoted, self.classes))}]",
            f"image_side = {self.image_side}",
            "",
            "[files]",
            f"train = {_quoted(self.train_file)}",
            f"test = {_quoted(self.test_file)}",
            f"sample_submission = {_quoted(self.sample_file)}",
            "",
            "[columns]",
            f"id = {_quoted(self.id_column)}",
            f"target = {_quoted(self.target_column)}",
            f"label = {_quoted(self.label_column)}",
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
    except tomllib.TOMLDecodeError as error:
        raise PodiumError(f"{path} is not valid TOML ({error}); mend it and try again.") from error
    except KeyError as error:
        raise PodiumError(
            f"{path} lacks the entry {error.args[0]!r}; add it as in "
            f"{SPECS / 'digit-recognizer.toml'}."
        ) from error
    except (TypeError, ValueError) as error:
        raise PodiumError(f"{path}: {error}; mend it and try again.") from error


def _parse(table: dict[str, Any]) -> Competition:
    files, columns, rows = table["files"], table["columns"], table.get("rows", {})
    spec = Competition(
        slug=_text(table["slug"], "slug"),
        title=_text(table["title"], "title"),
        metric=_text(table["metric"], "metric"),
        train_file=_text(files["train"], "files.train"),
        test_file=_text(files["test"], "files.test"),
        sample_file=_text(files["sample_submission"], "files.sample_submission"),
        id_column=_text(columns["id"], "columns.id"),
        target_column=_text(columns["target"], "columns.target"),
        label_column=_text(columns["label"], "columns.label"),
        image_side=_count(table["image_side"], "image_side"),
        classes=tuple(str(name) for name in table["classes"]),
        train_rows=_count(rows["train"], "rows.train") if "train" in rows else None,
        test_rows=_count(rows["test"], "rows.test") if "test" in rows else None,
        daily_submissions=_count(table["daily_submissions"], "daily_submissions"),
    )
    if spec.metric != "accuracy":
        raise ValueError(f"the metric {spec.metric!r} is not known (only accuracy is)")
    if not 2 <= len(set(spec.classes)) == len(spec.classes) <= 256:
        raise ValueError("classes must be 2 to 256 different names")
    if any(
        "/" in name or "\\" in name or name.startswith(".") for name in (spec.slug, *spec.files)
    ):
        raise ValueError("slug and files must be plain names, without folders")
    return spec


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text, not {value!r}")
    return value


def _count(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError(f"{name} must be a whole number above 0, not {value!r}")
    return value


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
