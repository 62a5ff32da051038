"""Honest, leaking and broken teammates' files, and what `podium add` says of each.

    python -m benchmarks.teammates FOLDER SLUG=METRIC... [--first N] [--out docs/teammates.jsonl]

Of each competition of FOLDER (<slug>.zip as Kaggle zips them) 14 files are made: half of them are
honest, by different models, on the shared folds or on folds of their own; half leak or are broken,
in ten ways. N numbers the first competition, and with it what is done to which model. What is told
of each file goes to `--out`, a line each.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

import podium
from competition.errors import PodiumError
from pipelines.outside.adding import Added, judged

OURS = ("lightgbm", "linear")
_FEW_VALUES = 200

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Made:
    """A teammate's two arrays.

    Attributes:
        kind: What was done to them.
        honest: Whether they should be taken.
        oof: As written, in the order of the rows.
        test: The same.
    """

    kind: str
    honest: bool
    oof: Floats
    test: Floats


def models(numbers: bool, seed: int) -> dict[str, Any]:
    """Return the models that teammates use."""
    if numbers:
        found: dict[str, Any] = {
            "forest": RandomForestRegressor(100, random_state=seed),
            "extra trees": ExtraTreesRegressor(100, random_state=seed),
            "boosting": HistGradientBoostingRegressor(random_state=seed),
            "ridge": Ridge(10.0),
            "neighbours": KNeighborsRegressor(10),
            "deep boosting": HistGradientBoostingRegressor(
                max_iter=400, learning_rate=0.05, random_state=seed
            ),
        }
    else:
        found = {
            "forest": RandomForestClassifier(200, random_state=seed),
            "extra trees": ExtraTreesClassifier(200, min_samples_leaf=2, random_state=seed),
            "boosting": HistGradientBoostingClassifier(random_state=seed),
            "logistic": LogisticRegression(max_iter=500),
            "neighbours": KNeighborsClassifier(15),
            "deep boosting": HistGradientBoostingClassifier(
                max_iter=300, learning_rate=0.05, random_state=seed
            ),
        }
    encode = make_column_transformer(
        (SimpleImputer(strategy="median"), make_column_selector(dtype_include="number")),
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            make_column_selector(dtype_include="category"),
        ),
    )
    return {
        name: make_pipeline(encode, SimpleImputer(), StandardScaler(), model)
        for name, model in found.items()
    }


class Teammate:
    """Somebody who fits models on a competition's rows."""

    def __init__(self, run: podium.Run, seed: int) -> None:
        self.run, self.seed = run, seed
        self.numbers = not run.classes
        self.chance = np.random.default_rng(seed)
        self.models = models(self.numbers, seed)

    def _fitted(self, name: str, rows: Any, target: Any) -> Any:
        logs = np.log(target) if self.numbers else target
        return self.models[name].fit(rows, logs)

    def _predicted(self, model: Any, rows: Any) -> Floats:
        if self.numbers:
            return np.exp(model.predict(rows)).reshape(-1, 1)
        return np.asarray(model.predict_proba(rows), np.float64)

    @property
    def known(self) -> Floats:
        """The truth as perfect predictions (n, k)."""
        truth = np.asarray(self.run.plan.data.truth)
        if self.numbers:
            return np.asarray(truth, np.float64)
        return np.asarray(np.eye(len(self.run.classes))[truth])

    def honest(self, name: str, folds: Any) -> tuple[Floats, Floats]:
        """Return predictions out of fold, and the mean of the folds' on test rows."""
        train, target, test = self.run.train, self.run.target, self.run.test
        parts, tests = {}, []
        for learnt, scored in folds:
            model = self._fitted(name, train.iloc[learnt], target[learnt])
            found = self._predicted(model, train.iloc[scored])
            parts |= dict(zip(scored.tolist(), found, strict=True))
            tests.append(self._predicted(model, test))
        return np.array([parts[row] for row in range(len(train))]), np.mean(tests, axis=0)

    def own_folds(self) -> list[Any]:
        """Return ten folds that are not Podium's."""
        return list(KFold(10, shuffle=True, random_state=self.seed + 7).split(self.run.train))

    def whole(self, name: str) -> tuple[Floats, Floats]:
        """Return predictions of the rows that were learnt from, and of the test rows."""
        model = self._fitted(name, self.run.train, self.run.target)
        return self._predicted(model, self.run.train), self._predicted(model, self.run.test)

    def target_means(self, name: str) -> tuple[Floats, Floats]:
        """Return predictions out of fold by features that hold each row's own target."""
        target = self.known.mean(axis=1) if self.numbers else self.known[:, 0]
        train, test = self.run.train.copy(), self.run.test.copy()
        columns = list(train.select_dtypes("category"))
        if not columns:  # then of numbers, which take few values
            columns = [name for name in train if 2 < train[name].nunique() <= _FEW_VALUES]
        for column in columns:
            cells = train[column].astype("str").fillna("none")
            means = np.array([target[(cells == each).to_numpy()].mean() for each in cells.unique()])
            known = dict(zip(cells.unique(), means, strict=True))
            train[f"mean of {column}"] = cells.map(known).astype(float)
            test[f"mean of {column}"] = (
                test[column].astype("str").fillna("none").map(known).astype(float)
            )
        before = self.run.__dict__["_rows"]
        self.run.__dict__["_rows"] = (train, test)
        try:
            return self.honest(name, self.run.folds[0])
        finally:
            self.run.__dict__["_rows"] = before

    def spoilt(self, kind: str, name: str) -> tuple[Floats, Floats]:  # noqa: PLR0911
        """Return predictions that are leaking or broken in one of ten ways."""
        oof, test = self.honest(name, self.run.folds[0])
        chance, numbers = self.chance, self.numbers
        match kind:
            case "rows learnt from":
                return self.whole(name)
            case "half of the rows learnt from":
                seen = self.whole(name)[0]
                some = chance.random(len(oof)) < 0.5
                oof[some] = seen[some]
                return oof, test
            case "target means of all rows":
                return self.target_means(name)
            case "some of the truth":
                return 0.8 * oof + 0.2 * self.known, test
            case "rows in another order":
                return oof[chance.permutation(len(oof))], test
            case "test rows in another order":
                return oof, test[chance.permutation(len(test))]
            case "classes in another order":
                return (oof[:, ::-1], test[:, ::-1]) if not numbers else (1 / oof, 1 / test)
            case "another scale":
                return (
                    (np.log(oof), np.log(test))
                    if numbers
                    else (np.log(oof / (1.001 - oof)), np.log(test / (1.001 - test)))
                )
            case "gaps":
                oof[chance.integers(0, len(oof), 5)] = np.nan
                return oof, test
            case "labels":
                if numbers:
                    return np.full_like(oof, oof.mean()), np.full_like(test, oof.mean())
                classes = np.eye(oof.shape[1])
                return classes[oof.argmax(axis=1)], classes[test.argmax(axis=1)]
        raise ValueError(kind)


