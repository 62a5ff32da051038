"""Makes a practice competition from labelled images: a third of the rows becomes the hidden test.

Rows are drawn by class where there are classes, and at random where the labels are numbers.
"""

import json
import math
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.practice.baselines import read_pixels, sample_answers, team_answers
from competition.practice.labelled import Labelled, read_labelled
from competition.practice.scoring import Solution, sample_of, write_hidden
from competition.problem.form import Form
from competition.problem.targets import Answers, Kind, Truth
from competition.spec import Competition, load_competition

SEED = 20_240_601
HIDDEN_SHARE = 1 / 3
_PUBLIC_SHARE = 0.25  # where the competition's own is not known
SPEC_FILE = "competition.toml"
HIDDEN_FILE = "hidden.csv"
BASELINES_FILE = "baselines.json"
PUBLIC_FOLDER = "public"
_PREPARED_FILE = "prepared.json"
_FEWEST_ROWS = 12
_MOST_HIDDEN = 0.9

Numbers = npt.NDArray[np.int64]


def prepare(
    folder: Path, competition: Competition, data: Path | None, hidden: int | None = None
) -> Competition:
    """Make the practice competition in a folder, unless it is there already.

    Leaves `public/` (the files that are served, and their zip), `hidden.csv` (id, label, public),
    `baselines.json` and `competition.toml`.

    Args:
        folder: Where it is kept; made where it is missing.
        competition: The competition whose form the files take.
        data: Its labelled `train.csv`, also zipped, or its zip; None for the data that the
            competition names as bundled.
        hidden: How many rows to hide; None for a third.

    Returns:
        The competition with its numbers of rows, as `competition.toml` describes it.

    Raises:
        PodiumError: the data break a promise, or the folder holds other data.
    """
    fingerprint = _fingerprint(competition, data, hidden)
    prepared, spec_file = folder / _PREPARED_FILE, folder / SPEC_FILE
    if prepared.is_file() and spec_file.is_file():
        if prepared.read_text() != fingerprint:
            raise PodiumError(
                f"{folder} holds a practice Kaggle made of other data, or hiding other rows. "
                "Choose another folder with --folder, or delete that one."
            )
        spec = load_competition(str(spec_file))
        spec = replace(spec, daily_submissions=competition.daily_submissions)
    else:
        share = competition.public_share or _PUBLIC_SHARE
        asked = replace(competition, public_share=share)
        spec = _write(folder, asked, read_labelled(competition, data), hidden)
    with atomic_path(spec_file) as path:
        path.write_text(spec.to_toml(), encoding="utf-8")
    with atomic_path(prepared) as path:
        path.write_text(fingerprint)
    return spec


def _fingerprint(competition: Competition, data: Path | None, hidden: int | None) -> str:
    """Name the data and the form that a folder was made from; the allowance may change."""
    form = replace(competition, daily_submissions=1).to_toml()
    if data is not None and not data.is_file():
        raise PodiumError(f"There is no file {data}. Give a labelled CSV or a competition's zip.")
    source = sha256_of(data) if data else str(competition.bundled)
    share = "" if hidden is None else f" {hidden}"
    return f"{source} {sha256(form.encode()).hexdigest()}{share}"


def stratified_share(labels: Numbers, share: float, seed: int) -> Numbers:
    """Return the sorted row numbers of a stratified share, always the same for a seed.

    Each class gives its share rounded down; the rows that are then missing come from the classes
    with the largest remainders (Hamilton's method).

    Args:
        labels: (n,) class numbers.
        share: Between 0 and 1.
        seed: Of NumPy's generator.
    """
    random = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    quotas = counts * share
    takes = np.floor(quotas).astype(int)
    missing = round(len(labels) * share) - takes.sum()
    takes[np.argsort(takes - quotas, kind="stable")[:missing]] += 1
    taken = [
        random.permutation(np.flatnonzero(labels == each))[:take]
        for each, take in zip(classes, takes, strict=True)
    ]
    return np.sort(np.concatenate(taken))


def random_share(rows: int, share: float, seed: int) -> Numbers:
    """Return the sorted row numbers of a random share of rows, always the same for a seed."""
    drawn = np.random.default_rng(seed).permutation(rows)[: round(rows * share)]
    return np.sort(drawn).astype(np.int64)


