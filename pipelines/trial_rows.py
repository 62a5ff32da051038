"""Statements on the rows of trials, without the object mapping that makes Optuna's own dear."""

import json
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.storages._rdb import models
from optuna.trial import TrialState
from sqlalchemy.orm import Session

Rows = list[dict[str, Any]]


_TRIALS = models.TrialModel.__table__
_BEATS = models.TrialHeartbeatModel.__table__
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
