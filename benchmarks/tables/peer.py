"""Lets AutoGluon or FLAML answer a competition's files, in an environment of its own.

Called by `benchmarks.tables` with that environment's Python: peer, task file, seconds, output. The
task names the files and columns; the peer is given its best documented setting for the metric. What
it writes is a submission in the sample's form.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

AUTOGLUON = {
    "accuracy": "accuracy",
    "auc": "roc_auc",
    "log loss": "log_loss",
    "quadratic weighted kappa": "quadratic_kappa",
    "rmse": "root_mean_squared_error",
}
FLAML = {"accuracy": "accuracy", "auc": "roc_auc", "log loss": "log_loss", "rmse": "rmse"}


def autogluon(
    train: pd.DataFrame, test: pd.DataFrame, label: str, task: dict[str, Any], seconds: float
) -> tuple[Any, Any, list[str]]:
    """Return predictions, probabilities (of classes) and the classes' names."""
    from autogluon.tabular import TabularPredictor

    numbers = not task["classes"]
    kind = "regression" if numbers else "binary" if len(task["classes"]) == 2 else "multiclass"
    predictor = TabularPredictor(
        label,
        problem_type=kind,
        eval_metric=AUTOGLUON[task["metric"]],
        path=task["scratch"],
        verbosity=0,
    ).fit(train, time_limit=seconds, presets="best_quality", num_cpus=2, num_gpus=0)
    given = predictor.predict(test)
    if numbers:
        return given.to_numpy(), None, []
    shares = predictor.predict_proba(test)
    return given.to_numpy(), shares.to_numpy(), [str(name) for name in shares.columns]


def flaml(
    train: pd.DataFrame, test: pd.DataFrame, label: str, task: dict[str, Any], seconds: float
) -> tuple[Any, Any, list[str]]:
    """Return predictions, probabilities (of classes) and the classes' names."""
    from flaml import AutoML
    from sklearn.metrics import cohen_kappa_score

    def kappa(X: Any, y: Any, model: Any, labels: Any, *_: Any, **__: Any) -> Any:
        value = 1 - cohen_kappa_score(y, model.predict(X), weights="quadratic")
        return value, {"kappa": 1 - value}

    numbers = not task["classes"]
    learner = AutoML()
    learner.fit(
        train.drop(columns=label),
        train[label],
        task="regression" if numbers else "classification",
        metric=FLAML.get(task["metric"], kappa),
        time_budget=seconds,
        n_jobs=2,
        ensemble=True,
        verbose=0,
        seed=0,
    )
    given = np.asarray(learner.predict(test))
    if numbers:
        return given, None, []
    return given, learner.predict_proba(test), [str(name) for name in learner.classes_]


def answered(task: dict[str, Any], peer: str, seconds: float) -> pd.DataFrame:
    """Return the submission."""
    train, test = pd.read_csv(task["train"]), pd.read_csv(task["test"])
    sample = pd.read_csv(task["sample"], dtype=str)
    learn = autogluon if peer == "autogluon" else flaml
    aside = [task["id"]]
    if task["id_is_date"]:  # then it is a feature; and not every peer makes an hour of it
        aside = []
        for part in (train, test):
            part[task["id"]] = pd.to_datetime(part[task["id"]])
            part[f"{task['id']} hour"] = part[task["id"]].dt.hour
    shared = [name for name in test.columns if name in train and name not in aside]
    for label, target in zip(task["labels"], task["targets"][: len(task["labels"])], strict=True):
        known = train[[*shared, label]].copy()
        if task["logs"]:
            known[label] = (
                np.log1p(known[label]) if task["logs"] == "log1p" else np.log(known[label])
            )
        share = seconds / len(task["labels"])
        given, shares, names = learn(known, test[shared], label, task, share)
        if task["logs"]:
            given = np.expm1(given).clip(0) if task["logs"] == "log1p" else np.exp(given)
        if task["form"] == "class probabilities":
            order = [names.index(name) for name in task["classes"]]
            sample[task["targets"]] = shares[:, order]
        elif task["form"] == "probability":
            sample[target] = shares[:, names.index(task["positive"])]
        else:
            sample[target] = [str(each) for each in given]
    return sample


def main() -> None:
    """Answer, and write the file."""
    peer, task_file, seconds, output = sys.argv[1:]
    task = json.loads(Path(task_file).read_text())
    answered(task, peer, float(seconds)).to_csv(output, index=False)


if __name__ == "__main__":
    main()
