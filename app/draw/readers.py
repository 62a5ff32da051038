"""Who reads the digits: the blend and every saved model, loaded once and kept ready."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset
from competition.errors import PodiumError
from competition.problem.decisions import Decision
from competition.problem.problem import Problem
from competition.problem.scores import Score
from competition.problem.targets import Eats, Kind, Predictions
from competition.verbs import step
from competition.workspace import Workspace
from pipelines.base import Estimator
from pipelines.blending.blend import StoredBlend, read_blend
from pipelines.blending.cross_fitting import at_temperatures
from pipelines.blending.mixture import Mixture, combine
from pipelines.columns import Column, read_columns
from pipelines.execution.quiet import quiet_native_stderr
from pipelines.networks.training import trainers
from pipelines.saved_models import load_model
from pipelines.search.fit import predict

log = logging.getLogger(__name__)

Images = npt.NDArray[np.uint8]
Identity = tuple[str, str]  # of a column: its pipeline and its key

BLEND = "blend"


@dataclass(frozen=True)
class Reader:
    """One or more models that read together.

    Attributes:
        name: `blend`, or `<pipeline>/<key>`.
        title: For people.
        problem: What they were taught.
        decision: Makes labels or values of their predictions.
        models: The fitted estimators; empty where it cannot read.
        temperatures: (models,) of their probabilities.
        mixture: How their predictions are combined.
        note: Why it cannot read, or what it lacks; empty if nothing.
    """

    name: str
    title: str
    problem: Problem
    decision: Decision
    models: tuple[Estimator, ...] = ()
    temperatures: tuple[float, ...] = ()
    mixture: Mixture | None = None
    note: str = ""

    def read(self, images: Images) -> Predictions:
        """Return the combined predictions (n, k) float32 of the models.

        Args:
            images: (n, side, side) uint8, in MNIST's form.
        """
        stack = np.stack([_predictions(model, images, self.problem) for model in self.models])
        if self.mixture is None:
            return np.asarray(stack[0])
        heated = at_temperatures(stack, np.array(self.temperatures), self.problem)
        return combine(heated, self.mixture, self.problem)

    def labels(self, predictions: Predictions) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
        """Return what is read: class indices (n,), or values (n, t).

        Labels are made by the decision; where a competition asks for probabilities, the label is
        that of the most probable class.
        """
        if self.problem.kind == Kind.CLASSES and self.problem.metric.eats != Eats.LABEL:
            return np.asarray(predictions.argmax(axis=1))
        return np.asarray(self.decision.answers(predictions))


def load_readers(
    workspace: Workspace, data: Dataset | None, report: Callable[[str], None]
) -> list[Reader]:
    """Load the blend and all models that were fitted on the same data; the blend comes first.

    Every model reads once, so that the first drawing does not wait for compilers.

    Args:
        workspace: Has the models.
        data: The data, from whose truth decisions are learnt; None where they are not here.
        report: Called with the title of each model before it is loaded.

    Raises:
        PodiumError: there is no model that can be loaded, or the blend is damaged.
    """
    stored = read_blend(workspace)
    columns = _columns(workspace, data, stored)
    trainers.most_kept = max(trainers.most_kept, len(columns))
    loader = _Loader(workspace, data, report)
    members = {(member.pipeline, member.key) for member in stored.members} if stored else set()
    singles: dict[Identity, Reader] = {}
    for identity, column in _wanted(columns, members).items():
        singles[identity] = loader.single(identity, column)
    if not any(reader.models for reader in singles.values()):
        raise PodiumError(
            f"There is no fitted model in {workspace.runs} to read digits with. "
            f"`{step('tune')}` makes them."
        )
    return [*loader.blend(stored, singles), *singles.values()]


def _columns(
    workspace: Workspace, data: Dataset | None, stored: StoredBlend | None
) -> list[Column]:
    """Return the columns of the blend's data or, without a blend, of the data that are here."""
    fingerprint = stored.manifest["data"] if stored else data.fingerprint if data else None
    if fingerprint is None:
        return []
    metric = workspace.competition.problem.metric.name
    return read_columns(workspace.predictions, fingerprint, metric)


