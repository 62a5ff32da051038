"""Makes a practice competition from labelled rows: a third of them becomes the hidden test set."""

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

from competition.data.tables.fold_rule import Units
from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.practice.baselines import images as images_teams
from competition.practice.baselines import tables as tables_teams
from competition.practice.baselines.constants import sample_answers
from competition.practice.hidden_rows import rows_to_hide
from competition.practice.labelled.images import LabelledImages, read_images
from competition.practice.labelled.parted import Labelled, Numbers
from competition.practice.labelled.tables import LabelledTable, read_labelled_table
from competition.practice.scoring import Solution, sample_of, write_hidden
from competition.problem.form import Form
from competition.problem.targets import Answers
from competition.spec import Competition, load_competition

_SEED = 20_240_601
_PUBLIC_SHARE = 0.25  # where the competition's own is not known
SPEC_FILE = "competition.toml"
HIDDEN_FILE = "hidden.csv"
BASELINES_FILE = "baselines.json"
PUBLIC_FOLDER = "public"
RERUN_FOLDER = "rerun"
_PREPARED_FILE = "prepared.json"
_FEATURES_FILE = "competition.py"  # where `load_competition` looks for them
_VISIBLE = 5  # of so many test rows one is served, where submissions come from notebooks alone
_DRAWS = 20  # of the public rows, until both parts can be scored


def prepare(
    folder: Path,
    competition: Competition,
    data: Path | None,
    hidden: int | None = None,
    seed: int = 0,
) -> Competition:
    """Make the practice competition in a folder, unless it is there already.

    Leaves `public/` (the files that are served, and their zip), `hidden.csv` (id, label, public),
    `baselines.json` and `competition.toml`. Where submissions come from notebooks alone, the test
    file in `public/` has the first fifth of the hidden rows, and that in `rerun/` has all of them.

    Args:
        folder: Where it is kept; made where it is missing.
        competition: The competition whose form the files take.
        data: Its labelled `train.csv`, also zipped, or its zip; None for the data that the
            competition names as bundled.
        hidden: How many rows to hide; None for a third.
        seed: Of the rows that are drawn.

    Returns:
        The competition with its numbers of rows, as `competition.toml` describes it.

    Raises:
        PodiumError: the data break a promise, or the folder holds other data.
    """
    fingerprint = _fingerprint(competition, data, hidden, seed)
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
        spec = _write(folder, asked, _read_labelled(competition, data), hidden, _SEED + seed)
    spec = replace(spec, features=competition.features)
    _write_own_features(folder / _FEATURES_FILE, competition)
    with atomic_path(spec_file) as path:
        path.write_text(spec.to_toml(), encoding="utf-8")
    with atomic_path(prepared) as path:
        path.write_text(fingerprint)
    return spec


def _fingerprint(competition: Competition, data: Path | None, hidden: int | None, seed: int) -> str:
    """Name the data and the form that a folder was made from; the allowance may change."""
    form = replace(competition, daily_submissions=1).to_toml()
    if data is not None and not data.is_file():
        raise PodiumError(f"There is no file {data}. Give a labelled CSV or a competition's zip.")
    source = sha256_of(data) if data else str(competition.bundled)
    share = "" if hidden is None else f" {hidden}"
    drawn = f" seed {seed}" if seed else ""
    return f"{source} {sha256(form.encode()).hexdigest()}{share}{drawn}"


def _write_own_features(file: Path, competition: Competition) -> None:
    """Keep a person's own features beside the TOML file, as they are now."""
    if competition.features is None:
        file.unlink(missing_ok=True)
        return
    with atomic_path(file) as path:
        path.write_text(competition.features, encoding="utf-8")


def _read_labelled(competition: Competition, data: Path | None) -> LabelledImages | LabelledTable:
    if competition.rows_kind == "images":
        return read_images(competition, data)
    return read_labelled_table(competition, data)


