"""Statements on the rows of trials, without the object mapping that makes Optuna's own dear."""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.orm import Session

Rows = list[dict[str, Any]]

_STUDIES = models.StudyModel.__table__
_TRIALS = models.TrialModel.__table__
_VALUES = models.TrialValueModel.__table__
_BEATS = models.TrialHeartbeatModel.__table__
_LOCK = (
    sqlalchemy.select(_STUDIES.c.study_id)
    .where(_STUDIES.c.study_id == sqlalchemy.bindparam("study"))
    .with_for_update()
)
_NEW = sqlalchemy.insert(_TRIALS)
_OLDER = (
    sqlalchemy.select(sqlalchemy.func.count(_TRIALS.c.trial_id))
    .where(_TRIALS.c.study_id == sqlalchemy.bindparam("study"))
    .where(_TRIALS.c.trial_id < sqlalchemy.bindparam("trial"))
)
_CHANGE = sqlalchemy.update(_TRIALS).where(_TRIALS.c.trial_id == sqlalchemy.bindparam("trial"))
_STATE = (
    sqlalchemy.select(_TRIALS.c.state)
    .where(_TRIALS.c.trial_id == sqlalchemy.bindparam("trial"))
    .with_for_update()
)
_NEWER = (
    sqlalchemy.select(_TRIALS.c.trial_id)
    .where(_TRIALS.c.study_id == sqlalchemy.bindparam("study"))
    .where(_TRIALS.c.trial_id > sqlalchemy.bindparam("trial"))
    .limit(1)
)
_OLD_BEAT = sqlalchemy.delete(_BEATS).where(_BEATS.c.trial_id == sqlalchemy.bindparam("trial"))
_NEW_BEAT = sqlalchemy.insert(_BEATS)
_NEW_VALUE = sqlalchemy.insert(_VALUES)


class _Table:
    """A table of what trials bear, with the statements that replace some rows of a trial.

    Args:
        model: Optuna's class of the table.
        name: The column that tells a trial's rows apart.
    """

    def __init__(self, model: type[models.BaseModel], name: str) -> None:
        table = model.__table__
        self.name = name
        self.delete = sqlalchemy.delete(table).where(
            table.c.trial_id == sqlalchemy.bindparam("trial"),
            table.c[name].in_(sqlalchemy.bindparam("names", expanding=True)),
        )
        self.insert = sqlalchemy.insert(table)


_PARAMS = _Table(models.TrialParamModel, "param_name")
_USER_ATTRS = _Table(models.TrialUserAttributeModel, "key")
_SYSTEM_ATTRS = _Table(models.TrialSystemAttributeModel, "key")
_STEPS = _Table(models.TrialIntermediateValueModel, "step")


@dataclass
class LateWrites:
    """The last value of each name that was set on a trial since it was written.

    Attributes:
        params: Values in the form that Optuna stores, with their distributions.
        user_attrs: Attributes of the trial's owner.
        system_attrs: Attributes of Optuna's own.
        steps: Intermediate values.
    """

    params: dict[str, tuple[float, BaseDistribution]] = field(default_factory=dict)
    user_attrs: dict[str, Any] = field(default_factory=dict)
    system_attrs: dict[str, Any] = field(default_factory=dict)
    steps: dict[int, float] = field(default_factory=dict)

    def add_to(self, session: Session, trial_id: int) -> None:
        """Write it all in a session's transaction, over what is there; nothing is committed."""
        for table, rows in (
            (_PARAMS, self._params()),
            (_USER_ATTRS, _attributes(self.user_attrs)),
            (_SYSTEM_ATTRS, _attributes(self.system_attrs)),
            (_STEPS, self._steps()),
        ):
            if rows:
                names = [row[table.name] for row in rows]
                session.execute(table.delete, {"trial": trial_id, "names": names})
                session.execute(table.insert, [row | {"trial_id": trial_id} for row in rows])

    def _params(self) -> Rows:
        return [
            {
                "param_name": name,
                "param_value": value,
                "distribution_json": distribution_to_json(distribution),
            }
            for name, (value, distribution) in self.params.items()
        ]

    def _steps(self) -> Rows:
        stored = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr
        return [
            {"step": step, "intermediate_value": number, "intermediate_value_type": kind}
            for step, (number, kind) in ((at, stored(value)) for at, value in self.steps.items())
        ]


def start(session: Session, study_id: int, queued: FrozenTrial | None) -> FrozenTrial:
    """Insert a running trial, or one that waits with its attributes; nothing is committed.

    Its number is that of the study's trials before it: the study is locked until the commit, so
    that no two get the same.
    """
    session.execute(_LOCK, {"study": study_id})
    trial = copy.deepcopy(queued) if queued else create_trial(state=TrialState.RUNNING)
    row = {"study_id": study_id, "state": trial.state, "datetime_start": trial.datetime_start}
    trial._trial_id = session.execute(_NEW, row).inserted_primary_key[0]  # type: ignore[attr-defined]
    at = {"study": study_id, "trial": trial._trial_id}
    trial.number = session.execute(_OLDER, at).scalar_one()
    session.execute(_CHANGE.values(number=trial.number), {"trial": trial._trial_id})
    given = LateWrites(user_attrs=trial.user_attrs, system_attrs=trial.system_attrs)
    given.add_to(session, trial._trial_id)
    return trial


def close(
    session: Session, trial_id: int, state: TrialState, values: Sequence[float] | None
) -> None:
    """End a running trial that has no values yet; nothing is committed."""
    stored = models.TrialValueModel.value_to_stored_repr
    for objective, (value, kind) in enumerate(map(stored, values or ())):
        row = {"trial_id": trial_id, "objective": objective, "value": value, "value_type": kind}
        session.execute(_NEW_VALUE, row)
    change = _CHANGE.values(state=state, datetime_complete=datetime.now())
    session.execute(change, {"trial": trial_id})


def state_of(session: Session, trial_id: int) -> TrialState:
    """Return a trial's state, which no one else can change until the transaction ends."""
    state: TrialState = session.execute(_STATE, {"trial": trial_id}).scalar_one()
    return state


def any_newer(session: Session, study_id: int, trial_id: int) -> bool:
    """Say whether a study has a trial of a higher id."""
    given = {"study": study_id, "trial": trial_id}
    return session.execute(_NEWER, given).first() is not None


def beat(session: Session, trial_id: int) -> None:
    """Write a sign of life in a session's transaction; nothing is committed."""
    session.execute(_OLD_BEAT, {"trial": trial_id})
    session.execute(_NEW_BEAT, {"trial_id": trial_id})


def _attributes(given: dict[str, Any]) -> Rows:
    return [{"key": key, "value_json": json.dumps(value)} for key, value in given.items()]
