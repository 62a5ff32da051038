"""The losses of values that boosting knows."""

LOSSES = ("squared", "absolute", "huber")
