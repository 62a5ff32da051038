"""A blend on disk: a folder of its own that appears whole, and a pointer to the current one."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.files import atomic_folder, atomic_path
from competition.problem.scores import SURE, Score
from competition.problem.targets import Answers, Predictions, Truth
from competition.spec import Competition
from competition.verbs import step
from competition.workspace import Workspace
from pipelines.blending.history import fits, keep_answers
from pipelines.blending.mixture import Floats, Mixture

_POINTER = "current"
_MANIFEST = "manifest.json"
_KEY = re.compile(r"[0-9a-f]{16}")


class UnusableBlend(PodiumError):
    """There is a blend, and it cannot be used.

    Attributes:
        why: What it is, as a clause that follows 'the blend'.
    """

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"The blend in {folder} {why}: run `{step('blend')}` again.")
        self.why = why


@dataclass(frozen=True)
class Member:
    """A column in a blend.

    Attributes:
        pipeline: Its pipeline.
        key: Its key in the store.
        weight: What it is multiplied by.
        temperature: What its probabilities are brought to first; 1 where it has none.
        score: The metric's value of its own out-of-fold answers.
    """

    pipeline: str
    key: str
    weight: float
    temperature: float
    score: float


@dataclass(frozen=True)
class Floor:
    """What a blend has to beat: the `baseline`, out of fold on the same rows.

    Attributes:
        pipeline: Its pipeline.
        value: The metric's value of its answers.
        gain: How much better the blend is, in the metric's unit; below 0 for worse.
        standard_error: Of that; the rows are paired.
        p_value: Two-sided, of the hypothesis that both are worth the same.
    """

    pipeline: str
    value: float
    gain: float
    standard_error: float
    p_value: float

    @property
    def beaten(self) -> bool:
        """Whether the blend is surely better."""
        return self.gain > 0 and self.p_value < SURE


@dataclass(frozen=True)
class StoredBlend:
    """A blend that was written.

    Attributes:
        folder: Where its files are.
        manifest: What it is made of and what it is worth, as `manifest.json` says.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """What to call it, such as `80% cnn + 20% knn`."""
        return str(self.manifest["name"])

    @property
    def key(self) -> str:
        """Hash of all that it holds."""
        return str(self.manifest["key"])

    @property
    def method(self) -> str:
        """How its weights were learnt."""
        return str(self.manifest["method"])

    @property
    def score(self) -> Score:
        """Cross-fitted score."""
        facts = self.manifest["score"]
        return Score(
            float(facts["value"]),
            float(facts["standard_error"]),
            float(facts["loss"]),
            int(facts["rows"]),
            bool(self.manifest["greater_is_better"]),
        )

    @property
    def corrected(self) -> tuple[float, int] | None:
        """The score where the choice among trials is scored too, and how many these were."""
        facts = self.manifest.get("corrected")
        return None if not facts else (float(facts["value"]), int(facts["trials"]))

    @property
    def as_sent(self) -> float | None:
        """The score by the mean of all folds' models; None where a single model is sent."""
        value = self.manifest.get("as_sent")
        return None if value is None else float(value)

    @property
    def floor(self) -> Floor | None:
        """What it has to beat; None where that was not made."""
        facts = self.manifest.get("floor")
        return Floor(**facts) if facts else None

    @property
    def members(self) -> list[Member]:
        """The columns that have a weight, heaviest first."""
        return [Member(**facts) for facts in self.manifest["members"]]

    def mixture_of(self, weights: Floats) -> Mixture:
        """Return how its members are combined, at weights (c,) such as their own."""
        return Mixture.of(weights, self.manifest)

    @property
    def best_single(self) -> Member:
        """The best column alone, with the weight that it has in the blend."""
        return Member(**self.manifest["best_single"])

    @property
    def gain(self) -> float:
        """How much better than the best column alone, in the metric's unit; below 0 for worse."""
        return float(self.manifest["gain"])

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that both are worth the same."""
        return float(self.manifest["p_value"])

    @property
    def methods(self) -> dict[str, float]:
        """Cross-fitted value of every method that was tried."""
        return {str(name): float(value) for name, value in self.manifest["methods"].items()}

    def oof(self) -> Predictions:
        """Return the cross-fitted predictions (n, k) float32, mapped into memory."""
        return self._array("oof")

    def oof_answers(self) -> Answers:
        """Return the answers (n, …) made of them, their decisions learnt on other folds."""
        return self._array("oof_answers")

    def test(self) -> Predictions:
        """Return the test predictions (m, k) float32."""
        return self._array("test")

    def answers(self) -> Answers:
        """Return the answers (m, …) for the test rows, in the form's shape: what is sent."""
        return self._array("answers")

    def _array(self, name: str) -> npt.NDArray[Any]:
        try:
            array: npt.NDArray[Any] = np.load(
                self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False
            )
        except (OSError, ValueError, EOFError) as error:
            raise UnusableBlend(self.folder, f"is damaged ({error})") from error
        return array


