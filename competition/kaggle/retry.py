"""Trying again what can be repeated safely: with back-off, as Kaggle asks, and not for ever."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from competition.kaggle.errors import KaggleError, KaggleUnavailable, TooManyRequests

PASSING = (TooManyRequests, KaggleUnavailable)

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long to try what fails in passing.

    Attributes:
        attempts: How often to try.
        first_pause: Seconds between the first two attempts; twice as many after each further one.
        seconds: How long to go on in all.
    """

    attempts: int = 5
    first_pause: float = 0.5
    seconds: float = 60.0

    def repeat(self, call: Callable[[], T]) -> T:
        """Return what a repeatable call returns, trying it again where it fails in passing.

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
            return self.pause(error, state.attempt_number)

        again = Retrying(
            retry=retry_if_exception_type(PASSING),
            wait=wait,
            stop=stop_after_attempt(self.attempts) | stop_before_delay(self.seconds),
            reraise=True,
        )
        return again(call)

    def pause(self, error: BaseException | None, attempt: int) -> float:
        """Return the seconds to wait after the `attempt`-th failure (from 1).

        As long as Kaggle's Retry-After says; otherwise 0.5, 1, 2, 4… seconds, each up to half
        longer by chance, so that several waiting programs do not come back at once.
        """
        if isinstance(error, KaggleError) and error.retry_after is not None:
            return error.retry_after
        return self.first_pause * 2.0 ** (attempt - 1) * random.uniform(1.0, 1.5)
