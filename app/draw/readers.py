"""Who reads the digits: the blend and every saved model, loaded once and kept ready."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from pipelines.base import Estimator
from pipelines.blending.calibration import tempered
from pipelines.networks import trainers
from pipelines.networks.quiet import quiet_native_stderr
from pipelines.saved_models import load_model, saved_models

log = logging.getLogger(__name__)

Images = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]
Identity = tuple[str, str]  # of a column: its pipeline and its key

BLEND = "blend"


@dataclass(frozen=True)
class Reader:
    """One or more models that read together.

    Attributes:
        name: `blend`, or `<pipeline>/<key>`.
        title: For people.
        models: Each with its weight and temperature; none where there is no model to read with.
        note: Why it cannot read, or what it lacks; empty if nothing.
    """

    name: str
    title: str
    models: tuple[tuple[Estimator, float, float], ...] = ()
    note: str = ""

    def read(self, images: Images) -> Probabilities:
        """Return the weighted mean (n, n_classes) of the models' probabilities.

        Args:
            images: (n, side, side) uint8, in MNIST's form.
        """
        total = sum(weight for _, weight, _ in self.models)
        parts = [
            weight / total * tempered(model.predict_proba(images), heat)
            for model, weight, heat in self.models
        ]
        mean: Probabilities = np.sum(parts, axis=0).astype(np.float32)
        return mean


def load_readers(runs: Path, side: int, report: Callable[[str], None]) -> list[Reader]:
    """Load the blend and all models of a competition's runs; the blend comes first.

    Every model reads once, so that the first drawing does not wait for compilers.

    Args:
        runs: The folder `RUNS_DIR/<slug>`.
        side: Of the images.
        report: Called with the title of each model before it is loaded.

    Raises:
        PodiumError: there is no model that can be loaded.
    """
    paths = {(saved.pipeline, saved.key): saved.path for saved in saved_models(runs)}
    facts = _columns(runs)
    manifest = _json(runs / "blend" / "manifest.json")
    trainers.most_kept = max(trainers.most_kept, len(paths))
    singles: dict[Identity, Reader] = {}
    for identity in sorted(_wanted(paths, facts, manifest), key=lambda i: (-facts.get(i, 0.0), i)):
        title = _title(*identity, facts)
        report(title)
        singles[identity] = _single(identity, title, paths.get(identity), side)
    if not any(reader.models for reader in singles.values()):
        raise PodiumError(
            f"There is no fitted model in {runs} to read digits with; `make tune blend` makes them."
        )
    return [*_blend(manifest, singles), *singles.values()]


def _wanted(
    paths: dict[Identity, Path], facts: dict[Identity, float], manifest: dict[str, Any]
) -> set[Identity]:
    """Return what has a file, and what people would miss: the blend's members, and families."""
    members = {(m["pipeline"], m["key"]) for m in manifest.get("members", [])}
    families = {pipeline for pipeline, _ in (*paths, *members)}
    best: dict[str, Identity] = {}
    for identity in sorted(facts, key=lambda i: facts[i]):
        best[identity[0]] = identity
    missed = {identity for pipeline, identity in best.items() if pipeline not in families}
    return {*paths, *members, *missed}


def _single(identity: Identity, title: str, path: Path | None, side: int) -> Reader:
    name = "/".join(identity)
    if path is None:
        return Reader(name, title, note="no fitted model of it was kept; `make tune` makes one")
    try:
        model = load_model(path)
    except PodiumError as error:
        log.warning("%s", error)
        return Reader(name, title, note=str(error))
    try:
        with quiet_native_stderr():
            model.predict_proba(_upright_line(side))
    except Exception as error:  # whatever a change of the code made of it
        note = f"{path} does not read here ({error}); delete it and run `make tune` again"
        log.warning("%s", note)
        return Reader(name, title, note=note)
    return Reader(name, title, ((model, 1.0, 1.0),))


def _upright_line(side: int) -> Images:
    image = np.zeros((1, side, side), np.uint8)
    image[:, side // 4 : side - side // 4, side // 2] = 255
    return image


def _blend(manifest: dict[str, Any], singles: dict[Identity, Reader]) -> list[Reader]:
    """Return the blend of the models that are here; nothing if there is none."""
    members = [
        (m["pipeline"], m["key"], float(m["weight"]), float(m.get("temperature", 1.0)))
        for m in manifest.get("members", [])
    ]
    here = [
        (singles[pipeline, key].models[0][0], weight, heat)
        for pipeline, key, weight, heat in members
        if (pipeline, key) in singles and singles[pipeline, key].models
    ]
    if not here:
        return []
    lacking = 1 - sum(one[1] for one in here) / sum(one[2] for one in members)
    note = f"without {lacking:.0%} of its weight, whose models are not here" if lacking > 0 else ""
    return [Reader(BLEND, f"blend: {manifest['name']}", tuple(here), note)]


def _columns(runs: Path) -> dict[Identity, float]:
    """Return the out-of-fold accuracy of every finished column, by pipeline and key."""
    manifests = [_json(path) for path in runs.glob("predictions/*/*/manifest.json")]
    return {
        (m["pipeline"], m["key"]): float(m["oof_accuracy"])
        for m in manifests
        if {"pipeline", "key", "oof_accuracy"} <= m.keys()
    }


def _title(pipeline: str, key: str, facts: dict[Identity, float]) -> str:
    accuracy = facts.get((pipeline, key))
    return f"{pipeline} {key[:4]}" + ("" if accuracy is None else f" ({accuracy:.2%})")


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content