def _wanted(columns: Sequence[Column], members: set[Identity]) -> dict[Identity, Column | None]:
    """Return what has a model, and what people would miss: the blend's members, and families.

    Returns:
        Best first; None for a member whose column is gone.
    """
    kept = [column for column in columns if column.model.is_file()]
    families = {column.pipeline for column in kept} | {pipeline for pipeline, _ in members}
    best: dict[str, Column] = {}
    for column in columns:
        best.setdefault(column.pipeline, column)
    missed = [column for name, column in best.items() if name not in families]
    wanted: dict[Identity, Column | None] = {
        (column.pipeline, column.key): column
        for column in columns
        if column in kept or column in missed or (column.pipeline, column.key) in members
    }
    return wanted | dict.fromkeys(sorted(members - wanted.keys()))


@dataclass(frozen=True)
class _Loader:
    """Loads models and gives them decisions."""

    workspace: Workspace
    data: Dataset | None
    report: Callable[[str], None]

    @property
    def _problem(self) -> Problem:
        return self.workspace.competition.problem

    def single(self, identity: Identity, column: Column | None) -> Reader:
        """Return the reader of one column, or one that says why there is no model."""
        title = _title(*identity, column.score if column else None)
        name, decision = "/".join(identity), self._problem.decision()
        self.report(title)
        if column is None or not column.model.is_file():
            note = f"no fitted model of it was kept; `{step('tune')}` makes one"
            return Reader(name, title, self._problem, decision, note=note)
        try:
            model = load_model(column.model)
            decision = self._learnt(column.manifest["data"], column.oof)
        except PodiumError as error:
            log.warning("%s", error)
            return Reader(name, title, self._problem, decision, note=str(error))
        try:
            with quiet_native_stderr():
                _predictions(model, self._upright_line(), self._problem)
        except Exception as error:  # whatever a change of the code made of it
            note = _unfit(column.model, error)
            log.warning("%s", note)
            return Reader(name, title, self._problem, decision, note=note)
        return Reader(name, title, self._problem, decision, (model,))

    def blend(self, stored: StoredBlend | None, singles: dict[Identity, Reader]) -> list[Reader]:
        """Return the blend of the models that are here; empty without any."""
        if stored is None:
            return []
        here = [
            (member, reader.models[0])
            for member in stored.members
            if (reader := singles.get((member.pipeline, member.key))) and reader.models
        ]
        if not here:
            return []
        weights = np.array([member.weight for member, _ in here])
        whole = sum(member.weight for member in stored.members)
        lacking, note = 1 - weights.sum() / whole, ""
        if len(here) < len(stored.members):
            note = f"without {lacking:.0%} of its weight, whose models are not here"
        reader = Reader(
            name=BLEND,
            title=f"blend: {stored.name}",
            problem=self._problem,
            decision=self._learnt(stored.manifest["data"], stored.oof),
            models=tuple(model for _, model in here),
            temperatures=tuple(member.temperature for member, _ in here),
            mixture=stored.mixture_of(weights * (whole / weights.sum())),
            note=note,
        )
        return [reader]

    def _learnt(self, fingerprint: str, oof: Callable[[], Predictions]) -> Decision:
        """Return the decision that is learnt from out-of-fold rows, where their truth is here."""
        decision = self._problem.decision()
        if not decision.learns or self.data is None or self.data.fingerprint != fingerprint:
            return decision
        return self._problem.decide(np.asarray(self.data.truth), np.asarray(oof()))

    def _upright_line(self) -> Images:
        side = self.workspace.competition.image_shape[0]
        image = np.zeros((1, side, side), np.uint8)
        image[:, side // 4 : side - side // 4, side // 2] = 255
        return image


def _predictions(model: Estimator, images: Images, problem: Problem) -> Predictions:
    return predict(model, images, problem, classifies=hasattr(model, "predict_proba"))


def _unfit(path: Path, error: Exception) -> str:
    return f"{path} does not read here ({error}); delete it and run `{step('tune')}` again"


def _title(pipeline: str, key: str, score: Score | None) -> str:
    return f"{pipeline} {key[:4]}" + ("" if score is None else f" ({score})")