SPOILT = (
    "rows learnt from",
    "target means of all rows",
    "some of the truth",
    "half of the rows learnt from",
    "rows in another order",
    "test rows in another order",
    "classes in another order",
    "another scale",
    "gaps",
    "labels",
)


def teammates_of(run: podium.Run, number: int) -> Iterator[Made]:
    """Yield the files of a competition, whose number decides what is done to which."""
    names = ("forest", "boosting", "neighbours", "extra trees", "deep boosting")
    linear = "ridge" if not run.classes else "logistic"
    for place, name in enumerate((*names, linear, "forest")):
        teammate = Teammate(run, 100 * number + place)
        folds = teammate.own_folds() if place % 2 else run.folds[0]
        own = "own folds" if place % 2 else "shared folds"
        yield Made(f"{name}, {own}", True, *teammate.honest(name, folds))
    for place in range(7):
        kind = SPOILT[(number * 7 + place) % len(SPOILT)]
        name = names[(place + number) % len(names)]
        teammate = Teammate(run, 1000 + 100 * number + place)
        yield Made(f"{kind} ({name})", False, *teammate.spoilt(kind, name))


def judge(run: podium.Run, made: Made, scratch: Path) -> dict[str, Any]:
    """Write a teammate's files, and return what is said of them."""
    paths = scratch / "oof.npy", scratch / "test.npy"
    for path, array in zip(paths, (made.oof, made.test), strict=True):
        np.save(path, array)
    try:
        found: Added = judged(run.plan, "teammate", *paths)
        taken, said = found.fine, [verdict.text for verdict in found.verdicts]
    except PodiumError as error:
        taken, said = False, [str(error)]
    return {"kind": made.kind, "honest": made.honest, "taken": taken, "said": said}


def main() -> None:
    """Make the files, judge them, and print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("competitions", nargs="+", help="such as titanic=auc")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/teammates.jsonl"))
    given = parser.parse_args()
    metrics = dict(each.split("=") for each in given.competitions)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        archives = {slug: (given.folder / f"{slug}.zip").resolve() for slug in metrics}
        before = Path.cwd()
        os.chdir(scratch)
        for number, (slug, metric) in enumerate(metrics.items(), given.first):
            run = podium.open(archives[slug], metric=metric)
            run.tune(" ".join(OURS), budget="40s")
            for made in teammates_of(run, number):
                rows.append({"competition": slug, **judge(run, made, Path(scratch))})
                print(json.dumps(rows[-1]), flush=True)
        os.chdir(before)
    given.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    refused = sum(row["honest"] and not row["taken"] for row in rows)
    through = sum(not row["honest"] and row["taken"] for row in rows)
    honest = sum(row["honest"] for row in rows)
    print(
        f"{refused} of {honest} honest ones refused, {through} of {len(rows) - honest} others let "
        "through"
    )


if __name__ == "__main__":
    main()