def _hidden_rows(labelled: Labelled, kind: Kind, wanted: int | None) -> Numbers:
    """Return the sorted numbers of the rows to hide.

    Raises:
        PodiumError: too few rows would be left.
    """
    rows = len(labelled.lines)
    if rows < _FEWEST_ROWS:
        raise PodiumError(
            f"{labelled.name}: {rows} labelled rows are too few to hide a third of them. Give at "
            "least a dozen."
        )
    share = HIDDEN_SHARE if wanted is None else wanted / rows
    if share > _MOST_HIDDEN:
        raise PodiumError(
            f"{wanted:,} rows cannot be hidden of the {rows:,} of {labelled.name}, as too few "
            "would be left to learn from. Hide fewer."
        )
    if kind == Kind.NUMBERS:
        return random_share(rows, share, SEED)
    return stratified_share(labelled.truth, share, SEED)


def _write(
    folder: Path, competition: Competition, labelled: Labelled, wanted: int | None
) -> Competition:
    problem = competition.problem
    hidden = _hidden_rows(labelled, problem.kind, wanted)
    kept = np.setdiff1d(np.arange(len(labelled.lines)), hidden)
    spec = competition.with_rows(train=len(kept), test=len(hidden))
    images = read_pixels(labelled.pixels, labelled.name).reshape(-1, *spec.image_shape)
    of_sample = sample_answers(problem, labelled.truth[kept], len(hidden))
    teams = {"the sample": of_sample} | team_answers(problem, images, labelled.truth, kept, hidden)
    _write_public(folder / PUBLIC_FOLDER, spec, labelled, kept, hidden, of_sample)
    labels = [labelled.labels[row] for row in hidden]
    with atomic_path(folder / HIDDEN_FILE) as path:
        write_hidden(path, spec, labels, _public_rows(spec, labelled.truth[hidden]))
    board = _board(Solution.read(folder / HIDDEN_FILE, spec), teams)
    with atomic_path(folder / BASELINES_FILE) as path:
        path.write_text(json.dumps(board, indent=1))
    return spec


def _write_public(
    public: Path,
    spec: Competition,
    labelled: Labelled,
    kept: Numbers,
    hidden: Numbers,
    of_sample: Answers,
) -> None:
    """Write the files that are served, with Kaggle's CRLF line ends, and their zip."""
    sample = Form.of(spec).render(of_sample, sample_of(spec, len(hidden)))
    files = {
        spec.train_file: [labelled.header, *(labelled.lines[row] for row in kept)],
        spec.test_file: [labelled.pixel_header, *(labelled.pixels[row] for row in hidden)],
        spec.sample_file: sample.encode().rstrip(b"\n").split(b"\n"),
    }
    for name, lines in files.items():
        with atomic_path(public / name) as path, path.open("wb") as file:
            file.write(b"\r\n".join(lines) + b"\r\n")
    with (
        atomic_path(public / f"{spec.slug}.zip") as path,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in files:
            archive.write(public / name, name)


def _public_rows(spec: Competition, truth: Truth) -> npt.NDArray[np.bool_]:
    """Return (m,) which hidden rows count for the public score, drawn at random."""
    assert spec.public_share is not None
    share = spec.public_share
    count = max(1, round(len(truth) * share))
    public = np.zeros(len(truth), bool)
    public[np.random.default_rng(SEED).permutation(len(truth))[:count]] = True
    return public


def _board(solution: Solution, teams: dict[str, Answers]) -> dict[str, Any]:
    """Return the teams and their scores, ready for JSON.

    Raises:
        PodiumError: a part of the hidden rows cannot be scored.
    """
    rows = []
    for team, answers in teams.items():
        public, private = solution.values(answers)
        if not math.isfinite(public + private):
            raise PodiumError(
                f"{len(solution.truth):,} hidden rows are too few to be scored by "
                f"{solution.problem.metric.name} in two parts. Hide more, or give more data."
            )
        rows.append({"team": team, "public": public, "private": private})
    return {"created": datetime.now(UTC).timestamp(), "rows": rows}
