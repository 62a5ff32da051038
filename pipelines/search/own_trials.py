"""A storage that gathers its process's writes to a trial, and does not read them back."""

import copy
import math
import time
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence, Set
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.storages._cached_storage import _CachedStorage, _StudyInfo
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.orm import Session

from pipelines.search.trial_rows import LateWrites, any_newer, beat, close, start, state_of

_FRESH = 0.1  # seconds for which what was read of others' trials is not read again

_FINISHED = [state for state in TrialState if state.is_finished()]


class OwnTrialsStorage(_CachedStorage):
    """Optuna's cached storage, which also keeps the running trials of its own process.

    Optuna's reads every running trial from the database at each look at the study, some ten times
    a trial, and makes a transaction of every parameter and attribute. The trials that this process
    runs change by its own writes alone, so these are kept in memory, and written together: with
    the next sign of life, or with the state that ends the trial, as Optuna's contract of storages
    has it. Others' trials are read at most ten times a second, and after each sign of life. If
    another process closes a trial of this one, which was taken for dead, the next of these writes
    raises `UpdateFinishedTrialError`, and the trial is read from the database from then on.

    Args:
        backend: The database.
    """

    def __init__(self, backend: RDBStorage) -> None:
        super().__init__(backend)
        self._own: set[int] = set()  # ids of the running trials that this process writes to
        self._late: defaultdict[int, LateWrites] = defaultdict(LateWrites)  # by the trial's id
        self._seen: dict[int, int] = {}  # of each study, the highest id that was read
        self._read_at: dict[int, float] = {}  # and when others' trials were looked at

    # ------------------------------------------------------------------ reading

    def _read_trials_from_remote_storage(self, study_id: int) -> None:
        if time.monotonic() - self._read_at.get(study_id, -math.inf) < _FRESH:
            return
        with self._lock:
            study = self._studies.setdefault(study_id, _StudyInfo())
            found = []
            seen = self._seen.get(study_id, -1)
            if study.unfinished_trial_ids or self._any_newer(study_id, seen):
                found = self._backend._get_trials(
                    study_id,
                    states=None,
                    included_trial_ids=study.unfinished_trial_ids,
                    trial_id_greater_than=seen,
                )
            self._read_at[study_id] = time.monotonic()
            for trial in found:
                self._seen[study_id] = max(self._seen.get(study_id, -1), trial._trial_id)
                if trial._trial_id in self._own:
                    continue
                self._add_trials_to_cache(study_id, [trial])
                if trial.state.is_finished():
                    study.unfinished_trial_ids.discard(trial._trial_id)
                else:
                    study.unfinished_trial_ids.add(trial._trial_id)

    def _any_newer(self, study_id: int, trial_id: int) -> bool:
        with self._backend.scoped_session() as session:
            return any_newer(session, study_id, trial_id)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Return a study's trials by their numbers; open ones without a look at the others."""
        self._read_trials_from_remote_storage(study_id)
        with self._lock:
            known = self._studies[study_id].trials
            numbers: Set[int] = known.keys()
            if states is not None and not any(state in states for state in _FINISHED):
                numbers = known.keys() & self._open_numbers(study_id)
            trials = [known[number] for number in sorted(numbers)]
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def _open_numbers(self, study_id: int) -> set[int]:
        places = self._trial_id_to_study_id_and_number
        at = [places[each] for each in self._studies[study_id].unfinished_trial_ids | self._own]
        return {number for study, number in at if study == study_id}

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial, from memory where it is finished or this process's own."""
        with self._lock:
            if trial_id in self._own:
                return _copied(self._cached(trial_id))
        return super().get_trial(trial_id)

    # ------------------------------------------------------------------ writing

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Make a trial, which is this process's own unless it waits in the queue."""
        if template_trial is None or _is_enqueued(template_trial):
            with self._backend.scoped_session() as session, session.begin():
                trial = start(session, study_id, template_trial)
            trial_id = trial._trial_id
            with self._lock:
                self._studies.setdefault(study_id, _StudyInfo())
                self._add_trials_to_cache(study_id, [trial])
        else:
            trial_id = super().create_new_trial(study_id, template_trial)
        with self._lock:
            if self._cached(trial_id).state == TrialState.RUNNING:
                self._own.add(trial_id)
                if self._seen.get(study_id, -1) == trial_id - 1:  # no one else's lies between
                    self._seen[study_id] = trial_id
            else:
                self._studies[study_id].unfinished_trial_ids.add(trial_id)
        return trial_id

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter; the first of its name at once, to be held against older studies'."""
        with self._lock:
            study_id, _ = self._trial_id_to_study_id_and_number[trial_id]
            known = self._studies[study_id].param_distribution.get(param_name)
        if known is None or trial_id not in self._own:
            with self._writing(trial_id):
                super().set_trial_param(trial_id, param_name, param_value_internal, distribution)
        else:
            check_distribution_compatibility(known, distribution)
            self._late[trial_id].params[param_name] = (param_value_internal, distribution)
        value = distribution.to_external_repr(param_value_internal)
        self._put(trial_id, "_params", param_name, value)
        self._put(trial_id, "_distributions", param_name, distribution)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Set the value of a step."""
        if trial_id in self._own:
            self._late[trial_id].steps[step] = intermediate_value
            self._put(trial_id, "intermediate_values", step, intermediate_value)
        else:
            super().set_trial_intermediate_value(trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute."""
        if trial_id in self._own:
            self._late[trial_id].user_attrs[key] = value
            self._put(trial_id, "_user_attrs", key, value)
        else:
            super().set_trial_user_attr(trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of Optuna's own."""
        if trial_id in self._own:
            self._late[trial_id].system_attrs[key] = value
            self._put(trial_id, "_system_attrs", key, value)
        else:
            super().set_trial_system_attr(trial_id, key, value)

    def record_heartbeat(self, trial_id: int) -> None:
        """Give a sign of life, and write what was gathered; the next look is at the database.

        Raises:
            UpdateFinishedTrialError: another process has closed the trial.
        """
        with self._writing(trial_id) as session:
            beat(session, trial_id)
            session.commit()
        self._read_at.clear()

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Take a trial from the queue, which makes it this process's own, or close one."""
        with self._writing(trial_id) as session:
            if trial_id in self._own and state.is_finished():
                close(session, trial_id, state, values)
                session.commit()
                done = True
            else:
                done = super().set_trial_state_values(trial_id, state, values)
        if done and state == TrialState.RUNNING:
            taken = self._backend.get_trial(trial_id)
            with self._lock:
                study_id, _ = self._trial_id_to_study_id_and_number[trial_id]
                self._add_trials_to_cache(study_id, [taken])
                self._studies[study_id].unfinished_trial_ids.discard(trial_id)
                self._own.add(trial_id)
        elif done and trial_id in self._own:
            with self._lock:
                trial = _copied(self._cached(trial_id))
                trial.state, trial.datetime_complete = state, datetime.now()
                trial.values = values
                self._replace(trial)
                self._disown(trial_id)
        else:  # another process's trial, or one that another process took
            self._read_at.clear()
        return done

    @contextmanager
    def _writing(self, trial_id: int) -> Iterator[Session]:
        """Add what was gathered to the transaction that is committed next, by the backend or here.

        A trial that turns out to be closed by another process is read from the database from then
        on.
        """
        session = self._backend.scoped_session()  # the one that this thread's calls share
        try:
            if trial_id in self._own:
                self.check_trial_is_updatable(trial_id, state_of(session, trial_id))
                self._late[trial_id].add_to(session, trial_id)
            yield session
            self._late.pop(trial_id, None)
        except UpdateFinishedTrialError:
            session.rollback()
            with self._lock:
                if trial_id in self._own:
                    self._disown(trial_id)
                    study_id, _ = self._trial_id_to_study_id_and_number[trial_id]
                    self._studies[study_id].unfinished_trial_ids.add(trial_id)
            raise
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()

    def _disown(self, trial_id: int) -> None:
        self._own.discard(trial_id)
        self._late.pop(trial_id, None)

    # ------------------------------------------------------------------ the copies

    def _put(self, trial_id: int, table: str, key: Any, value: Any) -> None:
        """Repeat a write on the copy; whoever holds the old one keeps it as it was."""
        with self._lock:
            if trial_id in self._own:
                trial = _copied(self._cached(trial_id))
                getattr(trial, table)[key] = value
                self._replace(trial)

    def _cached(self, trial_id: int) -> FrozenTrial:
        study_id, number = self._trial_id_to_study_id_and_number[trial_id]
        return self._studies[study_id].trials[number]

    def _replace(self, trial: FrozenTrial) -> None:
        study_id, number = self._trial_id_to_study_id_and_number[trial._trial_id]
        self._studies[study_id].trials[number] = trial


def _is_enqueued(trial: FrozenTrial) -> bool:
    """Say whether a trial waits with nothing but attributes, as `Study.enqueue_trial` makes it."""
    waits = trial.state == TrialState.WAITING
    return waits and not (trial.params or trial.intermediate_values or trial.values)


def _copied(trial: FrozenTrial) -> FrozenTrial:
    """Return a trial whose tables can be written to without touching the other's."""
    twin = copy.copy(trial)
    for table in ("_params", "_distributions", "_user_attrs", "_system_attrs"):
        setattr(twin, table, dict(getattr(trial, table)))
    twin.intermediate_values = dict(trial.intermediate_values)
    return twin
