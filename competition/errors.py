"""The errors that a person reads: one or two short sentences, never a traceback."""


class PodiumError(Exception):
    """Something that a person can fix: what, why, and the next step."""


class InfrastructureError(PodiumError):
    """The database, the cluster or the disk failed: a run ends with what it has, not one trial."""
