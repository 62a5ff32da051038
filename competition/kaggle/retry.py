"""Trying again what can be repeated safely: with back-off, as Kaggle asks, and not for ever."""

import random
from collections.abc import Callable
from typing import TypeVar

from competition.kaggle.errors import KaggleError, KaggleUnavailable, TooManyRequests

PASSING = (TooManyRequests, KaggleUnavailable)
ATTEMPTS = 5
TOTAL_SECONDS = 60.0
FIRST_SECONDS = 0.5

T = TypeVar("T")


def patiently(call: Callable[[], T]) -> T:
    """Return what a repeatable call returns, trying it up to five times within a minute.

    Raises:
        KaggleError: the last failure; at once where it is not of a passing kind.
    """
    from tenacity import (
        RetryCallState,
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        stop_before_delay,
    )

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return pause(error, state.attempt_number)

    again = Retrying(
        retry=retry_if_exception_type(PASSING),
        wait=wait,
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(TOTAL_SECONDS),
        reraise=True,
    )
    return again(call)


def pause(error: BaseException | None, attempt: int) -> float:
    """Return the seconds to wait after the `attempt`-th failure (from 1).

    As long as Kaggle's Retry-After says; otherwise 0.5, 1, 2, 4… seconds, each up to half longer
    by chance, so that several waiting programs do not come back at once.
    """
    if isinstance(error, KaggleError) and error.retry_after is not None:
        return error.retry_after
    return FIRST_SECONDS * 2.0 ** (attempt - 1) * random.uniform(1.0, 1.5)