def _write(
    folder: Path,
    competition: Competition,
    labelled: LabelledImages | LabelledTable,
    wanted: int | None,
    seed: int,
) -> Competition:
    hidden = rows_to_hide(labelled, competition, wanted, seed)
    kept = np.setdiff1d(np.arange(len(labelled.truth)), hidden)
    spec = competition.with_rows(train=len(kept), test=len(hidden))
    of_sample = sample_answers(spec.problem, labelled.truth[kept], len(hidden))
    ids = labelled.ids(hidden)
    whole = folder / (RERUN_FOLDER if spec.notebooks_only else PUBLIC_FOLDER)
    _write_files(whole, spec, labelled, kept, hidden, of_sample)
    teams = {"the sample": of_sample}
    if isinstance(labelled, LabelledImages):
        teams |= images_teams.team_answers(spec, labelled, kept, hidden)
    else:
        teams |= tables_teams.team_answers(spec, labelled, kept, whole / spec.test_file, ids)
    labels = [labelled.labels[row] for row in hidden]
    with atomic_path(folder / HIDDEN_FILE) as path:
        public = _public_rows(spec, labelled, hidden, of_sample, seed)
        write_hidden(path, spec, ids, labels, public)
    board = _board(Solution.read(folder / HIDDEN_FILE, spec), teams)
    with atomic_path(folder / BASELINES_FILE) as path:
        path.write_text(json.dumps(board, indent=1))
    if spec.notebooks_only:
        seen = hidden[: math.ceil(len(hidden) / _VISIBLE)]
        spec = spec.with_rows(train=len(kept), test=len(seen))
        _write_files(folder / PUBLIC_FOLDER, spec, labelled, kept, seen, of_sample[: len(seen)])
    return spec


def _write_files(
    public: Path,
    spec: Competition,
    labelled: Labelled,
    kept: Numbers,
    hidden: Numbers,
    of_sample: Answers,
) -> None:
    """Write a competition's files, and their zip; the sample has Kaggle's CRLF line ends."""
    sample = Form.of(spec).render(of_sample, sample_of(spec, labelled.ids(hidden)))
    files = {
        spec.train_file: labelled.train_file(kept),
        spec.test_file: labelled.test_file(hidden),
        spec.sample_file: sample.encode().replace(b"\n", b"\r\n"),
    }
    for name, content in files.items():
        with atomic_path(public / name) as path:
            path.write_bytes(content)
    with (
        atomic_path(public / f"{spec.slug}.zip") as path,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in files:
            archive.write(public / name, name)


def _public_rows(
    spec: Competition, labelled: Labelled, hidden: Numbers, of_sample: Answers, seed: int
) -> npt.NDArray[np.bool_]:
    """Return (m,) which hidden rows count for the public score, drawn at random.

    They are drawn again where one of the two parts cannot be scored, as where a class is missing.
    """
    assert spec.public_share is not None
    truth, problem = labelled.truth[hidden], spec.problem
    count = max(1, round(len(truth) * spec.public_share))
    for draw in range(seed, seed + _DRAWS):
        public = np.zeros(len(truth), bool)
        public[np.random.default_rng(draw).permutation(len(truth))[:count]] = True
        private = public if public.all() else ~public
        parts = (public, private)
        if all(math.isfinite(problem.value(truth[part], of_sample[part])) for part in parts):
            return public
    raise PodiumError(
        f"{len(truth):,} hidden rows are too few to be scored by {problem.metric.name} in two "
        "parts. Hide more, or give more data."
    )


def _board(solution: Solution, teams: dict[str, Answers]) -> dict[str, Any]:
    """Return the teams whose answers have a score, and their scores, ready for JSON."""
    rows = []
    for team, answers in teams.items():
        public, private = solution.values(answers)
        if math.isfinite(public + private):
            rows.append({"team": team, "public": public, "private": private})
    return {"created": datetime.now(UTC).timestamp(), "rows": rows}


def hidden_units(folder: Path, spec: Competition) -> Units | None:
    """Return (m,) which hidden rows err together, such as those of a group or of one moment.

    Args:
        folder: What `prepare` filled.
        spec: What it returned.

    Returns:
        None where rows are on their own, or the test file does not tell.
    """
    name = spec.folds.column
    if name is None:
        return None
    from competition.data.tables.reading.cells import read_typed  # with pandas
    from competition.data.tables.reading.csv_shape import open_content
    from competition.data.tables.units import units_of

    public = folder / (RERUN_FOLDER if spec.notebooks_only else PUBLIC_FOLDER)
    files = public / spec.test_file, public / spec.train_file
    with open_content(files[0]) as content:
        if name not in content.names:
            return None
    test, train = (read_typed(file, {name}, only={name})[name] for file in files)
    return units_of(spec.folds, test, train)
