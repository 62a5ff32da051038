"""From an empty folder to a scored place on a Kaggle leaderboard.

Example:
    >>> import podium
    >>> run = podium.open("wine")
    >>> run
    <podium run of wine in runs/wine>
    >>> run.train.shape, run.test.shape
    ((119, 13), (59, 13))
    >>> run.tune("catboost linear", budget="1m")  # doctest: +SKIP
    >>> run.submit("from a notebook")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podium.opening import open
    from podium.run import Run

__all__ = ["Run", "open"]


def __getattr__(name: str) -> Any:
    """Import what a notebook uses when it is first asked for: the command does without."""
    if name == "open":
        from podium.opening import open

        return open
    if name == "Run":
        from podium.run import Run

        return Run
    raise AttributeError(f"module 'podium' has no attribute {name!r}")
