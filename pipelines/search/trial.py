"""One trial on its way through its fits: what is due next, and what came of it so far."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import optuna

from pipelines.metrics import Probabilities, Score, accuracy, score
from pipelines.search.fit import FitRequest, FitResult, Task, requests_of, screening_of

SCREEN_ROWS = 8_000  # rows that a screening fit trains on
SCREEN_FOLDS = 2


@dataclass
class TrialRun:
    """A trial that is being evaluated, first on a subset, then on all rows.

    The rule of the two speeds: where a training fold has more than twice `SCREEN_ROWS` rows, a
    sampled trial is first fitted on a stratified subset of that size, for `SCREEN_FOLDS` folds,
    which costs a tenth of a full trial or less. Its mean accuracy there is step 1 of the trial; the
    running mean over the first k full folds is step k + 1. At step 1 and again at step 4 Optuna's
    successive halving (Li et al., MLSys 2020) lets a trial go on if it stands among the best
    quarter of all that came as far, pruned ones included, or is the best while these are few.
    Shipped points and those of a grid have earned their folds: they skip the screening and are
    never pruned. Before anything is sampled the best of them is entered again, as the one to beat:
    that costs a screening, since its folds are in the store.

    Attributes:
        trial: Optuna's trial.
        task: The configuration.
        labels: (n,) labels of all training rows.
        assigned: (n,) fold of each row, as `Folds.assign` deals them out.
        truths: The labels of each fold's rows.
        screened: Whether it is to be screened first.
        earned: Whether it is to be completed, come what may.
    """

    trial: optuna.Trial
    task: Task
    labels: npt.NDArray[np.int64]
    assigned: npt.NDArray[np.int64]
    truths: list[npt.NDArray[np.int64]]
    screened: bool
    earned: bool = False
    results: dict[tuple[int, int | None], FitResult] = field(default_factory=dict)
    _accuracies: dict[tuple[int, int | None], float] = field(default_factory=dict)
    _reported: int = 0

    def __post_init__(self) -> None:
        """Lay out the fits of each stage."""
        self._screen = screening_of(self.task, SCREEN_ROWS, SCREEN_FOLDS) if self.screened else []
        self._full = requests_of(self.task)
        self._due = [*self._screen, *self._full]

    def next_request(self) -> FitRequest | None:
        """Return the next fit that may start now; None while the screening is not decided."""
        if not self._due:
            return None
        if self._due[0].train_rows is None and not self._screened_through():
            return None
        return self._due.pop(0)

    def receive(self, request: FitRequest, result: FitResult) -> bool:
        """Take a fit's result, report the steps it completes; return whether to prune the trial."""
        self.results[_stage(request)] = result
        self._accuracies[_stage(request)] = accuracy(result.scored, self.truths[request.fold])
        if not self._reported:
            if not self._screened_through():
                return False
            self._reported = 1
            if self._screen:
                self._report(1, self._mean_accuracy(self._screen))
                if self._falls_behind():
                    return True
        while self._reported <= len(self._full) and self._has(self._full[self._reported - 1]):
            done = self._full[: self._reported]
            self._report(len(done) + 1, self._mean_accuracy(done))
            if len(done) < len(self._full) and self._falls_behind():
                return True
        return False

    @property
    def complete(self) -> bool:
        """Whether every fold on all rows is there."""
        return all(self._has(request) for request in self._full)

    @property
    def fits_left(self) -> int:
        """How many fits have not come back."""
        return len(self._screen) + len(self._full) - len(self.results)

    def out_of_fold(self) -> Probabilities:
        """Return the out-of-fold probabilities (n, n_classes) of a complete trial."""
        return join_folds([self.results[_stage(request)] for request in self._full], self.assigned)

    def score(self) -> Score:
        """Score a complete trial's out-of-fold probabilities."""
        return score(self.out_of_fold(), self.labels)

    @property
    def seconds(self) -> float:
        """Seconds of work that all its fits took together."""
        return sum(r.fit_seconds + r.predict_seconds for r in self.results.values())

    def _has(self, request: FitRequest) -> bool:
        return _stage(request) in self.results

    def _screened_through(self) -> bool:
        return all(self._has(request) for request in self._screen)

    def _mean_accuracy(self, requests: list[FitRequest]) -> float:
        return float(np.mean([self._accuracies[_stage(request)] for request in requests]))

    def _falls_behind(self) -> bool:
        return not self.earned and self.trial.should_prune()

    def _report(self, step: int, value: float) -> None:
        self.trial.report(value, step)
        self._reported = step


def _stage(request: FitRequest) -> tuple[int, int | None]:
    return request.fold, request.train_rows


def join_folds(results: list[FitResult], assigned: npt.NDArray[np.int64]) -> Probabilities:
    """Put the folds' probabilities back into the order of the rows."""
    joined = np.empty((len(assigned), results[0].scored.shape[1]), dtype=np.float32)
    for fold, result in enumerate(results):
        joined[assigned == fold] = result.scored
    return joined