def blends_folder(workspace: Workspace) -> Path:
    """Return where a workspace's blends are: `runs/<slug>/blend`."""
    return workspace.runs / "blend"


def write_blend(
    workspace: Workspace,
    facts: dict[str, Any],
    arrays: dict[str, npt.NDArray[Any]],
    truth: Truth,
    created: str,
) -> StoredBlend:
    """Write a blend and make it the current one.

    Its folder appears whole, then its answers join the history, and then the pointer turns to it. A
    process killed between any two of these leaves the blend that was current before.

    Args:
        workspace: Whose blend.
        facts: The manifest, without `key` and `created`.
        arrays: `oof`, `oof_answers`, `test` and `answers`.
        truth: Of the training rows.
        created: The time, for people.

    Raises:
        PodiumError: the disk refuses a file.
    """
    root = blends_folder(workspace)
    key = _key(facts, arrays)
    blend = StoredBlend(root / key, {"key": key, **facts, "created": created})
    if not _is_whole(blend.folder, workspace.competition):
        with atomic_folder(blend.folder) as temporary:
            for name, array in arrays.items():
                np.save(temporary / f"{name}.npy", array)
            text = json.dumps(blend.manifest, indent=2) + "\n"
            (temporary / _MANIFEST).write_text(text, encoding="utf-8")
    keep_answers(root, key, arrays["oof_answers"], truth)
    with atomic_path(root / _POINTER) as pointer:
        pointer.write_text(key + "\n", encoding="utf-8")
    return blend


def read_blend(workspace: Workspace) -> StoredBlend | None:
    """Return the current blend; None where there is none yet.

    Raises:
        UnusableBlend: it is damaged, or of another competition or metric.
    """
    blend = current_blend(workspace)
    if blend is not None:
        check_blend(blend, workspace.competition)
    return blend


def current_blend(workspace: Workspace) -> StoredBlend | None:
    """Return the blend that the pointer names, unchecked but for its manifest being an object.

    Raises:
        UnusableBlend: pointer or manifest is damaged.
    """
    root = blends_folder(workspace)
    try:
        key = (root / _POINTER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableBlend(root, f"is damaged ({error})") from error
    if not _KEY.fullmatch(key):
        raise UnusableBlend(root, f"is damaged ({_POINTER} names no blend)")
    return _with_manifest(root / key)


def check_blend(blend: StoredBlend, competition: Competition) -> None:
    """Check that a blend is whole, and answers what a competition asks.

    Raises:
        UnusableBlend: it is damaged, or of another competition or metric.
    """
    facts, problem = blend.manifest, competition.problem
    if facts.get("competition") != competition.slug:
        raise UnusableBlend(
            blend.folder, f"is of {facts.get('competition')!r}, not of {competition.slug!r}"
        )
    if (facts.get("metric"), facts.get("positive")) != (problem.metric.name, problem.positive):
        raise UnusableBlend(
            blend.folder, f"was made for another metric than {problem.metric.name!r}"
        )
    try:
        texts = [blend.name, blend.method, blend.key, facts["data"], facts["created"]]
        numbers = (blend.gain, blend.p_value, blend.best_single.score, *blend.methods.values())
        numbers += tuple(member.weight * member.temperature for member in blend.members)
        mixture = blend.mixture_of(np.zeros(0))
        numbers += (mixture.temperature,)
        floor = blend.floor
        if floor is not None:
            numbers += (floor.value, floor.gain, floor.standard_error, floor.p_value)
            texts.append(floor.pipeline)
        rows = blend.score.rows
        sound = all(isinstance(text, str) for text in texts)
        sound &= all(isinstance(number, int | float) for number in numbers)
        sound &= mixture.intercept.shape == (problem.outputs,)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnusableBlend(blend.folder, f"is damaged ({error!r})") from error
    oof, test = blend.oof(), blend.test()
    sound &= oof.shape == (rows, problem.outputs) and test.shape[1:] == (problem.outputs,)
    sound &= oof.dtype == test.dtype == np.float32
    if not (
        sound
        and fits(blend.oof_answers(), rows, problem)
        and fits(blend.answers(), len(test), problem)
    ):
        raise UnusableBlend(blend.folder, "is damaged (its parts do not fit together)")


def _is_whole(folder: Path, competition: Competition) -> bool:
    try:
        check_blend(_with_manifest(folder), competition)
    except UnusableBlend:
        return False
    return True


def _with_manifest(folder: Path) -> StoredBlend:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableBlend(folder, f"is damaged ({error})") from error
    if not isinstance(manifest, dict):
        raise UnusableBlend(folder, f"is damaged ({_MANIFEST} holds no object)")
    return StoredBlend(folder, manifest)


def _key(facts: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> str:
    """Return 16 hexadecimal digits of a hash of all that decides and makes up a blend."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()[:16]
