"""A competition with its folders, its database and its Kaggle: made once, and handed down."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from competition.errors import PodiumError
from competition.spec import WEBSITE, Competition, load_competition

if TYPE_CHECKING:
    from competition.database import Database

DEFAULT_COMPETITION = "digit-recognizer"


@dataclass(frozen=True)
class Access:
    """Which Kaggle is called, and with whose credentials.

    Attributes:
        endpoint: The address of another server that speaks Kaggle's protocol, without a trailing
            slash; None for Kaggle itself.
        token: A bearer token, or the path of a file that holds one; None where none was given.
        username: With `key`; None where none was given.
        key: The user's key.
        config: The folder that `KAGGLE_CONFIG_DIR` names for `kaggle.json`; None for the usual
            ones.
        home: Where credentials that are stored are looked for, such as `~/.kaggle`; None for
            nowhere. What is stored for Kaggle is never sent to another server.
    """

    endpoint: str | None = None
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    key: str | None = field(default=None, repr=False)
    config: Path | None = None
    home: Path | None = None

    @property
    def server(self) -> str:
        """The address that ledgers and manifests know the server by."""
        return self.endpoint or WEBSITE

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Access":
        """Read `KAGGLE_ENDPOINT` and Kaggle's own variables.

        Raises:
            PodiumError: the endpoint holds a password, which ledgers would keep.
        """
        endpoint = variables.get("KAGGLE_ENDPOINT", "").strip().rstrip("/") or None
        elsewhere = endpoint is not None
        if any(mark in (endpoint or "") for mark in "@?#"):
            raise PodiumError(
                "KAGGLE_ENDPOINT holds a user, a password or a query. Give the address alone, and "
                "them as KAGGLE_USERNAME and KAGGLE_KEY."
            )
        # Within Kaggle's own notebooks a file holds the token.
        token = variables.get("KAGGLE_API_TOKEN") or (
            None if elsewhere else variables.get("KAGGLE_API_V1_TOKEN")
        )
        return cls(
            endpoint=endpoint,
            token=token or None,
            username=variables.get("KAGGLE_USERNAME") or None,
            key=variables.get("KAGGLE_KEY") or None,
            config=None if elsewhere else _config_folder(variables),
            home=None if elsewhere else _home(),
        )


def _home() -> Path | None:
    """Return the user's folder; None for a user without one, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _config_folder(variables: Mapping[str, str]) -> Path | None:
    """Return where the official client looks for `kaggle.json` but in its usual folder."""
    home = _home()
    if named := variables.get("KAGGLE_CONFIG_DIR", "").strip(" \t\r\n\"'"):
        # A shell leaves a ~ in quotes as it is.
        return home / named[2:] if home is not None and named.startswith("~/") else Path(named)
    xdg = variables.get("XDG_CONFIG_HOME")
    usual = home is not None and os.path.exists(home / ".kaggle")  # noqa: PTH110 (never raises)
    return Path(xdg) / "kaggle" if xdg and sys.platform.startswith("linux") and not usual else None


@dataclass(frozen=True)
class Workspace:
    """Where one competition is worked on.

    Attributes:
        competition: The competition.
        data: `DATA_DIR/<slug>`: the files as Kaggle gave them, and the arrays made of them.
        runs: `RUNS_DIR/<slug>`: predictions, blends, submissions and the database.
        database_url: Where studies and ledger live, as SQLAlchemy writes it.
        access: Which Kaggle, and whose credentials.
    """

    competition: Competition
    data: Path
    runs: Path
    database_url: str = field(repr=False)
    access: Access = Access()

    @cached_property
    def database(self) -> "Database":
        """The door to the database; nothing is opened by asking for it."""
        from competition.database import Database  # SQLAlchemy is half of a command's start

        return Database(self.database_url)

    @property
    def predictions(self) -> Path:
        """Where fits and columns are kept."""
        return self.runs / "predictions"

    @classmethod
    def from_environment(cls, name: str, variables: Mapping[str, str]) -> "Workspace":
        """Return the workspace that a command line means.

        Args:
            name: A slug, or the path of a TOML file.
            variables: The environment: `DATA_DIR`, `RUNS_DIR`, `DATABASE_URL`, and Kaggle's.

        Raises:
            PodiumError: there is no such competition, or its file breaks a promise.
        """
        return cls.of(load_competition(name), variables)

    @classmethod
    def of(cls, competition: Competition, variables: Mapping[str, str]) -> "Workspace":
        """Return the workspace of a competition in the folders that the environment names.

        Raises:
            PodiumError: the endpoint holds a password.
        """
        return cls.in_folders(
            competition,
            Path(variables.get("DATA_DIR") or "data"),
            Path(variables.get("RUNS_DIR") or "runs"),
            variables.get("DATABASE_URL") or None,
            Access.from_environment(variables),
        )

    @classmethod
    def in_folders(
        cls,
        competition: Competition,
        data: Path,
        runs: Path,
        database_url: str | None = None,
        access: Access | None = None,
    ) -> "Workspace":
        """Return a workspace below two folders, each of which may hold several competitions.

        Args:
            competition: The competition.
            data: Gets a folder `<slug>` with the files.
            runs: Gets a folder `<slug>` with the results.
            database_url: Of another database than `podium.db` among the results.
            access: Which Kaggle; Kaggle itself, without credentials, where none is given.
        """
        here = runs / competition.slug
        url = database_url or f"sqlite:///{here / 'podium.db'}"
        return cls(competition, data / competition.slug, here, url, access or Access())
