"""The variables that steps read, and `podium.toml`, which holds them for a folder.

What a command line says counts most, then the environment, then the file, then the default.
"""

import difflib
import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from competition.errors import PodiumError

SETTINGS_FILE = "podium.toml"


@dataclass(frozen=True)
class Variable:
    """A variable.

    Attributes:
        help: What it decides.
        default: What counts where nobody gives it, in words.
    """

    help: str
    default: str = ""


# Those of one call alone, such as FILE and AGAIN, are not among them; nor is whatever decides where
# a key is sent, for such a file may have come with somebody else's folder.
VARIABLES = {
    "COMPETITION": Variable("the competition's slug or TOML file", "digit-recognizer"),
    "PIPELINES": Variable("the pipelines to tune and blend", "all that suit"),
    "BUDGET": Variable("how long to tune", "30m; of a rehearsal, by the size of the data"),
    "WORKERS": Variable("how many cores to use", "all"),
    "SCHEDULER": Variable("the Dask cluster to fit on", "none"),
    "GPUS": Variable("how many workers of a cluster take a GPU's fits", "0"),
    "ROWS": Variable("how many rows to learn from", "all"),
    "SAMPLER": Variable("how trials are chosen", "tpe"),
    "SEED": Variable("of folds, fits and hidden rows", "0"),
    "MESSAGE": Variable("what to say with a submission"),
    "DATA": Variable("the zip or CSV of a rehearsal or a draft"),
    "HIDDEN": Variable("how many rows a rehearsal hides", "a third"),
    "METRIC": Variable("how DATA is scored"),
    "TARGET": Variable("the column of DATA that is asked"),
    "POSITIVE": Variable("the class that counts as positive"),
    "DATA_DIR": Variable("where the competitions' files are", "data"),
    "RUNS_DIR": Variable("where results are", "runs"),
    "DATABASE_URL": Variable("where studies and submissions are kept", "podium.db below RUNS_DIR"),
}


@dataclass(frozen=True)
class Setting:
    """What a variable is set to.

    Attributes:
        value: None for the default.
        source: `environment`, `podium.toml` or `default`.
    """

    value: str | None
    source: str


def settings_of(folder: Path, environment: Mapping[str, str]) -> dict[str, Setting]:
    """Return all variables, as the environment and the folder's file have them.

    Raises:
        PodiumError: the file is broken, or holds what does not belong there.
    """
    written = read_settings(folder / SETTINGS_FILE)
    found = {}
    for name in VARIABLES:
        if environment.get(name):
            found[name] = Setting(environment[name], "environment")
        elif name in written:
            found[name] = Setting(written[name], SETTINGS_FILE)
        else:
            found[name] = Setting(None, "default")
    return found


def apply_settings(folder: Path, environment: MutableMapping[str, str]) -> list[str]:
    """Put what the folder's file holds into the environment, where that has none.

    Returns:
        The variables that it decides.

    Raises:
        PodiumError: as `settings_of`.
    """
    found = settings_of(folder, environment)
    decided = {name: one.value for name, one in found.items() if one.source == SETTINGS_FILE}
    environment.update({name: value for name, value in decided.items() if value is not None})
    return list(decided)


def read_settings(path: Path) -> dict[str, str]:
    """Read a settings file, whose keys are variables in capitals or small letters.

    A list, as of pipelines, stands for its words.

    Returns:
        The values as texts; nothing where there is no file.

    Raises:
        PodiumError: the file is broken, or holds what does not belong there.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise PodiumError(f"{path.name} cannot be read ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise PodiumError(f"{path.name} is not valid TOML: {error}.") from error
    return {
        _name_of(key, path.name): _text_of(key, value, path.name) for key, value in table.items()
    }


def _name_of(key: str, file: str) -> str:
    name = key.upper().replace("-", "_")
    if name in VARIABLES:
        return name
    if name.startswith("KAGGLE_") or name == "NOTIFY":
        raise PodiumError(
            f"{file} holds {key}, which is not taken from a file, as those are passed on. Put it "
            "into the environment, and a key better into ~/.kaggle."
        )
    close = difflib.get_close_matches(name, VARIABLES, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it may hold {', '.join(VARIABLES)}."
    raise PodiumError(f"{file} holds {key!a}, which is no variable: {hint}")


def _text_of(key: str, value: Any, file: str) -> str:
    match value:
        case bool():
            pass
        case str() if "\0" not in value:
            return value
        case int() | float():
            return str(value)
        case list() if all(isinstance(each, str) and "\0" not in each for each in value):
            return " ".join(value)
    raise PodiumError(f"{file}: {key} must be a text, a number or a list of texts.")
