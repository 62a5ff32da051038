"""What was told from a competition's files: a `Competition`, reasons of guesses, questions."""

from dataclasses import dataclass, field

from competition.errors import PodiumError
from competition.spec import Competition


@dataclass(frozen=True)
class Draft:
    """A competition as the files let guess it.

    Attributes:
        competition: What `to_toml` writes and `load_competition` reads back. Its file names are
            plain names, without the folders of a zip.
        reasons: Why each entry is as it is, by its place in the TOML: `metric`, `classes`,
            `columns.id`, `roles.<column>`, `folds`.
        questions: What the files do not tell and a person should look at, a sentence each.
    """

    competition: Competition
    reasons: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)


class Undecided(PodiumError):
    """Something that no file tells and that somebody has to say.

    Attributes:
        what: `metric`, `target` or `positive`.
        choices: What it may be; empty where it may be anything.
    """

    def __init__(self, message: str, what: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.what = what
        self.choices = choices


@dataclass
class Notes:
    """What drafting finds out on its way.

    Attributes:
        reasons: As in `Draft`.
        questions: As in `Draft`.
    """

    reasons: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
