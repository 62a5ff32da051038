"""Points that are sampled within what the time left allows."""

import warnings
from collections.abc import Callable

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState, create_trial

from pipelines.base import Params, Pipeline

_STARTUP = 8  # trials before TPE learns from them


class Proposals:
    """Samples points until one fits the time left; the study sees that one alone.

    A sampler knows nothing of the clock. If a point that costs too much were asked of the study
    itself, it would have to be failed there, and late in a run half of a study's trials were such:
    no plot of it showed what was really tried. So points are sampled from a shadow of the study in
    memory, which has the same trials, until the cost of one fits. That point is then queued in the
    study as it is, and asked of it.

    The sampler is TPE (Bergstra et al., NeurIPS 2011): multivariate, conditional parameters in
    groups of their own, and with the constant liar, which keeps trials that run side by side apart;
    or random sampling.

    Args:
        study: Whose trials are learnt from.
        pipeline: Whose space is sampled.
        sampler: `tpe` or `random`.
        seed: Of the sampler; who goes on, or joins, does not draw what was drawn before.
        looks: How many points are looked at for one that fits.
    """

    def __init__(
        self, study: optuna.Study, pipeline: Pipeline, sampler: str, seed: int, looks: int = 20
    ) -> None:
        self.study, self.pipeline, self.looks = study, pipeline, looks
        trials = study.get_trials(deepcopy=False)
        self._shadow = optuna.create_study(
            direction=study.direction, sampler=_sampler(sampler, seed + len(trials))
        )
        self._finished: set[int] = set()
        self._running: dict[int, int] = {}  # numbers of running trials, and of their shadows

    def propose(self, fits: Callable[[Params], bool]) -> Params | None:
        """Return a point, by the names that the pipeline's `suggest` asks for.

        Args:
            fits: Says of `suggest`'s parameters whether a trial of them fits the time left.

        Returns:
            None where none of the points that were looked at fits.
        """
        self._catch_up()
        for _ in range(self.looks):
            trial = self._shadow.ask()
            params = self.pipeline.suggest(trial)
            point = dict(trial.params)
            self._shadow.tell(trial, state=TrialState.FAIL)  # samplers ignore it
            if fits(params):
                return point
        return None

    def _catch_up(self) -> None:
        """Give the shadow the trials that have started or ended in the study since."""
        for trial in self.study.get_trials(deepcopy=False):
            if trial.number in self._finished or trial.state == TrialState.WAITING:
                continue
            if trial.state.is_finished():
                self._finished.add(trial.number)
                stand_in = self._running.pop(trial.number, None)
                if stand_in is not None:
                    self._shadow.tell(stand_in, state=TrialState.FAIL)
                if trial.state != TrialState.FAIL:
                    self._shadow.add_trial(trial)
            elif trial.number not in self._running and trial.params:
                self._running[trial.number] = self._stand_in(trial)

    def _stand_in(self, trial: FrozenTrial) -> int:
        """Add a trial that runs, for the constant liar; return its number in the shadow."""
        self._shadow.add_trial(
            create_trial(
                state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
            )
        )
        return len(self._shadow.get_trials(deepcopy=False)) - 1


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name != "tpe":
        return optuna.samplers.RandomSampler(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of `group`, which is years old
        return optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=_STARTUP, multivariate=True, group=True, constant_liar=True
        )
