"""Fitted estimators in files that execute nothing when they are read.

skops writes an estimator as a zip of JSON and arrays, and reads it back only where every type in it
is named as trusted; XGBoost's part is its own binary format, Keras' a `.keras` archive that is
opened in safe mode.
"""

import importlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from competition.errors import PodiumError
from competition.verbs import step

if TYPE_CHECKING:
    from pipelines.base import Estimator

MODEL_FILE = "model.skops"  # beside the predictions of the column
MOST_BYTES = 50_000_000  # a larger model is a mistake in a pipeline, and tuning says so

_OURS = "pipelines."  # of which only estimators are trusted
# What they are made of beside what skops trusts by itself.
_OTHERS = {
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
}


@dataclass(frozen=True)
class SavedModel:
    """The file of a column's fitted estimator.

    Attributes:
        pipeline: Name of its pipeline.
        key: The column's key in the store.
        path: The file.
    """

    pipeline: str
    key: str
    path: Path


def saved_models(runs: Path) -> list[SavedModel]:
    """Return the models that a competition's runs folder keeps, by pipeline and key."""
    return [
        SavedModel(path.parent.parent.name, path.parent.name, path)
        for path in sorted((runs / "predictions").glob(f"*/*/{MODEL_FILE}"))
    ]


def dump_model(estimator: "Estimator") -> bytes:
    """Return a fitted estimator as the bytes of a file."""
    import skops.io

    stream = io.BytesIO()
    skops.io.dump(estimator, stream, compression=zipfile.ZIP_DEFLATED, compresslevel=3)
    return stream.getvalue()


def load_model(path: Path) -> "Estimator":
    """Read a fitted estimator.

    Raises:
        PodiumError: there is no such file, it is damaged, or it holds a type that is not trusted.
    """
    import skops.io

    try:
        content = path.read_bytes()
        unknown = set(skops.io.get_untrusted_types(data=content))
        foreign = sorted(name for name in unknown - _OTHERS if not _is_our_estimator(name))
        if foreign:
            raise PodiumError(
                f"{path} holds {', '.join(foreign)}, which no model of Podium is made of; it was "
                f"not opened. Delete it and run `{step('tune')}` again."
            )
        model: Estimator = skops.io.loads(content, trusted=sorted(unknown))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise PodiumError(
            f"{path} cannot be read as a model ({type(error).__name__}: {error}); delete it and "
            f"run `{step('tune')}` again."
        ) from error
    return model


def _is_our_estimator(name: str) -> bool:
    """Say whether this names an estimator or transformer of ours: no function, no other class."""
    from sklearn.base import BaseEstimator

    module, _, attribute = name.rpartition(".")
    if not module.startswith(_OURS):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        return False
    return (
        isinstance(found, type)
        and issubclass(found, BaseEstimator)
        and found.__module__.startswith(_OURS)
    )
