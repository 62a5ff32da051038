"""A Kaggle of one's own on the loopback address, for rehearsals and tests.

It speaks Kaggle's protocol well enough for the unmodified official client, and scores on rows
that it hid from the data it was given.
"""

from competition.practice.running import PracticeKaggle

__all__ = ["PracticeKaggle"]
