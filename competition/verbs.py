"""The steps as a person types them: `make tune BUDGET=2h`, or `podium tune --budget 2h`.

Sentences that name the next step say it as this process was started. That is the one thing about
the command line which the whole of Podium knows.
"""

_started_with = {"command": "make"}


def called_as_podium() -> None:
    """Have all that is said from now on name `podium` in place of `make`."""
    _started_with["command"] = "podium"


def step(verb: str, *switches: str, **variables: str) -> str:
    """Return what a person types for a step.

    Args:
        verb: Such as `tune`.
        switches: Names of variables that make sets to 1, such as `REFRESH`.
        variables: By their names for make, such as `SCHEDULER`.

    Example:
        >>> step("tune", SCHEDULER="tcp://host:8786")
        'make tune SCHEDULER=tcp://host:8786'
        >>> step("scores", "REFRESH")
        'make scores REFRESH=1'
    """
    by_make = _started_with["command"] == "make"
    set_ones = (f"{name}=1" if by_make else f"--{name.lower()}" for name in switches)
    given_ones = (given(name, value, quote="") for name, value in variables.items())
    return " ".join([_started_with["command"], verb, *set_ones, *given_ones])


def given(name: str, value: str, quote: str = '"') -> str:
    """Return how a person gives a variable, such as `METRIC="auc"` or `--metric "auc"`."""
    if _started_with["command"] == "make":
        return f"{name}={quote}{value}{quote}"
    if name == "FILE":  # stands alone
        return f"{quote}{value}{quote}"
    return f"--{name.lower().replace('_', '-')} {quote}{value}{quote}"
