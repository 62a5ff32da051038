"""What is rehearsed: a competition that somebody named, one that data show, or a draft of one."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from textwrap import shorten

from competition.drafting.draft import Draft, Undecided
from competition.drafting.from_files import Told, draft, draft_from_csv
from competition.drafting.toml import to_toml
from competition.errors import PodiumError
from competition.extras import cure_of, lacking
from competition.files import atomic_path
from competition.practice.labelled.packed import tables_in
from competition.practice.recognition import recognised
from competition.problem.metrics.known import find_metric
from competition.spec import Competition, load_competition

_BUNDLED = "optical-digits"
_BUNDLED_TABLE = "breast-cancer"
_DRAFTS = "drafts"
_DIGEST_LENGTH = 8
_WIDTH = 100  # characters of a reason
_SMALL = 8_000_000  # bytes of data


@dataclass(frozen=True)
class Subject:
    """What is rehearsed.

    Attributes:
        name: A slug, or the path of a TOML file.
        draft: What was drafted into that file; None where nothing was.
        note: Why it is this one, in words.
    """

    name: str
    draft: Draft | None = None
    note: str = ""

    def lines(self) -> list[str]:
        """Return what was guessed in the draft, or the note, in a few lines for people."""
        if self.draft is None:
            return [self.note] if self.note else []
        competition, reasons = self.draft.competition, self.draft.reasons
        asked = ", ".join(competition.label_columns)
        classes = f" ({len(competition.classes)} classes)" if competition.classes else ""
        folds = " of ".join(filter(None, [competition.folds.by, competition.folds.column]))
        why = f": {reasons['folds']}" if "folds" in reasons else ""
        return [
            f"draft      {asked}{classes}, scored by {competition.metric}; ids {_ids(competition)}",
            f"           {shorten(f'folds {folds}{why}', _WIDTH, placeholder='…')}",
            *(f"           {question}" for question in self.draft.questions),
            f"           each guess has its reason in {self.name}",
        ]


def subject_of(name: str, data: Path | None, told: Told, root: Path) -> Subject:
    """Return what is rehearsed, and write down what is drafted.

    Args:
        name: The competition that somebody named: a slug, or the path of a TOML file; empty for
            one that the data tell.
        data: A labelled CSV or a competition's zip; None for the data that come with Podium.
        told: What somebody says of the data, where a draft is to be made.
        root: Where rehearsals are kept; a draft goes to a folder beside.

    Raises:
        PodiumError: there are no such data, they cannot be drafted, or what was told fits no draft.
    """
    said = _said(told)
    if data is None and not name:
        module = lacking("cv2")
        if module is not None:
            note = f"A bundled table stands in for {_BUNDLED}: {cure_of(module)}"
            return Subject(_BUNDLED_TABLE, note=note)
        name = _BUNDLED
    if name:
        if said:
            raise PodiumError(
                f"{said} is for data that no competition describes, and {name} has its own. Leave "
                f"{said} out, or COMPETITION."
            )
        load_competition(name)
        return Subject(name)
    assert data is not None
    if not data.is_file():
        raise PodiumError(
            f"DATA={data} is not there. Name the zip that Kaggle gave you, or a labelled CSV."
        )
    shown = recognised(data)
    if shown is not None:
        if not _is_meant(load_competition(shown), told):
            raise PodiumError(
                f"{data.name} holds the images of {shown}, which says what is asked. Leave {said} "
                "out, or describe another competition in a TOML file and name it as COMPETITION."
            )
        return Subject(shown)
    made = _drafted(data, told)
    return Subject(str(_written(made, root)), made)


def default_budget(name: str, data: Path | None) -> str:
    """Return a budget that suits the data.

    Args:
        name: What is rehearsed.
        data: The file; None for the small data that come with Podium.
    """
    images = load_competition(name).rows_kind == "images"
    if data is None:
        return "90s" if images else "60s"
    if images:
        return "20m"
    return "2m" if data.stat().st_size < _SMALL else "10m"


def form_digest(competition: Competition) -> str:
    """Return hexadecimal digits that name what is asked; the allowance may change."""
    text = replace(competition, daily_submissions=1).to_toml()
    return sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _said(told: Told) -> str:
    """Return the first variable that says something of a draft; empty where none does."""
    given = {"METRIC": told.metric, "TARGET": told.target, "POSITIVE": told.positive}
    return next((name for name, value in given.items() if value is not None), "")


def _is_meant(competition: Competition, told: Told) -> bool:
    """Tell whether what is said of data agrees with the competition whose form they have."""
    target = told.target is None or (told.target,) == competition.label_columns
    metric = told.metric is None or find_metric(told.metric) == competition.problem.metric
    return target and metric and told.positive is None


def _drafted(data: Path, told: Told) -> Draft:
    try:
        if tables_in(data) > 1:
            return draft(data, told)
        if told.target is None:
            raise Undecided(
                f"{data.name} is one table, and says not which column is asked.", "target"
            )
        if told.metric is None:
            raise Undecided("How is it scored? The file does not tell the metric.", "metric")
        return draft_from_csv(data, told.target, told.metric, positive=told.positive)
    except Undecided as open_question:
        example = (*open_question.choices, "rmse" if open_question.what == "metric" else "column")
        raise PodiumError(
            f"{open_question} Give it as {open_question.what.upper()}={_quoted(example[0])}."
        ) from None


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _written(made: Draft, root: Path) -> Path:
    """Write a draft to its own file, and return where."""
    competition = made.competition
    file = root.parent / _DRAFTS / f"{competition.slug}-{form_digest(competition)}.toml"
    with atomic_path(file) as path:
        path.write_text(to_toml(made), encoding="utf-8")
    return file


def _ids(competition: Competition) -> str:
    here = competition.id_column
    return f"{here} ({competition.test_id} in the test file)" if competition.test_id else here
