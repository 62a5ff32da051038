"""The one exception a person is meant to read."""


class PodiumError(Exception):
    """Something a person can mend.

    Its message is one sentence or two that say what went wrong, why, and the next step. The command
    lines print it to stderr and exit with status 1; libraries only raise it.
    """
